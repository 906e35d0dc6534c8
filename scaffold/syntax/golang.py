"""Go by byte span: package-level composite literals (`var x = []T{...}`, `map[string]T{...}`)."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.errors import BrokenError
from scaffold.syntax import grammar
from scaffold.syntax.source import ParsedSource, Type, walk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from tree_sitter import Node


_DECLARATIONS = (
    "function_declaration",
    "method_declaration",
    "type_declaration",
    "var_declaration",
    "const_declaration",
)
_FUNCTIONS = ("function_declaration", "method_declaration", "func_literal")


_parser = partial(grammar.parser, "tree_sitter_go")
_OPEN = re.compile(
    rb"(?s)//[^\n]*+|/\*.*?\*/|`[^`]*+`|\"(?:[^\"\\\n]|\\.)*+\"|'(?:[^'\\\n]|\\.)*+'|(/\*|[`\"']).*+"
)
"""Comments and texts; group 1 is the first of those that do not end, and nothing is looked for behind it."""
_NEW = re.compile(rb"\bnew(?=\((?:[\"'`\d&!+-]|(?!(?:struct|interface|func|chan|map)\b)[\w.]+ *[^\w. )\[]))")
"""`new` of a value, which Go knows since 1.26, and the grammar not yet."""

_AT_TOP = {
    *(f"{what}_declaration" for what in ("import", "const", "var", "type", "function", "method")),
    *("package_clause", "comment", ";", "\n"),
}
"""What a file of Go consists of."""
_KEYWORDS = ("func", "var", "const", "type", "import")
"""What a declaration begins with: they are left of one that does not end."""


class Element(NamedTuple):
    """One element of a composite literal; `key` is "" in a slice."""

    key: str
    value: Node
    node: Node


class GoSource(ParsedSource):
    """A Go file."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    def parse(self, code: bytes) -> Node:
        """The syntax tree, in which `new` is a function like any other where it is given a value."""
        return super().parse(_NEW.sub(b"neW", code) if b"new(" in code else code)

    def flaw(self) -> tuple[int, str] | None:
        """Where the file is first no Go, and what is wrong there; None where it is Go.

        Raises ShapeError for what no parser should be given.
        """
        if not self.root.has_error:
            return None
        opened = next((found.start(1) for found in _OPEN.finditer(self.data) if found[1]), None)
        stray = (node for node in self.root.children if node.type not in _AT_TOP)
        wrong = (node for node in self.errors() if node != self.root)
        found = [node for node in (next(stray, None), next(wrong, None)) if node is not None]
        first = min(found, key=lambda node: node.start_byte, default=self.root)
        if opened is None and first.type not in _KEYWORDS and first.end_byte < len(self.data.rstrip()):
            return first.start_byte, "Go does not go on like this"
        return first.start_byte if opened is None else opened, "what begins here does not end"

    def require_valid(self, what: str) -> None:
        """Raises BrokenError with its first error where the file is no valid `what`."""
        if flaw := self.flaw():
            raise BrokenError(self.path, self.line(flaw[0]), f"is no valid {what}: {flaw[1]}")

    def literal(self, name: str) -> Node | None:
        """The body (`{...}`) of the composite literal that package variable `name` holds.

        Raises ShapeError where the file does not parse.
        """
        return next((body for found, body in self.literals() if found == name), None)

    def literals(self) -> Iterator[tuple[str, Node | None]]:
        """Name and body of every composite literal that a package variable holds.

        Raises ShapeError where the file does not parse.
        """
        self.require_valid("Go")
        for declaration in self.root.named_children:
            if declaration.type != "var_declaration":
                continue
            for spec in declaration.named_children:
                label = spec.child_by_field_name("name")
                value = spec.child_by_field_name("value") if spec.type == "var_spec" else None
                for literal in value.named_children if value is not None and label is not None else ():
                    if literal.type == "composite_literal" and label is not None:
                        yield self.text(label), literal.child_by_field_name("body")

    def elements(self, body: Node | None) -> list[Element]:
        """The elements of a literal's body, in file order."""
        found = []
        for node in body.named_children if body is not None else ():
            if node.type == "literal_element":
                found.append(Element("", node.named_children[0], node))
            elif node.type == "keyed_element":
                key, value = (c for c in node.named_children if c.type == "literal_element")
                found.append(Element(self.string(key), value.named_children[0], node))
        return found

    def fields(self, body: Node | None) -> dict[str, Node]:
        """The `Name: value` fields of a struct literal's body."""
        return {element.key: element.value for element in self.elements(body)}

    def types(self) -> Iterator[Type]:
        """Every struct with what it embeds; every method, as one of its type, which may stand elsewhere."""
        for node in self.root.named_children:
            if node.type == "method_declaration":
                name = self.string(node.child_by_field_name("name"))
                for receiver in self._declares(node):
                    yield Type(receiver, (), frozenset({name}))
            for spec in node.named_children if node.type == "type_declaration" else ():
                kind = spec.child_by_field_name("type")
                fields = kind.named_children[0].named_children if kind and kind.type == "struct_type" else ()
                embedded = (field for field in fields if field.child_by_field_name("name") is None)
                bases = (self.string(field.child_by_field_name("type")) for field in embedded)
                name = self.string(spec.child_by_field_name("name"))
                yield Type(name, tuple(base for base in bases if base), frozenset())

    def branch(self, start: int, end: int) -> tuple[int, int] | None:
        """Span of the innermost `case` or `if` that a span stands in, if the code works without it.

        None where it stands in no branch, or in one that is taken when no other is (`else`, `default`).
        """
        node = self.root.descendant_for_byte_range(start, end)
        while node is not None and node.parent is not None and node.type not in _FUNCTIONS:
            parent = node.parent
            if node.type == "expression_case":
                return node.start_byte, self.last_line_end(node.start_byte, node.end_byte)
            if node.type == "default_case":
                return None
            if parent.type == "if_statement" and node.type == "block":
                return self._if_span(parent) if parent.child_by_field_name("consequence") == node else None
            node = parent
        return None

    def _if_span(self, node: Node) -> tuple[int, int] | None:
        """What goes with an `if`; None where its `else` would go too."""
        other, parent = node.child_by_field_name("alternative"), node.parent
        if other is not None:
            return (node.start_byte, other.start_byte) if other.type == "if_statement" else None
        if parent is not None and parent.type == "if_statement":
            before = parent.child_by_field_name("consequence")
            return (before.end_byte, node.end_byte) if before is not None else None
        return node.start_byte, self.line_end(node.end_byte)

    def without(self, name: str, used: Collection[str]) -> list[tuple[int, int]] | None:
        """What goes with a type: all that nothing else needs; None where that is the whole file.

        `used` are the words of the other files of the package.
        """
        declared = {
            node: self._declares(node) for node in self.root.named_children if node.type in _DECLARATIONS
        }
        where: dict[str, list[Node]] = {}
        for node, names in declared.items():
            for word in names:
                where.setdefault(word, []).append(node)
        found = [node for node, names in declared.items() if name not in names and not names.isdisjoint(used)]
        kept = {*found}
        for node in found:  # grows: what is kept needs what it uses
            for word in {self.text(n) for n in _all_of(node, ("identifier", "type_identifier"))} - {name}:
                found += (needed := [n for n in where.pop(word, ()) if n not in kept])
                kept.update(needed)
        if not kept:
            return None
        gone = [node for node in declared if node not in kept]
        gone += self._idle_imports([_span(node) for node in gone])
        return [(node.start_byte, self.line_end(node.end_byte - 1)) for node in gone]

    def _idle_imports(self, gone: Collection[tuple[int, int]]) -> list[Node]:
        """The imports that nothing uses once some spans are gone; their whole declaration, if it is all."""
        imports = dict.fromkeys(_all_of(self.root, ("import_spec",)))
        named = _all_of(self.root, ("identifier", "package_identifier"))
        left = _without(len(self.data), gone)
        words = {self.text(n) for n in named if left[n.start_byte] and n.parent not in imports} | {".", "_"}
        idle = [spec for spec in imports if self._packages(spec).isdisjoint(words)]
        return idle if len(idle) < len(imports) else [*_all_of(self.root, ("import_declaration",))]

    def _declares(self, node: Node) -> set[str]:
        """The names that a declaration of the package declares; of a method, the type that it belongs to."""
        receiver = node.child_by_field_name("receiver")
        if receiver is not None:
            return {self.text(n) for n in _all_of(receiver, ("type_identifier",))}
        specs = [n for n in node.named_children if n.type.endswith("_spec")] or [node]
        names = (spec.child_by_field_name("name") for spec in specs)
        return {self.text(name) for name in names if name is not None} - {"_"}

    def _packages(self, spec: Node) -> set[str]:
        """The names under which what an import brings may be used."""
        alias = spec.child_by_field_name("name")
        if alias is not None:
            return {self.text(alias)}
        path = self.string(spec.child_by_field_name("path"))
        return {word.partition(".v")[0] for word in path.split("/")}

    def unused_without(self, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """The lines of imports and of declarations (`x := ...`) that nothing uses once the spans are gone."""
        gone = [*spans]
        left = _without(len(self.data), gone)
        functions = _all_of(self.root, _FUNCTIONS) if gone else ()
        for function in functions:
            places: dict[str, list[int]] = {}
            for found in _all_of(function, ("identifier",)):
                places.setdefault(self.text(found), []).append(found.start_byte)
            for node in reversed([*_all_of(function, ("short_var_declaration",))]):
                start, end = _span(node)
                named = places.get(self.text(node.child_by_field_name("left") or node), [])
                inside = slice(bisect_left(named, start), bisect_left(named, end))
                used = any(left[at] for at in (*named[: inside.start], *named[inside.stop :]))
                unused = len(named) > inside.stop - inside.start and not used
                if unused and _is_statement(node) and left[start]:
                    gone.append((start, end))
                    left[start:end] = bytes(end - start)
                    yield start, self.line_end(end)
        for node in self._idle_imports(gone) if gone else ():
            yield node.start_byte, self.line_end(node.end_byte - 1)

    def string(self, node: Node | None) -> str:
        """Text of a node; of a string literal, without its quotes."""
        return self.text(node).strip('"`') if node is not None else ""


def _is_statement(node: Node) -> bool:
    """Whether a declaration stands for itself, not in the head of an `if` or a loop."""
    return node.parent is not None and node.parent.type in ("block", "statement_list", "expression_case")


def _span(node: Node) -> tuple[int, int]:
    return node.start_byte, node.end_byte


def _without(size: int, spans: Iterable[tuple[int, int]]) -> bytearray:
    """One for every byte of a file of some size, and zero for those in the spans."""
    left = bytearray(b"\1" * (size + 1))
    for start, end in spans:
        left[start:end] = bytes(end - start)
    return left


def _all_of(node: Node, kinds: tuple[str, ...]) -> Iterator[Node]:
    """The nodes of some kinds below a node, in file order."""
    return (below for below in walk(node) if below.type in kinds)


def quote(text: str) -> str:
    """A Go string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
