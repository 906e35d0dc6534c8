"""Keys of the list of models: those that stand twice, and those a letter away from one that LocalAI knows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from scaffold.backend.near import nearest
from scaffold.errors import ShapeError
from scaffold.surfaces.gallery.loading import MODEL
from scaffold.syntax.source import Source
from scaffold.syntax.yaml_events import Document, Kind, Node, document

FILE_KEYS = ("filename", "sha256", "uri")
VITAL = ("files", "filename", "name", "overrides", "uri", "url")
"""The keys without which a model cannot be installed, or does not work."""
_KNOWN = {*MODEL, *FILE_KEYS}
_WORD = re.compile(rb"(?<!\w)([A-Za-z_]\w*+)[\"']?[ ]*+:(?=\s)")
_KEY = re.compile(rb"\n([ -]*+)(\w[\w-]*+):(?=[ \r\n])")


class Misspelt(NamedTuple):
    """A key that is not known."""

    model: str
    key: str
    meant: str
    line: int


def misspelt(path: str, data: bytes, items: Sequence[tuple[int, bytes]]) -> Iterator[Misspelt]:
    """Every such key of a model or of a file of it, where the known one is absent."""
    words = {word.decode() for word in _WORD.findall(data)} - _KNOWN
    near = [word.encode() for word in words if meant_by(word, _KNOWN)]
    if not near:
        return
    written = re.compile(rb"\b(?:%s)[\"']?[ ]*:" % b"|".join(near))
    for line, item in items:
        if not written.search(item):
            continue
        try:
            found = document(Source(path, item))
        except ShapeError:
            continue
        for model in found.root.below if found.root else ():
            yield from _of(found, model, line)


def _of(found: Document, model: Node, line: int) -> Iterator[Misspelt]:
    pairs = model.pairs if model.kind is Kind.mapping else []
    name = next((value.text for key, value in pairs if key.text == "name"), "")
    maps = [(model, [*MODEL])]
    for key, value in pairs:
        if key.text == "files":
            maps += [(file, [*FILE_KEYS]) for file in value.below if file.kind is Kind.mapping]
    for node, known in maps if pairs else ():
        present = {key.text for key, _ in node.pairs}
        for key, _ in node.pairs:
            meant = "" if key.text in _KNOWN else meant_by(key.text, {*known} - present)
            if meant:
                yield Misspelt(name, key.text, meant, line + found.line(key) - 1)


def meant_by(word: str, known: Collection[str]) -> str:
    """The key that a word is a letter away from, or whose letters and digits it has; "" for none."""
    same = next((key for key in sorted(known) if sorted(key) == sorted(word) and key[:1] == word[:1]), "")
    return same or nearest(word, known)


def may_repeat(item: bytes) -> bool:
    """Whether two lines of an item look like one key of one mapping; they may be words of a text."""
    seen: dict[int, set[bytes]] = {}
    above = 0
    for dashes, key in _KEY.findall(b"\n" + item):
        depth = len(dashes)
        if b"-" in dashes:
            seen.pop(depth, None)
        if depth < above:
            seen = {other: keys for other, keys in seen.items() if other <= depth}
        above = depth
        keys = seen.setdefault(depth, set())
        if key in keys:
            return True
        keys.add(key)
    return False


def repeated(path: str, item: bytes) -> Iterator[tuple[str, int]]:
    """(key, line in the item) of every key that an item has twice; none where no YAML is seen."""
    try:
        found = document(Source(path, item))
    except ShapeError:
        return
    pending = [found.root] if found.root else []
    while pending:
        node = pending.pop()
        pending += node.below
        keys: set[str] = set()
        for key, _ in node.pairs if node.kind is Kind.mapping else ():
            if key.kind is Kind.scalar and key.text in keys:
                yield key.text, found.line(key)
            keys.add(key.text)
