"""Patterns: of `paths` and `branches` filters and of artifact names; and the lists that hold some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

WILDCARDS = 12
"""More of them would let a pattern take for ever; behind the last one, everything matches."""

_SPECIAL = re.compile(r"(\*\*/|\*\*|\*|[?+]|\[[^\]\n]{0,99}\]|\\.)")


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A filter pattern as a regular expression: `*` ends at a slash, `**` does not."""
    parts = []
    wild = 0
    for part in _SPECIAL.split(re.sub(r"(?:\*\*/)+", "**/", re.sub(r"\*{3,}", "**", pattern))):
        wild += part[:1] in ("*", "?", "+")
        if wild > WILDCARDS:
            parts.append(".*")
            break
        if part == "**/":
            parts.append("(?:.*/)?")
        elif part == "**":
            parts.append(".*")
        elif part == "*":
            parts.append("[^/]*")
        elif part in ("?", "+"):
            parts.append(part)
        elif part.startswith("[") and part.endswith("]"):
            parts.append("[" + part[1:-1].replace("\\", "").replace("[", "\\[") + "]")
        else:
            parts.append(re.escape(part.removeprefix("\\")))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


def takes(patterns: Iterable[str], path: str) -> bool:
    """Whether a list of filter patterns takes a path: the last one that matches decides."""
    taken = False
    for pattern in patterns:
        if pattern.startswith("!"):
            taken = taken and compiled(pattern[1:]).fullmatch(path) is None
        elif compiled(pattern).fullmatch(path):
            taken = True
    return taken


def lines(text: str) -> Iterator[str]:
    """The lines of a list that an action takes as text."""
    return (line.strip() for line in text.split("\n") if line.strip())
