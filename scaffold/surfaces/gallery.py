"""The backend gallery, `backend/index.yaml`: what a user can install.

A backend has a meta (an anchored item whose `capabilities` map hardware to images), a
`-development` meta, and one image item per variant in each channel: `latest` for releases,
`master` under a name that ends in `-development`. The file is edited as text: it mixes two list
indents and spells merges `!!merge <<`, which no serialiser keeps.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.backend.variants import VARIANTS, capabilities, serves
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.surfaces.base import (
    Addition,
    FileSurface,
    Registration,
    Removal,
    YamlRecord,
    majority,
    required,
)
from scaffold.surfaces.matrix import MatrixSurface
from scaffold.syntax.yaml import YamlSource, quote
from scaffold.syntax.yaml_items import YamlItem, read

if TYPE_CHECKING:
    from tree_sitter import Node

    from scaffold.backend.answers import Backend

DEVELOPMENT = "-development"
CHANNELS = {"": "latest", DEVELOPMENT: "master"}
"""Suffix of the item's name -> first part of the image's tag."""

UNKNOWN_LICENSE = "NOASSERTION"
"""SPDX for a license that nobody has stated."""

IMAGE_KEYS = ("uri", "mirrors")
"""Keys of an image; a meta has none of them."""

DEFAULT_REPOSITORY = "quay.io/go-skynet/local-ai-backends"
DEFAULT_MIRROR = "localai/localai-backends"


@dataclass(slots=True, eq=False)
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
    channel: str
    """`latest` or `master`: the first part of the image's tag; "" for a meta."""
    tag_suffix: str
    """The image's tag without its channel, as in the matrix; "" for a meta."""

    @classmethod
    def of(cls, item: YamlItem) -> Item:
        """The item of the gallery that an item of the file is."""
        fields = item.fields
        uri = fields.get("uri", "")
        channel, dash, rest = uri.rpartition(":")[2].partition("-")
        return cls(
            item,
            name=fields.get("name", ""),
            alias=fields.get("alias", ""),
            anchor=item.anchor,
            merges=fields["<<"].removeprefix("*") if "<<" in fields else None,
            uri=uri,
            mirrors=item.lists.get("mirrors", ()),
            capabilities=item.maps.get("capabilities", {}),
            tags=item.lists.get("tags", ()),
            channel=channel,
            tag_suffix=dash + rest,
        )

    @property
    def is_meta(self) -> bool:
        """Whether it maps hardware to images."""
        return bool(self.capabilities)

    def set_value(self, changes: ChangeSet, value: str, *keys: str) -> None:
        """Plan another text for a scalar below a chain of keys that is there."""
        node = self.value(*keys)
        if node is not None:
            style = self.source.slice(node.start_byte, node.start_byte + 1)
            text = quote(value, style if style in ("'", '"') else "")
            changes.add(Edit(self.path, node.start_byte, node.end_byte, text))

    def set_key(self, changes: ChangeSet, old: str, new: str) -> None:
        """Plan another name for a capability key."""
        for pair in self.source.pairs(self.value("capabilities")):
            if pair.key == old:
                start = pair.node.start_byte
                changes.add(Edit(self.path, start, start + len(old.encode()), new))

    def add_capability(self, changes: ChangeSet, key: str, image: str) -> None:
        """Plan one more capability, behind the last one."""
        pairs = self.source.pairs(self.value("capabilities"))
        if not pairs:
            self.begin_capabilities(changes, {key: image})
            return
        last = pairs[-1].node
        indent = " " * (last.start_byte - self.source.line_start(last.start_byte))
        changes.insert(self.path, self.source.line_end(last.end_byte - 1), f'{indent}{key}: "{image}"\n')

    def drop_capability(self, changes: ChangeSet, key: str) -> None:
        """Plan the line of a capability away."""
        for pair in self.source.pairs(self.value("capabilities")):
            if pair.key == key:
                start = self.source.line_start(pair.node.start_byte)
                changes.delete_lines(self.path, start, self.source.line_end(pair.node.end_byte - 1))

    def set_capabilities(self, changes: ChangeSet, capabilities: dict[str, str]) -> None:
        """Plan other capabilities in the place of the present ones."""
        pairs = self.source.pairs(self.value("capabilities"))
        if not pairs:
            self.begin_capabilities(changes, capabilities)
            return
        first, last = pairs[0].node, pairs[-1].node
        indent = " " * (first.start_byte - self.source.line_start(first.start_byte))
        text = f"\n{indent}".join(f'{key}: "{image}"' for key, image in capabilities.items())
        changes.add(Edit(self.path, first.start_byte, last.end_byte, text))

    def add_alias(self, changes: ChangeSet, alias: str) -> None:
        """Plan an alias behind the name."""
        where = self.source.line_end(self.nodes["name"].end_byte - 1)
        changes.insert(self.path, where, f'  alias: "{alias}"\n')

    def begin_capabilities(self, changes: ChangeSet, capabilities: dict[str, str]) -> None:
        """Plan the capabilities of an item that has none, below their key where it is there."""
        head, *lines = _capability_lines(capabilities)
        node = self.nodes.get("capabilities")
        end = self.end if node is None else self.source.line_end(node.end_byte - 1)
        changes.insert(self.path, end, "".join(f"{x}\n" for x in ([head] if node is None else []) + lines))

    def lines(self, *keys: str) -> list[tuple[int, int]]:
        """The lines of some keys, neighbours as one; comments that follow belong to what comes next."""
        spans: list[tuple[int, int]] = []
        for key, node in self.nodes.items():
            if key in keys:
                start, end = self.source.line_start(node.start_byte), _text_end(node)
                joined = spans.pop()[0] if spans and spans[-1][1] == start else start
                spans.append((joined, self.source.line_end(end - 1)))
        return spans

    def set_mirrors(self, changes: ChangeSet, mirrors: list[str]) -> None:
        """Plan other mirrors: in the place of the present ones, or behind the uri."""
        text = "mirrors:\n" + "\n".join(f"    - {mirror}" for mirror in mirrors)
        nodes = self.nodes
        if "mirrors" in nodes:
            changes.add(Edit(self.path, nodes["mirrors"].start_byte, _text_end(nodes["mirrors"]), text))
        elif "uri" in nodes:
            changes.insert(self.path, self.source.line_end(nodes["uri"].end_byte - 1), f"  {text}\n")


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
        return [Item.of(item) for item in read(self.source)]

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
        if backend not in self._images:
            own = {entry.tag_suffix for entry in self.matrix.entries_of(backend)}
            items = [item for tag_suffix in own for item in self.by_tag_suffix.get(tag_suffix, ())]
            self._images[backend] = sorted(items, key=lambda item: item.start)
        return self._images[backend]

    @cached_property
    def _images(self) -> dict[str, list[Item]]:
        return {}

    @cached_property
    def by_anchor(self) -> dict[str, Item]:
        """Anchor -> the item that defines it."""
        return {item.anchor: item for item in self.items if item.anchor}

    @cached_property
    def by_name(self) -> dict[str, Item]:
        """Name -> the first item that has it."""
        found: dict[str, Item] = {}
        for item in self.items:
            found.setdefault(item.name, item)
        return found

    @cached_property
    def merging(self) -> dict[str, list[Item]]:
        """Anchor -> the items that merge it."""
        found: dict[str, list[Item]] = {}
        for item in self.items:
            if item.merges:
                found.setdefault(item.merges, []).append(item)
        return found

    def metas(self, backend: str) -> list[Item]:
        """The metas of a backend, its base one first: those its images merge, and its namesakes."""
        base = self.base_metas(backend)
        development = [i for meta in base for i in self.merging.get(meta.anchor or "", ()) if i.is_meta]
        return [*base, *(i for i in development if i.name != backend)]

    def base_metas(self, backend: str) -> list[Item]:
        """The anchored metas of a backend, in file order."""
        anchors = {item.merges or item.anchor for item in self.image_items(backend)}
        found = {a: self.by_anchor[a] for a in anchors if a and a in self.by_anchor}
        namesake = self.by_name.get(backend)
        if namesake is not None and namesake.anchor:
            found[namesake.anchor] = namesake
        own = [i for i in found.values() if self.owner(i) == backend]
        return sorted(own, key=lambda item: item.start)

    def development_meta(self, meta: Item) -> Item | None:
        """The development twin of a base meta."""
        twin = self.by_name.get(f"{meta.name}{DEVELOPMENT}")
        return twin if twin is not None and not twin.uri else None

    def owner(self, item: Item) -> str:
        """The backend that an item belongs to.

        An image is its matrix entry's; a meta its images'; what no entry builds goes with the
        rest of its meta, and a meta without any image is its namesake's.
        """
        if item.uri and item.tag_suffix in self.matrix.by_tag_suffix:
            return self.matrix.by_tag_suffix[item.tag_suffix].backend
        anchor = item.anchor or item.merges or ""
        if anchor not in self._owners:
            built = (
                self.matrix.by_tag_suffix[i.tag_suffix].backend
                for i in self.merging.get(anchor, ())
                if i.uri and i.tag_suffix in self.matrix.by_tag_suffix
            )
            meta = self.by_anchor.get(anchor, item)
            self._owners[anchor] = majority(built) or meta.name.removesuffix(DEVELOPMENT)
        return self._owners[anchor]

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {}

    @cached_property
    def repository(self) -> str:
        """The repository that most images are pushed to."""
        return majority(i.uri.rpartition(":")[0] for i in self.items if i.uri) or DEFAULT_REPOSITORY

    @cached_property
    def mirror(self) -> str:
        """The mirror of that repository."""
        return majority(m.rpartition(":")[0] for i in self.items for m in i.mirrors) or DEFAULT_MIRROR

    @cached_property
    def mirrors(self) -> set[str]:
        """Every mirror that more than one item has."""
        counts = Counter(m.rpartition(":")[0] for item in self.items for m in item.mirrors)
        return {mirror for mirror, count in counts.items() if count > 1 and mirror}

    def item_text(self, item: Item) -> bytes:
        """The lines of an item, without the comments around it."""
        return item.source.data[item.source.line_start(item.start) : item.end]

    def delete(self, changes: ChangeSet, items: Iterable[Item]) -> None:
        """Plan items away."""
        for item in items:
            item.delete(changes)

    def development_text(self, anchor: str, name: str, keys: dict[str, str]) -> str:
        """A new development meta; `keys` maps capability keys to development images."""
        lines = [f"- !!merge <<: *{anchor}", f'  name: "{name}{DEVELOPMENT}"']
        return "\n".join([*lines, *_capability_lines(keys)]) + "\n"

    def image_text(self, anchor: str, name: str, tag: str) -> str:
        """A new image item."""
        return (
            f"- !!merge <<: *{anchor}\n"
            f'  name: "{name}"\n'
            f'  uri: "{self.repository}:{tag}"\n'
            f"  mirrors:\n    - {self.mirror}:{tag}\n"
        )

    def registrations(self, name: str) -> Iterable[Registration]:
        own = self._own(name)
        for item in self.items:
            mine = item.start in own
            if mine or name in (item.name, item.alias) or item.name == f"{name}{DEVELOPMENT}":
                what = f"{item.channel} image" if item.uri and not item.is_meta else "meta"
                yield Registration(self.name, self.path, item.line, f"{what} {item.name}", item.last_line)
            for key, image in item.capabilities.items() if mine else ():
                line = item.at("capabilities", key).line
                yield Registration(self.name, self.path, line, f"capability {key}: {image}")

    def references(self, name: str) -> Iterable[Registration]:
        own = self._own(name)
        images = {item.name for item in self.image_items(name)}
        for item in self.items:
            for key, image in item.capabilities.items():
                if image in images and item.start not in own:
                    line = item.at("capabilities", key).line
                    what = f"capability {key}: {image} of {item.name}"
                    yield Registration(self.name, self.path, line, what)

    def _own(self, name: str) -> set[int]:
        """The offsets of a backend's metas and images, those that no entry builds included."""
        known = {item.start for item in (*self.metas(name), *self.image_items(name))}
        return known | {item.start for item in self.items if self.owner(item) == name}

    def add(self, addition: Addition) -> None:
        source = required(self.source, self.path, "the backend gallery")
        if not self.items:
            raise source.shape_error(None, "expected a list of gallery items")
        backend = addition.backend
        keys = self._capabilities(backend)
        anchor = self._free_anchor(backend)
        relative = addition.nearest({b for b in addition.kin if self.metas(b) and self.image_items(b)})
        after_meta, beside, after_images = self._places(relative)
        development = self.development_text(anchor, backend.name, _with_ending(keys))
        meta_text = _meta(backend, anchor, keys) + (development if beside else "")
        images = [self.image_text(anchor, name, tag) for name, tag in self._image_values(backend)]
        image_text = "".join(("" if beside else development, *images))
        addition.insert(self.path, after_meta, meta_text)
        addition.insert(self.path, after_images, f"{self._header()}{backend.name}\n{image_text}")
        self._announce(addition, keys)

    def remove(self, removal: Removal) -> None:
        own = {i.start for i in (*self.metas(removal.name), *self.image_items(removal.name))}
        own |= {i.start for i in self.items if self.owner(i) == removal.name}
        for position, item in enumerate(self.items):
            if item.start in own:
                before = self.items[position - 1].start if position else None
                removal.drop(item.source, item.start, item.end, follows_own=before in own)
        if self.source is not None:
            removal.drop_headers(self.source)

    def add_images(self, addition: Addition) -> None:
        """Plan the images of more variants of a backend that is there, and the keys that lead to them."""
        backend = addition.backend
        source = required(self.source, self.path, "the backend gallery")
        images = self.image_items(backend.name)
        metas = [meta for meta in self.base_metas(backend.name) if meta.is_meta]
        singles = [] if metas else self._singles(images, backend.name)
        if singles:
            self._split(addition, singles)
        elif not images or not metas:
            raise source.shape_error(None, f"expected images and a meta of {backend.name}")
        anchor = images[-1].merges or images[-1].anchor or metas[0].anchor or backend.name
        for name, tag in self._image_values(backend):
            taken = self.by_name.get(name)
            if taken is not None and taken.uri.endswith(f":{tag}"):
                continue  # offered already, though nothing built it
            if taken is not None:
                raise source.shape_error(taken.start, f"{name} is the name of another image: rename it first")
            addition.insert(self.path, images[-1].end, self.image_text(anchor, name, tag))
            image = {"name": name, "uri": f"{self.repository}:{tag}", "mirrors": [f"{self.mirror}:{tag}"]}
            addition.expect(self.path, image)
        for meta in metas:
            for twin, ending in ((meta, ""), (self.development_meta(meta), DEVELOPMENT)):
                if twin is not None:
                    self._lead_to(addition, twin, ending)

    def _singles(self, images: list[Item], backend: str) -> list[Item]:
        """The images of a backend whose items are what a user installs; none where a meta leads to them."""
        found = [item for item in images if item.name in (backend, f"{backend}{DEVELOPMENT}")]
        return found if any(item.anchor for item in found) else []

    def _split(self, addition: Addition, items: list[Item]) -> None:
        """Plan each image that is an item of its own as a meta, and the image behind it; see `_join`."""
        backend = addition.backend
        built = {e.variant: e.tag_suffix for e in self.matrix.entries_of(backend.name) if e.variant}
        everything = sorted({*built, *backend.variants})
        keys = self._capabilities(backend.model_copy(update={"variants": everything}))
        for key, variant in capabilities(set(everything)).items():
            for other in self.by_tag_suffix.get(built.get(variant, ""), ()):
                if key in keys and other not in items and other.channel == CHANNELS[""]:
                    keys[key] = other.name
        anchor = next((item.anchor for item in items if item.anchor), backend.name)
        for item in items:
            ending = item.name.removeprefix(backend.name)
            variant = self.matrix.by_tag_suffix[item.tag_suffix].variant or everything[0]
            leading = {key: f"{image}{ending}" for key, image in keys.items()}
            head = "".join(f"{line}\n" for line in _capability_lines(leading))
            moved = item.lines(*IMAGE_KEYS)
            for start, end in moved:
                addition.changes.add(Edit(self.path, start, end, head))
                head = ""
            name = f"{self.image_name(backend, variant)}{ending}"
            text = "".join(item.source.slice(start, end) for start, end in moved)
            mirrors = list(item.mirrors)
            if not mirrors:  # it merged those of another item, which becomes a meta
                mirrors = [f"{self.mirror}:{item.uri.rpartition(':')[2]}"]
                text += f"  mirrors:\n    - {mirrors[0]}\n"
            addition.insert(self.path, item.end, f'- !!merge <<: *{anchor}\n  name: "{name}"\n{text}')
            addition.expect(self.path, leading)
            addition.expect(self.path, {"name": name, "uri": item.uri, "mirrors": mirrors})
            for key in IMAGE_KEYS:
                addition.drop(self.path, item.name, key)

    def _join(self, removal: Removal, images: list[Item]) -> bool:
        """Plan the only images as items of their own again, where each stands right behind its meta."""
        following = {before.start: item for before, item in pairwise(self.items)}
        metas = sorted(self.metas(removal.name), key=lambda meta: meta.start)
        if images != [following.get(meta.start) for meta in metas]:
            return False
        for meta, image in zip(metas, images, strict=True):
            text = "".join(image.source.slice(*span) for span in image.lines(*IMAGE_KEYS))
            for start, end in meta.lines("capabilities"):
                removal.changes.add(Edit(self.path, start, end, text))
            image.delete(removal.changes)
            removal.regained += [(self.path, meta.name, key) for key in IMAGE_KEYS]
        return True

    def _lead_to(self, addition: Addition, meta: Item, ending: str) -> None:
        """Plan the keys of a meta that lead to a backend's new variants."""
        added = set(addition.backend.variants)
        entries = self.matrix.entries_of(addition.backend.name)
        first = capabilities({entry.variant for entry in entries if entry.variant} | added)
        variants = {i.name: e.variant for e in entries for i in self.by_tag_suffix.get(e.tag_suffix, ())}
        keys = dict(meta.capabilities)
        for key, image in self._capabilities(addition.backend).items():
            present = keys.get(key)
            if first[key] not in added:
                continue
            if present is None:
                meta.add_capability(addition.changes, key, f"{image}{ending}")
            elif not serves(variants.get(present), key) or (ending and present == image):
                meta.set_value(addition.changes, f"{image}{ending}", "capabilities", key)
            else:
                continue
            keys[key] = f"{image}{ending}"
        if keys != meta.capabilities:
            addition.drop(self.path, meta.name, "capabilities")
            addition.expect(self.path, keys)

    def add_development_meta(self, changes: ChangeSet, meta: Item, keys: dict[str, str]) -> None:
        """Plan the development twin that a meta lacks, with the meta's keys."""
        text = self.development_text(meta.anchor or meta.name, meta.name, _with_ending(keys))
        changes.insert(self.path, meta.end, text)

    def remove_variants(self, removal: Removal, gone: set[str], left: set[str]) -> None:
        """Plan the images of some variants away; their keys lead to what is left, where it serves them."""
        entries = self.matrix.entries_of(removal.name)
        stay = {entry.tag_suffix for entry in entries if entry.variant not in gone}
        tags = {entry.tag_suffix for entry in entries if entry.variant in gone} - stay
        items = [item for item in self.image_items(removal.name) if item.tag_suffix in tags]
        for position, item in enumerate(items):
            removal.drop(item.source, item.start, item.end, follows_own=position > 0)
        names = {item.name for item in items}
        by_variant = {
            entry.variant: {item.channel: item.name for item in self.by_tag_suffix.get(entry.tag_suffix, ())}
            for entry in entries
            if entry.variant in left
        }
        if self._join(removal, [item for item in self.image_items(removal.name) if item not in items]):
            return
        keys = capabilities(left)
        for meta in self.metas(removal.name):
            channel = CHANNELS[DEVELOPMENT if meta.name.endswith(DEVELOPMENT) else ""]
            for key, image in meta.capabilities.items():
                if image in names:
                    instead = by_variant.get(keys.get(key, ""), {}).get(channel)
                    if instead:
                        meta.set_value(removal.changes, instead, "capabilities", key)
                    else:
                        meta.drop_capability(removal.changes, key)

    def add_metas(self, addition: Addition) -> None:
        """Plan the metas of a backend whose images are there, under the anchor that they merge."""
        backend = addition.backend
        images = self.image_items(backend.name)
        anchor = majority(i.merges for i in images if i.merges) or self._free_anchor(backend)
        keys = self._capabilities(backend)
        relative = addition.nearest({b for b in addition.kin if self.metas(b) and self.image_items(b)})
        text = _meta(backend, anchor, keys)
        if f"{backend.name}{DEVELOPMENT}" not in self.by_name:
            text += self.development_text(anchor, backend.name, _with_ending(keys))
        addition.insert(self.path, self._places(relative)[0], text)

    def _places(self, relative: str | None) -> tuple[int, bool, int]:
        """Behind which byte the meta goes, whether the -development meta goes with it, and the images."""
        metas = self.metas(relative) if relative else []
        images = self.image_items(relative) if relative else []
        base = metas[0] if metas else next((i for i in reversed(self.items) if i.is_meta), self.items[-1])
        following = next((i for i in self.items if i.start >= base.end), None)
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

    def _image_values(self, backend: Backend) -> Iterator[tuple[str, str]]:
        """Name and tag of each image item."""
        for variant in (name for name in VARIANTS if name in backend.variants):
            tag_suffix = self.matrix.tag_suffix(backend, VARIANTS[variant])
            for ending, channel in CHANNELS.items():
                yield f"{self.image_name(backend, variant)}{ending}", f"{channel}{tag_suffix}"

    def _announce(self, addition: Addition, keys: dict[str, str]) -> None:
        """The values that the inserted text must have, as another parser reads them."""
        backend = addition.backend
        addition.expect(self.path, {"name": backend.name, "capabilities": keys})
        development = {"name": backend.name + DEVELOPMENT, "capabilities": _with_ending(keys)}
        addition.expect(self.path, development)
        for name, tag in self._image_values(backend):
            image = {"name": name, "uri": f"{self.repository}:{tag}", "mirrors": [f"{self.mirror}:{tag}"]}
            addition.expect(self.path, image)


