"""Rules about the backend gallery."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.backend.variants import VARIANTS, capabilities, serves
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.gallery.items import CHANNELS, DEVELOPMENT, Item

if TYPE_CHECKING:
    from scaffold.checkout.changes import ChangeSet
    from scaffold.registry import Registry

SUFFIX_OF_CHANNEL = {channel: ending for ending, channel in CHANNELS.items()}
CPU_KEYS = ("default", "cpu")
"""Keys by which a host without an accelerator is served, in LocalAI's order."""

FOREIGN_KEYS = ("nvidia", "amd", "intel")
"""Hardware that a Vulkan image may serve where there is no better one."""

METADATA = ("license", "description", "urls", "tags", "icon")


class GalleryImageNotBuilt(Rule):
    """The tag of every image item is built by some matrix entry.

    Why: the gallery offers the image, CI never made it, and the user meets `MANIFEST_UNKNOWN` when
    he installs it. LocalAI had this reported in #5899, #6114, #9236 and #10939.

    Fails:

        - !!merge <<: *rookery
          name: "rocm-rookery"
          uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"
        # and no matrix entry with tag-suffix: '-gpu-rocm-hipblas-rookery'

    Passes:

        the same item, and an entry with tag-suffix: '-gpu-rocm-hipblas-rookery'

    Fix: add the matrix entry, or delete the item and the capabilities that name it. Which of the two
    is meant, only a person knows.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose tag no entry has; images of other repositories are not LocalAI's to build."""
        if not registry.matrix.by_tag_suffix:
            return
        gallery = registry.gallery
        for item in gallery.items:
            ours = item.uri.rpartition(":")[0] == gallery.repository
            built = item.tag_suffix in registry.matrix.by_tag_suffix
            if ours and not built and item.tag_suffix not in registry.other_tags:
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.name,
                    f"{item.name} is offered, but no matrix entry builds tag suffix {item.tag_suffix!r}",
                    f"add an entry with tag-suffix: {item.tag_suffix!r} to {registry.matrix.file}, "
                    "or delete the item and what names it",
                )
            elif item.uri and not ours and built:
                yield self.finding(
                    item.at("uri"),
                    gallery.owner(item),
                    item.name,
                    f"the uri of {item.name} is {item.uri!r}, and CI pushes that tag to {gallery.repository}",
                    f"expected {gallery.repository}:{item.uri.rpartition(':')[2]}",
                )


class GalleryImageMissing(Rule):
    """Every tag that the matrix builds has its image item, in both channels.

    Why: CI spends hours on an image that no user can install. The development channel is forgotten
    most often: it has no user on the day of the release.

    Fails:

        - tag-suffix: '-gpu-vulkan-rookery'     # in the matrix, and no item with that tag

    Passes:

        uri: "<registry>/local-ai-backends:latest-gpu-vulkan-rookery"
        uri: "<registry>/local-ai-backends:master-gpu-vulkan-rookery"

    Fix: `scaffold check --fix` adds the item beside its twin or behind the backend's last image.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Built tags without an item of some channel."""
        gallery = registry.gallery
        for tag_suffix, entry in registry.matrix.by_tag_suffix.items():
            present = {item.channel: item for item in gallery.by_tag_suffix.get(tag_suffix, ())}
            for channel in CHANNELS.values():
                if channel not in present and tag_suffix:
                    yield self.finding(
                        entry,
                        entry.backend,
                        f"{channel}{tag_suffix}",
                        f"the matrix builds {channel}{tag_suffix}, and no gallery item offers it",
                        f"add an image item with that tag to {gallery.path}",
                        fix=partial(_complete_images, registry, entry.backend)
                        if entry.variant and gallery.image_items(entry.backend)
                        else None,
                    )


def _complete_images(registry: Registry, backend: str, changes: ChangeSet) -> None:
    """Add every image item that a backend lacks, and what leads to it.

    The images of a backend are completed together: its development meta can name them only then.
    """
    gallery = registry.gallery
    images = _images_by_variant(registry, backend)
    for entry in {e.tag_suffix: e for e in registry.matrix.entries_of(backend) if e.variant}.values():
        twins = gallery.by_tag_suffix.get(entry.tag_suffix, [])
        assert entry.variant is not None
        name = (
            twins[0].name.removesuffix(DEVELOPMENT)
            if twins
            else gallery.image_name(registry.describe(backend), entry.variant)
        )
        images.setdefault(entry.variant, name)
        beside = (twins or gallery.image_items(backend))[-1]
        anchor = beside.merges or beside.anchor or backend
        for ending, channel in CHANNELS.items():
            if channel not in {item.channel for item in twins}:
                text = gallery.image_text(anchor, f"{name}{ending}", f"{channel}{entry.tag_suffix}")
                changes.insert(gallery.path, beside.end, text)
    for meta in gallery.base_metas(backend):
        if meta.is_meta:
            _complete_keys(registry, meta, images, changes)


