"""New, changed and lost items of the backend gallery.

The file is edited as text: it mixes two list indents and spells merges `!!merge <<`, which no
serialiser keeps.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from scaffold.backend.variants import IMAGE, REFINED_KEYS, VARIANTS, capabilities, serves
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.errors import UsageError
from scaffold.surfaces.base import Addition, Removal, majority, required
from scaffold.surfaces.gallery.items import (
    CHANNELS,
    DEVELOPMENT,
    IMAGE_KEYS,
    Item,
    capability_lines,
    of_development,
)
from scaffold.surfaces.gallery.reading import GalleryReader
from scaffold.surfaces.hardware import Hardware
from scaffold.surfaces.matrix.siblings import Outline
from scaffold.syntax.yaml import quote

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

UNKNOWN_LICENSE = "NOASSERTION"
"""SPDX for a license that nobody has stated."""


class GallerySurface(GalleryReader):
    """`backend/index.yaml`."""

    def delete(self, changes: ChangeSet, items: Iterable[Item]) -> None:
        """Plan items away."""
        for item in items:
            item.delete(changes)

    def development_text(self, anchor: str, name: str, keys: dict[str, str]) -> str:
        """A new development meta; `keys` maps capability keys to development images."""
        lines = [f"- !!merge <<: *{anchor}", f'  name: "{name}{DEVELOPMENT}"']
        return "\n".join([*lines, *capability_lines(keys)]) + "\n"

    def image_text(self, anchor: str, name: str, tag: str) -> str:
        """A new image item."""
        return "\n".join([f"- !!merge <<: *{anchor}", f'  name: "{name}"', *self._image_lines(tag)]) + "\n"

    def _image_lines(self, tag: str) -> list[str]:
        """What of an item says where its image is."""
        return [f'  uri: "{self.repository}:{tag}"', "  mirrors:", f"    - {self.mirror}:{tag}"]

    def add(self, addition: Addition) -> None:
        source = required(self.source, self.path, "the backend gallery")
        if not self.items:
            raise source.shape_error(None, "expected a list of gallery items")
        backend = addition.backend
        keys = self._capabilities(backend)
        anchor = self._free_anchor(backend)
        relative = addition.nearest({b for b in addition.kin if self.metas(b) and self.image_items(b)})
        after_meta, beside, after_images = self._places(relative)
        (name, tag), *others = self._image_values(backend)
        images = "".join(self.image_text(anchor, *other) for other in others)
        if name == backend.known_as:  # the only image, which users choose itself
            addition.insert(self.path, after_meta, _meta(backend, anchor, self._image_lines(tag)))
        else:
            development = self.development_text(anchor, backend.known_as, of_development(keys))
            meta = _meta(backend, anchor, capability_lines(keys))
            images = ("" if beside else development) + self.image_text(anchor, name, tag) + images
            addition.insert(self.path, after_meta, meta + (development if beside else ""))
            self._announce_metas(addition, keys)
        addition.insert(self.path, after_images, f"{self._header()}{backend.name}\n{images}")
        self._announce_images(addition)

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
            raise UsageError(
                f"{self.path} has no {'meta' if images else 'image'} of {backend.name} to stand beside: write"
                f" its first images and their meta by hand; `scaffold show {backend.name}` says what it has"
            )
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
            for twin, ending in self.twins(meta):
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
        keys = self._capabilities(replace(backend, variants=tuple(everything)))
        for key, variant in capabilities(set(everything)).items():
            for other in self.by_tag_suffix.get(built.get(variant, ""), ()):
                if key in keys and other not in items and other.channel == CHANNELS[""]:
                    keys[key] = other.name
        anchor = next((item.anchor for item in items if item.anchor), backend.name)
        for item in items:
            ending = item.name.removeprefix(backend.name)
            variant = self.matrix.by_tag_suffix[item.tag_suffix].variant or everything[0]
            leading = {key: f"{image}{ending}" for key, image in keys.items()}
            head = "".join(f"{line}\n" for line in capability_lines(leading))
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
        for key, image in self._capabilities(addition.backend, meta.capabilities).items():
            present = keys.get(key)
            if key in first and first[key] not in added:
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
        text = self.development_text(meta.anchor or meta.name, meta.name, of_development(keys))
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
            channel = CHANNELS[DEVELOPMENT if meta.is_development else ""]
            for key, image in meta.capabilities.items():
                if image in names:
                    instead = by_variant.get(keys.get(key, ""), {}).get(channel)
                    if instead:
                        meta.set_value(removal.changes, instead, "capabilities", key)
                    else:
                        meta.drop_capability(removal.changes, key)

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

    def image_name(self, backend: Backend | Outline, variant: str) -> str:
        """Name of a variant's image item, as most siblings of its language spell it."""
        key = backend.lang, backend.on_builder_image, variant
        if key not in self._image_patterns:
            self._image_patterns[key] = self._image_pattern(backend, variant)
        return self._image_patterns[key].replace("{n}", backend.name)

    @cached_property
    def _image_patterns(self) -> dict[tuple[str, bool, str], str]:
        return {}

    def _image_pattern(self, backend: Backend | Outline, variant: str) -> str:
        siblings = {e.tag_suffix: e.backend for e in self.matrix.siblings(backend, VARIANTS[variant])}
        patterns = []
        for tag_suffix, owner in siblings.items():
            for item in self.by_tag_suffix.get(tag_suffix, ()):
                if item.channel == "latest" and item.name.endswith(f"-{owner}"):
                    patterns.append(f"{item.name[: -len(owner)]}{{n}}")
        return majority(patterns) or VARIANTS[variant].image

    def _named(self, backend: Backend, variant: str) -> str:
        """Name of a new image item: the chosen one, or it follows a tag suffix that was chosen."""
        if name := backend.given(variant, IMAGE):
            return name
        given = backend.given(variant, "tag-suffix")
        if given and given != VARIANTS[variant].tag_suffix.replace("{n}", backend.name):
            return given.removeprefix("-")
        return self.image_name(backend, variant)

    def _capabilities(self, backend: Backend, present: Collection[str] = ()) -> dict[str, str]:
        """Capability key -> image of a backend, beside keys that are there already."""
        keys = capabilities(set(backend.variants))
        plain = {key for variant in VARIANTS.values() for key in variant.capabilities[:1]}
        keys = {key: v for key, v in keys.items() if key in plain or key in self.capability_keys}
        keys |= dict(each.split("=") for each in backend.capabilities)
        if "default" not in {*keys, *present}:  # then a host that reports its toolkit would get nothing
            for vendor in [key for key in REFINED_KEYS if key in keys]:
                for key in (k for k in REFINED_KEYS[vendor] if k in Hardware(self.tree).reported):
                    keys.setdefault(key, keys[vendor])
        return {key: self._named(backend, variant) for key, variant in keys.items()}

    def _image_values(self, backend: Backend) -> Iterator[tuple[str, str]]:
        """Name and tag of each image item."""
        for variant in (name for name in VARIANTS if name in backend.variants):
            tag_suffix = self.matrix.tag_suffix(backend, VARIANTS[variant])
            for ending, channel in CHANNELS.items():
                yield f"{self._named(backend, variant)}{ending}", f"{channel}{tag_suffix}"

    def _announce_metas(self, addition: Addition, keys: dict[str, str]) -> None:
        """The values that inserted metas must have, as another parser reads them."""
        backend = addition.backend
        addition.expect(self.path, {"name": backend.known_as, "capabilities": keys})
        development = {"name": backend.known_as + DEVELOPMENT, "capabilities": of_development(keys)}
        addition.expect(self.path, development)

    def _announce_images(self, addition: Addition) -> None:
        """The values that inserted images must have."""
        for name, tag in self._image_values(addition.backend):
            image = {"name": name, "uri": f"{self.repository}:{tag}", "mirrors": [f"{self.mirror}:{tag}"]}
            addition.expect(self.path, image)


def _meta(backend: Backend, anchor: str, leading: list[str]) -> str:
    """The item that users choose; its last lines lead to images, or to its own."""
    owner = backend.upstream.partition("/")[0] or "mudler"
    lines = [
        f"- &{anchor}",
        f'  name: "{backend.known_as}"',
        f'  alias: "{backend.known_as}"',
        f"  license: {quote(backend.license or UNKNOWN_LICENSE, '')}",
        f"  icon: {quote(backend.icon or f'https://github.com/{owner}.png', '')}",
        "  description: |",
        *(f"    {line}".rstrip() for line in backend.text),
        "  urls:",
        *(f"    - {quote(url, '')}" for url in backend.urls or (backend.home,)),
        "  tags:",
    ]
    lines += [f"    - {quote(tag, '')}" for tag in tags(backend)]
    return "\n".join([*lines, *leading]) + "\n"


def tags(backend: Backend) -> tuple[str, ...]:
    """The gallery tags of a backend: the given ones, else those of its modality."""
    return backend.tags or tuple(dict.fromkeys(t for u in backend.uses for t in u.tags)) or ("backend",)
