"""JavaScript by byte span."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from scaffold.syntax import grammar
from scaffold.syntax.source import ParsedSource, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


_parser = partial(grammar.parser, "tree_sitter_javascript")


class JsSource(ParsedSource):
    """A JavaScript module."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    def declarations(self) -> Iterator[tuple[str, Node]]:
        """Name and node of every top-level function and variable, without its `export`.

        Raises ShapeError where the file does not parse.
        """
        self.require_valid("JavaScript")
        for node in self.root.named_children:
            if node.type == "export_statement":
                node = node.child_by_field_name("declaration") or node
            if node.type == "function_declaration":
                name = node.child_by_field_name("name")
                if name is not None:
                    yield self.text(name), node
            elif node.type == "lexical_declaration":
                for declarator in node.named_children:
                    name = declarator.child_by_field_name("name")
                    if name is not None:
                        yield self.text(name), node

    def declaration(self, name: str) -> Node | None:
        """The top-level function or variable of that name."""
        return next((node for found, node in self.declarations() if found == name), None)

    def imports(self) -> Iterator[tuple[Node, list[str]]]:
        """Every import statement, with the names that it brings."""
        for statement in self.root.named_children:
            if statement.type == "import_statement":
                clause = next((c for c in statement.named_children if c.type == "import_clause"), None)
                names = []
                for node in walk(clause) if clause is not None else ():
                    renamed = node.parent is not None and node.parent.type == "import_specifier"
                    if node.type == "identifier" and not (renamed and node.next_named_sibling is not None):
                        names.append(self.text(node))
                yield statement, names

    def names(self, node: Node) -> set[str]:
        """Every identifier used below `node`."""
        span = (node.start_byte, node.end_byte)
        if span not in self._names:
            self._names[span] = {self.text(n) for n in walk(node) if n.type == "identifier"}
        return self._names[span]

    @cached_property
    def _names(self) -> dict[tuple[int, int], set[str]]:
        return {}
