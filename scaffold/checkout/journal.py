"""The journal of a change: what it is about to do, and every original, are in it before the first write.

A run that is killed between two writes is rolled back by the next one that writes. The journal is
never in the checkout, which may be a stranger's: it is among git's own files, or with the user's state
where git does not know the folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from scaffold.checkout import disk, git
from scaffold.checkout.door import Door, require_inside
from scaffold.checkout.lock import busy, locked
from scaffold.checkout.tree import MAX_FILE_BYTES
from scaffold.errors import ScaffoldError, WriteError

FOLDER, PLAN = "scaffold-journal", "scaffold-journal/plan.json"


class Step(NamedTuple):
    """One file of a change."""

    path: str
    before: bytes | None
    """Its content; None where there is no such file."""
    after: bytes | None
    mode: int
    """Its permissions after the change."""


class _File(NamedTuple):
    """One file of a recorded change."""

    path: str
    before: str | None
    """Digest of its content; None where there was no such file."""
    after: str | None
    mode: int
    """Its permissions before the change."""


class _Plan(NamedTuple):
    """A recorded change."""

    token: str
    """What its unfinished files are named with, which nobody can foretell."""
    files: list[_File]
    folders: dict[str, bool]
    """Empty folder -> whether it is there after the change."""
    made: list[str]
    """The folders that are not there before it."""

    @classmethod
    def parsed(cls, data: bytes) -> _Plan:
        """Raises ValueError, KeyError, TypeError or ShapeError for what was never written here."""
        plan = json.loads(data)
        files = [_File(**{**file, "mode": int(file["mode"]) & 0o777}) for file in plan["files"]]
        folders, made = dict(plan["folders"]), list(plan["made"])
        if not all(isinstance(path, str) for path in (*(f.path for f in files), *folders, *made)):
            raise TypeError("a path is no text")
        for path in (*(file.path for file in files), *folders, *made):
            require_inside(path)
        return cls(f"{int(plan['token'], 16):016x}", files, folders, made)

    def part(self, number: int) -> str:
        """Where the new content of a file is written before it takes the file's place."""
        folder, slash, _ = self.files[number].path.rpartition("/")
        return f"{folder}{slash}.scaffold-{self.token}-{number}"

    def moved(self, *, there: bool) -> list[str]:
        """The empty folders that are there after the change, or are not."""
        return [folder for folder, stays in self.folders.items() if stays is there]


@contextmanager
def writing(root: Path) -> Iterator[Journal]:
    """The right to write below a folder, for one process at a time; a second time it is there already.

    Raises BusyError where another process has it, WriteError where there is no place for a journal.
    """
    root = root.resolve()
    if root in _held:
        yield _held[root]
        return
    journal = Journal(root)
    with locked(journal.home):
        _held[root] = journal
        try:
            yield journal
        finally:
            del _held[root]


_held: dict[Path, Journal] = {}


def unfinished(root: Path) -> str:
    """What somebody who only reads should know of a change that is not complete; "" where there is none."""
    own = root / ".git"
    homes = (own, _state_folder(root))
    if not own.is_file() and not any(home and _is_there(home / PLAN) for home in homes):
        return ""  # without asking git
    with suppress(WriteError):
        journal = Journal(root)
        if not _is_there(journal.home / PLAN):
            return ""
        if told := busy(journal.home):
            return f"{told}: what follows may be half of its change"
    return (
        "an earlier run was interrupted while it wrote, and the files are as it left them: "
        "the next command that writes puts them back first"
    )


