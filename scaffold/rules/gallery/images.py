"""Images of the gallery: built, offered in both channels, and reached from every registry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from posixpath import commonprefix

from scaffold.backend.near import is_near
from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.gallery.capabilities import add_capability, unoffered, wanted_keys
from scaffold.rules.words import enumerated, some
from scaffold.surfaces.gallery.items import CHANNELS, DEVELOPMENT, Item


class GalleryImageNotBuilt(Rule):
    """The tag of every image item is built by some matrix entry.

    Why: the gallery offers the image, CI never made it, and the user meets `MANIFEST_UNKNOWN` when
    they install it. LocalAI had this reported in #5899, #6114, #9236 and #10939.

    Fails:

        - !!merge <<: *rookery
          name: "rocm-rookery"
          uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"
        # and no matrix entry with tag-suffix: '-gpu-rocm-hipblas-rookery'

    Passes:

        the same item, and an entry with tag-suffix: '-gpu-rocm-hipblas-rookery'

    A tag is reported once, at its first item.

    Fix: add the matrix entry, or delete the item and the capabilities that name it. Which of the two
    is meant, only a person knows. Where the tag is a letter away from one that is built and that nothing
    offers, write that one.
    """

    severity = Severity.error
    explained_by = ("matrix-missing-entry", "matrix-tag-suffix")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where no entry builds the backend, or one builds the image under a wrong tag suffix."""
        return cause.rule != "matrix-tag-suffix" or cause.subject.endswith(f" {finding.subject}")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose tag no entry has; images of other repositories are not LocalAI's to build."""
        if not registry.matrix.by_tag_suffix:
            return
        gallery = registry.gallery
        told = set()
        for item in gallery.items:
            ours = item.repository == gallery.repository
            built = item.tag_suffix in registry.matrix.by_tag_suffix
            if ours and not built and item.tag_suffix not in registry.other_tags:
                if item.tag_suffix in told:
                    continue
                told.add(item.tag_suffix)
                items = [
                    i for i in gallery.by_tag_suffix[item.tag_suffix] if i.repository == gallery.repository
                ]
                names = " and ".join(i.name for i in items)
                meant = _meant(registry, items)
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.tag_suffix,
                    f"{names} {'are' if items[1:] else 'is'} offered, but no matrix entry builds "
                    f"tag suffix {item.tag_suffix!r}",
                    f"write {meant}: that is what CI builds and no item offers"
                    if meant
                    else f"add an entry with tag-suffix: {item.tag_suffix!r} to {_where(registry, item)}, "
                    f"or delete {names} and what names {'them' if items[1:] else 'it'}",
                )
            elif item.uri and not ours and built:
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.name,
                    f"the uri of {item.name} is {item.uri!r}, and CI pushes that tag to {gallery.repository}",
                    f"expected {gallery.repository}:{item.tag}",
                )


def _where(registry: Registry, item: Item) -> str:
    """The file of the matrix, with the line of the backend's entry that is the most like one for an image."""
    entries = registry.matrix.entries_of(registry.gallery.owner(item))
    beside = max(
        entries, key=lambda entry: len(commonprefix((entry.tag_suffix, item.tag_suffix))), default=None
    )
    return registry.matrix.file + (f", as at line {beside.line}" if beside else "")


def _meant(registry: Registry, items: list[Item]) -> str:
    """The tags that nearly are those of items, built for their backend and offered by no item."""
    endings = {DEVELOPMENT if item.is_development else "" for item in items}
    for image in unoffered(registry, registry.gallery.owner(items[0])):
        suffix = image.entry.tag_suffix
        if is_near(suffix, items[0].tag_suffix) and endings <= {*image.endings}:
            return " and ".join(f"{CHANNELS[ending]}{suffix}" for ending in sorted(endings))
    return ""


class GalleryImageMissing(Rule):
    """Every tag that the matrix builds has its image item, in both channels.

    Why: CI spends hours on an image that no user can install. The development channel is forgotten
    most often: it has no user on the day of the release.

    Fails:

        - tag-suffix: '-gpu-vulkan-rookery'     # in the matrix, and no item with that tag

    Passes:

        uri: "<registry>/local-ai-backends:latest-gpu-vulkan-rookery"
        uri: "<registry>/local-ai-backends:master-gpu-vulkan-rookery"

    What a backend lacks is one finding. One that has no meta either is gallery-missing-meta's. The line is
    that of the item behind which the first one belongs.

    Fix: `scaffold check --fix` adds the items beside their twins or behind the backend's last image.
    """

    severity = Severity.error
    fixable = True
    lists = True
    explained_by = ("matrix-tag-suffix", "gallery-missing-meta", "gallery-image-not-built")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where nothing leads to images, or one is offered or built under a wrong tag suffix."""
        if cause.rule == "gallery-missing-meta":
            return True
        if cause.rule == "gallery-image-not-built":
            return {*finding.subject.split(" ")[1:]} <= {*re.findall(r"[^ :]+", cause.help)}
        wrong, _, right = cause.subject.partition(" ")
        return " " in right and any(tag.endswith(wrong) for tag in finding.subject.split(" "))

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Built tags without an item of some channel."""
        gallery = registry.gallery
        for backend, entries in registry.matrix.by_backend.items():
            lacking = unoffered(registry, backend)
            images = gallery.image_items(backend)
            if not lacking or not (images or gallery.base_metas(backend)):
                continue
            fix = partial(_complete_images, registry, backend) if all(e.variant for e in entries) else None
            tags = [f"{CHANNELS[e]}{image.entry.tag_suffix}" for image in lacking for e in image.endings]
            items = [f"{image.name}{ending}" for image in lacking for ending in image.endings]
            them = "them" if items[1:] else "it"
            beside = gallery.by_tag_suffix.get(lacking[0].entry.tag_suffix) or images
            yield self.finding(
                (beside or gallery.base_metas(backend))[-1].at("name"),
                backend,
                f"images {' '.join(tags)}",
                f"the matrix builds {_listed(tags)}, and no gallery item offers {them}"
                if images
                else f"the gallery has none of the {len(lacking)} images of {backend} that the matrix builds",
                f"add {_listed(items)} to {gallery.path}",
                fix=fix,
            )


