"""What a shell script may reach where some facts about its run are known; nothing is executed.

Conditions on those facts are decided. Others are left open, and both of their branches are followed.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from scaffold.syntax.shell import ShellSource
from scaffold.syntax.shell_state import UNKNOWN, Facts, State, bounded, every, opposite, some, statements

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_STEPS = 5_000
MAX_VALUE = 4096
_BLOCKS = ("program", "compound_statement", "do_group", "redirected_statement", "negated_command", "ERROR")

_INNER = re.compile(rb"[(`=]")
"""Without one of these a command has no other commands and no assignments in it."""


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


class Flow(State):
    """A run of a script, or of one of its functions alone."""

    def __init__(self, source: ShellSource, facts: Facts, function: str = "") -> None:
        super().__init__(source, facts)
        self.reached: list[Reached] = []
        """In order."""
        self.dead: list[tuple[int, int]] = []
        """The spans that are not."""
        self._steps = 0
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

    @bounded(False)
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
            self._named.update(map(self._text, self._source.words_of(node)))
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
        tested: bool | None = True  # whether a run gets to the patterns of an item
        falls: bool | None = False  # whether one gets into it from the item before
        for item in node.named_children:
            if item.type != "case_item":
                continue
            patterns = item.children_by_field_name("value")
            body = [child for child in item.named_children if child not in patterns]
            found = some(self._matches(text, pattern) for pattern in patterns)
            runs = some((falls, every((tested, found))))
            if runs is False:
                self._skip(body)
                chosen = chosen or found is False
                continue
            ended = self._all(body, certain and runs is True, chosen or True in (found, runs))
            sign = item.children[-1].type
            falls = runs if sign == ";&" and not ended else False
            tested = some((tested, runs)) if sign == ";;&" and not ended else every((tested, opposite(found)))
            if ended or sign not in (";&", ";;&"):
                endings.append(ended)
        return tested is falls is False and all(endings)

    def _list(self, node: Node, certain: bool, chosen: bool) -> bool:
        """`a && b`, `a || b`."""
        first, *rest = statements(node)
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


def _parts(clause: Node) -> tuple[list[Node], list[Node]]:
    """The condition of an `if` or `elif`, and what stands behind its `then`."""
    then = next((child.start_byte for child in clause.children if child.type == "then"), clause.end_byte)
    parts = [child for child in statements(clause) if child.type not in ("elif_clause", "else_clause")]
    return [p for p in parts if p.start_byte < then], [p for p in parts if p.start_byte > then]
