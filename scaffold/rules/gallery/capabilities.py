"""Capabilities of a meta: which image a host's hardware leads to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from scaffold.backend.variants import REFINED_KEYS, VARIANTS, capabilities, serves
from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.rules.words import enumerated
from scaffold.surfaces.gallery.items import CHANNELS, DEVELOPMENT, Item
from scaffold.surfaces.matrix.reading import Entry

CPU_KEYS = ("default", "cpu")
"""Keys by which a host without an accelerator is served, in LocalAI's order."""

FOREIGN_KEYS = ("nvidia", "amd", "intel")
"""Hardware that a Vulkan image may serve where there is no better one."""


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

    Lines of a meta that name one image are one finding.

    Fix: `scaffold check --fix` names the image that is meant, where one is built; else delete the line.
    """

    severity = Severity.error
    fixable = True
    lists = True
    explained_by = ("gallery-image-as-meta",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the meta is an image, which is to be the item that a capability names."""
        return finding.subject.split(" ")[0] == cause.subject

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Capabilities without an image, or with another backend's."""
        gallery = registry.gallery
        for meta in (item for item in gallery.items if item.start not in gallery.strayed):
            wrong: dict[tuple[str, str, str | None], list[str]] = {}
            for key, name in meta.capabilities.items():
                problem = target_problem(registry, meta, name)
                if problem and not (name not in gallery.by_name and _is_unoffered(registry, meta, name)):
                    right = _right_target(registry, meta, key, name)
                    wrong.setdefault((name, problem, right), []).append(key)
            for (name, problem, right), keys in wrong.items():
                several = len(keys) > 1
                yield self.finding(
                    meta.at("capabilities", keys[0]),
                    gallery.owner(meta),
                    f"{meta.name} {' '.join(keys)}",
                    f"{meta.name}: {enumerated(keys)} {'name' if several else 'names'} {name!r}, {problem}",
                    f"write {written(dict.fromkeys(keys, right))}"
                    if right
                    else f"name an image of this backend, or delete the {'lines' if several else 'line'}",
                    fix=partial(_set_targets, registry, meta, keys, right) if right else None,
                )


def _is_unoffered(registry: Registry, meta: Item, name: str) -> bool:
    """Whether a name is that of an image that is built and not offered: gallery-image-missing says it."""
    lacking = unoffered(registry, registry.gallery.owner(meta))
    return any(name == f"{image.name}{ending}" for image in lacking for ending in image.endings)


def _right_target(registry: Registry, meta: Item, key: str, name: str) -> str | None:
    """The image that a wrong capability means: its twin of the meta's channel, or what the base leads to."""
    gallery = registry.gallery
    ending = DEVELOPMENT if meta.is_development else ""
    stem = name.removesuffix(DEVELOPMENT)
    base = gallery.by_name.get(meta.base_name)
    right = [stem]
    if ending and base is not None:
        right.append(base.capabilities.get(key, ""))
    images = gallery.release_images(gallery.owner(meta))
    right.append(images.get(capabilities(set(images)).get(key, ""), ""))
    good = (f"{image}{ending}" for image in right if image and image != meta.base_name)
    return next((image for image in good if target_problem(registry, meta, image) is None), None)


def _set_targets(registry: Registry, meta: Item, keys: Sequence[str], image: str, changes: ChangeSet) -> None:
    """Correct capabilities; the development twin that lacks a key gets it too."""
    for key in keys:
        meta.set_value(changes, image, "capabilities", key)
        if not meta.is_development and f"{image}{DEVELOPMENT}" in registry.gallery.by_name:
            add_capability(registry, meta, key, image, changes)


class Unoffered(NamedTuple):
    """A built image that the gallery does not offer in every channel."""

    entry: Entry
    name: str
    """The name of its item, in the release channel."""
    endings: tuple[str, ...]
    """The endings of the names of the items that are missing."""


def unoffered(registry: Registry, backend: str) -> list[Unoffered]:
    """The images of a backend that the gallery does not offer in every channel."""
    gallery = registry.gallery
    found = []
    for tag_suffix in dict.fromkeys(entry.tag_suffix for entry in registry.matrix.entries_of(backend)):
        entry = registry.matrix.by_tag_suffix[tag_suffix]
        items = gallery.by_tag_suffix.get(tag_suffix, ())
        channels = {item.channel for item in items}
        channels |= {CHANNELS[DEVELOPMENT if item.is_development else ""] for item in items}
        endings = tuple(ending for ending, channel in CHANNELS.items() if channel not in channels)
        if endings and tag_suffix:
            new = gallery.image_name(registry.outline(backend), entry.variant) if entry.variant else ""
            found.append(Unoffered(entry, items[0].base_name if items else new, endings))
    return found


