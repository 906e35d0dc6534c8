"""Requirements files of pip: the packages that one names, the files that it includes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.directory.text import Text

_COMMENT = re.compile(r"(?:^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+")
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*+)\s*(?:[\[(<>=!~;@]|$)")
"""What a requirement of PEP 508 begins with; an address or a path does not."""
_EGG = re.compile(r"#(?:[^#]*&)?egg=([\w.-]+)")


class Requirements(NamedTuple):
    """What one file says."""

    packages: frozenset[str]
    """Names in their normal form: `flash-attn`."""
    includes: tuple[str, ...]
    """Paths from the root of the repository."""


@lru_cache(maxsize=1024)
def read(text: Text) -> Requirements:
    """The packages and includes of a file, whatever versions, extras and markers they have."""
    packages: set[str] = set()
    includes: list[str] = []
    for line in text.data.replace(b"\\\n", b"").decode(errors="replace").splitlines():
        line = _EDITABLE.sub("", _COMMENT.sub("", line).strip())
        include = _INCLUDE.match(line)
        if include:
            includes.append(posixpath.normpath(f"{posixpath.dirname(text.path)}/{include[1]}"))
        elif line and not line.startswith("-"):
            name = _NAME.match(line)
            packages.add(re.sub(r"[-_.]+", "-", (name[1] if name else _of_address(line)).lower()))
    return Requirements(frozenset(packages) - {""}, tuple(includes))


def _of_address(address: str) -> str:
    """The package at an address or a path: as that says itself, else as the file or repository is called."""
    egg = _EGG.search(address)
    if egg:
        return egg[1]
    path = re.split(r"[?#;\s]", address)[0].partition("://")[2] or address
    base = posixpath.basename(path.rstrip("/"))
    if base.endswith((".whl", ".tar.gz", ".zip")):
        return base.partition("-")[0]
    return re.sub(r"(?:\.git)?(?:@.*)?$", "", base)


_INDEX = re.compile(rb"(?m)^[ \t]*(?:--(?:extra-)?index-url|--find-links|-[if])\b")
_LOOSE = re.compile(
    rb"(?m)^[ \t]*(torch|vllm)[ \t]*(?:\[[^\]\n]*\][ \t]*)?((?:[<>=!~][^#;\n]*)?)(?:[#;][^\n]*)?\r?$"
)


def loose(text: Text, packages: Collection[str]) -> tuple[str, int] | None:
    """The first of some packages of which neither a version nor an index says which build is installed.

    Its name and offset. Known are `torch` and `vllm`; a lower bound alone decides nothing.
    """
    if not (b"torch" in text.data or b"vllm" in text.data) or _INDEX.search(text.data):
        return None
    for match in _LOOSE.finditer(text.data):
        name = match[1].decode()
        if name in packages and not re.search(rb"==|~=|<", match[2]):
            return name, match.start(1)
    return None


_GIT = re.compile(rb"(?m)^[^#\n]*?git\+\w+://([^\s#;\"']+)")


def unpinned(text: Text) -> Iterator[tuple[str, int]]:
    """(address, offset) of every repository that is installed at whatever its default branch holds."""
    for match in _GIT.finditer(text.data if b"git+" in text.data else b""):
        if b"@" not in match[1].partition(b"/")[2]:
            address = match[1].decode(errors="replace").removesuffix(".git")
            yield address, match.start(1)
