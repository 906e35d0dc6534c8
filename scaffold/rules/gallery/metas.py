"""Metas of the gallery: what users install, and LocalAI resolves to an image."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.backend.variants import capabilities
from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.gallery.capabilities import written
from scaffold.surfaces.gallery.items import Item, of_development


class GalleryMissingMeta(Rule):
    """Every backend that is built has a meta.

    Why: users install the meta and LocalAI picks the image for their hardware. Images without a meta
    appear as odd names that nobody installs.

    Fails:

        - name: "cpu-rookery"           # and no item has its name in capabilities

    Passes:

        - &rookery
          name: "rookery"
          capabilities:
            default: "cpu-rookery"

    Fix: write the meta; its license and its description nothing in the checkout says. Where there is an item
    with the words, which the images merge and which leads to none of them, `scaffold check --fix` adds its
    capabilities.
    """

    severity = Severity.error
    fixable = True
    explained_by = ("gallery-unreadable",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where images merge an anchor that is gone, the meta went with it."""
        return cause.subject.startswith("*")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with images or entries and without a meta."""
        gallery = registry.gallery
        for name, entries in registry.matrix.by_backend.items():
            metas = gallery.base_metas(name)
            if any(m.is_meta or m.uri for m in metas) or name not in registry.directories:
                continue
            images = gallery.image_items(name)
            keys = _deserved(registry, name)
            if metas and keys:
                yield self.finding(
                    metas[0].at("name"),
                    name,
                    "meta",
                    f"{name} is built, and {metas[0].name} leads to none of its images",
                    f"give it capabilities: {written(keys)}",
                    fix=partial(_lead, registry, metas[0], keys),
                )
            else:
                lacks = "no meta that offers it" if images else "nothing of it"
                draft = None if images else registry.drafted(name, gallery.path, gallery.add)
                yield self.finding(
                    images[0] if images else draft[0] if draft else entries[0],
                    name,
                    "meta",
                    f"{name} is built, and the gallery has {lacks}",
                    f"add a meta {name} with an anchor and capabilities to {gallery.path}"
                    + ("" if images else ", its -development twin and the images of both channels"),
                )


def _deserved(registry: Registry, name: str) -> dict[str, str]:
    """The capabilities that the images of a backend deserve, of those that the gallery knows."""
    images = registry.gallery.release_images(name)
    known = {"default", *registry.gallery.capability_keys}
    return {key: images[variant] for key, variant in capabilities(set(images)).items() if key in known}


def _lead(registry: Registry, meta: Item, keys: dict[str, str], changes: ChangeSet) -> None:
    """Give a meta without capabilities those of its images, and its development twin too."""
    gallery = registry.gallery
    meta.begin_capabilities(changes, keys)
    twin, images = gallery.development_meta(meta), of_development(keys)
    if all(image in gallery.by_name for image in images.values()):
        if twin is None:
            gallery.add_development_meta(changes, meta, keys)
        elif not twin.is_meta:
            twin.begin_capabilities(changes, images)


class GalleryImageAsMeta(Rule):
    """The item that stands for a backend with several images is no image itself.

    Why: LocalAI chooses by `capabilities` only where an item has no `uri`. An item with both is always
    that one image, whatever the hardware: LocalAI's mlx family was installed as the macOS build on
    Linux. An item with a `uri` alone chooses nothing: opus, piper, silero-vad and three others gave
    Macs a Linux image although the macOS one was built (#9813, #10299).

    Fails: a matrix that also builds `-metal-darwin-arm64-rookery`, and

        - &rookery
          name: "rookery"
          uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    Passes:

        - &rookery
          name: "rookery"
          capabilities:
            default: "cpu-rookery"
            metal: "metal-rookery"
        - !!merge <<: *rookery
          name: "cpu-rookery"
          uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    A backend with a single image may offer it under its own name.

    Fix: move uri and mirrors into an item of its own, named after its variant, and name it in the
    capabilities.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items with a uri that also have capabilities, or that should have them."""
        gallery = registry.gallery
        for item in gallery.items:
            if not item.uri or not (item.is_meta or item.anchor):
                continue
            owner = gallery.owner(item)
            others = {i.tag_suffix for i in gallery.image_items(owner)} - {item.tag_suffix}
            if item.is_meta or others:
                yield self.finding(
                    item.at("uri"),
                    owner,
                    item.name,
                    f"{item.name} has a uri: LocalAI ignores its capabilities and always installs that image"
                    if item.is_meta
                    else f"{item.name} is one image, though {owner} has {len(others)} more: nothing chooses "
                    f"{min(others)!r} or its like where it fits",
                    "give the image an item of its own, and this one capabilities without uri and mirrors",
                )