class Journal:
    """What a change is about to do, until it is done."""

    def __init__(self, root: Path) -> None:
        """Raises WriteError where there is no place for one."""
        self.root = root = root.resolve()
        own = git.own_folder(root)
        # Any other folder in a checkout may have come with it, one that looks like a repository too.
        home = own if own and (own == root / ".git" or not _is_inside(own, root)) else _state_folder(root)
        if home is None:
            raise WriteError(
                f"there is no folder outside of {root} for the journal of a change: set XDG_STATE_HOME to one"
            )
        self.home = home
        self.folder = home / FOLDER

    def carry_out(self, steps: Sequence[Step], folders: Mapping[str, bool]) -> None:
        """Make a change, or nothing of it; `folders` are empty ones, and whether they are there after it.

        Raises WriteError where it cannot be made.
        """
        try:
            plan = self._begin(steps, folders)
        except OSError as error:
            self._clear()
            where = self.home / (error.filename or FOLDER)
            raise WriteError(f"{where} cannot be written: {error.strerror}; nothing was changed") from error
        try:
            self._write(plan, steps)
            self._end()
        except BaseException as error:
            self.recover()
            if isinstance(error, OSError):
                where = error.filename or self.root
                raise WriteError(
                    f"{where} cannot be written: {error.strerror}; nothing was changed"
                ) from error
            raise

    def _write(self, plan: _Plan, steps: Sequence[Step]) -> None:
        """First what takes room on the disk, then what a full one can do too."""
        door = Door(self.root)
        for number, step in enumerate(steps):
            if step.after is not None:
                disk.write(door, plan.part(number), step.after, step.mode)
        for folder in plan.moved(there=True):
            disk.make_folder(door, folder)
        for number, step in enumerate(steps):
            if step.after is not None:
                disk.move(door, plan.part(number), step.path)
            else:
                disk.remove(door, step.path)
                disk.remove_empty(door, step.path.rpartition("/")[0])
        for folder in plan.moved(there=False):
            disk.remove_empty(door, folder)

    def _begin(self, steps: Sequence[Step], folders: Mapping[str, bool]) -> _Plan:
        """Record everything."""
        self._clear()
        home, door = Door(self.home), Door(self.root)
        files = [_File(s.path, _digest(s.before), _digest(s.after), door.mode(s.path)) for s in steps]
        wanted = [step.path for step in steps if step.after is not None]
        wanted += [f"{folder}/" for folder, there in folders.items() if there]
        above = {path[:end] for path in wanted for end, letter in enumerate(path) if letter == "/"}
        made = sorted(folder for folder in above if door.kind(folder) is None)
        plan = _Plan(os.urandom(8).hex(), files, dict(folders), made)
        for number, step in enumerate(steps):
            if step.before is not None:
                disk.write(home, _original(number), step.before)
        record = {**plan._asdict(), "files": [file._asdict() for file in files]}
        disk.write(home, f"{PLAN}.part", json.dumps(record).encode())
        disk.move(home, f"{PLAN}.part", PLAN)
        return plan

    def _end(self) -> None:
        """Forget the plan: the change is complete."""
        disk.remove(Door(self.home), PLAN)
        self._clear()

    def _clear(self) -> None:
        door = Door(self.home)
        with suppress(OSError):
            for name in door.names(FOLDER):
                disk.remove(door, f"{FOLDER}/{name}")
            disk.remove_folder(door, FOLDER)

    def recover(self) -> list[str]:
        """Undo what an interrupted change had written; returns the paths that were put back.

        Raises WriteError where such a file was changed since, or cannot be written: then it is left
        alone, and the originals stay in the journal.
        """
        home = Door(self.home)
        if home.kind(PLAN) is None:
            self._clear()
            return []
        plan, originals = self._recorded(home)
        door = Door(self.root)
        restored: list[str] = []
        conflicts: list[str] = []
        try:
            for number, file in enumerate(plan.files):
                disk.remove_if_there(door, plan.part(number))
                found = _digest(door.read(file.path, MAX_FILE_BYTES))
                if (found is None and door.kind(file.path)) or found not in (file.before, file.after):
                    conflicts.append(file.path)
                elif found != file.before:
                    self._put_back(door, plan, number, originals[number])
                    restored.append(file.path)
            for folder in plan.moved(there=False):
                disk.make_folder(door, folder)
            for folder in sorted(plan.made, reverse=True):
                disk.remove_folder(door, folder)
            if not conflicts:
                self._end()
        except OSError as error:
            raise WriteError(
                f"an interrupted run cannot be rolled back: {error.filename}: {error.strerror}; "
                f"its originals are in {self.folder}, and the next command that writes tries again"
            ) from error
        if conflicts:
            raise WriteError(
                "an interrupted run cannot be rolled back, because these files changed since: "
                f"{', '.join(conflicts)}; their originals are in {self.folder}, delete it when done"
            )
        return restored

    def _put_back(self, door: Door, plan: _Plan, number: int, original: bytes | None) -> None:
        file = plan.files[number]
        if original is None:
            disk.remove(door, file.path)
        else:
            disk.write(door, plan.part(number), original, file.mode)
            disk.move(door, plan.part(number), file.path)

    def _recorded(self, home: Door) -> tuple[_Plan, list[bytes | None]]:
        """The plan of the interrupted change, and the original of each of its files.

        Raises WriteError where they are not as they were written.
        """
        try:
            plan = _Plan.parsed(home.read(PLAN, MAX_FILE_BYTES) or b"")
            originals = [
                None if file.before is None else home.read(_original(number), MAX_FILE_BYTES)
                for number, file in enumerate(plan.files)
            ]
            for file, original in zip(plan.files, originals, strict=True):
                if _digest(original) != file.before:
                    raise ValueError(f"the original of {file.path} is not in it")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, ScaffoldError) as error:
            raise WriteError(
                f"an interrupted run cannot be rolled back, because its journal {self.folder} is damaged "
                f"({error or type(error).__name__}): look what changed (git status), then delete the journal"
            ) from None
        return plan, originals


def _digest(content: bytes | None) -> str | None:
    """A content's name in the journal; None where there is no file."""
    if content is None:
        return None
    import hashlib

    return hashlib.sha256(content).hexdigest()


def _original(number: int) -> str:
    return f"{FOLDER}/{number}.before"


def _state_folder(root: Path) -> Path | None:
    """Where the user's programs keep what they know of a folder; None where that is inside of it."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    state = given if given.is_absolute() else Path(os.path.expanduser("~/.local/state"))  # noqa: PTH111
    if not state.is_absolute() or _is_inside(state, root):
        return None
    return state.joinpath("scaffold", *root.resolve().parts[1:])


def _is_inside(folder: Path, root: Path) -> bool:
    return folder.resolve().is_relative_to(root.resolve())


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - where a folder may not be entered, Path.exists raises
