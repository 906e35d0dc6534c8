"""Where a C or C++ file is cut off: its blocks and comments, by a few signs.

Nothing is parsed: macros are no syntax that a grammar knows, but whoever opens a bracket closes it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SIGN = re.compile(
    rb"//(?:[^\\\n]|\\(?s:.))*+|/\*|\bR\"([^()\\\s\"]{0,16})\(|\"(?:[^\"\\\n]|\\(?s:.))*+\"?"
    rb"|(?<![\w'])'(?:[^'\\\n]|\\(?s:.))*+'|^[ \t]*#[ \t]*(\w*)(?:[^\\\n/\"]|\\(?s:.)|/(?!\*)|\")*+|[(){}]",
    re.MULTILINE,
)


class _Open(NamedTuple):
    """A bracket that is open, and those around it."""

    offset: int
    around: _Open | None


def open_block(data: bytes) -> int | None:
    """Where the last comment, condition or bracket begins that does not end; None where all do.

    Of the branches of a condition the first one counts.
    """
    opened: _Open | None = None
    conditions: list[tuple[int, _Open | None, list[_Open | None]]] = []
    at = 0
    while found := _SIGN.search(data, at):
        start, at = found.span()
        sign = found[0]
        if sign == b"/*":
            at = data.find(b"*/", at) + 2
            if at == 1:
                return start
        elif sign[:2] == b'R"':
            end = b")" + found[1] + b'"'
            at = data.find(end, at) + len(end)
            if at < len(end):
                return start
        elif sign in b"({":
            opened = _Open(start, opened)
        elif sign in b")}":
            opened = opened.around if opened else None
        elif found[2] is not None:
            word = found[2]
            if word in (b"if", b"ifdef", b"ifndef"):
                conditions.append((start, opened, []))
            elif conditions and word[:2] == b"el":
                _, before, ends = conditions[-1]
                ends.append(opened)
                opened = before
            elif conditions and word == b"endif":
                _, _, ends = conditions.pop()
                opened = ends[0] if ends else opened
    if conditions:
        return conditions[-1][0]
    return opened.offset if opened else None
