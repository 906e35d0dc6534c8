"""The tags of the model gallery, where they say what a model can do, and what LocalAI knows of that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from scaffold.surfaces.models import LIST, ModelGallery, base_of, name_of
from scaffold.surfaces.use_cases import MODEL_CONFIG
from scaffold.syntax.source import Place

PREFERENCE = "pkg/system/capabilities.go"
"""Names the serving features by which LocalAI chooses among the builds of a model."""

TAGGED = {
    "text-to-video": "video",
    "image-to-video": "video",
    "video-generation": "video",
    "text-to-image": "image",
    "image-generation": "image",
    "text-to-speech": "tts",
    "speech-to-text": "transcript",
    "speech-recognition": "transcript",
}
"""Tag -> the use case that it is the name of."""

_FEATURE = re.compile(rb"\bservingFeature\w+[ \t]*=[ \t]*\"(\w+)\"")
_SPECULATION = re.compile(
    rb"\n[ ]+- [\"']?spec_type:[ ]?(?:draft-)?(\w+)|\n[ ]+speculative_config:[ ]*\n[ ]+method:[ ]*[\"']?(\w+)"
)
_TAGGED = re.compile(rb"(?i)\n[ ]+- [\"']?(%s)[\"']?[ ]*(?=\r?\n)" % "|".join(TAGGED).encode())
_TAGS = re.compile(rb"\n  tags:[ ]*\r?\n((?:[ ]{2,}- [^\n]*\n)+)")
_TAG = re.compile(rb"- [\"']?([^\"'\r\n#]*[^\"'\r\n# ])")
_BACKEND = re.compile(rb"\n[ ]+backend:[ ]*[\"']?([A-Za-z0-9][\w.-]*)")
_MERGED = re.compile(rb"<<:[ ]*[*\[]")

_GUESS = re.compile(rb"\(u & FLAG_(\w+)\) == FLAG_\1 \{")
_NAMES = re.compile(rb"\[\]string\{([^{}]*+)\}")


class Feature(NamedTuple):
    """A serving feature that a model's configuration turns on."""

    model: str
    name: str
    place: Place
    is_tagged: bool


class Claim(NamedTuple):
    """A use case after which a model is tagged, while nothing in its configuration says use cases."""

    model: str
    tag: str
    use_case: str
    backend: str
    place: Place
    """Where its configuration names the backend."""


class ModelTags:
    """What the items of `gallery/index.yaml` with certain tags and options say.

    Items that take tags from others by a merge, or write them in another way than a list, say nothing.
    """

    def __init__(self, models: ModelGallery) -> None:
        self.models = models

    @property
    def features(self) -> Iterator[Feature]:
        """The serving features that models turn on, of those by which LocalAI chooses."""
        known = {name.decode() for name in _FEATURE.findall(self.models.tree.read(PREFERENCE) or b"")}
        for item in self._items(_SPECULATION) if known else ():
            for name, offset in item.said.items():
                if name in known:
                    yield Feature(item.name, name, Place(LIST, item.line(offset)), name in item.tags)

    @property
    def claims(self) -> Iterator[Claim]:
        """The use cases that only tags name, in file order."""
        for item in self._items(_TAGGED, unless=b"known_usecases:"):
            path, own = base_of(item.data), _BACKEND.search(item.data)
            data = self.models.read(path) if path else b""
            backend = own or _BACKEND.search(data)
            if backend is None or b"known_usecases:" in data:
                continue
            at = backend.start(1)
            place = Place(LIST, item.line(at)) if own else Place(path, 1 + data.count(b"\n", 0, at))
            for tag in item.said:
                if tag in item.tags:
                    yield Claim(item.name, tag, TAGGED[tag], backend[1].decode(), place)

    @cached_property
    def guessed(self) -> dict[str, frozenset[str]]:
        """Use case -> the backends whose models are taken to have it where nothing says so.

        Only of use cases for which that is all that counts, and where the checkout has one list of them.
        """
        data = self.models.tree.read(MODEL_CONFIG) or b""
        start = data.find(b") GuessUsecases(")
        body = data[start : data.find(b"\n}", start)] if start >= 0 else b""
        heads = list(_GUESS.finditer(body))
        ends = [*(head.start() for head in heads), len(body)][1:]
        found = {}
        for head, end in zip(heads, ends, strict=True):
            names = _NAMES.findall(body, head.end(), end)
            if len(names) == 1:
                found[head[1].decode().lower()] = frozenset(re.findall(r'"([^"]+)"', names[0].decode()))
        return found

    def _items(self, wanted: re.Pattern[bytes], unless: bytes = b"\0") -> Iterator[_Item]:
        """The items of the list in which something is found, and not `unless`, whose tags are written out."""
        for line, data in self.models.items:
            said: dict[str, int] = {}
            for found in wanted.finditer(data):
                part = found.lastindex or 0
                said.setdefault(found[part].decode().lower(), found.start(part))
            block = _TAGS.search(data) if said and unless not in data else None
            if block is not None and not _MERGED.search(data):
                tags = {tag.decode(errors="replace").lower() for tag in _TAG.findall(block[1])}
                yield _Item(data, line, name_of(data), tags, said)


class _Item(NamedTuple):
    """One item of the list."""

    data: bytes
    first: int
    """The line that it begins in."""
    name: str
    tags: set[str]
    said: dict[str, int]
    """What is found in it, each with the first place."""

    def line(self, offset: int) -> int:
        """The line of an offset in it."""
        return self.first + self.data.count(b"\n", 0, offset)
