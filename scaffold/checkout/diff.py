"""The unified diff of a change, as `git apply` takes it."""

from __future__ import annotations

import base64
import re
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from scaffold.checkout.edit import Edit, replaced

CONTEXT_LINES = 3


def creation(path: str, content: bytes, executable: bool) -> Iterator[str]:
    """The diff of a new file."""
    yield f"diff --git a/{path} b/{path}\nnew file mode {_git_mode(executable)}\n"
    if not _is_text(content):
        yield from _binary_diff(None, content)
        return
    lines = _lines(content)
    if lines:
        yield f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
        yield from _marked("+", lines)


def deletion(path: str, content: bytes, executable: bool) -> Iterator[str]:
    """The diff of a file that goes."""
    yield f"diff --git a/{path} b/{path}\ndeleted file mode {_git_mode(executable)}\n"
    if not _is_text(content):
        yield from _binary_diff(content, None)
        return
    lines = _lines(content)
    if lines:
        yield f"--- a/{path}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n"
        yield from _marked("-", lines)


def edited(path: str, before: bytes, edits: list[Edit]) -> Iterator[str]:
    """The diff of a file that stays; `edits` in file order."""
    header = f"diff --git a/{path} b/{path}\n"
    if _is_text(before):
        yield f"{header}--- a/{path}\n+++ b/{path}\n"
        yield from _hunks(before, edits)
    else:
        yield header
        yield from _binary_diff(before, replaced(before, 0, len(before), edits))


def _git_mode(executable: bool) -> str:
    return "100755" if executable else "100644"


def _is_text(content: bytes) -> bool:
    """Whether a diff can show it."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in content


def _binary_diff(before: bytes | None, after: bytes | None) -> Iterator[str]:
    """What `git diff --binary` prints: both contents, so that the change applies and can be undone."""
    yield f"index {_blob(before)}..{_blob(after)}\nGIT binary patch\n"
    for content in (after or b"", before or b""):
        yield f"literal {len(content)}\n"
        packed = zlib.compress(content)
        for piece in (packed[at : at + 52] for at in range(0, len(packed), 52)):
            length = (string.ascii_uppercase + string.ascii_lowercase)[len(piece) - 1]
            yield f"{length}{base64.b85encode(piece, pad=True).decode()}\n"
        yield "\n"


def _blob(content: bytes | None) -> str:
    """The name that git gives to a content; zeros where there is no file."""
    if content is None:
        return "0" * 40
    import hashlib

    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class _Change:
    """Old lines `start..end` (from 0) that become `new`."""

    start: int
    end: int
    new: list[str]


def _hunks(before: bytes, edits: list[Edit]) -> Iterator[str]:
    old = _lines(before)
    changes = _line_changes(before, edits)
    groups: list[list[_Change]] = []
    for change in changes:
        if groups and change.start - groups[-1][-1].end <= 2 * CONTEXT_LINES:
            groups[-1].append(change)
        else:
            groups.append([change])
    shift = 0
    for group in groups:
        first = max(0, group[0].start - CONTEXT_LINES)
        last = min(len(old), group[-1].end + CONTEXT_LINES)
        body: list[str] = []
        position = first
        for change in group:
            body += _marked(" ", old[position : change.start])
            body += _marked("-", old[change.start : change.end])
            body += _marked("+", change.new)
            position = change.end
        body += _marked(" ", old[position:last])
        growth = sum(len(change.new) - (change.end - change.start) for change in group)
        yield (f"@@ -{_range(first, last - first)} +{_range(first + shift, last - first + growth)} @@\n")
        yield from body
        shift += growth


def _line_changes(before: bytes, edits: list[Edit]) -> list[_Change]:
    """The edits as changes of whole lines; edits that touch one line are one change."""
    groups: list[tuple[int, int, list[Edit]]] = []
    for edit in edits:
        start, end = _touched_lines(before, edit)
        together = [edit]
        if groups and (start < groups[-1][1] or start == groups[-1][1] == len(before)):
            start, last, earlier = groups.pop()
            end, together = max(last, end), [*earlier, edit]
        # Where the last new line has lost its end, it is one line with what follows.
        new = replaced(before, start, end, together)
        if new and not new.endswith(b"\n"):
            end = _line_end(before, end)
        groups.append((start, end, together))
    changes = []
    for start, end, together in groups:
        first_line = before.count(b"\n", 0, start)
        old, new_lines = _lines(before[start:end]), _lines(replaced(before, start, end, together))
        if old != new_lines:
            changes.append(_Change(first_line, first_line + len(old), new_lines))
    return changes


def _touched_lines(before: bytes, edit: Edit) -> tuple[int, int]:
    """Offsets around the old lines that an edit changes; an insertion of whole lines changes none."""
    start = before.rfind(b"\n", 0, edit.start) + 1
    ends_whole = edit.end in (0, len(before)) or before[edit.end - 1 : edit.end] == b"\n"
    if start == edit.start and ends_whole and (not edit.text or edit.text.endswith("\n")):
        return edit.start, edit.end
    return start, _line_end(before, edit.end)


def _line_end(data: bytes, offset: int) -> int:
    """Offset just after the line that holds `offset`."""
    newline = data.find(b"\n", offset)
    return len(data) if newline < 0 else newline + 1


def _lines(content: bytes) -> list[str]:
    """Lines as diff and git count them: they end at a newline and at nothing else."""
    return [line.decode() for line in re.findall(rb"[^\n]*\n|[^\n]+", content)]


def _marked(mark: str, lines: list[str]) -> Iterator[str]:
    for line in lines:
        yield (f"{mark}{line}" if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n")


def _range(start: int, count: int) -> str:
    return f"{start + 1 if count else start},{count}"
