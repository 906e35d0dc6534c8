"""What a change is: the files that it touches, and the states before and after it.

The list is the one that GitHub shows for a pull request: the difference between the merge base and
the head, a renamed file under its new name only. Nothing is written, neither to the work tree nor
to git's index and objects.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scaffold.errors import UsageError
from scaffold.operations.compare import states
from scaffold.tree import GitTree, Overlay, Tree


@dataclass(frozen=True, slots=True)
class Change:
    """One change."""

    head: Tree
    base: Tree | None
    """The state before; None where it is unknown."""
    files: tuple[str, ...]


@contextmanager
def change(root: Path, rev: str | None, base: str | None, files: Sequence[str]) -> Iterator[Change]:
    """The change of `files`, or of everything that differs between the base and the head.

    Without a base, a commit is compared with its first parent and the work tree with HEAD. Then a
    named file that is the same there has been changed earlier, and what it was is unknown. Raises
    UsageError where git has no answer.
    """
    against = base or _default_base(root, rev)
    if against is None and not files and rev is None:
        raise UsageError(f"{root} has no commits to compare with: name the changed files")
    with states(root, rev, against) as compared:
        head, before = compared.head, compared.base
        if not files:
            yield Change(head, before, tuple(_changed(root, head, before)))
            return
        named = tuple(dict.fromkeys(path for name in files for path in _files(name, root, head)))
        known: Tree | None = before
        if before is not None and base is None:
            same: dict[str, bytes | None] = {p: None for p in named if before.read(p) == head.read(p)}
            known = Overlay(before, same)
        yield Change(head, known, named)


def _default_base(root: Path, rev: str | None) -> str | None:
    """HEAD for the work tree, the first parent of a commit; None where there is none."""
    wanted = "HEAD" if rev is None else f"{rev}^1"
    if shutil.which("git") is None or not _output(root, "rev-parse", "--show-toplevel"):
        return None
    top = _output(root, "rev-parse", "--show-toplevel").decode().strip()
    if Path(top).resolve() != root.resolve():
        return None
    found = _output(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{wanted}^{{commit}}")
    return found.decode().strip() or None


def _files(name: str, root: Path, head: Tree) -> Iterator[str]:
    """The path of a named file from the root of the repository; the files of a named folder."""
    path = Path(name)
    here = Path.cwd()
    if path.is_absolute():
        if not path.is_relative_to(root):
            raise UsageError(f"{name} is not inside {root}")
        path = path.relative_to(root)
    elif here != root and here.is_relative_to(root) and not (root / path).exists() and path.exists():
        path = here.relative_to(root) / path
    text = os.path.normpath(path).replace(os.sep, "/")
    if text.startswith(".."):
        raise UsageError(f"{name} is not inside {root}")
    if head.is_dir(text):
        yield from head.files("" if text == "." else text)
    else:
        yield text


def _changed(root: Path, head: Tree, base: GitTree | None) -> list[str]:
    """The files in which two states differ."""
    if base is None:
        return list(head.files(""))  # a first commit adds everything
    diff = ("diff", "--name-only", "-z", "--find-renames", "--no-ext-diff", "--no-relative")
    if isinstance(head, GitTree):
        listing = _output(root, *diff, base.commit, head.commit, "--", check=True)
        return _names(listing)
    # New files count too, and a moved one is a rename: a copy of the index that knows them tells.
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        own = root / _output(root, "rev-parse", "--git-path", "index").decode().strip()
        if own.exists():
            shutil.copyfile(own, index)
        environment = {**os.environ, "GIT_INDEX_FILE": str(index)}
        _output(root, "add", "--intent-to-add", "--", ".", environment=environment)
        listing = _output(root, *diff, base.commit, "--", environment=environment, check=True)
    return _names(listing)


def _names(listing: bytes) -> list[str]:
    return [os.fsdecode(name) for name in listing.split(b"\0") if name]


def _output(
    root: Path, *arguments: str, environment: dict[str, str] | None = None, check: bool = False
) -> bytes:
    command = ["git", "-C", str(root), *arguments]
    result = subprocess.run(command, capture_output=True, check=False, env=environment)
    if check and result.returncode:
        why = result.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise UsageError(f"git cannot list the changed files: {why}")
    return result.stdout if result.returncode == 0 else b""
