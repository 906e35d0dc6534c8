"""The backend gallery, `backend/index.yaml`: what a user can install.

A backend has a meta (an anchored item whose `capabilities` map hardware to images), a
`-development` meta, and one image item per variant in each channel: `latest` for releases,
`master` under a name that ends in `-development`. The file is edited as text: it mixes two list
indents and spells merges `!!merge <<`, which no serialiser keeps.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scaffold.surfaces.base import Addition, FileSurface, Registration, YamlRecord, majority, required
from scaffold.surfaces.matrix import MatrixSurface
from scaffold.syntax.yaml import YamlSource, quote
from scaffold.tree import Tree
from scaffold.variants import VARIANTS, capabilities

if TYPE_CHECKING:
    from tree_sitter import Node

    from scaffold.backend import Backend

DEVELOPMENT = "-development"
CHANNELS = {"": "latest", DEVELOPMENT: "master"}
"""Suffix of the item's name -> first part of the image's tag."""

DEFAULT_REPOSITORY = "quay.io/go-skynet/local-ai-backends"
DEFAULT_MIRROR = "localai/localai-backends"


@dataclass(frozen=True, slots=True)
class Item(YamlRecord):
    """One item of the gallery."""

    name: str
    alias: str
    anchor: str | None
    merges: str | None
    """Name of the anchor that it merges."""
    uri: str
    mirrors: tuple[str, ...]
    capabilities: dict[str, str]
    tags: tuple[str, ...]

    @property
    def is_meta(self) -> bool:
        """Whether it maps hardware to images."""
        return bool(self.capabilities)

    @property
    def channel(self) -> str:
        """`latest` or `master`: the first part of the image's tag; "" for a meta."""
        return self._tag.partition("-")[0]

    @property
    def tag_suffix(self) -> str:
        """The image's tag without its channel, as in the matrix; "" for a meta."""
        _, dash, rest = self._tag.partition("-")
        return dash + rest

    @property
    def _tag(self) -> str:
        return self.uri.rpartition(":")[2]


class GallerySurface(FileSurface):
    """`backend/index.yaml`."""

    name = "gallery"
    paths = ("backend/index.yaml",)

    def __init__(self, tree: Tree, matrix: MatrixSurface) -> None:
        super().__init__(tree)
        self.matrix = matrix

    @cached_property
    def source(self) -> YamlSource | None:
        """The file; None where it is absent."""
        return self.load(YamlSource, *self.paths)

    @cached_property
    def items(self) -> list[Item]:
        """Every item, in file order."""
        if self.source is None:
            return []
        return [_item(self.source, node) for node in self.source.items(self.source.document())]

    @cached_property
    def capability_keys(self) -> set[str]:
        """Every capability key that some meta of the checkout uses."""
        return {key for item in self.items for key in item.capabilities}

    @cached_property
    def by_tag_suffix(self) -> dict[str, list[Item]]:
        """Tag suffix -> its image items, one per channel."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            if item.uri:
                found.setdefault(item.tag_suffix, []).append(item)
        return found

    def image_items(self, backend: str) -> list[Item]:
        """The image items of a backend, joined by the image's tag: a meta may be named differently."""
        own = {entry.tag_suffix for entry in self.matrix.entries_of(backend)}
        items = [item for tag_suffix in own for item in self.by_tag_suffix.get(tag_suffix, ())]
        return sorted(items, key=lambda item: item.node.start_byte)

    def metas(self, backend: str) -> list[Item]:
        """The metas of a backend, its base one first: those its images merge, and its namesakes."""
        anchors = {item.merges for item in self.image_items(backend) if item.merges}
        base = [i for i in self.items if i.anchor and (i.anchor in anchors or i.name == backend)]
        names = {i.anchor for i in base}
        development = [i for i in self.items if i.merges in names and i.is_meta]
        return [*base, *(i for i in development if i.name != backend)]

    def registrations(self, name: str) -> Iterable[Registration]:
        seen = set()
        for item in (*self.metas(name), *self.image_items(name)):
            if item.node.start_byte not in seen:
                seen.add(item.node.start_byte)
                yield Registration(self.name, self.path, item.line, f"gallery item {item.name}")
        for item in self.items:
            named = name in (item.name, item.alias) or item.name == f"{name}{DEVELOPMENT}"
            if item.node.start_byte not in seen and named:
                yield Registration(self.name, self.path, item.line, f"gallery item {item.name}")

    def add(self, addition: Addition) -> None:
        source = required(self.source, self.path, "the backend gallery")
        if not self.items:
            raise source.shape_error(None, "expected a list of gallery items")
        backend = addition.backend
        anchor = self._free_anchor(backend)
        meta = _meta(backend, anchor, self._capabilities(backend))
        development = _development_meta(backend, anchor, self._capabilities(backend))
        images = list(self._images(backend, anchor))
        relative = addition.nearest({b for b in addition.kin if self.metas(b) and self.image_items(b)})
        after_meta, beside, after_images = self._places(relative)
        meta_text = meta + (development if beside else "")
        image_text = "".join(("" if beside else development, *images))
        addition.insert(self.path, after_meta, meta_text)
        addition.insert(self.path, after_images, f"{self._header()}{backend.name}\n{image_text}")
        self._announce(addition)

    def _places(self, relative: str | None) -> tuple[int, bool, int]:
        """Behind which byte the meta goes, whether the -development meta goes with it, and the images."""
        metas = self.metas(relative) if relative else []
        images = self.image_items(relative) if relative else []
        base = metas[0] if metas else next((i for i in reversed(self.items) if i.is_meta), self.items[-1])
        following = next((i for i in self.items if i.node.start_byte >= base.end), None)
        beside = following is not None and following.is_meta and following.merges == base.anchor
        after_meta = following.end if beside and following else base.end
        block_end = max((i.end for i in images), default=self.items[-1].end)
        return after_meta, beside, block_end

    def _header(self) -> str:
        """How most image blocks are headed: `## name` or `# name`."""
        assert self.source is not None
        return (majority(re.findall(rb"^(##? )[\w.-]+$", self.source.data, re.MULTILINE)) or b"## ").decode()

    def _free_anchor(self, backend: Backend) -> str:
        taken = {item.anchor for item in self.items}
        return backend.anchor if backend.anchor not in taken else backend.name

    def image_name(self, backend: Backend, variant: str) -> str:
        """Name of a variant's image item, as most siblings of its language spell it."""
        siblings = {e.tag_suffix: e.backend for e in self.matrix.siblings(backend, VARIANTS[variant])}
        patterns = []
        for tag_suffix, owner in siblings.items():
            for item in self.by_tag_suffix.get(tag_suffix, ()):
                if item.channel == "latest" and item.name.endswith(f"-{owner}"):
                    patterns.append(f"{item.name[: -len(owner)]}{{n}}")
        return (majority(patterns) or VARIANTS[variant].image).replace("{n}", backend.name)

    def _capabilities(self, backend: Backend) -> dict[str, str]:
        keys = capabilities(set(backend.variants))
        plain = {key for variant in VARIANTS.values() for key in variant.capabilities[:1]}
        return {
            key: self.image_name(backend, variant)
            for key, variant in keys.items()
            if key in plain or key in self.capability_keys
        }

    def _images(self, backend: Backend, anchor: str) -> Iterator[str]:
        for name, uri, mirrors in self._image_values(backend):
            lines = [
                f"- !!merge <<: *{anchor}",
                f'  name: "{name}"',
                f'  uri: "{uri}"',
                "  mirrors:",
            ]
            lines += [f"    - {mirror}" for mirror in mirrors]
            yield "\n".join(lines) + "\n"

    def _image_values(self, backend: Backend) -> Iterator[tuple[str, str, list[str]]]:
        repository = majority(i.uri.rpartition(":")[0] for i in self.items if i.uri) or DEFAULT_REPOSITORY
        mirror = majority(m.rpartition(":")[0] for i in self.items for m in i.mirrors) or DEFAULT_MIRROR
        for variant in (name for name in VARIANTS if name in backend.variants):
            tag_suffix = self.matrix.tag_suffix(backend, VARIANTS[variant])
            for ending, channel in CHANNELS.items():
                tag = f"{channel}{tag_suffix}"
                yield (
                    f"{self.image_name(backend, variant)}{ending}",
                    f"{repository}:{tag}",
                    [f"{mirror}:{tag}"],
                )

    def _announce(self, addition: Addition) -> None:
        """The values that the inserted text must have, as another parser reads them."""
        backend = addition.backend
        keys = self._capabilities(backend)
        addition.expect(self.path, {"name": backend.name, "capabilities": keys})
        addition.expect(
            self.path,
            {
                "name": backend.name + DEVELOPMENT,
                "capabilities": {k: v + DEVELOPMENT for k, v in keys.items()},
            },
        )
        for name, uri, mirrors in self._image_values(backend):
            addition.expect(self.path, {"name": name, "uri": uri, "mirrors": mirrors})


