"""What a change is: the files that it touches, and the states before and after it.

The list is the one that GitHub shows for a pull request: the difference between the merge base and
the head, a renamed file under its new name only. Nothing is written, neither to the work tree nor
to git's index and objects.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scaffold.checkout import git
from scaffold.checkout.tree import GitTree, Overlay, Tree
from scaffold.errors import UsageError, unknown
from scaffold.operations.compare import require_git_root, states


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
    commit = git.commit(root, rev or "HEAD") if against is None else ""
    if commit and git.is_cut(root, commit):
        raise UsageError(f"the parent of {rev or 'HEAD'} is not here{git.shallow(root)}")
    if against is None and not files and rev is None:
        require_git_root(root, "to find the changed files takes")
        raise UsageError(f"{root} has no commits to compare with")
    with states(root, rev, against) as compared:
        head, before = compared.head, compared.base
        if not files:
            yield Change(head, before, tuple(_changed(root, head, before)))
            return
        named = tuple(dict.fromkeys(path for name in files for path in _files(name, root, head, before)))
        known: Tree | None = before
        if before is not None and base is None:
            same: dict[str, bytes | None] = {p: None for p in named if _text(before, p) == _text(head, p)}
            known = Overlay(before, same)
        yield Change(head, known, named)


def _text(tree: Tree, path: str) -> bytes | None:
    """A file as git keeps it, whose lines may end in CR LF in a work tree."""
    data = tree.read(path)
    return data.replace(b"\r\n", b"\n") if data is not None else None


def _default_base(root: Path, rev: str | None) -> str | None:
    """HEAD for the work tree, the first parent of a commit; None where there is none."""
    wanted = "HEAD" if rev is None else f"{rev}^1"
    return (git.commit(root, wanted) or None) if git.own_folder(root) else None


def _files(name: str, root: Path, head: Tree, before: Tree | None) -> Iterator[str]:
    """The path of a named file from the root of the repository; the files of a named folder.

    As for git, a path is relative to the current folder where that is in the repository, else to the root.
    Raises UsageError where neither state has it.
    """
    here = Path.cwd()
    path = (here if here.is_relative_to(root) else root) / name
    if not path.is_relative_to(root):
        raise UsageError(f"{name} is not inside {root}")
    text = os.path.normpath(path.relative_to(root)).replace(os.sep, "/")
    if text.startswith(".."):
        raise UsageError(f"{name} is not inside {root}")
    if text == "." or head.is_dir(text):
        yield from head.files("" if text == "." else text)
    elif head.kind(text) is not None or (before is not None and before.kind(text) is not None):
        yield text
    else:
        everything = {path: path for path in head.files("")}
        alike = {p: p for p in everything if p.rpartition("/")[2] == text.rpartition("/")[2]}
        raise unknown("file or folder of either state", text, alike or everything, "git ls-files")


def _changed(root: Path, head: Tree, base: GitTree | None) -> list[str]:
    """The files in which two states differ."""
    if base is None:
        return list(head.files(""))  # a first commit adds everything
    diff = ("diff", "--name-only", "-z", "--find-renames", "--no-ext-diff", "--no-relative")
    if isinstance(head, GitTree):
        return _listed(root, *diff, base.commit, head.commit, "--")
    # New files count too, and a moved one is a rename: a copy of the index that knows them tells.
    with git.apart(root) as environment:
        git.run(root, "add", "--intent-to-add", "--", ".", environment=environment)
        return _listed(root, *diff, "--ignore-submodules=dirty", base.commit, "--", environment=environment)


def _listed(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> list[str]:
    result = git.run(root, *arguments, environment=environment)
    if result.returncode:
        raise UsageError(f"git cannot list the changed files: {git.complaint(result)}")
    return [os.fsdecode(name) for name in result.stdout.split(b"\0") if name]
