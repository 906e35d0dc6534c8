"""Engines that are git submodules: what is left for a person, who alone writes git's index."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from scaffold.checkout import git
from scaffold.checkout.tree import WorkTree
from scaffold.registry import Registry
from scaffold.surfaces.base import Manual

_LINK = "160000"
"""The mode of a submodule in git's index."""


def to_move(registry: Registry, folder: str, there: str, tail: str) -> Iterator[Manual]:
    """What moves a submodule in git's index, from wherever that has it."""
    kept = _kept(registry, folder, there, tail)
    if kept and kept != there:
        commit = f'{_LINK},"$(git rev-parse {shlex.quote(f":{kept}")})",{shlex.quote(there)}'
        do = f"git update-index --add --cacheinfo {commit} --force-remove {shlex.quote(kept)}"
        yield Manual(there, f"git goes on keeping the submodule where it was: {do}")


def to_remove(registry: Registry, folder: str, tail: str) -> Iterator[Manual]:
    """What takes a submodule from git's index: `git rm` refuses while `.gitmodules` is changed."""
    kept = _kept(registry, folder, "", tail)
    if kept:
        do = f"git update-index --force-remove {shlex.quote(kept)}"
        yield Manual(folder, f"git goes on keeping the submodule: {do}")


def _kept(registry: Registry, folder: str, there: str, tail: str) -> str:
    """Where git's index has a submodule; "" where it has it nowhere.

    After a change that nobody told git of it is at neither folder: then it is the one that ends alike, and
    that `.gitmodules` does not name. Outside of a git checkout it is taken to be at its folder.
    """
    tree = registry.tree
    if not isinstance(tree, WorkTree) or git.own_folder(tree.root) is None:
        return folder
    links = _links(tree)
    if folder in links or there in links:
        return folder if folder in links else there
    known = registry.build_context.submodules("")
    return next((link for link in links if link.endswith(tail) and link not in known), "")


def _links(tree: WorkTree) -> list[str]:
    listed = os.fsdecode(git.run(tree.root, "ls-files", "-s", "-z").stdout).split("\0")
    return [line.partition("\t")[2] for line in listed if line.startswith(f"{_LINK} ")]
