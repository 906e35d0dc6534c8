"""One interface over the places a repository is read from.

A work tree, a git revision and a tree under pending edits answer the same four questions, so
readers, rules and editors never know which of them they look at. All paths are relative to the
root of the repository, with forward slashes.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scaffold import cage
from scaffold.checkout import git
from scaffold.errors import ShapeError, UsageError

if TYPE_CHECKING:
    import subprocess

MAX_FILE_BYTES = 16 << 20
"""No registration file comes near this size; a larger one is not read."""


class Tree(Protocol):
    """A repository to read from."""

    def read(self, path: str) -> bytes | None:
        """Content of a regular file, or None where there is none."""

    def list(self, folder: str) -> list[str]:
        """Sorted names of the entries of `folder`; empty where it is not a folder."""

    def is_dir(self, path: str) -> bool:
        """Whether `path` is a folder."""

    def files(self, folder: str) -> Iterator[str]:
        """Paths of all regular files below `folder`, in sorted order."""

    def is_executable(self, path: str) -> bool:
        """Whether a file may be run."""


class WorkTree:
    """The files on disk below `root`. A file is read once: one instance is one view of the tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._prefix = os.path.join(root, "")  # noqa: PTH118 - a thousand paths are joined to it
        self._contents: dict[str, bytes | None] = {}

    def read(self, path: str) -> bytes | None:
        if path not in self._contents:
            self._contents[path] = self._read(path)
        return self._contents[path]

    def _read(self, path: str) -> bytes | None:
        cage.note(path)
        try:
            # Git keeps links as links, so they are not followed; a pipe would wait for a writer.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
            descriptor = os.open(self._prefix + path, flags)
            try:
                status = os.fstat(descriptor)
                if not stat.S_ISREG(status.st_mode):
                    return None
                # One byte more than there should be; asking for much more would cost its memory each time.
                data = os.read(descriptor, min(status.st_size, MAX_FILE_BYTES) + 1)
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        except OSError as error:
            raise ShapeError(path, None, f"cannot be read: {error.strerror}") from error
        return _bounded(path, data)

    def list(self, folder: str) -> list[str]:
        try:
            return sorted(os.listdir(self._prefix + folder))
        except OSError:
            return []

    def is_dir(self, path: str) -> bool:
        return os.path.isdir(self._prefix + path)  # noqa: PTH112

    def files(self, folder: str) -> Iterator[str]:
        found = []
        for where, folders, names in os.walk(self.root / folder):
            folders[:] = [name for name in folders if name != ".git"]
            base = Path(where)
            files = (base / name for name in names if not (base / name).is_symlink())
            found += [file.relative_to(self.root).as_posix() for file in files]
        return iter(sorted(found))

    def is_executable(self, path: str) -> bool:
        return os.access(self._prefix + path, os.X_OK)


