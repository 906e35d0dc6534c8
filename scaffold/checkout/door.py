"""The one door to the files below a folder: whatever a path or a link says, nothing leads past it.

A checkout may be a stranger's. So each step of a path is looked up in the listing of its folder and
opened from that folder's descriptor; no link is followed, not even inside. Names that git has no file
of (`..`, `.git`, what is not UTF-8) are in no listing. What is no regular file is not read.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from scaffold import cage
from scaffold.errors import ShapeError

MAX_DEPTH = 60
"""Folders in a path; the deepest of LocalAI has ten."""
MAX_OPEN = 100
"""Descriptors of folders that stay open; a process may have as few as 256."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""A pipe that took a file's place since is not waited for."""

_ODD = re.compile(r"(?:^|/)(?:\.{0,2}|\.[Gg][Ii][Tt])(?:/|$)|\0")
_MARKS = ("", "/", ".")
_STEPS = ("//", "/.", "\0")
"""How an odd path begins, or what is in it, if it does not end in a slash."""
_NO_TEXT = r"[\ud800-\udfff]"


class Kind(StrEnum):
    """What an entry of a folder is, said of it."""

    file = "is a file"
    folder = "is a folder"
    link = "is a symbolic link, and links are not followed"
    other = "is neither a file nor a folder"


def _odd(path: str) -> re.Match[str] | None:
    """What no path of a file has; a name that is no text is rarely met."""
    if path.isascii() and path[:1] not in _MARKS and path[-1] != "/" and not any(s in path for s in _STEPS):
        return None  # nearly always
    return _ODD.search(path) or (None if path.isascii() else re.search(_NO_TEXT, path))


def outside(path: str) -> str:
    """Why a path names no file of a checkout; "" for one that may.

    Paths are relative, with forward slashes and without empty steps.
    """
    odd = _odd(path)
    if odd is None:
        return "lies too deep" if path.count("/") > MAX_DEPTH else ""
    if "git" in odd[0].lower():
        return "is git's own"
    return "is no path inside the checkout" if odd[0].strip("/.") == "" else "is no name of a file"


def below(root: Path, name: str) -> str | None:
    """The path in the checkout at `root` of a file that a person names; None for one that lies elsewhere.

    They may reach the checkout by links of their own. `..` takes back the step before it, whatever that is.
    """
    path = Path(os.path.abspath(name))  # noqa: PTH100 - follows no link
    for folder in reversed(path.parents):
        real = Path(os.path.realpath(folder))
        if real.is_relative_to(root):
            return (real.relative_to(root) / path.relative_to(folder)).as_posix()
    return None


def require_inside(path: str) -> None:
    """Raises ShapeError for a path that names no file of a checkout."""
    if why := outside(path):
        raise ShapeError(path, 0, f"{why}: nothing is written there")


def too_large(limit: int) -> str:
    """Why a file of more than `limit` bytes is not read."""
    return f"is larger than {limit >> 20} MiB"


