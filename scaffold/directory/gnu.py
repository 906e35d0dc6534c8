"""Options that the programs of macOS do not take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from scaffold.directory.scripts import system
from scaffold.directory.text import Spot, Text
from scaffold.syntax.shell_flow import Flow

PLAIN = frozenset({"cp", "mv", "ln", "rm", "mkdir", "chmod", "touch", "date", "stat", "readlink"})
"""Programs that have no long options on macOS."""

SHORT = {
    "date": r"-[a-zA-Z]*d",
    "stat": r"-[a-zA-Z]*c",
    "grep": r"-[a-zA-Z]*P[a-zA-Z]*",
    "ln": r"-[a-zA-Z]*r[a-zA-Z]*",
    "install": r"-[a-zA-Z]*D[a-zA-Z]*",
    "find": r"-printf",
    "xargs": r"-d.*",
}
"""Program -> options that mean nothing there, or something else."""

_SYSTEM = re.compile(rb"uname|OSTYPE")
_NEAR = rb"\b[^\n]{0,200} -"
_MAY_BE = re.compile(
    rb"(?m)^(?![ \t#])(?:[^\n]{0,200}[ |;&])?(?:"
    + b"|".join(
        [
            rb"(?:%s)%s-[a-z]" % (b"|".join(name.encode() for name in sorted(PLAIN)), _NEAR),
            *(name.encode() + _NEAR + option[1:].encode() for name, option in SHORT.items()),
            rb"cp(?=%s[a-zA-Z]*[aR])%s[a-zA-Z]*r" % (_NEAR, _NEAR),
        ]
    )
    + rb")"
)
"""A line that begins without an indent, with such a program and an option that may be meant."""
_OUTER = ("program", "redirected_statement", "pipeline")


def gnu_only(script: Text) -> Iterator[tuple[Spot, str]]:
    """(command, its option) of every one of a script that macOS certainly runs and does not take.

    What stands in a branch, a loop or a function may be for Linux alone.
    """
    if not _MAY_BE.search(script.data):
        return
    shell = script.shell
    dead = Flow(shell, system("Darwin")).dead if _SYSTEM.search(script.data) else ()
    for command in shell.commands:
        words = command.bare
        option = _refused(words) if words and (words[0] in SHORT or words[0] in PLAIN) else None
        if option is None or any(start <= command.start_byte < end for start, end in dead):
            continue
        if shell.parent(shell.top(command.node, _OUTER)) is None:
            yield script.spot(command.start_byte, command.end_byte), option


def _refused(words: Sequence[str]) -> str | None:
    """The option of a command that macOS refuses; None where it takes them all."""
    name, *rest = words
    if name != "find":  # of which options follow the folders
        rest = list(takewhile(lambda word: word.startswith("-") and word not in ("-", "--", "-e"), rest))
    options = [word for word in rest if word.startswith("-")]
    for option in options:
        if name in PLAIN and option.startswith("--"):
            return option
        if name in SHORT and re.fullmatch(SHORT[name], option):
            return option
    letters = "".join(option for option in options if not option.startswith("--"))
    if name == "cp" and "r" in letters and ("a" in letters or "R" in letters):
        return "-r beside -a" if "a" in letters else "-r beside -R"
    return None
