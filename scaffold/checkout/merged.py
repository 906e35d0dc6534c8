"""What git leaves in a file that nobody has merged yet."""

from __future__ import annotations

import re

from scaffold.errors import BrokenError

_MARKS = (b"<<<<<<<", b">>>>>>>", b"|||||||", b"\n=======\n", b"\n=======\r\n")
_CONFLICT = rb"(?m)^(?:(<{7}|>{7}|\|{7})(?=[ \r\n]|\Z)|(={7})(?=\r?$))"
"""What git writes around two versions and what both come from, and between them."""
_PROSE_CONFLICT = rb"(?m)^(?:(<{7}|>{7})(?= \S)|(\|{7})(?= [^\s|][^|\n]*$))"
"""The same where `=======` may underline a heading, and the others may be a quotation or a row.

A row goes on with bars, what git writes behind them does not.
"""
_NO_PROSE = r"(?:^|/)(?:Makefile|requirements[^/]*\.txt|\.[^/]*ignore)$|\.(?:ya?ml|toml|json)$"
"""Files in which such a line cannot be meant; elsewhere it may be in a comment, or in a longer text."""


def require_merged(path: str, data: bytes) -> None:
    """Raises BrokenError with the line of a conflict marker, where git has left one in a file."""
    if not any(mark in data for mark in _MARKS):
        return
    found = re.search(_CONFLICT if re.search(_NO_PROSE, path) else _PROSE_CONFLICT, data)
    if found is not None:
        line = data.count(b"\n", 0, found.start()) + 1
        mark = next(filter(None, found.groups())).decode()
        raise BrokenError(path, line, f"is a conflict marker, {mark}: resolve the merge first")