class Door:
    """What is below `root`, each folder and file as it was when it was first asked for."""

    def __init__(self, root: Path) -> None:
        """Opens nothing yet. `root` itself may be reached by links: whoever runs the tool names it."""
        self.root = root
        self.refused: dict[str, str] = {}
        """Path -> why it was not read though something is there."""
        self._open: dict[str, int] = {}
        self._listed: dict[str, dict[str, Kind]] = {}

    def __del__(self) -> None:
        """Close what is open."""
        while self._open:
            os.close(self._open.popitem()[1])

    def names(self, folder: str) -> dict[str, Kind]:
        """The entries of a folder; none where there is no such folder."""
        listed = self._listed.get(folder)
        if listed is None:
            listed = self._listed[folder] = self._list(folder)
        return listed

    def kind(self, path: str) -> Kind | None:
        """What is at a path: itself, and not what it may lead to. None where there is nothing."""
        if not path:
            return Kind.folder
        folder, _, name = path.rpartition("/")
        listed = self._listed.get(folder)
        if listed is None:
            if outside(path):
                return None
            listed = self.names(folder)
        return listed.get(name) if path[0] != "/" else None

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder; a link to one is none, and is noted."""
        if self.kind(path) is Kind.folder:
            return True
        note(self, path)
        return False

    def read(self, path: str, limit: int) -> bytes | None:
        """A regular file of at most `limit` bytes; None where there is none.

        A larger one, a link and one that may not be read are noted.
        """
        if self.kind(path) is not Kind.file:
            note(self, path)
            return None
        cage.note(path)
        folder, _, name = path.rpartition("/")
        try:
            descriptor = os.open(name, FILE, dir_fd=self._descriptor(folder))
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return None
                # One byte more than there should be; asking for much more would cost its memory each time.
                data = os.read(descriptor, min(status.st_size, limit) + 1)
            finally:
                os.close(descriptor)
        except OSError as error:
            self.refused[path] = f"cannot be read: {error.strerror}"
            return None
        if len(data) > limit:
            self.refused[path] = too_large(limit)
            return None
        return data

    def mode(self, path: str) -> int:
        """The permissions of what is at a path; 0 where there is nothing."""
        if self.kind(path) is None:
            return 0
        folder, _, name = path.rpartition("/")
        return os.stat(name, dir_fd=self._descriptor(folder), follow_symlinks=False).st_mode & 0o777

    @contextmanager
    def entered(self, folder: str, *, make: bool = False) -> Iterator[int]:
        """A descriptor of a folder as it is now, for changing what is in it.

        With `make`, what is missing of it is made. Raises ShapeError for a path that leads elsewhere,
        and OSError with the path of the step where it goes wrong.
        """
        if folder:
            require_inside(folder)
        descriptor = os.open(self.root, FOLDER & ~os.O_NOFOLLOW)
        try:
            steps = folder.split("/") if folder else []
            for number, name in enumerate(steps, 1):
                try:
                    step = _step(name, descriptor, make)
                except OSError as error:
                    raise OSError(error.errno, error.strerror, "/".join(steps[:number])) from None
                os.close(descriptor)
                descriptor = step
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def holding(self, path: str) -> Iterator[tuple[int, str]]:
        """A descriptor of the folder that holds a path as it is now, and the name in it.

        Raises OSError that says what is wrong with the path, such as a link in the way.
        """
        step = in_the_way(self.kind, path)
        why = outside(path) or (f"{step} {Kind.link}" if self.kind(step) is Kind.link else "")
        if why:
            raise OSError(errno.EINVAL, why)
        folder, _, name = path.rpartition("/")
        with self.entered(folder) as descriptor:
            yield descriptor, name

    def _list(self, folder: str) -> dict[str, Kind]:
        if folder and (outside(f"{folder}/x") or not self.is_folder(folder)):
            return {}
        try:
            # Two processes that share a descriptor share its position too, so it is listed at once, and once.
            with os.scandir(self._descriptor(folder)) as entries:
                return {e.name: _kind(e) for e in entries if not _odd(e.name)}
        except FileNotFoundError:
            return {}
        except OSError as error:
            if not folder:
                raise ShapeError(str(self.root), 0, f"cannot be read: {error.strerror}") from error
            self.refused[folder] = f"cannot be read: {error.strerror}"
            return {}

    def _descriptor(self, folder: str) -> int:
        """A descriptor of a folder that its listing has; those used last stay open."""
        descriptor = self._open.pop(folder, None)
        if descriptor is None:
            if folder:
                parent, _, name = folder.rpartition("/")
                descriptor = os.open(name, FOLDER, dir_fd=self._descriptor(parent))
            else:
                descriptor = os.open(self.root, FOLDER & ~os.O_NOFOLLOW)
            if len(self._open) >= MAX_OPEN:
                os.close(self._open.pop(next(iter(self._open))))
        self._open[folder] = descriptor
        return descriptor


class Noting(Protocol):
    """A tree that keeps the reasons why something was not read."""

    @property
    def refused(self) -> dict[str, str]: ...
    def kind(self, path: str) -> Kind | None: ...


def note(tree: Noting, path: str) -> None:
    """Note the link, or whatever else is no file and no folder, that a path leads to or through."""
    step = in_the_way(tree.kind, path)
    kind = tree.kind(step)
    if kind in (Kind.link, Kind.other):
        tree.refused[step] = str(kind)


def in_the_way(kind: Callable[[str], Kind | None], path: str) -> str:
    """How far a path leads: to its first step that is there and no folder, or to its end."""
    end = path.find("/") if not outside(path) else -1
    while end > 0 and kind(path[:end]) is Kind.folder:
        end = path.find("/", end + 1)
    return path[:end] if end > 0 else path


def _step(name: str, folder: int, make: bool) -> int:
    try:
        return os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    os.mkdir(name, dir_fd=folder)
    return os.open(name, FOLDER, dir_fd=folder)


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_symlink():
        return Kind.link
    if entry.is_dir(follow_symlinks=False):
        return Kind.folder
    return Kind.file if entry.is_file(follow_symlinks=False) else Kind.other
