"""Rust by byte span: what implements a trait, and what a method is called with.

The tree is walked: to compile a query for this grammar costs more than to parse a file.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.syntax import grammar
from scaffold.syntax.source import ParsedSource, Place, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node


_parser = partial(grammar.parser, "tree_sitter_rust")


class Implementation(NamedTuple):
    """One `impl Trait for Type`."""

    place: Place
    methods: frozenset[str]
    expands: bool
    """Whether there may be more methods: by a macro among them, or in what does not parse."""


class RustSource(ParsedSource):
    """A Rust file."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    def implementations(self, trait: str) -> Iterator[Implementation]:
        """Every implementation of a trait of that name, in whatever module of the file."""
        for item in self._items(self.root):
            named = item.child_by_field_name("trait")
            body = item.child_by_field_name("body")
            if named is None or body is None or self._name(named) != trait:
                continue
            items = body.named_children
            names = (item.child_by_field_name("name") for item in items if item.type == "function_item")
            yield Implementation(
                self.place(item),
                frozenset(self.text(name) for name in names if name is not None),
                body.has_error or any(item.type == "macro_invocation" for item in items),
            )

    def arguments(self, method: str) -> Iterator[str]:
        """What every call of a method has between its parentheses."""
        for call in walk(self.root):
            function = call.child_by_field_name("function") if call.type == "call_expression" else None
            name = function.child_by_field_name("field") if function is not None else None
            given = call.child_by_field_name("arguments")
            if name is not None and given is not None and self.text(name) == method:
                yield self.text(given)[1:-1].strip()

    def _items(self, node: Node) -> Iterator[Node]:
        """The items of a file, those of its modules with them."""
        pending = [node]
        while pending:
            for item in pending.pop().named_children:
                body = item.child_by_field_name("body") if item.type == "mod_item" else None
                if body is not None:
                    pending.append(body)
                elif item.type == "impl_item":
                    yield item

    def _name(self, node: Node) -> str:
        """The last name of a path, without its type arguments."""
        while (inner := node.child_by_field_name("name") or node.child_by_field_name("type")) is not None:
            node = inner
        return self.text(node)
