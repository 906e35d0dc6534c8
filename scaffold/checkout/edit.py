"""One byte-range edit of a file, and what edits make of its bytes."""

from __future__ import annotations

from typing import NamedTuple


class Edit(NamedTuple):
    """Replace the bytes `start..end` of a file by `text`; an insertion where start == end."""

    path: str
    start: int
    end: int
    text: str


def insertion(path: str, offset: int, text: str) -> Edit:
    """Insert `text` at `offset`."""
    return Edit(path, offset, offset, text)


def replaced(before: bytes, start: int, end: int, edits: list[Edit]) -> bytes:
    """The bytes `start..end` after the edits that lie in them."""
    pieces = []
    position = start
    for edit in edits:
        pieces += [before[position : edit.start], edit.text.encode()]
        position = edit.end
    return b"".join([*pieces, before[position:end]])


def ended_as(data: bytes, edit: Edit) -> Edit:
    """The edit of a file, its lines ending as the line before them does; the first one as the line behind."""
    end = data.rfind(b"\n", 0, edit.start)
    end = data.find(b"\n", edit.end) if end < 0 else end
    if data[max(end - 1, 0) : end] != b"\r":
        return edit
    return edit._replace(text=edit.text.replace("\r\n", "\n").replace("\n", "\r\n"))


def without_newline(data: bytes, edit: Edit) -> Edit:
    """The last edit of a file; where it deletes the last lines, the new last one ends as they did."""
    ended = edit.text or edit.end < len(data) or data.endswith(b"\n")
    if ended or edit.start == edit.end or data[edit.start - 1 : edit.start] != b"\n":
        return edit
    return Edit(edit.path, edit.start - 1, edit.end, "")
