"""Requirements files of pip: the packages that one names, the files that it includes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.directory.text import Text

_FILE = re.compile(r"requirements[\w.-]*\.txt")
_COMMENT = re.compile(r"(?:^|\s)#.*$")
_INCLUDE = re.compile(r"(?:-r|--requirement)[\s=]*(\S+)")
_EDITABLE = re.compile(r"(?:-e|--editable)[\s=]+")
_NAME = re.compile(r"([A-Za-z0-9][\w.-]*+)\s*(?:[\[(<>=!~;@]|$)")
"""What a requirement of PEP 508 begins with; an address or a path does not."""
_EGG = re.compile(r"#(?:[^#]*&)?egg=([\w.-]+)")


def is_requirements(name: str) -> bool:
    """Whether a file of this name holds requirements."""
    return _FILE.fullmatch(name) is not None


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


_LOCAL = re.compile(rb"(?m)^[ \t]*([A-Za-z][\w.-]*[ \t]*(?:\[[^\]\n]*\][ \t]*)?==[ \t]*[\w.!-]+\+[\w.-]+)")


def local_version(text: Text) -> tuple[str, int] | None:
    """The first requirement of a local version (`==2.10.0+rocm7.0`), where no index is named; its offset.

    PyPI has none (packaging.python.org: Version specifiers, Local version identifiers).
    """
    found = _LOCAL.search(text.data) if b"+" in text.data else None
    if found is None or _INDEX.search(text.data) or read(text).includes:
        return None
    return found[1].decode(), found.start(1)


_HARDWARE = re.compile(
    rb"(?m)^[ \t]*--(?:extra-)?index-url[ =\t]+https?://\S+/(cpu|xpu|rocm|cu1[1-9])[\d.]*/?[ \t]*\r?$"
)


def hardware_of_indexes(text: Text) -> Iterator[tuple[str, int]]:
    """What each index is for, `cu13`, and where it is named; indexes that do not say so are left out."""
    if b"index-url" in text.data:
        for found in _HARDWARE.finditer(text.data):
            yield found[1].decode(), found.start(1)


_MOVING = re.compile(rb"(?m)^[ \t]*--(?:extra-)?index-url[ =\t]+(https?://\S+?/whl/([a-z]+))/?[ \t]*\r?$")


def newest_of_index(text: Text) -> tuple[str, int] | None:
    """The address of an index for all versions of some hardware's toolkit, and where torch is taken from it.

    None where it has a version, or the index is the CPU's.
    """
    index = _MOVING.search(text.data)
    if index is None or index[2] == b"cpu":
        return None
    for match in _LOOSE.finditer(text.data):
        if match[1] == b"torch" and not re.search(rb"==|~=|<", match[2]):
            return index[1].decode(errors="replace"), match.start(1)
    return None


_GIT = re.compile(rb"(?m)^[^#\n]*?git\+\w+://([^\s#;\"']+)")


def unpinned(text: Text) -> Iterator[tuple[str, int]]:
    """(address, offset) of every repository that is installed at whatever its default branch holds."""
    for match in _GIT.finditer(text.data if b"git+" in text.data else b""):
        if b"@" not in match[1].partition(b"/")[2]:
            address = match[1].decode(errors="replace").removesuffix(".git")
            yield address, match.start(1)


_PARTS = "alpha|a|beta|b|c|preview|pre|post|rev|rc|r|dev"
_VERSION = rf"\s*+v?\d++(?:[.!]\d++)*(?:[-_.]?(?:{_PARTS})[-_.]?\d*+|-\d++)*+"
_CLAUSE = rf"(?:===\s*+[^\s,;]+|(?:[=!]=|[<>~]=?){_VERSION}(?:\.\*|\+[a-z0-9]++(?:[._-][a-z0-9]++)*)?)\s*+"
_LINE = re.compile(
    rf"[a-z0-9](?:[\w.-]*\w)?\s*+(?:\[[\w.,\s-]*+\]\s*+)?"
    rf"(?:\(?\s*+{_CLAUSE}(?:,\s*+(?:{_CLAUSE})?)*+\)?)?\s*+(?:;.*)?",
    re.ASCII | re.IGNORECASE,
)


def unreadable(text: Text) -> Iterator[tuple[str, int]]:
    """(line, offset) of each that is no requirement of PEP 508; addresses and paths are not judged."""
    data = text.data.replace(b"\\\n", b"  ")
    for found in re.finditer(rb"(?m)^[ \t]*([^\s#-][^\r\n]*)", data):
        line = re.split(r"\s(?:#|--?\w)", found[1].decode(errors="replace"))[0].strip()
        if not re.search(r"[/\\$]|\.(?:whl|zip|gz)$", line) and not _LINE.fullmatch(line):
            yield line, found.start(1)


def joined(text: Text, usual: Collection[str]) -> Iterator[tuple[str, str, int]]:
    """(first, second, offset) of each unusual name that is two usual ones without a break between them.

    `usual` are names in their normal form.
    """
    for name in read(text).packages.difference(usual):
        for first in usual:
            if name.startswith(first) and name[len(first) :] in usual:
                spelling = re.escape(name).replace(r"\-", "[-_.]+").encode()
                found = re.search(rb"(?mi)^[ \t]*(" + spelling + rb")\b", text.data)
                if found:
                    yield first, name[len(first) :], found.start(1)
