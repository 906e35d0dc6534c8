"""The backend gallery, `backend/index.yaml`: what a user can install.

A backend has a meta (an anchored item whose `capabilities` map hardware to images), a
`-development` meta, and one image item per variant in each channel: `latest` for releases,
`master` under a name that ends in `-development`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property, lru_cache

from scaffold.checkout.tree import Tree
from scaffold.surfaces.base import FileSurface, Registration, majority
from scaffold.surfaces.gallery.items import CHANNELS, DEVELOPMENT, Item
from scaffold.surfaces.gallery.loading import Refusal, is_ordinary
from scaffold.surfaces.matrix.editing import MatrixSurface
from scaffold.surfaces.parts import Part, fields
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import YamlItem, read

SINCE = {"capabilities": "2025-07-03", "mirrors": "2025-07-25"}
"""Field -> the day since which items have it, where they have not always."""
FIELDS = (
    "name",
    "alias",
    "capabilities",
    "description",
    "icon",
    "license",
    "mirrors",
    "tags",
    "uri",
    "urls",
)
"""What items say."""
DEFAULT_REPOSITORY = "quay.io/go-skynet/local-ai-backends"
DEFAULT_MIRROR = "localai/localai-backends"


@lru_cache(maxsize=16)
def _items(source: YamlSource) -> list[Item]:
    """The items of a file; two states of a repository share them. One without a name has that of its meta."""
    items = [Item.of(item) for item in read(source)]
    named = {item.anchor: item.name for item in items if item.anchor}
    for item in items:
        item.name = item.name or named.get(item.merges or "", "")
    return items


def refusals(source: YamlSource, items: Sequence[YamlItem]) -> list[Refusal]:
    """What LocalAI refuses of a gallery whose items were read before, in file order."""
    if is_ordinary(source, items):
        return []
    from scaffold.surfaces.gallery.decoding import decoded

    return decoded(source)


class GalleryReader(FileSurface):
    """What the gallery says."""

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
        return _items(self.source) if self.source is not None else []

    @property
    def parts(self) -> Iterable[Part]:
        yield Part(self.path, "gallery item", len(self.items), line=self.items[0].line if self.items else 0)
        rows = (item.item.fields for item in self.items)
        yield from fields(self.path, "a gallery item", FIELDS, rows, SINCE)

    @property
    def refusals(self) -> list[Refusal]:
        """What LocalAI refuses when it loads the file, in file order."""
        return refusals(self.source, [item.item for item in self.items]) if self.source is not None else []

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
            built = {entry.tag_suffix for entry in self.matrix.entries_of(backend)}
            own = {suffix for suffix in built if self.matrix.by_tag_suffix[suffix].backend == backend}
            items = [item for tag_suffix in own for item in self.by_tag_suffix.get(tag_suffix, ())]
            self._images[backend] = sorted(items, key=lambda item: item.start)
        return self._images[backend]

    @cached_property
    def _images(self) -> dict[str, list[Item]]:
        return {}

    def release_images(self, backend: str) -> dict[str, str]:
        """Variant -> name of its release image, for the images of a backend that are built."""
        images: dict[str, str] = {}
        for item in self.image_items(backend):
            variant = self.matrix.by_tag_suffix[item.tag_suffix].variant
            if item.channel == CHANNELS[""] and variant:
                images.setdefault(variant, item.name)
        return images

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

    @cached_property
    def strayed(self) -> dict[int, tuple[Item, Item]]:
        """Offset of each development meta that merges another backend's meta -> it, and the meta of its name.

        All that it leads to is its namesake's: the anchor is wrong, not its capabilities.
        """
        found = {}
        for item in self.items:
            merged = self.by_anchor.get(item.merges or "")
            base = self.by_name.get(item.base_name) if item.is_development and item.is_meta else None
            if merged is None or base is None or not base.anchor or merged is base or item.uri:
                continue
            own, images = self.owner(base), [self.by_name.get(one) for one in item.capabilities.values()]
            if own != self.owner(merged) and all(i is not None and self.owner(i) == own for i in images):
                found[item.start] = item, base
        return found

    def twins(self, meta: Item) -> Iterator[tuple[Item, str]]:
        """A base meta and its development twin, each with the ending of its images."""
        yield meta, ""
        twin = self.development_meta(meta)
        if twin is not None:
            yield twin, DEVELOPMENT

    def owner(self, item: Item) -> str:
        """The backend that an item belongs to.

        An image is its matrix entry's where the tag names that backend; a meta its images'; what no entry
        builds goes with the rest of its meta, and a meta without any image is its namesake's.
        """
        entry = self.matrix.by_tag_suffix.get(item.tag_suffix) if item.uri else None
        if entry is not None and entry.names_backend:
            return entry.backend
        anchor = item.anchor or item.merges or ""
        if anchor not in self._owners:
            built = (
                self.matrix.by_tag_suffix[i.tag_suffix].backend
                for i in self.merging.get(anchor, ())
                if i.uri and i.tag_suffix in self.matrix.by_tag_suffix
            )
            meta = self.by_anchor.get(anchor, item)
            self._owners[anchor] = majority(built) or meta.base_name
        return self._owners[anchor]

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {}

    @cached_property
    def repository(self) -> str:
        """The repository that most images are pushed to."""
        return majority(i.repository for i in self.items if i.uri) or DEFAULT_REPOSITORY

    @property
    def own_images(self) -> Iterator[Item]:
        """The items whose image is in that repository."""
        return (item for item in self.items if item.repository == self.repository)

    @cached_property
    def mirror(self) -> str:
        """The mirror of that repository."""
        return majority(m.rpartition(":")[0] for i in self.items for m in i.mirrors) or DEFAULT_MIRROR

    @cached_property
    def mirrors(self) -> set[str]:
        """Every mirror that more than one item has."""
        counts = Counter(m.rpartition(":")[0] for item in self.items for m in item.mirrors)
        return {mirror for mirror, count in counts.items() if count > 1 and mirror}

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
