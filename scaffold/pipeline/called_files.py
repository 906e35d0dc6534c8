"""Files outside of the backends that workflows, Dockerfiles, the Makefile and scripts run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.syntax.source import Place

_NAMED = tuple(
    re.compile(re.escape(start) + rb"[\w./-]{0,200}\w(?![\w./$*{-])")
    for start in (b".docker/", b".github/", b"scripts/", b"backend/Dockerfile.")
)
_CALL = re.compile(
    rb"(?:\b(?:bash|sh|source|node|python3?|go[ ]run|run|COPY|ADD)[ \t]+(?:-[a-z]+[ \t]+)*"
    rb"|\b(?:uses|file):[ \t]+[\"']?|\bsource=|/LocalAI/)(?:\./|/LocalAI/)?$"
)
"""What stands before a file that is run, copied, mounted or built."""
_TEXT = (b"#", b"//", b"*", b"echo ")
"""What a line begins with that runs nothing."""


class CalledFile(NamedTuple):
    """A file that is run, copied or mounted where the repository's root is."""

    path: str
    place: Place


def called_files(tree: Tree) -> Iterator[CalledFile]:
    """Each with the first place that names it; none for which that place looks first (`[ -f x ]`)."""
    seen = set()
    for caller in _callers(tree):
        data = tree.read(caller) or b""
        for found in (found for named in _NAMED for found in named.finditer(data)):
            start = data.rfind(b"\n", 0, found.start()) + 1
            before = data[start : found.start()]
            if found[0] in seen or before.lstrip().startswith(_TEXT) or not _CALL.search(before):
                continue
            seen.add(found[0])
            if not re.search(rb"-[efrsx][ \t]+\S*" + re.escape(found[0]), data):
                yield CalledFile(found[0].decode(), Place(caller, data.count(b"\n", 0, start) + 1))


def _callers(tree: Tree) -> Iterator[str]:
    """The files that run others: of those in the folders, what is a folder is not read."""
    yield from ("Makefile", "Dockerfile")
    yield from (f"backend/{name}" for name in tree.list("backend") if name.startswith("Dockerfile"))
    for folder in (".docker", ".github", ".github/scripts", ".github/workflows", "scripts", "scripts/build"):
        yield from (f"{folder}/{name}" for name in tree.list(folder))
    yield from (f".github/actions/{name}/action.yml" for name in tree.list(".github/actions"))


def is_there(tree: Tree, path: str) -> bool:
    """Whether a file has any text, and a folder anything: of an action its `action.yml`."""
    data = tree.read(path)
    if path.startswith(".github/actions/") and data is None:
        return any(tree.read(f"{path}/action.{end}") for end in ("yml", "yaml"))
    if data is None:
        return not path.rpartition("/")[2].partition(".")[2] and tree.is_dir(path)
    return bool(data.strip())
