"""Where the commands of a script run, and the files that they name: from the root of the repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.syntax.shell import Command, ShellSource


def in_folders(script: ShellSource, folder: str, home: str) -> Iterator[tuple[Command, str]]:
    """The commands of a script that starts in a folder, each with the folder in which it runs.

    `home` is the folder of the script, or of the action that it is of.
    """
    at = folder
    left: list[tuple[int, str]] = []
    """Where subshells end in which the folder is another one, and the folder behind them."""
    for command in script.commands:
        while left and command.start_byte >= left[-1][0]:
            at = left.pop()[1]
        yield command, at
        if command.starts("cd"):
            around = script.parent(command.node)
            while around is not None and around.type not in _SUBSHELLS:
                around = script.parent(around)
            if around is not None:
                left.append((around.end_byte, at))
            at = placed(command.bare[1], at, home) if command.bare[1:] else "$HOME"


_SUBSHELLS = ("subshell", "command_substitution", "process_substitution")


def placed(word: str, at: str, home: str) -> str:
    """A path in a script from the root of the repository; with `$` in it where nobody knows."""
    if "$(dirname" in word:
        word = re.sub(_OF_SCRIPT, home or "$", word)
    if word[:3] == "${{":
        word = re.sub(r"^\$\{\{\s*+([\w.]++)\s*+\}\}", r"${{\1}}", word)
    for starts, root in ((_WORKSPACE, "."), (_HERE, at), (_ACTION, home or "$")) if word[:1] == "$" else ():
        start = next((start for start in starts if f"{word}/".startswith(f"{start}/")), None)
        if start is not None:
            return posixpath.normpath(posixpath.join(root, word[len(start) + 1 :]))
    if word.startswith(home) and home and word[len(home) : len(home) + 1] in ("", "/"):
        return posixpath.normpath(word)
    return posixpath.normpath(posixpath.join(at, word))


_OF_SCRIPT = r"\$\(dirname (?:-- )?[\"']?\$\{?(?:0|BASH_SOURCE(?:\[0\])?)\}?[\"']?\)"
_WORKSPACE = ("$GITHUB_WORKSPACE", "${GITHUB_WORKSPACE}", "${{github.workspace}}")
_HERE = ("$PWD", "${PWD}", "$(pwd)")
_ACTION = ("$GITHUB_ACTION_PATH", "${GITHUB_ACTION_PATH}", "${{github.action_path}}")
