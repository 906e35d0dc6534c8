"""Work that git does not have, and that a change would take away or move: nobody gets it back."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from scaffold.checkout import git
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.ignores import kept_by_git
from scaffold.checkout.tree import GitTree, Tree, WorkTree
from scaffold.errors import UsageError
from scaffold.operations.refusals import MANY
from scaffold.surfaces.base import Manual
from scaffold.surfaces.build_context import GITIGNORE


class Unsaved(NamedTuple):
    """A file that a change takes away, moves, or takes lines out of."""

    path: str
    why: str
    """What of it git does not have."""


def find(changes: ChangeSet, *, lines: bool) -> tuple[Unsaved, ...]:
    """What the last commit does not have of the files that a change deletes or moves.

    `lines` asks for the lines too that it deletes in other files. Where git does not know the folder nobody
    can tell; of what is no folder on a disk nothing can be lost.
    """
    tree = changes.tree
    if not isinstance(tree, WorkTree) or not (changes.deleted or changes.edits):
        return ()
    if git.own_folder(tree.root) is None:
        return (Unsaved(str(tree.root), "is no git checkout: what is gone here is gone"),)
    head = GitTree(tree.root, "HEAD") if git.commit(tree.root, "HEAD") else None
    found = [*_files(changes, tree, head)]
    if lines:
        found += _lines(changes, tree, head)
    return tuple(found)


def _files(changes: ChangeSet, tree: Tree, head: Tree | None) -> Iterator[Unsaved]:
    for path in sorted(changes.deleted):
        saved = _text(head, path)
        if saved is None:
            yield Unsaved(path, "is in no commit")
        elif saved != _text(tree, path):
            yield Unsaved(path, "differs from HEAD")


def _lines(changes: ChangeSet, tree: Tree, head: Tree | None) -> Iterator[Unsaved]:
    for path, edits in changes.by_path().items():
        now, saved = tree.content(path) or b"", _text(head, path) or b""
        if _text(tree, path) == saved:
            continue
        known = {line for edit in edits for line in edit.text.encode().splitlines()}
        lost = 0
        for start, line in _not_in(now, saved):
            pieces = [now[max(start, e.start) : min(start + len(line), e.end)] for e in edits]
            whole = line in pieces and line.strip(b"\r\n") not in known
            lost += whole or any(piece != line and piece.strip() not in saved for piece in pieces)
        if lost:
            yield Unsaved(path, f"{lost} of the lines that go {'is' if lost == 1 else 'are'} in no commit")


def _not_in(now: bytes, saved: bytes) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that another state of it does not have in their place, each with its offset."""
    lines = now.splitlines(keepends=True)
    was = saved.splitlines(keepends=True)
    same = SequenceMatcher(None, was, [line.replace(b"\r\n", b"\n") for line in lines]).get_matching_blocks()
    kept = {number for block in same for number in range(block.b, block.b + block.size)}
    start = 0
    for number, line in enumerate(lines):
        if number not in kept and line.strip():
            yield start, line
        start += len(line)


def _text(tree: Tree | None, path: str) -> bytes | None:
    """A file as git keeps it, whose lines may end in CR LF in a work tree."""
    data = tree.content(path) if tree is not None else None
    return data.replace(b"\r\n", b"\n") if data is not None else None


def refuse(found: tuple[Unsaved, ...], verb: str) -> None:
    """Raises UsageError where there is something, with the first of it."""
    if found:
        named = "".join(f"\n  {each.path} {each.why}" for each in found[:MANY])
        more = f"\n  and {len(found) - MANY} more" if len(found) > MANY else ""
        raise UsageError(
            f"git does not have all that would be {verb}:{named}{more}\n"
            f"commit it, or say --force: nothing was changed"
        )


def laid_bare(changes: ChangeSet) -> list[Manual]:
    """What git ignores by a line of the root's `.gitignore` that goes: from then on a commit may take it."""
    tree, gone = changes.tree, [e for e in changes.edits if e.path == GITIGNORE]
    if not isinstance(tree, WorkTree) or not gone:
        return []
    before = tree.read(GITIGNORE) or b""
    lines = [line for e in gone for line in before[e.start : e.end].decode().splitlines() if line.strip()]
    excludes = [f"--exclude={line}" for line in lines]
    asked = git.run(tree.root, "ls-files", "-z", "-oi", "--directory", *excludes) if lines else None
    found = os.fsdecode(asked.stdout).split("\0")[:-1] if asked and asked.returncode == 0 else []
    what = "git ignores it only by a line that goes: delete it, or keep it out of the commit"
    return [Manual(path, what) for path in sorted(found)[:MANY]]


def left_behind(tree: Tree, folder: str, gone: Collection[str] = ()) -> list[Manual]:
    """What git ignores in the folder of a backend stays there: a build's output, or somebody's models.

    Its own `.gitignore` may be among the files that are `gone`: from then on a commit may take what is left.
    """
    if not folder or not isinstance(tree, WorkTree):
        return []
    kept = {*kept_by_git(tree, folder)}
    names = {
        path.removeprefix(f"{folder}/").partition("/")[0] for path in tree.files(folder) if path not in kept
    }
    if not names:
        return []
    first = sorted(names)[:MANY]
    listed = ", ".join(first) + (f" and {len(names) - MANY} more" if len(names) > MANY else "")
    keep = "keep it out of the commit" if f"{folder}/{GITIGNORE}" in gone else "keep it"
    stays = "stays" if len(names) == 1 else "stay"
    return [Manual(folder, f"git ignores {listed}, which {stays}: delete it, or {keep}")]
