"""What stands in the lists of backends and of models as a value: tags, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.errors import ShapeError
from scaffold.syntax.source import parsed
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_values import read, scalars_below

_TAGS = re.compile(
    rb"\n  tags:[ ]*(?:\[([^\]\n]*)\]|(?:#[^\n]*)?(?=\r?\n)((?:\r?\n[ ]*(?:#[^\n]*|[ ]{2}- [^\n]*))+))"
)
_TAG = re.compile(rb"\n[ ]+-[ ]+([^\n]*)")
_REMARK = re.compile(rb"(?:^|\s)#.*")
_EXPIRES = re.compile(rb"(?i)[?&](?:jwt|expires|x-(?:amz|goog)-(?:expires|signature))=")
"""What says in an address until when it is answered."""


_MERGE_KEY = re.compile(
    rb"""(?m)^(?:- |  )(?P<tag>!\S*[ ]+)?(?P<quote>["']?)(?P<key><+)(?P=quote):[ ]+\*(?P<anchor>[\w.-]+)"""
)
"""What is meant to merge an anchor into an item."""
_MERGE_TAGS = ("!!merge", "!<tag:yaml.org,2002:merge>")

_DEEPER = re.compile(rb"\n([ ]*)- [^\s\"'#|>&*{\[!%@`][^\n]*(?=\n\1[ ]+- )")
"""A list item of one line, and below it one that stands deeper."""
_SWALLOWED = re.compile(rb"\n([ ]*)- ([^\n]*)")


class Unmerged(NamedTuple):
    """What is meant to merge something into an item, and is any key to yaml.v3."""

    key: str
    anchor: str
    at: int
    """Where it begins."""


class Repeated(NamedTuple):
    """A tag that its list has before."""

    tag: str
    line: int
    """Counted from the item's first line, which is 0."""
    is_alone: bool
    """Whether it has a line of its own."""


def repeated_tags(item: bytes) -> Iterator[Repeated]:
    """Every tag of an item that stands in its list for the second time."""
    at = item.find(b"\n  tags:")
    found = _TAGS.match(item, at) if at >= 0 else None
    if found is None:
        return
    seen: set[str] = set()
    for text, offset in _listed(found):
        plain = _REMARK.sub(b"", text) if b"#" in text else text
        tag = plain.strip().strip(b"\"'").decode(errors="replace")
        if tag in seen:
            yield Repeated(tag, item.count(b"\n", 0, offset), found[1] is None)
        if tag:
            seen.add(tag)


class Joined(NamedTuple):
    """A line that looks like an item of a list, and is a part of the item above it: it stands deeper."""

    text: str
    above: str
    """The first line of that item."""
    line: int
    """Counted from the item's first line, which is 0."""
    blanks: int
    """How many it has too many."""


def joined(item: bytes) -> Iterator[Joined]:
    """Every such line of an item of the gallery; of the lines of a text none is."""
    if not _DEEPER.search(item):
        return
    try:
        value = read(parsed(YamlSource, "", item))
    except ShapeError:
        return
    for scalar in scalars_below(value):
        written = item[scalar.start : scalar.end]
        line = item.rfind(b"\n", 0, scalar.start) + 1
        before = item[line : scalar.start]
        if scalar.style or before.strip() != b"-":
            continue
        for found in _SWALLOWED.finditer(written):
            yield Joined(
                found[2].decode(errors="replace").strip(),
                written.partition(b"\n")[0].decode(errors="replace").strip(),
                item.count(b"\n", 0, scalar.start + found.start() + 1),
                len(found[1]) - before.index(b"-"),
            )


def _listed(tags: re.Match[bytes]) -> Iterator[tuple[bytes, int]]:
    """What stands in a list, in brackets or one a line, with its offset."""
    if tags[1] is not None:
        yield from ((part, tags.start(1)) for part in tags[1].split(b","))
    else:
        block = tags[2]
        yield from ((one[1], tags.start(2) + one.start(1)) for one in _TAG.finditer(block))


def expiring(data: bytes) -> Iterator[tuple[str, int]]:
    """(address without what is behind its `?`, line) of each address that is answered for a time only."""
    last = -1
    for found in _EXPIRES.finditer(data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        before = data[start : found.start()]
        address = re.search(rb"https?://[^\s\"'?]+", before)
        if start != last and address and not before.lstrip().startswith(b"#"):
            last = start
            yield address[0].decode(errors="replace"), data.count(b"\n", 0, start) + 1


def unmerged(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Unmerged]:
    """What of the items between two offsets of a list is meant to merge, and does not."""
    for found in _MERGE_KEY.finditer(data, start, len(data) if end is None else end):
        tag = (found["tag"] or b"").decode().strip()
        if found["key"] == b"<<" and (tag in _MERGE_TAGS or (tag in ("", "!") and not found["quote"])):
            continue
        key = found[0].rpartition(b":")[0][2:].decode()
        yield Unmerged(key, found["anchor"].decode(), found.start() + 2)