FEW = 4
"""Names of images up to which a report lists all."""


def _listed(names: list[str]) -> str:
    return enumerated(names) if len(names) <= FEW else some(names, FEW)


def _complete_images(registry: Registry, backend: str, changes: ChangeSet) -> None:
    """Add every image item that a backend lacks, and what leads to it.

    The images of a backend are completed together: its development meta can name them only then.
    """
    gallery = registry.gallery
    images = gallery.release_images(backend)
    added = set()
    for entry, name, endings in unoffered(registry, backend):
        added.add(name)
        assert entry.variant is not None
        images.setdefault(entry.variant, name)
        twins = gallery.by_tag_suffix.get(entry.tag_suffix)
        beside = (twins or gallery.image_items(backend) or gallery.metas(backend))[-1]
        anchor = beside.merges or beside.anchor or backend
        for ending in endings:
            text = gallery.image_text(anchor, f"{name}{ending}", f"{CHANNELS[ending]}{entry.tag_suffix}")
            changes.insert(gallery.path, beside.end, text)
    first = not any(item.is_development for item in gallery.image_items(backend))
    for meta in gallery.base_metas(backend):
        if first and not meta.alias:  # by which the development images serve the backend's models
            meta.add_alias(changes, meta.name)
        if meta.is_meta:
            _complete_keys(registry, meta, images, added, changes)


def _complete_keys(
    registry: Registry, meta: Item, images: dict[str, str], added: set[str], changes: ChangeSet
) -> None:
    keys = wanted_keys(registry, meta, images)
    keys |= {key: image for key, image in meta.capabilities.items() if image in added}
    for key, image in keys.items():
        add_capability(registry, meta, key, image, changes)
    if registry.gallery.development_meta(meta) is None:
        registry.gallery.add_development_meta(changes, meta, meta.capabilities | keys)


class GalleryMirror(Rule):
    """Every image item has mirrors, and they carry the same tag as the uri.

    Why: LocalAI tries the mirrors when the first registry fails. A mirror with another tag installs
    another image on exactly the day on which nobody looks.

    Fails:

        uri: "<registry>/local-ai-backends:latest-cpu-rookery"
        mirrors:
          - localai/localai-backends:latest-cpu-lark

    Passes:

        mirrors:
          - localai/localai-backends:latest-cpu-rookery

    Fix: `scaffold check --fix` writes the mirror that the other items have, with this item's tag; not where
    the mirror's tag is built and the item's is not.
    """

    severity = Severity.error
    fixable = True
    explained_by = ("gallery-image-not-built",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where it is the uri that names no image."""
        return finding.fix is None and finding.help.endswith(cause.subject)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items of LocalAI's own images without mirrors, or with a wrong one."""
        gallery = registry.gallery
        for item in gallery.own_images:
            meant = f"{CHANNELS[DEVELOPMENT if item.is_development else '']}{item.tag_suffix}"
            tags = (item.tag, meant)  # gallery-channel-mismatch says where they differ
            wrong = [m for m in item.mirrors if m.rpartition(":")[2] not in tags or "/" not in m]
            strange = [m for m in item.mirrors if m.rpartition(":")[0] not in gallery.mirrors]
            if item.mirrors and not wrong and not strange:
                continue
            right = [f"{gallery.mirror}:{item.tag}"]
            built = registry.matrix.by_tag_suffix
            others = {f"-{mirror.rpartition(':')[2].partition('-')[2]}" for mirror in wrong}
            wrong_uri = item.tag_suffix not in built.keys() | registry.other_tags and others & built.keys()
            yield self.finding(
                item.at("mirrors" if item.mirrors else "uri"),
                gallery.owner(item),
                item.name,
                f"{item.name} has no mirrors"
                if not item.mirrors
                else f"mirror {(wrong or strange)[0]!r} of {item.name} is not its image",
                f"set its mirrors to {right[0]}",
                fix=None if wrong_uri else partial(item.set_mirrors, mirrors=right),
            )


class GalleryChannelMismatch(Rule):
    """Name and uri of an image speak of one channel.

    Why: `-development` is built from master, the other name from releases. A swapped pair gives
    everyone who asks for a release the build of last night.

    Fails:

        name: "cpu-rookery-development"
        uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    Passes:

        name: "cpu-rookery-development"
        uri: "<registry>/local-ai-backends:master-cpu-rookery"

    Fix: `scaffold check --fix` corrects the uri where its channel has no other item.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose name ends in the suffix of another channel."""
        gallery = registry.gallery
        for item in gallery.own_images:
            expected = CHANNELS[DEVELOPMENT if item.is_development else ""]
            if item.channel != expected:
                tag = f"{expected}{item.tag_suffix}"
                taken = any(i.channel == expected for i in gallery.by_tag_suffix.get(item.tag_suffix, ()))
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.name,
                    f"{item.name} is an item of channel {expected}, its uri has {item.channel or 'none'}",
                    f"set the tag of its uri to {tag}",
                    fix=None if taken else partial(_set_tag, item, f"{gallery.repository}:{tag}"),
                )


def _set_tag(item: Item, uri: str, changes: ChangeSet) -> None:
    item.set_value(changes, uri, "uri")