def _complete_keys(registry: Registry, meta: Item, images: dict[str, str], changes: ChangeSet) -> None:
    keys = _wanted_keys(registry, meta, images)
    for key, image in keys.items():
        _add_capability(registry, meta, key, image, changes)
    if registry.gallery.development_meta(meta) is None:
        registry.gallery.add_development_meta(changes, meta, meta.capabilities | keys)


class GalleryMissingMeta(Rule):
    """Every backend that is built has a meta, and every anchor that an item merges exists.

    Why: users install the meta and LocalAI picks the image for their hardware. Images without a meta
    appear as odd names that nobody installs; an undefined anchor makes the whole gallery unreadable.

    Fails:

        - !!merge <<: *rookery          # and no item has &rookery
          name: "cpu-rookery"

    Passes:

        - &rookery
          name: "rookery"
          capabilities:
            default: "cpu-rookery"

    Fix: `scaffold check --fix` writes a meta with what the matrix knows; complete its description.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with images or entries and without a meta."""
        gallery = registry.gallery
        for name, entries in registry.matrix.by_backend.items():
            metas = [m for m in gallery.base_metas(name) if m.is_meta or m.uri]
            if not metas and name:
                images = gallery.image_items(name)
                yield self.finding(
                    images[0] if images else entries[0],
                    name,
                    "meta",
                    f"{name} is built, and the gallery has no meta that offers it",
                    f"add an item with an anchor, a name and capabilities to {gallery.path}",
                    fix=partial(_add_meta, registry, name),
                )
        for anchor, items in gallery.merging.items():
            if anchor not in gallery.by_anchor:
                owner = gallery.owner(items[0])
                if owner not in registry.matrix.by_backend:
                    yield self.finding(
                        items[0],
                        owner,
                        anchor,
                        f"{len(items)} items merge *{anchor}, which no item defines",
                        f"define &{anchor} on the backend's meta, above the items that merge it",
                    )


def _add_meta(registry: Registry, name: str, changes: ChangeSet) -> None:
    registry.gallery.add_metas(registry.addition(name, changes))


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


class GalleryCapabilityTarget(Rule):
    """Each capability names an image of this backend, of the meta's own channel.

    Why: a key that names an item which does not exist leaves the users of that hardware without the
    backend; one that names another backend's image installs the wrong program.

    Fails:

        capabilities:
          nvidia: "cuda12-rokery"          # the image is cuda12-rookery

    Passes:

        capabilities:
          nvidia: "cuda12-rookery"

    Fix: name an image of the backend, or delete the line.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Capabilities without an image, or with another backend's."""
        gallery = registry.gallery
        for meta in gallery.items:
            for key, name in meta.capabilities.items():
                problem = _target_problem(registry, meta, name)
                if problem:
                    yield self.finding(
                        meta.at("capabilities", key),
                        gallery.owner(meta),
                        f"{meta.name} {key}",
                        f"{meta.name}: {key} names {name!r}, {problem}",
                        "name an image of this backend, or delete the line",
                    )


def _target_problem(registry: Registry, meta: Item, name: str) -> str | None:
    gallery = registry.gallery
    image = gallery.by_name.get(name)
    if image is None:
        return "which is no gallery item"
    if not image.uri:
        return "which is a meta, not an image"
    owner, own = gallery.owner(image), gallery.owner(meta)
    if owner != own:
        return f"an image of {owner}"
    if meta.name.endswith(DEVELOPMENT) != name.endswith(DEVELOPMENT):
        return "an image of the other channel"
    return None


