"""Siblings: the entries among which a field of the build matrix is nearly always the same.

The writer takes the values of a new entry from them, and a rule calls an entry an outlier that differs
from them. Both ask here, so that what is written is what the rule expects.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scaffold.backend.variants import DARWIN, Variant
from scaffold.surfaces.matrix.reading import Entry, MatrixReader

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

CIRCLES = {
    "every image": ("tag-latest",),
    "language": ("context",),
    "variant": ("cuda-major-version", "cuda-minor-version", "ubuntu-version"),
    "toolkit": ("base-image",),
    "recipe": ("skip-drivers", "runs-on"),
    "macOS": ("build-type", "lang"),
}
"""What the entries of a circle have in common -> the fields that are then nearly always the same."""

ENOUGH = 3
"""Siblings that must agree before an entry that differs stands out."""

AGREEMENT = 2 / 3
"""Share of the siblings that must agree."""

TELLING = 6
"""Length from which on a value in a comment is no accident."""


class Circle(NamedTuple):
    """Entries that have something in common."""

    kind: str
    """One of CIRCLES."""
    of: tuple[object, ...] = ()


class Build(NamedTuple):
    """What an entry builds, or a new one is to build: by it its siblings are known."""

    lang: str
    variant: str | None
    arches: tuple[str, ...]
    recipe: str
    """What is built in the same way: a shared Dockerfile, builds on a builder image, or one backend."""
    chooses_image: bool
    """Whether its Dockerfile, its own, chooses the base image itself."""

    @classmethod
    def of(cls, entry: Entry) -> Build:
        """What a Linux entry builds."""
        own, prebuilt = entry.own_dockerfile, entry.prebuilt
        recipe = entry.dockerfile_type if not own else "prebuilt" if prebuilt else f"own {entry.backend}"
        return cls(entry.lang, entry.variant, entry.arches, recipe, own and not prebuilt)

    @classmethod
    def planned(cls, backend: Backend, variant: Variant, arches: tuple[str, ...]) -> Build:
        """What a new Linux entry is to build."""
        own, prebuilt = backend.own_dockerfile, backend.on_builder_image
        recipe = backend.dockerfile_type if not own else "prebuilt" if prebuilt else f"own {backend.name}"
        return cls(backend.lang, variant.name, arches, recipe, own and not prebuilt)

    @property
    def circles(self) -> Iterator[Circle]:
        """The circles that it belongs to."""
        yield Circle("every image")
        yield Circle("language", (self.lang,))
        yield Circle("variant", (self.variant, self.arches))
        if not self.chooses_image:
            yield Circle("toolkit", (self.variant, self.arches))
        yield Circle("recipe", (self.variant, self.arches, self.recipe))


class Outline(NamedTuple):
    """A backend by what its siblings are known by: cheaper than all of its answers."""

    name: str
    lang: str
    kind: str
    on_builder_image: bool


class MatrixSiblings(MatrixReader):
    """Both matrices, by what their entries have in common."""

    @cached_property
    def circles(self) -> dict[Circle, list[Entry]]:
        """Circle -> its entries, in file order."""
        found: dict[Circle, list[Entry]] = {}
        for entry in self.linux:
            for circle in Build.of(entry).circles:
                found.setdefault(circle, []).append(entry)
        for entry in self.darwin:
            found.setdefault(Circle("macOS", (self.darwin_lang(entry),)), []).append(entry)
        return found

    def agreed(self, field: str, build: Build) -> str | None:
        """The value of a field that nearly all siblings of a build have; None where they do not agree."""
        circle = next((circle for circle in build.circles if field in CIRCLES[circle.kind]), None)
        return usual(field, self.circles.get(circle, ())) if circle else None

    def siblings(self, backend: Backend | Outline, variant: Variant) -> list[Entry]:
        """The existing entries of a variant, of the nearest circle that has any."""
        return next((circle for circle in self.widening(backend, variant) if circle), [])

    def widening(self, backend: Backend | Outline, variant: Variant) -> list[list[Entry]]:
        """The existing entries of a variant: of the kind, of the language, of all native ones, of all."""
        key = backend.lang, backend.on_builder_image, variant.name
        if key not in self._widening:
            self._widening[key] = self._widened(*key)
        return self._widening[key]

    @cached_property
    def _widening(self) -> dict[tuple[str, bool, str], list[list[Entry]]]:
        return {}

    def _widened(self, lang: str, on_builder_image: bool, variant: str) -> list[list[Entry]]:
        if variant == DARWIN:
            same_lang = [e for e in self.darwin if self.darwin_lang(e) == lang]
            return [same_lang, [e for e in self.darwin if "lang" in e.fields]]
        of_variant = [e for e in self.linux if e.variant == variant]
        same_lang = [e for e in of_variant if e.lang == lang]
        same_kind = [e for e in same_lang if e.prebuilt == on_builder_image]
        native = [e for e in of_variant if e.lang != "python"] if lang != "python" else []
        return [same_kind if lang == "cpp" else [], same_lang, native, of_variant]


def usual(field: str, siblings: Sequence[Entry]) -> str | None:
    """The value of nearly all siblings; None where they do not agree."""
    siblings = [entry for entry in siblings if not explains(entry, field)]
    values = Counter(entry.fields.get(field) for entry in siblings)
    value, count = values.most_common(1)[0] if values else (None, 0)
    # On a CPU no step reads skip-drivers, so there only an entry that stands quite alone is odd.
    idle = field == "skip-drivers" and siblings and siblings[0].variant == "cpu"
    if idle and siblings[0].own_dockerfile:
        return None
    enough = len(siblings) - 1 if idle else AGREEMENT * len(siblings)
    return value if count >= ENOUGH and count >= enough else None


def clear(field: str, siblings: Sequence[Entry]) -> str | None:
    """The value that most siblings have, of more than one backend; None where that is no one value."""
    told = {(e.backend, e.fields[field]) for e in siblings if field in e.fields and not explains(e, field)}
    (value, count), (_, next_count) = (*Counter(v for _, v in told).most_common(2), ("", 1), ("", 1))[:2]
    return value if count > next_count else None


def explains(entry: Entry, field: str) -> bool:
    """Whether a comment at an entry says why a field of it is as it is: then it is this entry's alone.

    It names the field, or its value where that is more than a digit; of a runner it speaks.
    """
    said, value = _said(entry), entry.fields.get(field)
    named = field in said or (field == "runs-on" and "runner" in said)
    return named or (value is not None and len(value) >= TELLING and value in said)


@lru_cache(maxsize=2048)
def _said(entry: Entry) -> str:
    """The comments at an entry: asked for once for each of its fields, and in each state that has it."""
    return entry.said
