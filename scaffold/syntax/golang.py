"""Go by byte span: package-level composite literals (`var x = []T{...}`, `map[string]T{...}`)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from scaffold.syntax.source import ParsedSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser


@cache
def _parser() -> Parser:
    import tree_sitter_go
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_go.language()))


class Element(NamedTuple):
    """One element of a composite literal; `key` is "" in a slice."""

    key: str
    value: Node
    node: Node


class GoSource(ParsedSource):
    """A Go file."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

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

    def string(self, node: Node | None) -> str:
        """Text of a node; of a string literal, without its quotes."""
        return self.text(node).strip('"`') if node is not None else ""


def quote(text: str) -> str:
    """A Go string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