class GalleryCapabilityMissing(Rule):
    """The hardware of every built variant finds its image, by the plain key and by the refined ones.

    Why: LocalAI looks up exactly the key that it detects, `nvidia-cuda-12` where that toolkit is
    installed, and falls back to `default`, not to `nvidia`. A missing refined key gives the owner of
    a GPU the CPU image without a word.

    Fails:

        capabilities:                      # and cuda12-rookery is built
          default: "cpu-rookery"
          nvidia: "cuda12-rookery"

    Passes:

        capabilities:
          default: "cpu-rookery"
          nvidia: "cuda12-rookery"
          nvidia-cuda-12: "cuda12-rookery"

    A key may name another of the backend's images, such as Vulkan for hardware that has no image of
    its own; it must be there. The plain `nvidia-l4t` is not asked of a backend whose only Jetson image
    needs CUDA 13.

    Fix: `scaffold check --fix` adds the line to the meta and to its development twin.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Keys that a built image deserves and the meta does not have."""
        for name in registry.names:
            images = _images_by_variant(registry, name)
            metas = [m for m in registry.gallery.base_metas(name) if m.is_meta]
            for meta in metas:
                yield from self._missing(registry, name, meta, images)

    def _missing(
        self, registry: Registry, name: str, meta: Item, images: dict[str, str]
    ) -> Iterator[Finding]:
        for key, image in _wanted_keys(registry, meta, images).items():
            fix = partial(_add_capability, registry, meta, key, image)
            unknown = _unknown_key_of(registry, meta, image)
            if unknown:
                fix = partial(_rename_key, registry, meta, unknown, key)
            yield self.finding(
                meta.at("capabilities"),
                name,
                f"{meta.name} {key}",
                f"{meta.name} has no {key}: such a host gets {_fallback(meta)}, though {image} is built",
                f'add {key}: "{image}" to its capabilities',
                fix=fix,
            )
        variants = {image: variant for variant, image in images.items()}
        for key, variant in capabilities(set(images)).items():
            present = variants.get(meta.capabilities.get(key, ""))
            if not serves(present, key):
                yield self.finding(
                    meta.at("capabilities", key),
                    name,
                    f"{meta.name} {key} {present}",
                    f"{meta.name}: {key} names the {present} image, though {images[variant]} is built",
                    f'set {key}: "{images[variant]}"',
                    fix=partial(_set_capability, registry, meta, key, images[variant]),
                )


def _wanted_keys(registry: Registry, meta: Item, images: dict[str, str]) -> dict[str, str]:
    """The keys that built images deserve and a meta lacks, each with its image."""
    expected = capabilities(set(images))
    wanted = {key: images[variant] for key, variant in expected.items() if key != "default"}
    wanted = _served_by_vulkan(meta, images) | wanted
    known = registry.gallery.capability_keys
    return {key: image for key, image in wanted.items() if key in known and key not in meta.capabilities}


def _unknown_key_of(registry: Registry, meta: Item, image: str) -> str | None:
    """The key without meaning that names an image, where one does."""
    known = _known_keys(registry)
    return next((k for k, v in meta.capabilities.items() if v == image and k not in known), None)


def _known_keys(registry: Registry) -> set[str]:
    return {*registry.hardware.reported, *(k for v in VARIANTS.values() for k in v.capabilities)}


def _images_by_variant(registry: Registry, name: str) -> dict[str, str]:
    """Variant -> name of its release image, for the images that are built."""
    images: dict[str, str] = {}
    for item in registry.gallery.image_items(name):
        variant = registry.matrix.by_tag_suffix[item.tag_suffix].variant
        if item.channel == "latest" and variant:
            images.setdefault(variant, item.name)
    return images


def _served_by_vulkan(meta: Item, images: dict[str, str]) -> dict[str, str]:
    """The keys of a meta that gives foreign hardware its Vulkan image: then all of it, refined keys too."""
    vulkan = images.get("vulkan")
    served = [key for key in FOREIGN_KEYS if vulkan and meta.capabilities.get(key) == vulkan]
    if vulkan is None or len(served) < len(FOREIGN_KEYS) - 1:
        return {}
    keys = [*FOREIGN_KEYS, *(["nvidia-cuda-12", "nvidia-cuda-13"])]
    if any(key.startswith("nvidia-l4t") and image == vulkan for key, image in meta.capabilities.items()):
        keys += ["nvidia-l4t", "nvidia-l4t-cuda-12", "nvidia-l4t-cuda-13"]
    return dict.fromkeys(keys, vulkan)


def _fallback(meta: Item) -> str:
    image = next((meta.capabilities[key] for key in CPU_KEYS if key in meta.capabilities), None)
    return image or "nothing"


