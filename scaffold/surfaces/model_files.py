"""The files that models of the gallery download, and configurations in quotes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from scaffold.surfaces.model_configuration import configures
from scaffold.syntax.yaml_events import in_block_style

_DOWNLOAD = re.compile(rb"\n([ ]++)- (?=(?:filename|sha256|uri):)[^\n]*+(?:\n\1  [^\n]*+)*+")
_SAID = rb"[ ]%s:(?![ ]*+(?:~|null|Null|NULL|\"\"|'')[ ]*+(?:#|\r?\n|\Z))"
"""A key that has a value."""
_QUOTED = re.compile(rb"(?m)^[ {]*config_file:[ ]*[\"']")
_BACKEND = re.compile(rb"(?m)^[ ]+backend:[ ]+[\"']?([A-Za-z0-9][\w.-]*)[\"']?$")


class Half(NamedTuple):
    """A file to download without a name or an address."""

    known: str
    """What is said of it."""
    lacks: str
    line: int


def halves(
    data: bytes, items: Sequence[tuple[int, bytes]], blocked: Callable[[bytes], bytes]
) -> Iterator[Half]:
    """Every such file of the list; what stands in brackets is read in block style."""
    told = set()
    for known, lacks, at in _halves(data):
        told.add((known.translate(None, b"\"'"), lacks))
        yield Half(known.decode(errors="replace"), lacks, data.count(b"\n", 0, at) + 2)
    for line, item in items:
        text = blocked(item)
        for known, lacks, _ in _halves(text) if text != item else ():
            if (known.translate(None, b"\"'"), lacks) not in told:
                key, value = (re.escape(word.strip(b":\"'")) for word in known.split())
                found = re.search(rb"%s[\"']?:[ ]*[\"']?%s" % (key, value), item)
                above = item.count(b"\n", 0, found.start()) if found else 0
                yield Half(known.decode(errors="replace"), lacks, line + above)


def _halves(data: bytes) -> Iterator[tuple[bytes, str, int]]:
    """(what is said of it, what it lacks, where it begins) of every such file."""
    for found in _DOWNLOAD.finditer(data):
        for key in ("filename", "uri"):
            if not re.search(_SAID % key.encode(), found[0]):
                yield b" ".join(found[0].split()[1:3]), key, found.start()


def quoted_backends(data: bytes) -> Iterator[tuple[int, int]]:
    """Where each `backend:` begins and ends whose configuration is a text in quotes."""
    text = in_block_style(data, "config_file") if _QUOTED.search(data) else data
    for found in _BACKEND.finditer(text) if text != data else ():
        written = re.search(rb"backend:[ ]*[\\\"']*(%s)(?![\w.-])" % re.escape(found[1]), data)
        if written and configures(text, text.index(b"backend:", found.start())):
            yield written.span(1)
