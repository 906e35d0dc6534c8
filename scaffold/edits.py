"""Planned changes to a tree: byte-range edits and new files, shown as a diff, committed as one.

Nothing here knows what a backend is. A plan touches no disk until `commit`, and `commit` leaves
either every change or none: originals and results are staged in a journal first, so that a run
killed between two writes is rolled back by the next one (`recover`).
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import string
import zlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from scaffold import git
from scaffold.errors import ScaffoldError, UsageError
from scaffold.tree import Overlay, Tree

CONTEXT_LINES = 3


class Edit(NamedTuple):
    """Replace the bytes `start..end` of a file by `text`; an insertion where start == end."""

    path: str
    start: int
    end: int
    text: str


def insertion(path: str, offset: int, text: str) -> Edit:
    """Insert `text` at `offset`."""
    return Edit(path, offset, offset, text)


@dataclass(slots=True)
class NewFile:
    """A file to create."""

    content: bytes
    executable: bool = False
    moved: str = ""
    """The file that it was before, whose mode it keeps."""


@dataclass(slots=True)
class ChangeSet:
    """Edits of existing files, new files and files to delete, over one tree."""

    tree: Tree
    edits: list[Edit] = field(default_factory=list)
    created: dict[str, NewFile] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    folders: dict[str, bool] = field(default_factory=dict)
    """Empty folder -> whether it is there after the change."""

    def add(self, *edits: Edit) -> None:
        """Plan edits. Insertions at one offset keep the order in which they were added."""
        self.edits.extend(edits)

    def insert(self, path: str, offset: int, text: str) -> None:
        """Plan an insertion; whole lines behind a last line without a newline stay lines of their own."""
        data = self.tree.read(path) or b""
        if text.endswith("\n") and offset == len(data) and data and not data.endswith(b"\n"):
            text = f"\n{text[:-1]}"
        self.add(insertion(path, offset, text))

    def create(self, path: str, content: bytes, executable: bool = False) -> None:
        """Plan a new file. Raises UsageError where something is there already."""
        if self.tree.read(path) is not None or self.tree.is_dir(path):
            raise UsageError(f"{path} exists already")
        self.created[path] = NewFile(content, executable)

    def move(self, old: str, new: str, content: bytes) -> None:
        """Plan a file elsewhere, with another content."""
        self.create(new, content, self.tree.is_executable(old))
        self.created[new].moved = old
        self.delete(old)

    def delete(self, path: str) -> None:
        """Plan a file away."""
        self.deleted.add(path)

    def move_folder(self, old: str, new: str | None) -> None:
        """Plan an empty folder elsewhere, or away; one that holds something stays where it is."""
        if self.tree.is_dir(old) and not self.tree.list(old):
            self.folders[old] = False
            self.folders.update({new: True} if new else {})

    def delete_lines(self, path: str, start: int, end: int) -> None:
        """Plan whole lines away; a file that ends without a newline still does."""
        self.add(Edit(path, start, end, ""))

    def edited_paths(self) -> list[str]:
        """The existing files that the plan changes, sorted."""
        return sorted({edit.path for edit in self.edits})

    def by_path(self) -> dict[str, list[Edit]]:
        """The edits of each file in file order, neighbouring deletions as one.

        Raises ScaffoldError where two of them overlap.
        """
        grouped: dict[str, list[Edit]] = defaultdict(list)
        for edit in sorted(self.edits, key=lambda edit: (edit.path, edit.start, edit.end)):
            edits = grouped[edit.path]
            if edits and edits[-1].end > edit.start:
                raise ScaffoldError(f"{edit.path}: two planned edits overlap at byte {edit.start}")
            if edits and edits[-1].end == edit.start and not edits[-1].text and not edit.text:
                edit = Edit(edit.path, edits.pop().start, edit.end, "")
            edits.append(edit)
        for path, edits in grouped.items():
            if len(edits) == 1 or edits[-2].end < edits[-1].start:
                edits[-1] = _without_newline(self.tree.read(path) or b"", edits[-1])
        return dict(grouped)

    def contents(self) -> dict[str, bytes | None]:
        """The content of every touched file after the change; None where it is gone."""
        results: dict[str, bytes | None] = dict.fromkeys(self.deleted)
        results.update((path, new.content) for path, new in self.created.items())
        for path, edits in self.by_path().items():
            before = self.tree.read(path) or b""
            results[path] = _replaced(before, 0, len(before), edits)
        return results

    def undone(self, tree: Tree) -> ChangeSet:
        """The change that takes this one back from `tree`, its result; deleted files it cannot give back."""
        back = ChangeSet(tree, deleted={*self.created})
        for path, edits in self.by_path().items():
            before = self.tree.read(path) or b""
            shift = 0
            for edit in edits:
                start, length = edit.start + shift, len(edit.text.encode())
                back.add(Edit(path, start, start + length, before[edit.start : edit.end].decode()))
                shift += length - (edit.end - edit.start)
        return back

    def overlay(self) -> Overlay:
        """The tree as it will be."""
        executable = {path for path, new in self.created.items() if new.executable}
        return Overlay(self.tree, self.contents(), executable)

    def lines(self, path: str) -> list[int]:
        """Where the edits of an existing file begin, as lines of the result."""
        before = self.tree.read(path) or b""
        found = []
        shift = 0
        for edit in self.by_path()[path]:
            leading = len(edit.text) - len(edit.text.lstrip("\n"))
            found.append(before.count(b"\n", 0, edit.start) + shift + leading + 1)
            shift += edit.text.count("\n") - before.count(b"\n", edit.start, edit.end)
        return found

    def line_counts(self, path: str) -> tuple[int, int]:
        """Lines that the diff of an existing file adds and removes."""
        _header, *lines = self._file_diff(path)
        return (
            sum(line.startswith("+") for line in lines),
            sum(line.startswith("-") for line in lines),
        )

    def diff(self) -> str:
        """The change as a unified diff that `git apply` accepts."""
        paths = sorted({*self.edited_paths(), *self.created, *self.deleted})
        return "".join(line for path in paths for line in self._file_diff(path))

    def _file_diff(self, path: str) -> Iterator[str]:
        if path in self.created:
            yield from _creation_diff(path, self.created[path])
            return
        before = self.tree.read(path) or b""
        if path in self.deleted:
            yield from _deletion_diff(path, before, self.tree.is_executable(path))
            return
        edits = self.by_path()[path]
        header = f"diff --git a/{path} b/{path}\n"
        if _is_text(before):
            yield f"{header}--- a/{path}\n+++ b/{path}\n"
            yield from _hunks(before, edits)
        else:
            yield header
            yield from _binary_diff(before, _replaced(before, 0, len(before), edits))

    def commit(self, root: Path) -> None:
        """Write the whole change below `root`, or nothing.

        Raises ScaffoldError where a file changed since it was read or cannot be written.
        """
        journal = Journal(root)
        journal.recover()
        contents = self.contents()
        for path in sorted(contents):
            expected = None if path in self.created else self.tree.read(path)
            on_disk = _read_bytes(root / path)
            if on_disk != expected:
                raise ScaffoldError(f"{path} changed while the edit was planned; nothing was written")
        modes = {path: _mode(root / new.moved) for path, new in self.created.items() if new.moved}
        before_and_after = {path: (self.tree.read(path), content) for path, content in contents.items()}
        journal.begin(before_and_after, self.folders)
        try:
            for path, content in sorted(contents.items()):
                new = self.created.get(path)
                if content is None:
                    _remove(root / path, root)
                else:
                    mode = modes.get(path, 0o755 if new.executable else 0o644) if new else None
                    _write_atomically(root / path, content, mode)
            for path, there in self.folders.items():
                _set_folder(root / path, there, root)
        except BaseException as error:
            journal.recover()
            if isinstance(error, OSError):
                raise ScaffoldError(
                    f"{error.filename or 'the tree'} cannot be written: {error.strerror}; nothing was changed"
                ) from error
            raise
        journal.end()


class Journal:
    """What a commit is about to do, kept outside the work tree until it is done."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = _private_folder(root) / "scaffold-journal"

    def begin(
        self, changes: dict[str, tuple[bytes | None, bytes | None]], folders: dict[str, bool] | None = None
    ) -> None:
        """Record the content of every file before and after; None where there is no such file.

        Of each empty folder, whether it is there after.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        entries = []
        for number, (path, (before, after)) in enumerate(sorted(changes.items())):
            if before is not None:
                _write_durably(self.folder / f"{number}.before", before)
            entry = {"path": path, "new": before is None, "after": None if after is None else _digest(after)}
            if after is None:
                entry["mode"] = _mode(self.root / path)
            entries.append(entry)
        entries += [{"path": path, "folder": there} for path, there in (folders or {}).items()]
        _write_durably(self.folder / "plan.json.part", json.dumps(entries).encode())
        os.replace(self.folder / "plan.json.part", self.folder / "plan.json")

    def end(self) -> None:
        """Forget the plan: the change is complete."""
        (self.folder / "plan.json").unlink()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.folder.parent == self.root / ".scaffold":
            shutil.rmtree(self.folder.parent, ignore_errors=True)

    def recover(self) -> list[str]:
        """Undo what an interrupted commit had written; returns the paths that were put back.

        Raises ScaffoldError where such a file was changed since: it is left alone, and the
        originals stay in the journal.
        """
        plan = _read_bytes(self.folder / "plan.json")
        if plan is None:
            self._clear()
            return []
        restored: list[str] = []
        conflicts: list[str] = []
        for number, entry in enumerate(json.loads(plan)):
            target = self.root / entry["path"]
            if "folder" in entry:  # these come last: putting files back may empty folders
                _set_folder(target, not entry["folder"], self.root)
                continue
            _part(target).unlink(missing_ok=True)
            current = _read_bytes(target)
            before = None if entry["new"] else (self.folder / f"{number}.before").read_bytes()
            if current == before:
                _remove_empty_parents(target.parent, self.root)
            elif (None if current is None else _digest(current)) == entry["after"]:
                if before is None:
                    _remove(target, self.root)
                else:
                    _write_atomically(target, before, entry.get("mode"))
                restored.append(entry["path"])
            else:
                conflicts.append(entry["path"])
        if conflicts:
            raise ScaffoldError(
                "an interrupted run cannot be rolled back, because these files changed since: "
                f"{', '.join(conflicts)}; their originals are in {self.folder}, delete it when done"
            )
        self.end()
        return restored


def _without_newline(data: bytes, edit: Edit) -> Edit:
    """The last edit of a file; where it deletes the last lines, the new last one ends as they did."""
    ended = edit.text or edit.end < len(data) or data.endswith(b"\n")
    if ended or edit.start == edit.end or data[edit.start - 1 : edit.start] != b"\n":
        return edit
    return Edit(edit.path, edit.start - 1, edit.end, "")


def _private_folder(root: Path) -> Path:
    """A folder that no commit holds: git's own, else one that is gone after every run."""
    if git.has_top(root):
        return Path(git.output(root, "rev-parse", "--absolute-git-dir"))
    return root / ".scaffold"