def _twins(registry: Registry, meta: Item) -> Iterator[tuple[Item, str]]:
    """A meta and its development twin, each with the ending of its images."""
    yield meta, ""
    twin = registry.gallery.development_meta(meta)
    if twin is not None:
        yield twin, DEVELOPMENT


def _add_capability(registry: Registry, meta: Item, key: str, image: str, changes: ChangeSet) -> None:
    for twin, ending in _twins(registry, meta):
        if key not in twin.capabilities:
            twin.add_capability(changes, key, f"{image}{ending}")


def _set_capability(registry: Registry, meta: Item, key: str, image: str, changes: ChangeSet) -> None:
    for twin, ending in _twins(registry, meta):
        twin.set_value(changes, f"{image}{ending}", "capabilities", key)


class GalleryCapabilityUnknownKey(Rule):
    """Every capability key is one that LocalAI reports for some host.

    Why: a key that is never reported never matches. Where it is the only way to an image, the image
    is unreachable: `metal-darwin-arm64`, copied from a tag suffix, left Macs with the CPU image.

    Fails:

        capabilities:
          metal-darwin-arm64: "metal-rookery"

    Passes:

        capabilities:
          metal: "metal-rookery"

    An error where the key is the only one that names its image, else information.

    Fix: `scaffold check --fix` renames it to the key of the image's variant, or deletes nothing that is
    still needed.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Keys that `pkg/system/capabilities.go` does not know; the development meta goes with its base."""
        if not registry.hardware.reported:
            return
        known = _known_keys(registry)
        gallery = registry.gallery
        for meta in gallery.items:
            base = gallery.by_name.get(meta.name.removesuffix(DEVELOPMENT))
            for key, image in meta.capabilities.items():
                if key in known or (base is not None and base is not meta and key in base.capabilities):
                    continue
                others = [k for k, v in meta.capabilities.items() if v == image and k in known]
                right = self._right_key(registry, image)
                missing = right is not None and right not in meta.capabilities
                yield self.finding(
                    meta.at("capabilities", key),
                    gallery.owner(meta),
                    f"{meta.name} {key}",
                    f"{meta.name}: no host reports {key}"
                    + ("" if others else f", and nothing else leads to {image}"),
                    f"write {right} instead" if missing else "delete it",
                    fix=partial(_rename_key, registry, meta, key, right) if right and missing else None,
                    severity=Severity.info if others else Severity.error,
                )

    def _right_key(self, registry: Registry, image: str) -> str | None:
        item = registry.gallery.by_name.get(image)
        entry = registry.matrix.by_tag_suffix.get(item.tag_suffix) if item else None
        return VARIANTS[entry.variant].capabilities[0] if entry and entry.variant else None


def _rename_key(registry: Registry, meta: Item, old: str, new: str, changes: ChangeSet) -> None:
    for twin, _ in _twins(registry, meta):
        twin.set_key(changes, old, new)


class GalleryNoDefault(Rule):
    """A host without an accelerator finds the CPU image that is built.

    Why: LocalAI falls back to `default`, then to `cpu`. A meta with neither offers a machine without
    a GPU nothing, though its image is there.

    Fails:

        capabilities:                # and cpu-rookery is built
          nvidia: "cuda12-rookery"

    Passes:

        capabilities:
          default: "cpu-rookery"
          nvidia: "cuda12-rookery"

    Fix: `scaffold check --fix` adds `default` to the meta and to its development twin.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Metas of backends with a CPU image and without a key for it."""
        for name in registry.names:
            image = _images_by_variant(registry, name).get("cpu")
            metas = registry.gallery.base_metas(name) if image else ()
            fallbacks = {"default"} | ({"cpu"} & registry.hardware.reported)
            for meta in metas:
                if image and meta.is_meta and not fallbacks & set(meta.capabilities):
                    yield self.finding(
                        meta.at("capabilities"),
                        name,
                        meta.name,
                        f"{meta.name} has no default: a host without accelerator gets nothing, "
                        f"though {image} is built",
                        f'add default: "{image}" to its capabilities',
                        fix=partial(_add_capability, registry, meta, "default", image),
                    )