def _meta(backend: Backend, anchor: str, keys: dict[str, str]) -> str:
    lines = [f"- &{anchor}", f'  name: "{backend.name}"', f'  alias: "{backend.name}"']
    if backend.license:
        lines.append(f"  license: {quote(backend.license, '')}")
    lines += [
        "  description: |",
        f"    {backend.summary}",
        "  urls:",
        f"    - {quote(backend.home, '')}",
        "  tags:",
    ]
    lines += [f"    - {quote(tag, '')}" for tag in tags(backend)]
    return "\n".join([*lines, *_capability_lines(keys, "")]) + "\n"


def tags(backend: Backend) -> tuple[str, ...]:
    """The gallery tags of a backend: the given ones, else those of its modality."""
    return backend.tags or backend.use.tags or ("backend",)


def _development_meta(backend: Backend, anchor: str, keys: dict[str, str]) -> str:
    lines = [f"- !!merge <<: *{anchor}", f'  name: "{backend.name}{DEVELOPMENT}"']
    return "\n".join([*lines, *_capability_lines(keys, DEVELOPMENT)]) + "\n"


def _capability_lines(keys: dict[str, str], ending: str) -> list[str]:
    return ["  capabilities:", *(f'    {key}: "{image}{ending}"' for key, image in keys.items())]


def _item(source: YamlSource, node: Node) -> Item:
    value = source.item_value(node)
    pairs = {pair.key: pair.value for pair in source.pairs(value)}
    merge = next((v for k, v in pairs.items() if k in ("<<", "!!merge <<")), None)
    return Item(
        source,
        node,
        name=source.scalar(pairs.get("name")),
        alias=source.scalar(pairs.get("alias")),
        anchor=source.anchor(value),
        merges=source.scalar(merge).removeprefix("*") if merge is not None else None,
        uri=source.scalar(pairs.get("uri")),
        mirrors=tuple(text for text, _ in source.scalars(pairs.get("mirrors"))),
        capabilities={p.key: source.scalar(p.value) for p in source.pairs(pairs.get("capabilities"))},
        tags=tuple(text for text, _ in source.scalars(pairs.get("tags"))),
    )