def target_problem(registry: Registry, meta: Item, name: str) -> str | None:
    """Why a capability of a meta must not name this item; None where it may."""
    gallery = registry.gallery
    image = gallery.by_name.get(name)
    if image is None:
        return "which is no gallery item"
    if not image.uri:
        return "which is a meta, not an image"
    owner, own = gallery.owner(image), gallery.owner(meta)
    if owner != own:
        return f"an image of {owner}"
    if meta.is_development != image.is_development:
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

    A meta with neither `default` nor `cpu` needs every refined key of a plain one that it has, whichever
    of its images that names: such a host finds nothing at all.

    A key may name another of the backend's images, such as Vulkan for hardware that has no image of
    its own; it must be there. The plain `nvidia-l4t` is not asked of a backend whose only Jetson image
    needs CUDA 13. The lines that a meta lacks are one finding.

    Fix: `scaffold check --fix` adds the line to the meta and to its development twin.
    """

    severity = Severity.error
    fixable = True
    lists = True
    explained_by = ("matrix-tag-suffix", "gallery-no-default")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """A key for another variant's image, where it is its entry that is not of its tag's variant.

        So is a refined key that a default would spare the same meta.
        """
        if cause.rule == "gallery-no-default":
            return finding.fix is None and finding.subject.split(" ")[0] == cause.subject
        variant = cause.subject.split(" ")[1:2]
        return ":" in finding.subject and finding.subject.split(" ")[1:] == variant

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Keys that a built image deserves and the meta does not have."""
        for name in registry.names if not registry.hardware.is_lost else ():
            images = registry.gallery.release_images(name)
            metas = [m for m in registry.gallery.base_metas(name) if m.is_meta]
            for meta in metas:
                yield from self._missing(registry, name, meta, images)

    def _missing(
        self, registry: Registry, name: str, meta: Item, images: dict[str, str]
    ) -> Iterator[Finding]:
        wanted: dict[str, str] = {}
        fixes: list[Fix] = []
        for key, image in wanted_keys(registry, meta, images).items():
            fix = partial(add_capability, registry, meta, key, image)
            unknown = _unknown_key_of(registry, meta, image)
            if unknown and key == _first_key(registry, image):
                if registry.hardware.reported and not _known_keys_of(registry, meta, image):
                    continue  # gallery-capability-unknown-key says it, where it stands
                fix = partial(_rename_key, registry, meta, unknown, key)
            wanted[key] = image
            fixes.append(fix)
        if wanted:
            built = [*dict.fromkeys(wanted.values())]
            yield self.finding(
                meta.last_capability,
                name,
                f"{meta.name} {' '.join(wanted)}",
                f"{_without(meta, [*wanted])}, though {enumerated(built)} "
                f"{'are' if len(built) > 1 else 'is'} built",
                f"add {written(wanted)} to its capabilities",
                fix=partial(_together, fixes),
            )
        yield from self._unresolved(registry, name, meta, images)
        variants = {image: variant for variant, image in images.items()}
        for key, variant in capabilities(set(images)).items():
            present = variants.get(meta.capabilities.get(key, ""))
            if not serves(present, key):
                yield self.finding(
                    meta.at("capabilities", key),
                    name,
                    f"{meta.name}:{key} {present}",
                    f"{meta.name}: {key} names the {present} image, though {images[variant]} is built",
                    f'set {key}: "{images[variant]}"',
                    fix=partial(_set_capability, registry, meta, key, images[variant]),
                )

    def _unresolved(
        self, registry: Registry, name: str, meta: Item, images: dict[str, str]
    ) -> Iterator[Finding]:
        """Refined keys that lead to nothing, though the plain one leads to an image."""
        if any(key in meta.capabilities for key in CPU_KEYS):
            return
        deserved = wanted_keys(registry, meta, images)
        unserved = {*registry.hardware.reported} - {*meta.capabilities, *deserved}
        for plain, refined in REFINED_KEYS.items():
            keys = [key for key in refined if plain in meta.capabilities and key in unserved]
            if keys:
                yield self.finding(
                    meta.at("capabilities", plain),
                    name,
                    f"{meta.name} {' '.join(keys)}",
                    f"{_without(meta, keys)}, though {plain} gets {meta.capabilities[plain]}",
                    f"add {enumerated(keys)} to its capabilities, with an image that runs there, "
                    "or a default",
                )


def written(keys: Mapping[str, str]) -> str:
    """Capabilities, key -> image, as they are to be written into a meta."""
    return ", ".join(f'{key}: "{image}"' for key, image in keys.items())


def _together(fixes: Sequence[Fix], changes: ChangeSet) -> None:
    for fix in fixes:
        fix(changes)


