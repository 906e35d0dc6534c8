"""Patterns: of `paths` and `branches` filters and of artifact names; and the lists that hold some."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

MAX_REPEATS = 3
"""Signs `?` and `+` of a pattern that are followed; behind the last one, everything matches."""

_SPECIAL = re.compile(r"(\*\*/|\*\*|\*|[?+]|\[[^\]\n]{0,99}\]|\\.)")
_WIDE = {"**": ".*?", "**/": "(?:.*?/)??"}


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A filter pattern as a regular expression: `*` ends at a slash, `**` does not.

    What stands between two wildcards is looked for at its first place only: where that leads nowhere, no
    later one does. So a text takes no longer than its length makes it.
    """
    pieces = [("", [""])]  # what may be before each, and its parts with a `*` between two
    repeats = 0
    for part in _SPECIAL.split(re.sub(r"(?:\*\*/)+", "**/", re.sub(r"\*{3,}", "**", pattern))):
        before, parts = pieces[-1]
        inside = parts[-1] and not parts[-1].endswith("/")
        if part == "**/" and inside:  # of a name: `**` and a slash
            pieces.append((_WIDE["**"], ["/"]))
        elif part in _WIDE:
            pieces.append((_WIDE[part], [""]))
        elif part == "*":
            parts.append("")
        elif part in ("?", "+"):
            repeats += 1
            if repeats > MAX_REPEATS:
                pieces.append((".*", [""]))
                break
            if parts[-1] or not (before or parts[1:]):  # a wildcard takes anything already
                parts[-1] += f"{part}?"
        elif part.startswith("[") and part.endswith("]"):
            parts[-1] += "[" + part[1:-1].replace("\\", "").replace("[", "\\[") + "]"
        else:
            parts[-1] += re.escape(part.removeprefix("\\"))
    *others, (before, parts) = pieces
    text = "".join(f"(?>{wide}{first}{_behind(rest)})" for wide, (first, *rest) in others)
    last = f"[^/]*{parts[-1]}" if parts[1:] else ""
    try:
        return re.compile(f"{text}{before}{parts[0]}{_behind(parts[1:-1])}{last}", re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


def _behind(parts: list[str]) -> str:
    """Parts with a `*` before each, at their first places."""
    return "".join(f"(?>[^/]*?{part})" for part in parts)


def spread(parts: list[str]) -> str:
    """The regular expression of a text in which some parts follow each other, with anything between two."""
    first, *middle = parts
    last = f".*{middle.pop()}" if middle else ""
    return first + "".join(f"(?>.*?{part})" for part in middle) + last


def takes(patterns: Iterable[str], path: str) -> bool:
    """Whether a list of filter patterns takes a path: the last one that matches decides."""
    taken = False
    for pattern in patterns:
        if pattern.startswith("!"):
            taken = taken and not fits(pattern[1:], path)
        elif fits(pattern, path):
            taken = True
    return taken


_SIGNS = frozenset("*?+[\\")


def fits(pattern: str, path: str) -> bool:
    """Whether a filter pattern matches a path, or a name."""
    if _SIGNS.isdisjoint(pattern):  # most are a path
        return pattern == path
    return compiled(pattern).fullmatch(path) is not None


def lines(text: str) -> Iterator[str]:
    """The lines of a list that an action takes as text."""
    return (line.strip() for line in text.split("\n") if line.strip())


def uncommented(text: str) -> list[str]:
    """The lines of such a list that may have comments, as those of `docker/metadata-action`."""
    return [line for line in lines(text) if not line.startswith("#")]
