"""Files outside of the backends that workflows, Dockerfiles, the Makefile and scripts run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.checkout.ignores import ignored
from scaffold.checkout.tree import Tree
from scaffold.syntax.make_lines import Kind, lines
from scaffold.syntax.source import Place

MAKEFILE = "Makefile"
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
    of_recipes = {called.path.encode(): called for called in reversed([*_of_recipes(tree)])}
    yield from reversed(of_recipes.values())
    seen = {*of_recipes}
    for caller in _callers(tree):
        data = tree.read(caller) or b""
        for found in (found for named in _NAMED for found in named.finditer(data)):
            start = data.rfind(b"\n", 0, found.start()) + 1
            before = data[start : found.start()]
            if found[0] in seen or before.lstrip().startswith(_TEXT) or not _CALL.search(before):
                continue
            seen.add(found[0])
            if not _is_looked_for(found[0], data):
                yield CalledFile(found[0].decode(), Place(caller, data.count(b"\n", 0, start) + 1))


def _is_looked_for(path: bytes, data: bytes) -> bool:
    """Whether who runs a file looks first whether it is there."""
    return re.search(rb"-[efrsx][ \t]+\S*" + re.escape(path), data) is not None


_RECIPE = re.compile(
    rb"[\t @+]*(?:\w+=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s\"';&|]*)(?:[ \t]|\\\r?\n)+)*"
    rb"(?:(?:bash|sh|node|python3?)[ \t]+(?:-[a-z]+[ \t]+)*)?"
    rb"(?:\./)?([\w.-]+(?:/[\w.-]+)+\.(?:sh|py|m?js))(?![\w./$*{-])"
)
"""A line that begins with the file that it runs, and whose failure is make's."""


def _of_recipes(tree: Tree) -> Iterator[CalledFile]:
    """What recipes of the root Makefile run that is not there, and that nothing in it may make."""
    data = tree.read(MAKEFILE) or b""
    for line in lines(data):
        found = _RECIPE.match(line.text) if line.kind is Kind.recipe else None
        if found is None or b"||" in line.text or is_there(tree, found[1].decode()):
            continue
        path = found[1]
        folders = [path[:end] for end, sign in enumerate(path.decode()) if sign == "/"]
        heads = {word for other in lines(data) if other.kind is Kind.rule for word in other.head.split()}
        may_be_made = (
            not tree.is_dir(folders[0].decode())
            or not heads.isdisjoint((*folders, path))
            or re.search(rb"(?:-[oO]|>)[ \t]*(?:\./)?" + re.escape(path), data)
            or ignored(tree, path.decode())
        )
        if not may_be_made and not _is_looked_for(path, data):
            number = data.count(b"\n", 0, line.start_byte + found.start(1)) + 1
            yield CalledFile(path.decode(), Place(MAKEFILE, number))


def _callers(tree: Tree) -> Iterator[str]:
    """The files that run others: of those in the folders, what is a folder is not read."""
    yield from (MAKEFILE, "Dockerfile")
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
