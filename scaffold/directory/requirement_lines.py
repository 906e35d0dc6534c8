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
    held: str
    """What holds it to a version: `==1.2`, `@v1.2`; "" where nothing does."""
    is_index: bool
    is_bounded: bool
    """Whether it has a version, or at least a bound above."""
    marker: str
    """Where it is meant for: `sys_platform == 'linux'`."""
    offset: int


_LINE = re.compile(rb"(?m)^[ \t]*([^\s#][^\r\n]*?)[ \t]*(?:[ \t]#[^\r\n]*)?\r?$")
_INDEX = re.compile(r"(?:--(?:extra-)?index-url|--find-links|-[if])[ \t=]+(\S+)")
_EXACT = re.compile(r"={2,3}\s*[^\s,;]+")


@lru_cache(maxsize=1024)
def lines(text: Text) -> tuple[Line, ...]:
    """The requirements and indexes of a file, in its order."""
    return tuple(_lines(text))


def _lines(text: Text) -> Iterator[Line]:
    for match in _LINE.finditer(text.data.replace(b"\\\n", b"  ")):
        written, offset = EDITABLE.sub("", match[1].decode(errors="replace")), match.start(1)
        index = _INDEX.match(written)
        if index:
            yield Line(index[1].rstrip("/"), "", True, True, "", offset)
        elif not written.startswith("-"):
            said, _, marker = written.partition(";")
            held = _held(said)
            is_bounded = bool(held) or re.search(r"~=|<", said) is not None
            yield Line(name_of(written), held, False, is_bounded, marker.strip(), offset)


def _held(said: str) -> str:
    """What holds a requirement to a version."""
    address = said.partition("://")[2]
    if not address:
        exact = _EXACT.search(said)
        return re.sub(r"\s", "", exact[0]) if exact else ""
    if "git+" not in said:
        return address if re.search(r"\d", address) else ""
    ref = re.search(r"@([^@/\s#]*\d[^@/\s#]*)(?:#|\s|$)", address.partition("/")[2])
    return f"@{ref[1]}" if ref else ""
