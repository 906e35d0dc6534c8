"""What yaml.v3 takes for a struct of LocalAI's: the kinds of its fields, as the Go source declares them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.surfaces.gallery.loading import ANY, FLAG, NUMBER, TEXT, WHOLE, Type
from scaffold.syntax.golang import GoSource
from scaffold.syntax.source import walk

if TYPE_CHECKING:
    from tree_sitter import Node

_BASIC: dict[str, Type] = {
    "string": TEXT,
    "bool": FLAG,
    "any": ANY,
    **dict.fromkeys((f"{sign}int{size}" for sign in ("", "u") for size in ("", 8, 16, 32, 64)), WHOLE),
    **dict.fromkeys(("float32", "float64"), NUMBER),
}
_MODULE = re.compile(rb"(?m)^module[ \t]+(\S+)")
_IMPORT = re.compile(r'(?m)^(?:import)?[ \t]*(?:(\w+)[ \t]+)?"([^"\n]+)"$')
_DECLARED = re.compile(rb"(?m)^type (\w+) ")
_DECODES = re.compile(rb"(?m)^func \((?:\w+ )?\*?(\w+)\) Unmarshal(?:YAML|Text)\(")
LEVELS = 40
"""Types within types that are looked at; LocalAI's go ten deep."""
_YAML = re.compile(r'yaml:"([^"]*)"')


class _Package(NamedTuple):
    """What stands in the files of a folder."""

    declared: dict[str, tuple[str, int, bytes]]
    """Type -> the file, where its declaration begins there, and what the file says."""
    own: set[str]
    """The types that decode themselves, but for those that let yaml.v3 do it, under another name."""

    def add(self, path: str, data: bytes) -> None:
        """Take in a file."""
        for found in _DECLARED.finditer(data):
            self.declared.setdefault(found[1].decode(), (path, found.start(), data))
        for found in _DECODES.finditer(data) if b") Unmarshal" in data else ():
            body = data[found.start() : data.find(b"\n}", found.start())]
            if not re.search(rb"\n\ttype \w+ %s\n" % found[1], body):
                self.own.add(found[1].decode())


class Structs:
    """The types of a checkout's Go packages.

    ANY is said of what decodes itself, is of another module, or is a type of which nothing can be said.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        found = _MODULE.search(tree.read("go.mod") or b"")
        self._module = found[1].decode(errors="replace") if found else ""
        self._packages: dict[str, _Package] = {}
        self._types: dict[tuple[str, str], Type] = {}
        self._level = 0

    def kind(self, folder: str, name: str) -> Type:
        """What a type of the package in a folder is decoded from."""
        if (folder, name) not in self._types:
            self._types[folder, name] = ANY  # of what holds itself no more is said
            package = self._package(folder)
            if name in package.declared and name not in package.own:
                self._types[folder, name] = self._declared(folder, *package.declared[name])
        return self._types[folder, name]

    def _package(self, folder: str) -> _Package:
        if folder not in self._packages:
            found = self._packages[folder] = _Package({}, set())
            for name in self._tree.list(folder):
                if name.endswith(".go") and not name.endswith("_test.go"):
                    found.add(f"{folder}/{name}", self._tree.content(f"{folder}/{name}") or b"")
        return self._packages[folder]

    def _declared(self, folder: str, path: str, at: int, data: bytes) -> Type:
        """What a type is decoded from whose declaration begins at some place of a file."""
        line = data.find(b"\n", at)
        end = data.find(b"\n}", at) + 2 if data[line - 1 : line] == b"{" else line
        try:
            source = GoSource(path, b"package p\n%s\n" % data[at:end])
            spec = next((node for node in walk(source.root) if node.type == "type_spec"), None)
        except ShapeError:
            return ANY
        kind = spec.child_by_field_name("type") if spec is not None else None
        if kind is None or source.root.has_error:
            return ANY
        head = data.partition(b"\ntype ")[0].decode(errors="replace")
        packages = {alias or at.rpartition("/")[2]: at for alias, at in _IMPORT.findall(head)}
        return self._of(kind, source, folder, packages)

    def _of(self, node: Node, source: GoSource, folder: str, packages: dict[str, str]) -> Type:
        """What a type is decoded from, as it is written."""
        self._level += 1
        found = self._written(node, source, folder, packages) if self._level <= LEVELS else ANY
        self._level -= 1
        return found

    def _written(self, node: Node, source: GoSource, folder: str, packages: dict[str, str]) -> Type:
        text = source.text(node)
        if node.type == "type_identifier":
            return _BASIC[text] if text in _BASIC else self.kind(folder, text)
        if node.type == "qualified_type":
            package, _, name = text.partition(".")
            at = packages.get(package, "").removeprefix(f"{self._module}/")
            return self.kind(at, name) if at and at != packages[package] else ANY
        if node.type in ("pointer_type", "slice_type"):
            below = self._of(node.named_children[-1], source, folder, packages)
            return below if node.type == "pointer_type" else ANY if text == "[]byte" else [below]
        if node.type == "map_type":
            key, value = node.named_children
            return {"": self._of(value, source, folder, packages)} if source.text(key) == "string" else ANY
        if node.type == "struct_type":
            return self._struct(node, source, folder, packages)
        return ANY

    def _struct(self, node: Node, source: GoSource, folder: str, packages: dict[str, str]) -> Type:
        found: dict[str, Type] = {}
        for field in (below for body in node.named_children for below in body.named_children):
            kind = field.child_by_field_name("type")
            if field.type != "field_declaration" or kind is None:
                continue
            tag = _YAML.search(source.text(field.child_by_field_name("tag") or field))
            key, *options = tag[1].split(",") if tag else [""]
            names = [source.text(name) for name in field.children_by_field_name("name")]
            named = names or [source.text(kind).rpartition(".")[2]]
            if key == "-" or not (names or tag) or not any(name[:1].isupper() for name in named):
                continue
            below = self._of(kind, source, folder, packages)
            if "inline" in options:
                found.update(below if isinstance(below, dict) else {"": ANY})
            else:
                found.update(dict.fromkeys([key] if key else [name.lower() for name in named], below))
        return found
