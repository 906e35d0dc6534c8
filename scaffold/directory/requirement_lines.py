"""The lines of a requirements file, one by one: what each names, and what holds it to a version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.directory.requirements import EDITABLE, name_of
from scaffold.directory.text import Text


class Line(NamedTuple):
    """One requirement, or one index."""

    name: str
    """The normal form of the package; the address of an index."""
    version: str
    """`==2.0`, `>=1,<2`, or "" where it has none; an address has none."""
    held: str
    """What holds it to one version: `==1.2`, `@v1.2`; "" where nothing does."""
    marker: str
    """Where it is meant for: `sys_platform == 'linux'`."""
    offset: int
    is_index: bool = False

    @property
    def is_bounded(self) -> bool:
        """Whether it has a version, or at least a bound above."""
        return bool(self.held) or "~=" in self.version or "<" in self.version


_LINE = re.compile(rb"(?m)^[ \t]*([^\s#][^\r\n]*)")
_INDEX = re.compile(r"(?:--(?:extra-)?index-url|--find-links|-[if])[ \t=]+(\S+)")
_REMARK = re.compile(r"\s[#].*")
_VERSION = re.compile(r"(?:[^\s\[\]=<>~!()]+\s*+)(?:\[[^\]]*\])?\s*+\(?((?:[=<>~!]=|[<>]).*)")
_HELD = re.compile(r"={2,3}\s*[^\s=,)]+\s*\)?\s*")
"""One version, and nothing behind it."""
_DIGIT = re.compile(r"\d")
_REF = re.compile(r"@([^@/\s#]*\d[^@/\s#]*)(?=#|\s|$)")


@lru_cache(maxsize=1024)
def lines(text: Text) -> tuple[Line, ...]:
    """The requirements and indexes of a file, in its order."""
    return tuple(_lines(text))


def _lines(text: Text) -> Iterator[Line]:
    for match in _LINE.finditer(text.data.replace(b"\\\n", b"  ")):
        written, offset = match[1].decode("utf-8-sig", errors="replace"), match.start(1)
        if "#" in written:
            written = _REMARK.sub("", written)
        index = _INDEX.match(written)
        if index:
            yield Line(index[1].rstrip("/"), "", "", "", offset, is_index=True)
            continue
        said, _, marker = EDITABLE.sub("", written).partition(";")
        if said.startswith("-"):
            continue
        if "://" in said:
            yield Line(name_of(said.rstrip()), "", _held(said), marker.strip(), offset)
        else:
            found = _VERSION.match(said)
            version = re.sub(r"\s|\)", "", found[1]) if found else ""
            held = version if found and _HELD.fullmatch(found[1]) else ""
            yield Line(name_of(said.rstrip()), version, held, marker.strip(), offset)


def _held(said: str) -> str:
    """What holds what is at an address to one version."""
    address = said.partition("://")[2]
    if "git+" not in said:
        return address.strip() if _DIGIT.search(address) else ""
    ref = _REF.search(address.partition("/")[2])
    return f"@{ref[1]}" if ref else ""