def _read_bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None


def _digest(content: bytes) -> str:
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def _write_atomically(path: Path, content: bytes, mode: int | None) -> None:
    """Replace or create `path`; `mode` is None where the present one stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _part(path)
    try:
        _write_durably(part, content)
        part.chmod(_mode(path) if mode is None else mode)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _remove(path: Path, root: Path) -> None:
    path.unlink()
    _remove_empty_parents(path.parent, root)


def _part(path: Path) -> Path:
    """Where the new content of a file is written before it takes the file's place."""
    return path.with_name(f".{path.name}.scaffold-part")


def _remove_empty_parents(folder: Path, root: Path) -> None:
    while folder != root and folder.is_relative_to(root):
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            return
        folder = folder.parent


def _set_folder(folder: Path, there: bool, root: Path) -> None:
    if there:
        folder.mkdir(parents=True, exist_ok=True)
    else:
        _remove_empty_parents(folder, root)


def _creation_diff(path: str, new: NewFile) -> Iterator[str]:
    yield f"diff --git a/{path} b/{path}\nnew file mode {_git_mode(new.executable)}\n"
    if not _is_text(new.content):
        yield from _binary_diff(None, new.content)
        return
    lines = _lines(new.content)
    if lines:
        yield f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
        yield from _marked("+", lines)


def _deletion_diff(path: str, content: bytes, executable: bool) -> Iterator[str]:
    yield f"diff --git a/{path} b/{path}\ndeleted file mode {_git_mode(executable)}\n"
    if not _is_text(content):
        yield from _binary_diff(content, None)
        return
    lines = _lines(content)
    if lines:
        yield f"--- a/{path}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n"
        yield from _marked("-", lines)


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
        new = _replaced(before, start, end, together)
        if new and not new.endswith(b"\n"):
            end = _line_end(before, end)
        groups.append((start, end, together))
    changes = []
    for start, end, together in groups:
        first_line = before.count(b"\n", 0, start)
        old, new_lines = _lines(before[start:end]), _lines(_replaced(before, start, end, together))
        if old != new_lines:
            changes.append(_Change(first_line, first_line + len(old), new_lines))
    return changes


def _replaced(before: bytes, start: int, end: int, edits: list[Edit]) -> bytes:
    """The bytes `start..end` after the edits that lie in them."""
    pieces = []
    position = start
    for edit in edits:
        pieces += [before[position : edit.start], edit.text.encode()]
        position = edit.end
    return b"".join([*pieces, before[position:end]])


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