class GalleryDuplicateName(Rule):
    """No two items have one name.

    Why: LocalAI takes the first and never sees the second. A copied block whose name was not changed
    hides the backend that it was written for.

    Fails:

        - name: "cpu-rookery"
        - name: "cpu-rookery"

    Passes:

        - name: "cpu-rookery"
        - name: "cpu-rookery-development"

    Fix: rename the copy; `scaffold check --fix` deletes one that is equal to the first.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose name an earlier item has."""
        gallery = registry.gallery
        for item in gallery.items:
            first = gallery.by_name[item.name]
            if first is not item:
                same = gallery.item_text(first) == gallery.item_text(item)
                do = "delete the repetition" if same else "give it the name of its own variant and channel"
                yield self.finding(
                    item.at("name"),
                    gallery.owner(item),
                    item.name,
                    f"{item.name} is the name of an earlier item too: this one is never seen",
                    f"{do}; the other one is in line {first.line}",
                    fix=partial(gallery.delete, items=[item]) if same else None,
                )


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

    Fix: `scaffold check --fix` writes the mirror that the other items have, with this item's tag.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items of LocalAI's own images without mirrors, or with a wrong one."""
        gallery = registry.gallery
        for item in gallery.items:
            if not item.uri or item.uri.rpartition(":")[0] != gallery.repository:
                continue
            tag = item.uri.rpartition(":")[2]
            wrong = [m for m in item.mirrors if m.rpartition(":")[2] != tag or "/" not in m]
            strange = [m for m in item.mirrors if m.rpartition(":")[0] not in gallery.mirrors]
            if item.mirrors and not wrong and not strange:
                continue
            right = [f"{gallery.mirror}:{tag}"]
            yield self.finding(
                item.at("mirrors"),
                gallery.owner(item),
                item.name,
                f"{item.name} has no mirrors"
                if not item.mirrors
                else f"mirror {(wrong or strange)[0]!r} of {item.name} is not its image",
                f"set its mirrors to {right[0]}",
                fix=partial(item.set_mirrors, mirrors=right),
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
        for item in gallery.items:
            if not item.uri or item.uri.rpartition(":")[0] != gallery.repository:
                continue
            expected = CHANNELS[DEVELOPMENT if item.name.endswith(DEVELOPMENT) else ""]
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


class GalleryWrongMerge(Rule):
    """An image item merges the meta of its own backend.

    Why: what an item does not say itself it takes from the item that it merges: description, license,
    icon, tags. A copied block that still merges its model shows users another project.

    Fails:

        - !!merge <<: *lark
          name: "cpu-rookery"
          uri: "<registry>/local-ai-backends:latest-cpu-rookery"

    Passes:

        - !!merge <<: *rookery
          name: "cpu-rookery"

    Fix: merge the anchor of the backend's own meta.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Images that merge another anchor than most images of their backend, or none."""
        gallery = registry.gallery
        for name in registry.names:
            metas = {meta.anchor for meta in gallery.base_metas(name)}
            namesake = gallery.by_name.get(name)
            own = {namesake.anchor} if namesake is not None and namesake.anchor else metas
            for item in gallery.image_items(name):
                anchor = item.merges or item.anchor
                if own and anchor not in own and (item.merges is None or anchor in gallery.by_anchor):
                    expected = next(iter(sorted(filter(None, own))), name)
                    yield self.finding(
                        item,
                        name,
                        item.name,
                        f"{item.name} merges {f'*{anchor}' if anchor else 'nothing'}, not *{expected}",
                        f"write `- !!merge <<: *{expected}`",
                    )


class GalleryMetaName(Rule):
    """The meta is named after its backend.

    Why: importers, capability entries and model files name the meta; a meta under another name is
    found by none of them. A name that LocalAI's code uses and that is no other backend's is found, as
    `depth-anything` is, whose directory is `depth-anything-cpp`.

    Fails:

        - &rookery
          name: "rokery"

    Passes:

        - &rookery
          name: "rookery"

    Fix: name the meta like the directory.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas whose name is neither the backend's nor one that LocalAI's code uses."""
        importers = registry.importers
        used = {*importers.emitted, *(line.name for line in importers.pref_only)}
        used |= {entry.key for entry in registry.capabilities.entries}
        used -= {*registry.names}
        for name in registry.names:
            for meta in registry.gallery.base_metas(name):
                if meta.name not in {name, *used} and registry.gallery.by_name[meta.name] is meta:
                    yield self.finding(
                        meta.at("name"),
                        name,
                        meta.name,
                        f"the meta of {name} is named {meta.name!r}",
                        f"name it {name!r}, or nothing that names the backend finds it",
                    )