class GitTree:
    """The files of one commit, read from git objects; nothing is checked out."""

    def __init__(self, root: Path, rev: str) -> None:
        """Raises UsageError where `rev` names no commit of the repository at `root`."""
        self.root = root
        self.commit = git.commit(root, rev)
        if not self.commit:
            raise UsageError(f"{rev!r} names no commit of {root}")

    @cached_property
    def _objects(self) -> dict[str, tuple[str, str]]:
        """Path -> mode and name."""
        asked = git.run(self.root, "ls-tree", "-r", "-z", "--full-tree", self.commit)
        if asked.returncode:
            problem = f"commit {self.commit[:12]} cannot be read; git says: {git.complaint(asked)}"
            raise ShapeError(".git", None, problem)
        objects = {}
        for record in asked.stdout.decode(errors="replace").split("\0"):
            meta, _, path = record.partition("\t")
            if meta and not meta.startswith(("120000", "160000")):
                mode, _, name = meta.split(" ")
                objects[path] = mode, name
        return objects

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        folders: dict[str, set[str]] = {"": set()}
        for path in self._objects:
            while path:
                parent, _, name = path.rpartition("/")
                known = parent in folders
                folders.setdefault(parent, set()).add(name)
                if known:
                    break
                path = parent
        return folders

    @cached_property
    def _reader(self) -> subprocess.Popen[bytes]:
        return git.reader(self.root)

    def read(self, path: str) -> bytes | None:
        if path not in self._objects:
            return None
        cage.note(path)
        _, name = self._objects[path]
        reader = self._reader
        assert reader.stdin
        assert reader.stdout
        try:
            reader.stdin.write(f"{name}\n".encode())
            reader.stdin.flush()
        except BrokenPipeError:  # git has died of the one before
            raise self._unreadable(path) from None
        _, _, size = reader.stdout.readline().partition(b" blob ")
        if not size.strip().isdigit():
            raise self._unreadable(path)
        data = reader.stdout.read(int(size))
        if len(data) != int(size):
            raise self._unreadable(path)
        reader.stdout.read(1)
        return _bounded(path, data)

    def list(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder.strip("/"), ()))

    def is_dir(self, path: str) -> bool:
        return path.strip("/") in self._folders

    def files(self, folder: str) -> Iterator[str]:
        prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
        return iter(sorted(path for path in self._objects if path.startswith(prefix)))

    def is_executable(self, path: str) -> bool:
        return self._objects.get(path, ("", ""))[0] == "100755"

    def _unreadable(self, path: str) -> ShapeError:
        return ShapeError(path, None, f"cannot be read from commit {self.commit[:12]}")

    def close(self) -> None:
        """End the git process that serves the reads."""
        if "_reader" in self.__dict__:
            with contextlib.suppress(BrokenPipeError):
                self._reader.communicate()
            del self.__dict__["_reader"]


class Overlay:
    """`base` as it would be with some files written (bytes) or gone (None).

    Of the files that are new, those in `executable` may be run; the others keep what they may.
    """

    def __init__(
        self, base: Tree, changes: Mapping[str, bytes | None], executable: Collection[str] = ()
    ) -> None:
        self.base = base
        self.changes = changes
        self.executable = executable

    def read(self, path: str) -> bytes | None:
        return self.changes[path] if path in self.changes else self.base.read(path)

    def list(self, folder: str) -> list[str]:
        prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
        names = set(self.base.list(folder))
        for path, content in self.changes.items():
            if path.startswith(prefix):
                name, _, rest = path[len(prefix) :].partition("/")
                if content is not None:
                    names.add(name)
                elif not rest:
                    names.discard(name)
        return sorted(names)

    def is_dir(self, path: str) -> bool:
        prefix = f"{path.strip('/')}/"
        if any(p.startswith(prefix) and c is not None for p, c in self.changes.items()):
            return True
        return self.base.is_dir(path) and next(self.files(path), None) is not None

    def files(self, folder: str) -> Iterator[str]:
        prefix = f"{folder.strip('/')}/" if folder.strip("/") else ""
        paths = {path for path in self.base.files(folder) if path not in self.changes}
        paths.update(p for p, c in self.changes.items() if c is not None and p.startswith(prefix))
        return iter(sorted(paths))

    def is_executable(self, path: str) -> bool:
        if path in self.changes and (self.changes[path] is None or self.base.read(path) is None):
            return path in self.executable
        return self.base.is_executable(path)


def kept_by_git(tree: Tree, folder: str) -> Iterator[str]:
    """The files below a folder, without those that git ignores."""
    if isinstance(tree, WorkTree) and (tree.root / ".git").exists():
        asked = git.run(tree.root, "ls-files", "-z", "-co", "--exclude-standard", "--", folder)
        if asked.returncode == 0:
            listed = sorted({path for path in asked.stdout.decode(errors="replace").split("\0") if path})
            return (path for path in listed if tree.read(path) is not None)
    return tree.files(folder)


def find_root(start: Path) -> Path:
    """The enclosing checkout of `start`: the nearest folder that holds `.git`, else `start` itself."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    return start


def _bounded(path: str, data: bytes) -> bytes:
    if len(data) > MAX_FILE_BYTES:
        raise ShapeError(path, None, f"is larger than {MAX_FILE_BYTES >> 20} MiB")
    return data
