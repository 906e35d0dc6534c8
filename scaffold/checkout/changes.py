"""Planned changes to a tree: byte-range edits and new files, shown as a diff, committed as one.

Nothing here knows what a backend is. A plan touches no disk until `commit`, and `commit` leaves
either every change or none: originals and results are staged in a journal first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from scaffold.checkout.door import Door, Kind, in_the_way, require_inside
from scaffold.checkout.edit import Edit, ended_as, insertion, replaced, without_newline
from scaffold.checkout.tree import MAX_FILE_BYTES, Overlay, Tree
from scaffold.errors import ScaffoldError, ShapeError, UsageError, WriteError

if TYPE_CHECKING:
    from scaffold.checkout.journal import Step


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
        """Plan edits. Insertions at one offset keep the order in which they were added.

        Their lines end as the lines around them do.
        """
        for edit in edits:
            self.edits.append(
                ended_as(self.tree.content(edit.path) or b"", edit) if "\n" in edit.text else edit
            )

    def insert(self, path: str, offset: int, text: str) -> None:
        """Plan an insertion; whole lines behind a last line without a newline stay lines of their own."""
        data = self.tree.content(path) or b""
        if text.endswith("\n") and offset == len(data) and data and not data.endswith(b"\n"):
            text = f"\n{text[:-1]}"
        self.add(insertion(path, offset, text))

    def create(self, path: str, content: bytes, executable: bool = False) -> None:
        """Plan a new file.

        Raises UsageError where something is there already, also where only the case of its name differs,
        and ShapeError where the way leads elsewhere.
        """
        require_inside(path)
        way = in_the_way(self.tree.kind, path)
        kind = self.tree.kind(way)
        if way == path and kind in (Kind.file, Kind.folder):
            raise UsageError(f"{path} exists already")
        if kind is not None:
            raise ShapeError(way, 0, f"{kind}: {path} cannot be made")
        folder, _, name = way.rpartition("/")
        others = (other for other in self.tree.list(folder) if other != name)
        twin = next((other for other in others if other.lower() == name.lower()), None)
        if twin is not None:
            raise UsageError(f"{folder}/{twin} exists already: to macOS and Windows {name} is the same")
        self.created[path] = NewFile(content, executable)

    def move(self, old: str, new: str, content: bytes) -> None:
        """Plan a file elsewhere, with another content."""
        self.create(new, content, self.tree.is_executable(old))
        self.created[new].moved = old
        self.delete(old)

    def delete(self, path: str) -> None:
        """Plan a file away. Raises ShapeError for one that is too large to be kept in the journal."""
        if self.tree.content(path) is None and path in self.tree.refused:
            raise ShapeError(path, None, f"{self.tree.refused[path]}: it cannot be deleted safely")
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
                edits[-1] = without_newline(self.tree.content(path) or b"", edits[-1])
        return dict(grouped)

    def contents(self) -> dict[str, bytes | None]:
        """The content of every touched file after the change; None where it is gone."""
        results: dict[str, bytes | None] = dict.fromkeys(self.deleted)
        results.update((path, new.content) for path, new in self.created.items())
        for path, edits in self.by_path().items():
            before = self.tree.content(path) or b""
            results[path] = replaced(before, 0, len(before), edits)
        return results

    def undone(self, tree: Tree) -> ChangeSet:
        """The change that takes this one back from `tree`, its result; deleted files it cannot give back."""
        back = ChangeSet(tree, deleted={*self.created})
        for path, edits in self.by_path().items():
            before = self.tree.content(path) or b""
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
        before = self.tree.content(path) or b""
        found = []
        shift = 0
        for edit in self.by_path()[path]:
            leading = edit.text[: len(edit.text) - len(edit.text.lstrip("\r\n"))].count("\n")
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
        from scaffold.checkout import diff  # a check plans fixes, and shows none

        if path in self.created:
            new = self.created[path]
            yield from diff.creation(path, new.content, new.executable)
            return
        before = self.tree.content(path) or b""
        if path in self.deleted:
            yield from diff.deletion(path, before, self.tree.is_executable(path))
            return
        yield from diff.edited(path, before, self.by_path()[path])

    def commit(self, root: Path) -> None:
        """Write the whole change below `root`, or nothing.

        Raises WriteError where a file changed since it was read or cannot be written, ShapeError where
        a path leads elsewhere.
        """
        from scaffold.checkout.journal import writing

        with writing(root) as journal:
            journal.recover()
            door = Door(root)
            steps = [self._step(path, after, door) for path, after in sorted(self.contents().items())]
            journal.carry_out(steps, self.folders)

    def _step(self, path: str, after: bytes | None, door: Door) -> Step:
        from scaffold.checkout.journal import Step

        new = self.created.get(path)
        before = None if new else self.tree.content(path)
        require_inside(path)
        way = in_the_way(door.kind, path)
        kind = door.kind(way)
        if kind in (Kind.link, Kind.other) or (kind is Kind.file and way != path):
            raise ShapeError(way, 0, f"{kind}: nothing was written")
        if door.read(path, MAX_FILE_BYTES) != before or (before is None and kind is not None and way == path):
            raise WriteError(f"{path} changed while the edit was planned; nothing was written")
        if new and not new.moved:
            return Step(path, before, after, 0o755 if new.executable else 0o644)
        return Step(path, before, after, door.mode(new.moved if new else path))