class GalleryDevMetaDrift(Rule):
    """A development meta has the keys of its base, each with the development image.

    Why: the two lists are written by hand, one below the other, and the second is the one that is
    forgotten: users of the development channel get the CPU image on hardware that was added since.

    Fails:

        name: "rookery"              capabilities: default, nvidia
        name: "rookery-development"  capabilities: default

    Passes:

        both have default and nvidia, the second with "-development" behind each image

    Fix: `scaffold check --fix` writes the list of the base.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Development metas that differ from their base in more than the suffix."""
        gallery = registry.gallery
        for meta in gallery.items:
            twin = gallery.development_meta(meta) if meta.is_meta else None
            if twin is None or twin is meta:
                continue
            expected = {key: f"{image}{DEVELOPMENT}" for key, image in meta.capabilities.items()}
            if twin.capabilities == expected:
                continue
            complete = all(image in gallery.by_name for image in expected.values())
            extra = twin.capabilities.keys() - expected.keys()
            fix = partial(twin.set_capabilities, capabilities=expected) if complete and not extra else None
            for key in sorted(expected.keys() | twin.capabilities.keys()):
                image, right = twin.capabilities.get(key), expected.get(key)
                if image != right:
                    yield self.finding(
                        twin.at("capabilities"),
                        gallery.owner(meta),
                        f"{twin.name} {key}",
                        f"{twin.name} has no {key}, {meta.name} has it"
                        if image is None
                        else f"{twin.name} has {key}, {meta.name} has it not"
                        if right is None
                        else f"{twin.name}: {key} names {image!r}, expected {right!r}",
                        f"give {meta.name} the key {key} too"
                        if right is None
                        else "repeat the capabilities of the base, each image with -development",
                        fix=fix,
                    )


class GalleryDevMetaMissing(Rule):
    """A backend with development images has a development meta.

    Why: without it the nightly images are built and stored, and nobody can install them by one name.

    Fails:

        - name: "cpu-rookery-development"      # and no item "rookery-development"

    Passes:

        - !!merge <<: *rookery
          name: "rookery-development"
          capabilities:
            default: "cpu-rookery-development"

    Fix: `scaffold check --fix` adds it behind the base meta.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas with development images and without the twin."""
        gallery = registry.gallery
        for name in registry.names:
            development = [i for i in gallery.image_items(name) if i.name.endswith(DEVELOPMENT)]
            for meta in gallery.base_metas(name):
                if meta.is_meta and development and f"{meta.name}{DEVELOPMENT}" not in gallery.by_name:
                    expected = {k: f"{v}{DEVELOPMENT}" for k, v in meta.capabilities.items()}
                    complete = all(image in gallery.by_name for image in expected.values())
                    complete = complete and expected.keys() <= _known_keys(registry)
                    add = partial(gallery.add_development_meta, meta=meta, keys=meta.capabilities)
                    yield self.finding(
                        meta,
                        name,
                        meta.name,
                        f"{meta.name} has {len(development)} development images and no development meta",
                        f"add {meta.name}{DEVELOPMENT} with the same keys, each image with {DEVELOPMENT}",
                        fix=add if complete else None,
                    )


class GalleryImageName(Rule):
    """The name of an image follows from its variant and ends in the backend's name.

    Why: LocalAI reads hardware from the names of installed images when it chooses between them, and
    people read them in the gallery.

    Fails:

        name: "cuda12-rookery"
        uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"

    Passes:

        name: "rocm-rookery"
        uri: "<registry>/local-ai-backends:latest-gpu-rocm-hipblas-rookery"

    A spelling that at least two backends use for a variant is accepted as a convention.

    Fix: rename the item and the capabilities that name it.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Items whose name no convention of their variant gives."""
        users: dict[tuple[str, str], set[str]] = defaultdict(set)
        found: list[tuple[Item, str, str, str]] = []
        for tag_suffix, items in registry.gallery.by_tag_suffix.items():
            entry = registry.matrix.by_tag_suffix.get(tag_suffix)
            if entry is None or entry.variant is None:
                continue
            for item in items:
                stem = item.name.removesuffix(DEVELOPMENT)
                prefix = stem.removesuffix(entry.backend)
                users[entry.variant, prefix].add(entry.backend)
                found.append((item, entry.backend, entry.variant, prefix))
        for item, backend, variant, prefix in found:
            expected = VARIANTS[variant].image.replace("{n}", backend)
            stem = item.name.removesuffix(DEVELOPMENT)
            convention = len(users[variant, prefix]) > 1 and stem.endswith(f"-{backend}")
            if stem != expected and not convention and not (stem == backend and not item.merges):
                single = stem == backend and registry.gallery.by_name.get(stem, item).uri
                if not single:
                    yield self.finding(
                        item.at("name"),
                        backend,
                        item.name,
                        f"{item.name} is the {variant} image of {backend}; siblings name it {expected!r}",
                        "rename it, with the capabilities that name it",
                    )


