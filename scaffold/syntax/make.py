"""Makefiles by byte span: rules, variable assignments and `$(eval ...)` calls.

The grammar leaves a few ERROR nodes on LocalAI's Makefile, none of them on a line that
registers a backend; so a node must be clean, not the file.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.syntax import grammar
from scaffold.syntax.source import ParsedSource, Word

if TYPE_CHECKING:
    from tree_sitter import Node


_parser = partial(grammar.parser, "tree_sitter_make")


class Rule(NamedTuple):
    """One rule with its recipe. `end_byte` is behind the newline of the last line."""

    targets: tuple[Word, ...]
    prerequisites: tuple[Word, ...]
    recipe: tuple[Word, ...]
    start_byte: int
    end_byte: int


class Assignment(NamedTuple):
    """One `NAME = value` line."""

    name: str
    value: str
    start_byte: int
    end_byte: int


class MakeSource(ParsedSource):
    """A Makefile."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    @cached_property
    def _statements(self) -> list[Node]:
        return [node for node in self.root.children if not node.has_error]

    @cached_property
    def rules(self) -> list[Rule]:
        """Every top-level rule that parsed."""
        return [self._rule(node) for node in self._statements if node.type == "rule"]

    @cached_property
    def assignments(self) -> list[Assignment]:
        """Every top-level variable assignment that parsed."""
        found = []
        for node in self._statements:
            name = node.child_by_field_name("name") if node.type == "variable_assignment" else None
            if name is not None:
                value = node.child_by_field_name("value")
                found.append(
                    Assignment(
                        self.text(name),
                        self.text(value).strip() if value is not None else "",
                        node.start_byte,
                        self.last_line_end(node.start_byte, node.end_byte),
                    )
                )
        return found

    @cached_property
    def calls(self) -> list[Word]:
        """Every top-level function call (`$(eval ...)`), as a whole line."""
        return [
            Word(self.text(node), node.start_byte, self.last_line_end(node.start_byte, node.end_byte))
            for node in self._statements
            if node.type == "function_call"
        ]

    def rule(self, target: str) -> Rule | None:
        """The last rule with a recipe for `target`, else the first that names it."""
        named = self._rules_of.get(target, [])
        return next((rule for rule in reversed(named) if rule.recipe), named[0] if named else None)

    @cached_property
    def _rules_of(self) -> dict[str, list[Rule]]:
        found: dict[str, list[Rule]] = {}
        for rule in self.rules:
            for word in {word.text for word in rule.targets}:
                found.setdefault(word, []).append(rule)
        return found

    def _rule(self, node: Node) -> Rule:
        targets: list[Word] = []
        prerequisites: list[Word] = []
        recipe: list[Word] = []
        for child in node.children:
            if child.type == "targets":
                targets = self._words(child)
            elif child.type == "prerequisites":
                prerequisites += self._words(child)
            elif child.type == "recipe":
                for line in child.children:
                    if line.type == "recipe_line":
                        recipe.append(Word(self.text(line).strip(), line.start_byte, line.end_byte))
        return Rule(
            tuple(targets),
            tuple(prerequisites),
            tuple(recipe),
            node.start_byte,
            self.last_line_end(node.start_byte, node.end_byte),
        )

    def _words(self, node: Node) -> list[Word]:
        return [Word(self.text(c), c.start_byte, c.end_byte) for c in node.named_children]
