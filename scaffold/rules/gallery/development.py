"""Development metas: the same as their base, with the images of the development channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.gallery.capabilities import (
    corrected_keys,
    known_keys,
    target_problem,
    wanted_keys,
    written,
)
from scaffold.rules.words import enumerated
from scaffold.surfaces.gallery.items import DEVELOPMENT, Item, of_development
from scaffold.syntax.source import Place


class GalleryDevMetaDrift(Rule):
    """A development meta has the keys of its base, each with the development image.

    Why: the two lists are written by hand, one below the other, and the second is the one that is
    forgotten: users of the development channel get the CPU image on hardware that was added since.

    Fails:

        name: "rookery"              capabilities: default, nvidia
        name: "rookery-development"  capabilities: default

    Passes:

        both have default and nvidia, the second with "-development" behind each image

    What the base lacks itself is said there alone. The lines that a twin lacks are one finding.

    Fix: `scaffold check --fix` adds the line, or corrects the image.
    """

    severity = Severity.error
    fixable = True
    lists = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Development metas that differ from their base in more than the suffix."""
        gallery = registry.gallery
        for meta in gallery.items:
            twin = gallery.development_meta(meta) if meta.is_meta else None
            if twin is None or twin is meta:
                continue
            expected = of_development(meta.capabilities)
            if twin.capabilities != expected:
                yield from self._compare(registry, meta, twin, expected)

    def _compare(
        self, registry: Registry, meta: Item, twin: Item, expected: dict[str, str]
    ) -> Iterator[Finding]:
        gallery = registry.gallery
        known = known_keys(registry) if registry.hardware.reported else expected
        images = gallery.release_images(gallery.owner(meta))
        deserved = {*wanted_keys(registry, meta, images), *(["default"] if "cpu" in images else ())}
        lacking: dict[bool, dict[str, str]] = defaultdict(dict)
        for key in dict.fromkeys((*expected, *twin.capabilities)):
            image, right = twin.capabilities.get(key), expected.get(key)
            told = (
                key not in known or target_problem(registry, meta, meta.capabilities[key]) is not None
                if right is not None
                else key in deserved
            )
            if image == right or told or (image and target_problem(registry, twin, image)):
                continue
            if image is None and right is not None:
                lacking[right in gallery.by_name][key] = right
                continue
            if right is None:
                message = f"{twin.name} has {key}, {meta.name} has it not"
                do = f"give {meta.name} the key {key} too"
            else:
                message = f"{twin.name}: {key} names {image!r}, expected {right!r}"
                do = f'write {key}: "{right}"'
            fix = partial(_repeat, meta, twin, {key: right}) if right in gallery.by_name else None
            place = twin.at("capabilities", key)
            yield self.finding(place, gallery.owner(meta), f"{twin.name}:{key}", message, do, fix=fix)
        for offered, keys in lacking.items():
            yield self.finding(
                twin.last_capability,
                gallery.owner(meta),
                f"{twin.name} {' '.join(keys)}",
                f"{twin.name} has no {enumerated([*keys], 'or')}, {meta.name} has "
                + ("them" if len(keys) > 1 else "it"),
                f"add {written(keys)}",
                fix=partial(_repeat, meta, twin, keys) if offered else None,
            )


def _repeat(meta: Item, twin: Item, images: dict[str, str], changes: ChangeSet) -> None:
    """Give a twin keys of its base: in the same place among the others, where it lacks them."""
    keys = [*meta.capabilities]
    for key, image in images.items():
        if key in twin.capabilities:
            twin.set_value(changes, image, "capabilities", key)
            continue
        before = next((k for k in reversed(keys[: keys.index(key)]) if k in twin.capabilities), None)
        twin.add_capability(changes, key, image, before)


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
    explained_by = ("gallery-image-missing", "gallery-meta-name", "importer-unknown-backend")

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the gallery has none of the development images either, or the meta has another name."""
        if cause.rule == "gallery-image-missing":
            return " has no " in finding.message
        return finding.subject != finding.backend

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Base metas without the twin, of backends that are built."""
        gallery = registry.gallery
        for name in registry.names:
            development = [i for i in gallery.image_items(name) if i.is_development]
            built = development or registry.matrix.entries_of(name)
            count = len(development) or "no"
            for meta in gallery.base_metas(name) if built else ():
                if meta.is_meta and meta.name and f"{meta.name}{DEVELOPMENT}" not in gallery.by_name:
                    keys = corrected_keys(registry, meta)
                    complete = all(image in gallery.by_name for image in of_development(keys).values())
                    complete = complete and keys.keys() <= known_keys(registry)
                    add = partial(gallery.add_development_meta, meta=meta, keys=keys)
                    yield self.finding(
                        Place(meta.path, meta.last_line),
                        name,
                        meta.name,
                        f"{meta.name} has {count} development images and no development meta",
                        f"add {meta.name}{DEVELOPMENT} with the same keys, each image with {DEVELOPMENT}",
                        fix=add if complete else None,
                    )
