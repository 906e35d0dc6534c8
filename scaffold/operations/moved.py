"""A backend whose folder somebody has moved already: the state before that, and a plan made for it."""

from __future__ import annotations

from difflib import SequenceMatcher

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.ignores import kept_by_git
from scaffold.checkout.tree import Overlay, Tree
from scaffold.registry import OWN_FILES, Registry


def moved_back(registry: Registry, old: str, new: str) -> Overlay | None:
    """The checkout as it was before a backend's folder was moved; None where it was not.

    It was where the old name is registered and has no backend's folder, and the new one has one and is not
    built. Its Dockerfile and scripts may have been moved, too. What git ignores of either folder is left out.
    """
    tree, built = registry.tree, registry.matrix.by_backend
    if old in registry.backends or new not in registry.backends or old not in built or new in built:
        return None
    there = registry.directory(new)
    before = f"{there.removesuffix(new)}{old}"
    moved = {path: f"{before}{path.removeprefix(there)}" for path in kept_by_git(tree, there)}
    for own in OWN_FILES:
        name, was = own.replace("{n}", new), own.replace("{n}", old)
        if tree.read(name) is not None and tree.read(was) is None:
            moved[name] = was
    changes: dict[str, bytes | None] = dict.fromkeys([*moved, *tree.files(there), *tree.files(before)])
    changes |= {was: tree.content(path) for path, was in moved.items()}
    return Overlay(tree, changes, {was for path, was in moved.items() if tree.is_executable(path)})


def from_here(changes: ChangeSet, tree: Tree) -> ChangeSet:
    """A plan for another state of a checkout, as one for `tree`, with the same result."""
    own = ChangeSet(tree, [*changes.edits], folders={**changes.folders})
    for path in sorted(path for path in changes.deleted if tree.content(path) is not None):
        own.delete(path)
    for path, made in changes.created.items():
        there = tree.content(path)
        if there is None:
            own.create(path, made.content, made.executable)
            own.created[path].moved = made.moved if tree.content(made.moved) is not None else ""
        elif there != made.content:
            own.add(*_edits(path, there, made.content))
    return own


def _edits(path: str, before: bytes, after: bytes) -> list[Edit]:
    """What makes one text of another, line by line."""
    was, now = (text.splitlines(keepends=True) for text in (before, after))
    starts = [0]
    for line in was:
        starts.append(starts[-1] + len(line))
    return [
        Edit(path, starts[first], starts[last], b"".join(now[begin:end]).decode())
        for kind, first, last, begin, end in SequenceMatcher(None, was, now, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