def _meta(backend: Backend, anchor: str, keys: dict[str, str]) -> str:
    owner = backend.upstream.partition("/")[0] or "mudler"
    lines = [
        f"- &{anchor}",
        f'  name: "{backend.name}"',
        f'  alias: "{backend.name}"',
        f"  license: {quote(backend.license or UNKNOWN_LICENSE, '')}",
        f"  icon: https://github.com/{owner}.png",
        "  description: |",
        f"    {backend.summary}",
        "  urls:",
        f"    - {quote(backend.home, '')}",
        "  tags:",
    ]
    lines += [f"    - {quote(tag, '')}" for tag in tags(backend)]
    return "\n".join([*lines, *_capability_lines(keys)]) + "\n"


def _with_ending(keys: dict[str, str]) -> dict[str, str]:
    return {key: f"{image}{DEVELOPMENT}" for key, image in keys.items()}


def tags(backend: Backend) -> tuple[str, ...]:
    """The gallery tags of a backend: the given ones, else those of its modality."""
    return backend.tags or backend.use.tags or ("backend",)


def _capability_lines(keys: dict[str, str]) -> list[str]:
    return ["  capabilities:", *(f'    {key}: "{image}"' for key, image in keys.items())]


def _text_end(node: Node) -> int:
    """Where the text of a value ends: comments that follow it may be inside of its node."""
    inner = [child for child in node.named_children if child.type != "comment"]
    return _text_end(inner[-1]) if inner else node.end_byte
