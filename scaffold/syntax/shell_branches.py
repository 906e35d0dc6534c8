"""Whether a script comes to a command, whatever it finds on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from scaffold.syntax.shell import Command, ShellSource

if TYPE_CHECKING:
    from tree_sitter import Node

_BRANCHES = frozenset({"if_statement", "elif_clause", "else_clause", "case_statement", "while_statement"})
_TESTS = ("[", "test", "!", "grep", "which", "command ", "git diff", "git ls-remote", "docker manifest")
"""How a command begins that asks something."""


@lru_cache(maxsize=1024)
def is_certain(command: Command) -> bool:
    """Whether nothing that a script asks decides about a command: no branch, and no `exit` before it."""
    script = command.source
    decided = any(
        around.type in _BRANCHES or _is_asked_for(script, node, around) for node, around in _outwards(command)
    )
    return not decided and command.start_byte < _first_way_out(script)


def _outwards(command: Command) -> Iterator[tuple[Node, Node]]:
    """The nodes from a command to the whole script, each with the one that it stands in."""
    node = command.node
    while (around := command.source.parent(node)) is not None:
        yield node, around
        node = around


def tests_of(command: Command) -> Iterator[str]:
    """What each `if` asks below whose `then` a command stands."""
    script = command.source
    for node, around in _outwards(command):
        if around.type in ("if_statement", "elif_clause") and node.type not in ("elif_clause", "else_clause"):
            end = next((child for child in around.children if child.type == "then"), node)
            if end.start_byte < node.start_byte:
                yield script.slice(around.children[0].end_byte, end.start_byte).strip().rstrip(";").strip()


def _is_asked_for(script: ShellSource, node: Node, around: Node) -> bool:
    """Whether a node is run only where what stands before it in a list ends well, or does not."""
    if around.type != "list" or around.children[-1].id != node.id:
        return False
    left = script.text(around.children[0]).lstrip("( ")
    return any(child.type == "||" for child in around.children) or left.startswith(_TESTS)


def is_condition(command: Command) -> bool:
    """Whether how a command ends decides what a script does next: it is a test, or stands before && or ||."""
    for node, around in _outwards(command):
        if around.type in _ASKING:
            ends = (child for child in around.children if child.type in ("then", "do_group"))
            return any(node.start_byte < end.start_byte for end in ends)
        if around.type == "list" and around.children[0].id == node.id:
            return True
        if around.type not in _HANDING_ON or (
            around.type == "pipeline" and around.children[-1].id != node.id
        ):
            return False
    return False


_ASKING = ("if_statement", "elif_clause", "while_statement")
_HANDING_ON = ("list", "negated_command", "pipeline", "redirected_statement", "subshell")
"""What ends as the last of what is in it, or the other way round."""


@lru_cache(maxsize=256)
def _first_way_out(script: ShellSource) -> int:
    """Where a script may first end well before its end; behind its end where it does not.

    An `exit` that nothing decides about is the end itself, and one of a function may never be called.
    """
    for command in script.commands:
        if command.bare[:1] == ("exit",) and command.bare[1:] in ((), ("0",)):
            kinds = {around.type for _, around in _outwards(command)}
            if "function_definition" not in kinds and not kinds.isdisjoint(_BRANCHES | {"list"}):
                return command.start_byte
    return len(script.data) + 1
