"""Scripts that patch sources."""

from __future__ import annotations

import re

from scaffold.syntax.shell import Command, ShellSource

_ERREXIT = re.compile(r"([-+])(?:[a-df-zA-Z]*+e[a-zA-Z]*+|o)")
_SHEBANG = re.compile(rb"#![^\n]*[ \t]-[a-zA-Z]*e")
_JUDGED = ("if_statement", "elif_clause", "while_statement", "negated_command", "list")
"""What a command stands in where its result is asked for."""


def unstopped_patch(script: ShellSource) -> int | None:
    """Where a script patches and goes on if that fails; None where it does not."""
    stops = _SHEBANG.match(script.data) is not None
    for command in script.commands:
        if command.starts("set"):
            stops = _set(command, stops)
        elif not stops and (command.starts("patch") or command.starts("git", "apply")):
            parent = script.parent(script.top(command.node, ("redirected_statement", "pipeline")))
            if parent is None or parent.type not in _JUDGED:
                return command.start_byte
    return None


def _set(command: Command, stops: bool) -> bool:
    """Whether a script ends at the first error behind a `set`."""
    words = command.bare[1:]
    for at, word in enumerate(words):
        found = _ERREXIT.fullmatch(word)
        if found and (word[1:] != "o" or words[at + 1 : at + 2] == ("errexit",)):
            stops = found[1] == "-"
    return stops