def wanted_keys(registry: Registry, meta: Item, images: dict[str, str]) -> dict[str, str]:
    """The keys that built images deserve and a meta lacks, each with its image."""
    expected = capabilities(set(images))
    wanted = {key: images[variant] for key, variant in expected.items() if key != "default"}
    wanted = _served_by_vulkan(meta, images) | wanted
    known = registry.gallery.capability_keys
    return {key: image for key, image in wanted.items() if key in known and key not in meta.capabilities}


def corrected_keys(registry: Registry, meta: Item) -> dict[str, str]:
    """The capabilities that a meta has once its keys without meaning are renamed and what lacks is added."""
    known, keys = known_keys(registry), {}
    for key, image in meta.capabilities.items():
        right = _first_key(registry, image) if key not in known else None
        keys[right if right and right not in meta.capabilities else key] = image
    images = registry.gallery.release_images(registry.gallery.owner(meta))
    return keys | {k: v for k, v in wanted_keys(registry, meta, images).items() if k not in keys}


def _unknown_key_of(registry: Registry, meta: Item, image: str) -> str | None:
    """The key without meaning that names an image, where one does."""
    known = known_keys(registry)
    return next((k for k, v in meta.capabilities.items() if v == image and k not in known), None)


def _known_keys_of(registry: Registry, meta: Item, image: str) -> list[str]:
    """The keys that some host reports and that name an image."""
    known = known_keys(registry)
    return [k for k, v in meta.capabilities.items() if v == image and k in known]


def _first_key(registry: Registry, image: str) -> str | None:
    """The key by which the variant of an image is found first; None for no image of the matrix."""
    item = registry.gallery.by_name.get(image)
    entry = registry.matrix.by_tag_suffix.get(item.tag_suffix) if item else None
    return VARIANTS[entry.variant].capabilities[0] if entry and entry.variant else None


def known_keys(registry: Registry) -> set[str]:
    """The keys that LocalAI reports for some host, or that a variant has."""
    return {*registry.hardware.reported, *(k for v in VARIANTS.values() for k in v.capabilities)}


def _served_by_vulkan(meta: Item, images: dict[str, str]) -> dict[str, str]:
    """The keys of a meta that gives foreign hardware its Vulkan image: then all of it, refined keys too."""
    vulkan = images.get("vulkan")
    served = [key for key in FOREIGN_KEYS if vulkan and meta.capabilities.get(key) == vulkan]
    if vulkan is None or len(served) < len(FOREIGN_KEYS) - 1:
        return {}
    keys = [*FOREIGN_KEYS, "nvidia-cuda-12", "nvidia-cuda-13"]
    if any(key.startswith("nvidia-l4t") and image == vulkan for key, image in meta.capabilities.items()):
        keys += ["nvidia-l4t", "nvidia-l4t-cuda-12", "nvidia-l4t-cuda-13"]
    return dict.fromkeys(keys, vulkan)


def _without(meta: Item, keys: Sequence[str]) -> str:
    """That a meta lacks keys, and what such hosts get now."""
    image = next((meta.capabilities[key] for key in CPU_KEYS if key in meta.capabilities), None)
    hosts = "such hosts get" if len(keys) > 1 else "such a host gets"
    return f"{meta.name} has no {enumerated(keys, 'or')}: {hosts} {image or 'nothing'}"


def add_capability(registry: Registry, meta: Item, key: str, image: str, changes: ChangeSet) -> None:
    """Give a meta and its development twin a key, where they lack it."""
    for twin, ending in registry.gallery.twins(meta):
        if key not in twin.capabilities:
            twin.add_capability(changes, key, f"{image}{ending}")


def _set_capability(registry: Registry, meta: Item, key: str, image: str, changes: ChangeSet) -> None:
    for twin, ending in registry.gallery.twins(meta):
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
        known = known_keys(registry)
        gallery = registry.gallery
        for meta in gallery.items:
            base = gallery.by_name.get(meta.base_name)
            for key, image in meta.capabilities.items():
                if key in known or (base is not None and base is not meta and key in base.capabilities):
                    continue
                others = _known_keys_of(registry, meta, image)
                right = _first_key(registry, image)
                missing = right is not None and right not in meta.capabilities
                yield self.finding(
                    meta.at("capabilities", key),
                    gallery.owner(meta),
                    f"{meta.name} {key}" if others else f"{meta.name} {key} alone",
                    f"{meta.name}: no host reports {key}"
                    + ("" if others else f", and nothing else leads to {image}"),
                    f"write {right} instead" if missing else "delete it",
                    fix=partial(_rename_key, registry, meta, key, right) if right and missing else None,
                    severity=Severity.info if others else Severity.error,
                )


def _rename_key(registry: Registry, meta: Item, old: str, new: str, changes: ChangeSet) -> None:
    for twin, _ in registry.gallery.twins(meta):
        twin.set_key(changes, old, new)
