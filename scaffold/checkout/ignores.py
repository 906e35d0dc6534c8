"""What git ignores of a tree."""

from __future__ import annotations

import os
from collections.abc import Iterator

from scaffold.checkout import git
from scaffold.checkout.door import Kind, note
from scaffold.checkout.tree import Tree, WorkTree


def kept_by_git(tree: Tree, folder: str) -> Iterator[str]:
    """The files below a folder, without those that git ignores; what else is there is noted."""
    if not isinstance(tree, WorkTree):
        yield from tree.files(folder)
        return
    kinds: dict[str, Kind] = dict(tree.entries(folder))
    above = (folder[:end] for end in range(len(folder)) if end == 0 or folder[end - 1] == "/")
    lists = [f"{way}.gitignore" for way in above]
    if (tree.root / ".git").exists() and Kind.other not in (*kinds.values(), *map(tree.kind, lists)):
        asked = git.run(tree.root, "ls-files", "-z", "-co", "--exclude-standard", "--", folder)
        if asked.returncode == 0:
            kept = {*os.fsdecode(asked.stdout).split("\0")}
            kinds = {path: kind for path, kind in kinds.items() if path in kept}
    for path, kind in kinds.items():
        if kind is Kind.file:
            yield path
        else:
            note(tree, path)


def ignored(tree: Tree, path: str) -> bool:
    """Whether a `.gitignore` of the path's folder, or of one above it, names it or a folder on its way."""
    parts = path.split("/")
    for depth in range(len(parts)):
        file = "/".join((*parts[:depth], ".gitignore"))
        said = (tree.read(file) or b"").decode(errors="replace").splitlines()
        rules = [rule.strip() for rule in said if rule[:1] != "#"]
        below = parts[depth:]
        ways = {"/".join(below[: end + 1]) for end in range(len(below))} | {*below}
        if any(rule.strip("/") in ways for rule in rules):
            return True
    return False
