"""Makefiles by byte span: rules, variable assignments and `$(eval ...)` calls.

The grammar leaves a few ERROR nodes on LocalAI's Makefile, none of them on a line that
registers a backend; so a node must be clean, not the file.
"""

from __future__ import annotations

import shlex
from functools import cached_property, partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.syntax import grammar
from scaffold.syntax.make_lines import lines, recipes
from scaffold.syntax.options import apart
from scaffold.syntax.shell import Command, ShellSource
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


_MAKE = ("make", "gmake", "$(MAKE)", "${MAKE}")
_WITH_VALUE = ("-C", "-f", "-I", "-o", "-W", "--directory", "--file", "--makefile", "--include-dir")


class Call(NamedTuple):
    """A call of make: what is made, and in which folder; "" is the one in which it is called."""

    folder: str
    goals: tuple[str, ...]

    @classmethod
    def of(cls, command: Command) -> Call | None:
        """What a command makes; None where it calls another program."""
        words = apart(command.bare, "CIWfo")
        if next(words, "").rpartition("/")[2] not in _MAKE:
            return None
        folder = ""
        goals = []
        for word in words:
            option, _, value = word.partition("=")
            if option in _WITH_VALUE:
                value = value or next(words, "")
                folder = value if option in ("-C", "--directory") else folder
            elif not word.startswith("-") and "=" not in word and not word.isdigit():
                goals.append(word)
        return cls(folder, tuple(goals))


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

    def comments(self, rule: Rule) -> list[str]:
        """The comments in a rule: make's own, and those of its recipe."""
        data = self.data[rule.start_byte : rule.end_byte]
        own = [data[line.comment_byte + 1 : line.end_byte].decode().rstrip("\r\n") for line in lines(data)]
        script = self.script(rule)
        return [*filter(None, own), *map(script.text, script.nodes("comment"))]

    @cached_property
    def shell(self) -> ShellSource:
        """All recipes as a script."""
        return ShellSource(self.path, self.data, recipes(self.data))

    def script(self, rule: Rule) -> ShellSource:
        """The recipe of a rule as a script; offsets count from the beginning of the rule."""
        data = self.data[rule.start_byte : rule.end_byte]
        return ShellSource(self.path, data, recipes(data))

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


def shell_word(text: str) -> str:
    """A word of a recipe's line, as make hands it to the shell."""
    return shlex.quote(text).replace("$", "$$")
