"""What words and conditions of a shell script say where some facts about its run are known.

A value of which nothing is known is `UNKNOWN`; a condition is true, false, or None for what the facts do
not decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from scaffold.syntax.shell import ShellSource

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "\0"
"""What stands for the unknown part of a text."""

MAX_DEPTH = 80
"""How deep statements, words and calls of functions are followed."""

_ANY = ".*"


class Facts(NamedTuple):
    """What is known about a run."""

    variables: Mapping[str, str] = {}
    """Variable -> its value from outside. Of others nothing is known."""
    prints: Mapping[str, str] = {}
    """Command with its arguments -> what it prints."""
    folders: Mapping[str, bool] = {}
    """Folder -> whether it is there."""
    absent: tuple[str, ...] = ()
    """How paths begin of which none is there."""


Method = TypeVar("Method", bound="Callable[..., Any]")


def bounded(otherwise: object) -> Callable[[Method], Method]:
    """A method of a state that is not called deeper than MAX_DEPTH: `otherwise` is its answer there."""

    def around(method: Method) -> Method:
        def bounded(state: State, *arguments: Any) -> Any:
            if state.depth >= MAX_DEPTH:
                return otherwise
            state.depth += 1
            answer = method(state, *arguments)
            state.depth -= 1
            return answer

        return cast("Method", bounded)

    return around


MANY_WORDS = 64
"""Words that braces stand for at most: what is left of them stays as it is."""
_LISTED = re.compile(r"\{([^{}\s\"',]*+(?:,[^{}\s\"',]*+)++)\}")
"""`{a,b}`."""
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|\\.")
"""What stands in quotes, and signs that a backslash takes their meaning from."""


class State:
    """What is known at one place of a run."""

    def __init__(self, source: ShellSource, facts: Facts) -> None:
        given = source.given
        self.values: Mapping[str, str] = {n: v for n, v in facts.variables.items() if n not in given}
        """What variables hold; another mapping after each change."""
        self.depth = 0
        self._source = source
        self._facts = facts

    def words(self, node: Node, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words of a command or of an assignment (see `Reached`) where variables have some values."""
        before, self.values = self.values, values
        if node.type == "variable_assignment":
            value = node.child_by_field_name("value")
            name = self._text(node.child_by_field_name("name"))
            parts = value.named_children if value is not None and value.type == "array" else [value]
            words = (name, *(self._value(part) for part in parts if part is not None))
        else:
            words = tuple(word for part in self._source.words_of(node) for word in self._expanded(part))
        self.values = before
        return words

    def _expanded(self, node: Node) -> list[str]:
        """What a word stands for: itself, or one word for each part of braces that stand in no quotes."""
        pending, words = [self._value(node)], list[str]()
        written = (node.text or b"").decode(errors="replace") if node.type == "concatenation" else ""
        if "," not in written or not _LISTED.search(_QUOTED.sub("x", written)):
            return pending
        while pending:
            word = pending.pop()
            found = _LISTED.search(word) if len(pending) + len(words) < MANY_WORDS else None
            if found is None:
                words.append(word)
            else:
                parts = reversed(found[1].split(","))
                pending += (f"{word[: found.start()]}{part}{word[found.end() :]}" for part in parts)
        return words

    # --- conditions: true, false, or None for what the facts do not decide ------------------------

    @bounded(None)
    def _truth(self, node: Node) -> bool | None:
        kind = node.type
        parts = statements(node)
        if kind == "test_command":
            return self._test(test_words(node.children[1:-1]), node.children[0].type == "[[")
        if kind == "negated_command":
            return opposite(self._truth(parts[-1]))
        if kind == "list":
            truths = (self._truth(part) for part in parts)
            return some(truths) if any(c.type == "||" for c in node.children) else every(truths)
        if kind == "command":
            name, *arguments = list(self._source.words_of(node)) or [node]
            plain = {"true": True, ":": True, "false": False}.get(self._text(name))
            return self._test(arguments, False) if self._text(name) == "test" else plain
        return None

    @bounded(None)
    def _test(self, terms: list[Node], double: bool) -> bool | None:
        """The words of a `test`; with `[[` what is behind `==` is a pattern."""
        for signs, combined in ((("-o", "||"), some), (("-a", "&&"), every)):
            found = [number for number, term in enumerate(terms) if self._text(term) in signs]
            if found:
                ends = pairwise((-1, *found, len(terms)))
                return combined(self._test(terms[start + 1 : end], double) for start, end in ends)
        match [self._text(term) for term in terms]:
            case ["!", *_]:
                return opposite(self._test(terms[1:], double))
            case [_]:
                if terms[0].type == "parenthesized_expression":
                    return self._test(test_words(terms[0].children[1:-1]), double)
                return self._has("-n", self._value(terms[0]))
            case [sign, _]:
                return self._has(sign, self._value(terms[1]))
            case [_, "=" | "==" | "!=" as sign, _]:
                left, _, right = terms
                text = self._value(left)
                same = self._matches(text, right) if double else _equal(text, self._value(right))
                return opposite(same) if sign == "!=" else same
        return None

    def _has(self, sign: str, text: str) -> bool | None:
        """`-n text`, `-z text`, `-d text`, `-f text`."""
        if sign in ("-n", "-z"):
            empty = False if text.strip(UNKNOWN) else None if UNKNOWN in text else True
            return empty if sign == "-z" else opposite(empty)
        if sign in ("-d", "-e", "-f") and text.startswith(self._facts.absent):
            return False
        return self._facts.folders.get(text) if sign in ("-d", "-e") else None

    def _matches(self, text: str, pattern: Node) -> bool | None:
        """Whether a text is what a pattern is for."""
        expression = self._expression(pattern)
        if expression == _ANY:
            return True
        if expression is None or UNKNOWN in text:
            return None
        head, *parts = expression.split(_ANY)  # each part at its first place: no other need be tried
        between = "".join(f"(?>.*?{part})" for part in parts[:-1])
        return (
            re.fullmatch("".join((head, between, *(_ANY + p for p in parts[-1:]))), text, re.DOTALL)
            is not None
        )

    @bounded(None)
    def _expression(self, pattern: Node) -> str | None:
        """A pattern as a regular expression; None where it is no plain one."""
        if pattern.type == "concatenation":
            parts = [self._expression(part) for part in pattern.named_children]
            return "".join(p for p in parts if p is not None) if None not in parts else None
        if pattern.type in ("word", "extglob_pattern", "number"):
            text = self._text(pattern)
            if set("[]()\\'\"$`") & set(text):
                return None
            return "".join({"*": _ANY, "?": "."}.get(c, re.escape(c)) for c in text)
        text = self._value(pattern)
        return None if UNKNOWN in text else re.escape(text)

    # --- values ----------------------------------------------------------------------------------

    def _text(self, node: Node | None) -> str:
        return self._source.text(node) if node is not None else ""

    def _value(self, node: Node) -> str:
        """A word, with what is unknown of it as UNKNOWN."""
        kind = node.type
        if kind in ("word", "number", "raw_string", "extglob_pattern", "ansi_c_string"):
            return self._source.plain(node)
        if kind == "simple_expansion":
            return self.values.get(self._source.variable(node), UNKNOWN)
        return self._composed(node, kind)

    @bounded(UNKNOWN)
    def _composed(self, node: Node, kind: str) -> str:
        if kind in ("string", "concatenation"):
            return self._source.joined(node, self._value)
        if kind == "expansion":
            return self._expansion(node)
        if kind == "command_substitution":
            command = node.named_children[0] if node.named_child_count == 1 else None
            if command is None or command.type != "command":
                return UNKNOWN
            words = map(self._value, self._source.words_of(command))
            return self._facts.prints.get(" ".join(words), UNKNOWN)
        return self._text(node) if not node.is_named else UNKNOWN

    def _expansion(self, node: Node) -> str:
        """`${A}`, `${A:-b}`."""
        name, *rest = node.children[1:-1] or [node]
        value = self.values.get(self._text(name), UNKNOWN)
        if not rest:
            return value
        sign = self._text(rest[0])
        if sign in (":-", "-", ":=", "=") and UNKNOWN not in value:
            default = self._value(rest[1]) if len(rest) > 1 else ""
            return value or (default if sign[0] == ":" else "")
        return UNKNOWN


def statements(node: Node) -> list[Node]:
    """The nodes in a node that are no comments."""
    return [child for child in node.named_children if child.type != "comment"]


def test_words(nodes: list[Node]) -> list[Node]:
    """The words between `[` and `]` in order: the grammar binds `-o` more tightly than `=`."""
    found: list[Node] = []
    pending = list(reversed(nodes))
    while pending:
        node = pending.pop()
        if node.type in ("binary_expression", "unary_expression"):
            pending.extend(reversed(node.children))
        else:
            found.append(node)
    return found


def some(truths: Iterable[bool | None]) -> bool | None:
    """Whether one of several holds."""
    found = list(truths)
    return True if True in found else None if None in found else False


def every(truths: Iterable[bool | None]) -> bool | None:
    """Whether each of several holds."""
    return opposite(some(map(opposite, truths)))


def opposite(truth: bool | None) -> bool | None:
    """Whether something does not hold."""
    return None if truth is None else not truth


def _equal(one: str, other: str) -> bool | None:
    return None if UNKNOWN in one + other else one == other
