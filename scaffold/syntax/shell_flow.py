"""What a shell script may reach where some facts about its run are known; nothing is executed.

Conditions on those facts are decided. Others are left open, and both of their branches are followed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from scaffold.syntax.shell import ShellSource, words_of

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "\0"
"""What stands for the unknown part of a text."""

MAX_DEPTH = 80
"""How deep statements, words and calls of functions are followed."""

MAX_STEPS = 5_000
MAX_VALUE = 4096
_BLOCKS = ("program", "compound_statement", "do_group", "redirected_statement", "negated_command", "ERROR")
_ANY = ".*"


_INNER = re.compile(rb"[(`=]")
"""Without one of these a command has no other commands and no assignments in it."""


class Facts(NamedTuple):
    """What is known about a run."""

    variables: Mapping[str, str] = {}
    """Variable -> its value from outside. Of others nothing is known."""
    prints: Mapping[str, str] = {}
    """Command with its arguments -> what it prints."""
    folders: Mapping[str, bool] = {}
    """Folder -> whether it is there."""


class Reached:
    """A command or an assignment that a run may reach."""

    __slots__ = ("_flow", "_values", "_words", "certain", "chosen", "node")

    def __init__(self, flow: Flow, node: Node, certain: bool, chosen: bool) -> None:
        self._flow = flow
        self._values = flow.values
        self._words: tuple[str, ...] | None = None
        self.node = node
        self.certain = certain
        """Whether every run reaches it that has not ended before."""
        self.chosen = chosen
        """Whether a condition that the facts decide leads to it."""

    @property
    def words(self) -> tuple[str, ...]:
        """Words of a command; of an assignment the name and what it assigns, each element of an array."""
        if self._words is None:
            self._words = self._flow.words(self.node, self._values)
        return self._words


Method = TypeVar("Method", bound="Callable[..., Any]")


def _bounded(otherwise: object) -> Callable[[Method], Method]:
    """A method of a flow that is not called deeper than MAX_DEPTH: `otherwise` is its answer there."""

    def around(method: Method) -> Method:
        def bounded(flow: Flow, *arguments: Any) -> Any:
            if flow.depth >= MAX_DEPTH:
                return otherwise
            flow.depth += 1
            answer = method(flow, *arguments)
            flow.depth -= 1
            return answer

        return cast("Method", bounded)

    return around


class Flow:
    """A run of a script, or of one of its functions alone."""

    def __init__(self, source: ShellSource, facts: Facts, function: str = "") -> None:
        self.reached: list[Reached] = []
        """In order."""
        self.dead: list[tuple[int, int]] = []
        """The spans that are not."""
        given = source.given
        self.values: Mapping[str, str] = {n: v for n, v in facts.variables.items() if n not in given}
        """What variables hold; another mapping after each change."""
        self.depth = 0
        self._steps = 0
        self._source = source
        self._facts = facts
        self._functions = {} if function else source.functions  # alone: what it calls is not followed
        self._named: set[str] = set()
        """The functions that are called, or handed to another command."""
        start = source.functions.get(function) if function else source.root
        if start is not None:
            self._one(start, True, False)
        for name, body in self._functions.items():
            if name not in self._named:
                self._skip([body])
        self._spare_reached()

    def _spare_reached(self) -> None:
        """What one call of a function skips another may reach: that is not dead."""
        starts = sorted(step.node.start_byte for step in self.reached) if self._named else []
        self.dead = [(a, b) for a, b in self.dead if bisect_left(starts, a) == bisect_left(starts, b)]

    # --- statements: whether nothing behind them is reached --------------------------------------

    def _all(self, nodes: list[Node], certain: bool, chosen: bool) -> bool:
        for number, node in enumerate(nodes):
            if self._one(node, certain, chosen):
                self._skip(nodes[number + 1 :])
                return True
        return False

    def _skip(self, nodes: list[Node]) -> None:
        if nodes:
            self.dead.append((nodes[0].start_byte, nodes[-1].end_byte))

    @_bounded(False)
    def _one(self, node: Node, certain: bool, chosen: bool) -> bool:
        self._steps += 1
        if self._steps > MAX_STEPS:
            return False
        kind = node.type
        ended = False
        if kind in ("command", "declaration_command"):
            ended = self._command(node, certain, chosen)
        elif kind == "variable_assignment":
            self._assignment(node, certain, chosen)
        elif kind == "if_statement":
            ended = self._if(node, certain, chosen)
        elif kind == "case_statement":
            ended = self._case(node, certain, chosen)
        elif kind == "list":
            ended = self._list(node, certain, chosen)
        elif kind in ("while_statement", "for_statement", "c_style_for_statement"):
            names = {self._text(node.child_by_field_name("variable")), *self._source.assigned(node)}
            self.values = {**self.values, **dict.fromkeys(names, UNKNOWN)}  # a later round has other values
            self._all(node.named_children, False, chosen)
        elif kind in ("pipeline", "subshell", "command_substitution", "process_substitution"):
            before = self.values
            self._all(node.named_children, certain, chosen)
            self.values = before
        elif kind in _BLOCKS or (kind != "function_definition" and self._source.has_command(node)):
            ended = self._all(node.named_children, certain, chosen)
        return ended

    def _command(self, node: Node, certain: bool, chosen: bool) -> bool:
        label = node.child_by_field_name("name")
        if label is None and node.type == "command":
            return False
        children = node.named_children
        for child in children if self._source.holds(node, _INNER) else ():
            if child.type != "variable_assignment":
                self._one(child, certain, chosen)
            elif label is None or self._source.is_broken(child.end_byte, label.start_byte):
                # no prefix: the grammar adds the next line's command
                self._assignment(child, certain, chosen)
        self.reached.append(Reached(self, node, certain, chosen))
        name = self._text(label)
        if self._functions:
            self._named.update(map(self._text, words_of(node)))
        if name in self._functions:
            body, before = self._functions[name], self.values
            self._one(body, certain, chosen)
            own = self._source.assigned(body, "local", "declare", "typeset")
            self.values = {**self.values, **{name: before.get(name, UNKNOWN) for name in own}}
        return name in ("exit", "return") or (name == "exec" and len(children) > 1)

    def _assignment(self, node: Node, certain: bool, chosen: bool) -> None:
        value = node.child_by_field_name("value")
        if value is not None:
            self._one(value, certain, chosen)
        name, *assigned = self.words(node, self.values)
        text = UNKNOWN if value is not None and value.type == "array" else "".join(assigned)
        if any(child.type == "+=" for child in node.children):
            text = self.values.get(name, UNKNOWN) + text
        known = (certain or self.values.get(name) == text) and len(text) <= MAX_VALUE
        known = known and name not in self._source.given
        self.reached.append(Reached(self, node, certain, chosen))
        self.values = {**self.values, name: text if known else UNKNOWN}

    def words(self, node: Node, values: Mapping[str, str]) -> tuple[str, ...]:
        """The words of a command or of an assignment (see `Reached`) where variables have some values."""
        before, self.values = self.values, values
        if node.type == "variable_assignment":
            value = node.child_by_field_name("value")
            name = self._text(node.child_by_field_name("name"))
            parts = value.named_children if value is not None and value.type == "array" else [value]
            words = (name, *(self._value(part) for part in parts if part is not None))
        else:
            words = tuple(map(self._value, words_of(node)))
        self.values = before
        return words

    def _if(self, node: Node, certain: bool, chosen: bool) -> bool:
        """`if` and each `elif` in turn, as long as the ones before may be false."""
        endings = []
        clauses = [node, *(child for child in node.named_children if child.type == "elif_clause")]
        other = next((child for child in node.named_children if child.type == "else_clause"), None)
        for position, clause in enumerate(clauses):
            condition, body = _parts(clause)
            self._all(condition, certain, chosen)
            truth = self._truth(condition[-1]) if condition else None
            if truth is False:
                self._skip(body)
                chosen = True
                continue
            endings.append(self._all(body, certain and truth is True, chosen or truth is True))
            if truth is True:
                self._skip([*clauses[position + 1 :], *([other] if other else [])])
                return endings == [True]
            certain = False
        if other is not None:
            endings.append(self._all(other.named_children, certain, chosen))
        return other is not None and all(endings)

    def _case(self, node: Node, certain: bool, chosen: bool) -> bool:
        subject = node.child_by_field_name("value")
        text = self._value(subject) if subject is not None else UNKNOWN
        endings = []
        open_end = True
        for item in node.named_children:
            if item.type != "case_item":
                continue
            patterns = item.children_by_field_name("value")
            body = [child for child in item.named_children if child not in patterns]
            found = _any(self._matches(text, pattern) for pattern in patterns)
            if found is False or not open_end:
                self._skip(body)
                chosen = chosen or found is False
                continue
            endings.append(self._all(body, certain and found is True, chosen or found is True))
            certain = certain and found is not None
            open_end = found is None
        return not open_end and all(endings)

    def _list(self, node: Node, certain: bool, chosen: bool) -> bool:
        """`a && b`, `a || b`."""
        first, *rest = _statements(node)
        if self._one(first, certain, chosen):
            self._skip(rest)
            return True
        truth = self._truth(first)
        wanted = any(child.type == "&&" for child in node.children)
        if truth is (not wanted):
            self._skip(rest)
            return False
        known = truth is wanted
        return self._all(rest, certain and known, chosen or known) and known

    # --- conditions: true, false, or None for what the facts do not decide ------------------------

    @_bounded(None)
    def _truth(self, node: Node) -> bool | None:
        kind = node.type
        parts = _statements(node)
        if kind == "test_command":
            return self._test(_terms(node.children[1:-1]), node.children[0].type == "[[")
        if kind == "negated_command":
            return _not(self._truth(parts[-1]))
        if kind == "list":
            truths = (self._truth(part) for part in parts)
            return _any(truths) if any(c.type == "||" for c in node.children) else _every(truths)
        if kind == "command":
            name, *arguments = list(words_of(node)) or [node]
            plain = {"true": True, ":": True, "false": False}.get(self._text(name))
            return self._test(arguments, False) if self._text(name) == "test" else plain
        return None

    @_bounded(None)
    def _test(self, terms: list[Node], double: bool) -> bool | None:
        """The words of a `test`; with `[[` what is behind `==` is a pattern."""
        for signs, combined in ((("-o", "||"), _any), (("-a", "&&"), _every)):
            found = [number for number, term in enumerate(terms) if self._text(term) in signs]
            if found:
                ends = pairwise((-1, *found, len(terms)))
                return combined(self._test(terms[start + 1 : end], double) for start, end in ends)
        match [self._text(term) for term in terms]:
            case ["!", *_]:
                return _not(self._test(terms[1:], double))
            case [_]:
                if terms[0].type == "parenthesized_expression":
                    return self._test(_terms(terms[0].children[1:-1]), double)
                return self._has("-n", self._value(terms[0]))
            case [sign, _]:
                return self._has(sign, self._value(terms[1]))
            case [_, "=" | "==" | "!=" as sign, _]:
                left, _, right = terms
                text = self._value(left)
                same = self._matches(text, right) if double else _equal(text, self._value(right))
                return _not(same) if sign == "!=" else same
        return None

    def _has(self, sign: str, text: str) -> bool | None:
        """`-n text`, `-z text`, `-d text`."""
        if sign in ("-n", "-z"):
            empty = False if text.strip(UNKNOWN) else None if UNKNOWN in text else True
            return empty if sign == "-z" else _not(empty)
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

    @_bounded(None)
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

    @_bounded(UNKNOWN)
    def _composed(self, node: Node, kind: str) -> str:
        if kind in ("string", "concatenation"):
            return self._source.joined(node, self._value)
        if kind == "expansion":
            return self._expansion(node)
        if kind == "command_substitution":
            command = node.named_children[0] if node.named_child_count == 1 else None
            if command is None or command.type != "command":
                return UNKNOWN
            words = map(self._value, words_of(command))
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


def _statements(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def _terms(nodes: list[Node]) -> list[Node]:
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


def _parts(clause: Node) -> tuple[list[Node], list[Node]]:
    """The condition of an `if` or `elif`, and what stands behind its `then`."""
    then = next((child.start_byte for child in clause.children if child.type == "then"), clause.end_byte)
    parts = [child for child in _statements(clause) if child.type not in ("elif_clause", "else_clause")]
    return [p for p in parts if p.start_byte < then], [p for p in parts if p.start_byte > then]


def _any(truths: Iterable[bool | None]) -> bool | None:
    """Whether one of several holds."""
    found = list(truths)
    return True if True in found else None if None in found else False


def _every(truths: Iterable[bool | None]) -> bool | None:
    """Whether each of several holds."""
    return _not(_any(map(_not, truths)))


def _not(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _equal(one: str, other: str) -> bool | None:
    return None if UNKNOWN in one + other else one == other
