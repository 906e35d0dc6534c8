"""One interface over the places a repository is read from.

A work tree, a git revision and a tree under pending edits answer the same questions, so readers,
rules and editors never know which of them they look at. All paths are relative to the root of the
repository, with forward slashes; a path that leads out of it is one where nothing is.

Links are kept as links, as git keeps them. A file that is there and is not read, because it is one,
lies behind one, is too large or may not be read, is noted with the reason.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scaffold import cage
from scaffold.checkout import git
from scaffold.checkout.door import Door, Kind, note, outside, too_large
from scaffold.checkout.merged import require_merged
from scaffold.errors import ShapeError, UsageError

if TYPE_CHECKING:
    import subprocess

MARK = "backend/index.yaml"
"""The file that only a checkout of LocalAI has."""
MAX_TEXT_BYTES = 2 << 20
"""What is read to be understood; the largest such file of LocalAI, `backend/index.yaml`, has 290 KB."""
MAX_FILE_BYTES = 16 << 20
"""What is searched, moved or deleted; LocalAI's largest files, model lists and test data, have 3.5 MB."""
MAX_TREE_BYTES = 256 << 20
"""All files that one run reads together; those that a check of LocalAI reads have 3 MB."""


class Tree(Protocol):
    """A repository to read from."""

    @property
    def refused(self) -> dict[str, str]:
        """What was asked for, is there and was not read -> why not."""

    def read(self, path: str) -> bytes | None:
        """Content of a regular file of at most MAX_TEXT_BYTES; None where there is none.

        Raises ShapeError where git has left a conflict marker in it.
        """

    def content(self, path: str) -> bytes | None:
        """Content of a regular file of at most MAX_FILE_BYTES; None where there is none."""

    def kind(self, path: str) -> Kind | None:
        """What is at a path, itself and not what it may lead to; None where there is nothing."""

    def names(self, folder: str) -> list[str]:
        """Sorted names of what is in `folder`, also of what is not read: who asks for that has it noted."""

    def list(self, folder: str) -> list[str]:
        """The names of the files and folders among them; empty where it is not a folder."""

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
        self._door = Door(root)
        self._contents: dict[str, bytes | None] = {}
        self._merged: set[str] = set()
        self._left = MAX_TREE_BYTES

    @property
    def refused(self) -> dict[str, str]:
        return self._door.refused

    def read(self, path: str) -> bytes | None:
        data = self.content(path)
        if data is not None and len(data) > MAX_TEXT_BYTES:
            self.refused[path] = too_large(MAX_TEXT_BYTES)
            return None
        return _merged(path, data, self._merged)

    def content(self, path: str) -> bytes | None:
        if path not in self._contents:
            data = self._contents[path] = self._door.read(path, MAX_FILE_BYTES)
            self._left -= len(data or b"")
            if self._left < 0:
                self._contents[path] = None
                self.refused[path] = f"is one too many: {MAX_TREE_BYTES >> 20} MiB of others were read"
        return self._contents[path]

    def kind(self, path: str) -> Kind | None:
        return self._door.kind(path)

    def names(self, folder: str) -> list[str]:
        return sorted(self._door.names(folder.rstrip("/")))

    def list(self, folder: str) -> list[str]:
        kinds = self._door.names(folder.rstrip("/"))
        return sorted(name for name, kind in kinds.items() if kind in (Kind.file, Kind.folder))

    def is_dir(self, path: str) -> bool:
        return self._door.is_folder(path.rstrip("/"))

    def files(self, folder: str) -> Iterator[str]:
        return (path for path, kind in self.entries(folder) if kind is Kind.file)

    def entries(self, folder: str) -> Iterator[tuple[str, Kind]]:
        """Paths of all that is below `folder` and no folder, in sorted order, each with what it is."""
        found = []
        pending = [folder.rstrip("/")]
        while pending:
            where = pending.pop()
            prefix = f"{where}/" if where else ""
            for name, kind in self._door.names(where).items():
                if kind is Kind.folder:
                    pending.append(prefix + name)
                else:
                    found.append((prefix + name, kind))
        return iter(sorted(found))

    def is_executable(self, path: str) -> bool:
        return self._door.kind(path) is Kind.file and bool(self._door.mode(path) & 0o100)


