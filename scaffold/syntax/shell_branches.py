"""Whether a script comes to a command, whatever it finds on the way."""

from __future__ import annotations

from functools import lru_cache

from scaffold.syntax.shell import Command, ShellSource

_BRANCHES = frozenset({"if_statement", "elif_clause", "else_clause", "case_statement", "while_statement"})
_TESTS = ("[", "test", "!", "grep", "which", "command ", "git diff", "git ls-remote", "docker manifest")
"""How a command begins that asks something."""


@lru_cache(maxsize=1024)
def is_certain(command: Command) -> bool:
    """Whether nothing that a script asks decides about a command: no branch, and no `exit` before it."""
    script, node = command.source, command.node
    while (around := script.parent(node)) is not None:
        if around.type in _BRANCHES:
            return False
        if around.type == "list" and around.children[-1].id == node.id:
            left = script.text(around.children[0]).lstrip("( ")
            if any(child.type == "||" for child in around.children) or left.startswith(_TESTS):
                return False
        node = around
    return command.start_byte < _first_way_out(script)


@lru_cache(maxsize=256)
def _first_way_out(script: ShellSource) -> int:
    """Where a script may first end well before its end; behind its end where it does not."""
    ways = [c for c in script.commands if c.bare[:1] == ("exit",) and c.bare[1:] in ((), ("0",))]
    ways = [c for c in ways if _is_below(script, c)]
    return min((way.start_byte for way in ways), default=len(script.data) + 1)


def _is_below(script: ShellSource, command: Command) -> bool:
    """Whether a command stands below a branch or behind a test, and in no function."""
    node, below = command.node, False
    while (around := script.parent(node)) is not None:
        if around.type == "function_definition":
            return False
        below = below or around.type in _BRANCHES or around.type == "list"
        node = around
    return below