class GalleryAliasMissing(Rule):
    """A backend with development images has an alias.

    Why: a model asks for `rookery`. Where only `rookery-development` is installed, LocalAI finds it by
    the alias that both share; without one it reports that the backend is not there. LocalAI forgot it
    for opus (#9083) and whisperx (b7247fc14).

    Fails:

        - &rookery
          name: "rookery"
          capabilities: ...

    Passes:

        - &rookery
          name: "rookery"
          alias: "rookery"
          capabilities: ...

    Fix: `scaffold check --fix` adds the line; the images take it over by their merge.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas without alias whose backend has development images."""
        gallery = registry.gallery
        for name in registry.names:
            if not any(item.name.endswith(DEVELOPMENT) for item in gallery.image_items(name)):
                continue
            for meta in gallery.base_metas(name):
                if not meta.alias and gallery.by_name[meta.name] is meta:
                    yield self.finding(
                        meta.at("name"),
                        name,
                        meta.name,
                        f"{meta.name} has no alias: its development build does not serve its models",
                        f'add alias: "{meta.name}"',
                        fix=partial(meta.add_alias, alias=meta.name),
                    )


class GalleryMetadata(Rule):
    """A meta has license, description, urls, tags and icon.

    Why: it is all that a user sees before he installs a backend.

    Fails:

        - &rookery
          name: "rookery"
          capabilities: ...

    Passes:

        - &rookery
          name: "rookery"
          license: MIT
          icon: ...
          description: |
            What it does, for whom.
          urls:
            - https://github.com/example/rookery
          tags:
            - text-to-speech

    Fix: add what is missing.
    """

    severity = Severity.info

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas that lack some of them."""
        gallery = registry.gallery
        for meta in gallery.items:
            if meta.anchor and (meta.is_meta or meta.uri):
                lacking = [key for key in METADATA if key not in meta.item.fields]
                if lacking:
                    yield self.finding(
                        meta,
                        gallery.owner(meta),
                        f"{meta.name} {' '.join(lacking)}",
                        f"{meta.name} has no {', '.join(lacking)}",
                        "add what is missing: it is what users see in the gallery",
                    )


class GalleryLicenseSpelling(Rule):
    """A license is spelled as SPDX spells it, in any case.

    Why: tools that collect licenses know `apache-2.0`; `apache2` and `Apache License` they do not.

    Fails:

        license: apache2

    Passes:

        license: apache-2.0

    A name that no SPDX license comes near, such as a vendor's own, is left alone.

    Fix: `scaffold check --fix` writes the SPDX name.
    """

    severity = Severity.info
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Licenses that differ from an SPDX name only in punctuation or a word such as License."""
        gallery = registry.gallery
        for meta in gallery.items:
            license_name = meta.item.fields.get("license", "") if meta.anchor else ""
            spdx = _spdx(license_name) if license_name else None
            if spdx and spdx.lower() != license_name.lower():
                yield self.finding(
                    meta.at("license"),
                    gallery.owner(meta),
                    f"{meta.name} {license_name}",
                    f"{meta.name}: SPDX spells the license {license_name!r} {spdx!r}",
                    f"write license: {spdx}",
                    fix=partial(_set_license, meta, spdx),
                )


def _set_license(meta: Item, spdx: str, changes: ChangeSet) -> None:
    meta.set_value(changes, spdx, "license")


def _spdx(license_name: str) -> str | None:
    """The SPDX name that a license comes near; None where none does."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    words = re.sub(r"(?i)\b(?:the|licen[sc]e|version)\b", " ", license_name).replace("_", " ")
    dashed = re.sub(r"(?i)(?<=[a-z])[ -]*v?(?=\d)", "-", words.strip())
    dashed = re.sub(r"[\s,-]+", "-", dashed).strip("-")
    for candidate in (license_name, dashed, f"{dashed}.0", f"{dashed}-only"):
        try:
            return str(canonicalize_license_expression(candidate))
        except InvalidLicenseExpression:
            continue
    return None