LINK, SUBMODULE = "120000", "160000"
"""Modes of git."""


class GitTree:
    """The files of one commit, read from git objects; nothing is checked out. A file is read once."""

    def __init__(self, root: Path, rev: str, beside: Tree | None = None) -> None:
        """Raises UsageError where `rev` names no commit of the repository at `root`.

        `beside` is a state that has most files in common with this one. They are taken from it, so that
        whoever reads both states finds one content and reads it once.
        """
        self.root = root
        self._beside = beside
        self._contents: dict[str, bytes] = {}
        self._merged: set[str] = set()
        self.refused: dict[str, str] = {}
        self.commit = git.commit(root, rev)
        if not self.commit:
            raise UsageError(f"{rev!r} names no commit of {root}{git.shallow(root)}")

    @cached_property
    def _entries(self) -> dict[str, tuple[str, str]]:
        """Path -> mode and name, of files and links."""
        asked = git.run(self.root, "ls-tree", "-r", "-z", "--full-tree", self.commit)
        if asked.returncode:
            problem = f"commit {self.commit[:12]} cannot be read; git says: {git.complaint(asked)}"
            raise ShapeError(".git", 0, problem)
        entries = {}
        for record in os.fsdecode(asked.stdout).split("\0"):
            meta, _, path = record.partition("\t")
            if meta and not meta.startswith(SUBMODULE) and not outside(path):
                mode, _, name = meta.split(" ")
                entries[path] = mode, name
        return entries

    @cached_property
    def _files(self) -> list[str]:
        return sorted(path for path, (mode, _) in self._entries.items() if mode != LINK)

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        folders: dict[str, set[str]] = {"": set()}
        for path in self._entries:
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
        return _merged(path, self._read(path, MAX_TEXT_BYTES), self._merged)

    def content(self, path: str) -> bytes | None:
        return self._read(path, MAX_FILE_BYTES)

    def _read(self, path: str, limit: int) -> bytes | None:
        mode, name = self._entries.get(path, ("", ""))
        if not name or mode == LINK:
            note(self, path)
            return None
        if path not in self._contents:
            data = self._same(path, name)
            if data is None:
                data = self._asked(path, name, limit)
            if data is None:
                return None
            self._contents[path] = data
        if len(self._contents[path]) > limit:
            self.refused[path] = too_large(limit)
            return None
        return self._contents[path]

    def _same(self, path: str, name: str) -> bytes | None:
        """The content that the other state has there too."""
        if self._beside is None or self._beside.kind(path) is not Kind.file:
            return None
        data = self._beside.content(path)
        return data if data is not None and git.blob_name(data, len(name)) == name else None

    def _asked(self, path: str, name: str, limit: int) -> bytes | None:
        cage.note(path)
        reader = self._reader
        assert reader.stdin
        assert reader.stdout
        try:
            reader.stdin.write(f"{name}\n".encode())
            reader.stdin.flush()
        except BrokenPipeError:  # git has died of the one before
            raise self._unreadable(path) from None
        git.wait(reader)
        _, _, size = reader.stdout.readline().partition(b" blob ")
        if not size.strip().isdigit():
            raise self._unreadable(path)
        if int(size) > limit:
            self.refused[path] = too_large(limit)
            self.close()
            return None
        data = reader.stdout.read(int(size))
        if len(data) != int(size):
            raise self._unreadable(path)
        reader.stdout.read(1)
        return data

    def kind(self, path: str) -> Kind | None:
        if path in self._entries:
            return Kind.link if self._entries[path][0] == LINK else Kind.file
        return Kind.folder if path in self._folders else None

    def names(self, folder: str) -> list[str]:
        return sorted(self._folders.get(folder.rstrip("/"), ()))

    def list(self, folder: str) -> list[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        return [name for name in self.names(folder) if self.kind(prefix + name) is not Kind.link]

    def is_dir(self, path: str) -> bool:
        if path.rstrip("/") in self._folders:
            return True
        note(self, path.rstrip("/"))
        return False

    def files(self, folder: str) -> Iterator[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        return (path for path in self._files if path.startswith(prefix))

    def is_executable(self, path: str) -> bool:
        return self._entries.get(path, ("", ""))[0] == "100755"

    def _unreadable(self, path: str) -> ShapeError:
        why = f"a clone without all objects is completed by git only with {git.LAZY}=0"
        return ShapeError(path, None, f"cannot be read from commit {self.commit[:12]}: {why}")

    def forked(self) -> None:
        """Leave the git process to the parent, in a child: two cannot talk to it."""
        self.__dict__.pop("_reader", None)

    def close(self) -> None:
        """End the git process that serves the reads."""
        if "_reader" in self.__dict__:
            self._reader.kill()
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
        self._merged: set[str] = set()
        self.executable = executable

    @property
    def refused(self) -> dict[str, str]:
        return self.base.refused

    def read(self, path: str) -> bytes | None:
        if path not in self.changes:
            return self.base.read(path)
        return _merged(path, self.changes[path], self._merged)

    def content(self, path: str) -> bytes | None:
        return self.changes[path] if path in self.changes else self.base.content(path)

    def kind(self, path: str) -> Kind | None:
        if path in self.changes:
            return Kind.file if self.changes[path] is not None else None
        kind = Kind.folder if path.rstrip("/") in self._made else self.base.kind(path)
        return kind if kind is not Kind.folder or self.is_dir(path) else None

    @cached_property
    def _made(self) -> frozenset[str]:
        """The folders that something is written to."""
        return _around(path for path, content in self.changes.items() if content is not None)

    @cached_property
    def _cleared(self) -> frozenset[str]:
        """The folders that something is taken from."""
        return _around(path for path, content in self.changes.items() if content is None)

    def _changed(self, folder: str, before: Iterable[str]) -> list[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        names = set(before)
        for path, content in self.changes.items():
            if path.startswith(prefix):
                name, _, rest = path[len(prefix) :].partition("/")
                if content is not None:
                    names.add(name)
                elif not rest:
                    names.discard(name)
        return sorted(names)

    def names(self, folder: str) -> list[str]:
        return self._changed(folder, self.base.names(folder))

    def list(self, folder: str) -> list[str]:
        return self._changed(folder, self.base.list(folder))

    def is_dir(self, path: str) -> bool:
        folder = path.rstrip("/")
        if folder in self._made:
            return True
        return self.base.is_dir(path) and (
            folder not in self._cleared or next(self.files(path), None) is not None
        )

    def files(self, folder: str) -> Iterator[str]:
        prefix = f"{folder.rstrip('/')}/" if folder else ""
        paths = {path for path in self.base.files(folder) if path not in self.changes}
        paths.update(p for p, c in self.changes.items() if c is not None and p.startswith(prefix))
        return iter(sorted(paths))

    def is_executable(self, path: str) -> bool:
        if path in self.changes and (self.changes[path] is None or self.base.kind(path) is not Kind.file):
            return path in self.executable
        return self.base.is_executable(path)


def _merged(path: str, data: bytes | None, known: set[str]) -> bytes | None:
    """What was read of a file; `known` are those that nobody has to look at again."""
    if data and path not in known:
        require_merged(path, data)
        known.add(path)
    return data


def _around(paths: Iterable[str]) -> frozenset[str]:
    """The folders that some paths lie in, the root left out."""
    return frozenset(path[:at] for path in paths for at, letter in enumerate(path) if letter == "/")


def refusal(tree: Tree, path: str) -> tuple[str, str] | None:
    """What of a path was not read though it is there, and why; None where that is not so."""
    if tree.refused:
        for end in (*(at for at, letter in enumerate(path) if letter == "/"), len(path)):
            if path[:end] in tree.refused:
                return path[:end], tree.refused[path[:end]]
    return None


def find_root(start: Path) -> Path:
    """The enclosing checkout of LocalAI, else the enclosing repository, else `start` itself."""
    start = start.resolve()
    around = (start, *start.parents)
    for mark in (MARK, ".git"):
        for folder in around:
            if (folder / mark).exists():
                return folder
    return start
