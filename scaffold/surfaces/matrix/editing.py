"""New and lost entries of the CI build matrix.

An entry is written with the field order, the quoting and the values that most siblings of its variant
and language have at this checkout.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.backend.variants import DARWIN, VARIANTS, Variant, build_type
from scaffold.errors import ShapeError
from scaffold.surfaces.base import Addition, Removal, majority
from scaffold.surfaces.matrix.reading import AMD_RUNNER, ARCH_FIELDS, ARM_RUNNER, Entry
from scaffold.surfaces.matrix.siblings import Build, MatrixSiblings, clear
from scaffold.syntax.yaml import quote

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend


class MatrixSurface(MatrixSiblings):
    """Both matrices."""

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        for variant in backend.linux_variants:
            for leg in self.plan_legs(backend, VARIANTS[variant], addition.kin):
                leg.write(addition)
        if backend.darwin:
            self._plan_darwin(backend, addition.kin).write(addition)

    def remove(self, removal: Removal) -> None:
        self.remove_variants(removal, None)
        source = self._source(self.file)
        if source is not None:
            removal.drop_headers(source)

    def remove_variants(self, removal: Removal, variants: set[str] | None) -> None:
        """Plan a backend's entries of some variants away; of all, where none are named."""

        def goes(entry: Entry) -> bool:
            return entry.backend == removal.name and (variants is None or entry.variant in variants)

        for entries in (self.linux, self.darwin):
            for position, entry in enumerate(entries):
                if goes(entry):
                    follows_own = position > 0 and goes(entries[position - 1])
                    removal.drop(entry.source, entry.start, entry.end, follows_own=follows_own)

    def plan_legs(self, backend: Backend, variant: Variant, kin: tuple[str, ...]) -> list[Leg]:
        """The new Linux entries of one variant, each with its place."""
        if not self.linux:
            raise self._no_matrix("Linux")
        siblings = self.siblings(backend, variant)
        after = self._after(siblings or self.linux, kin)
        return [
            self._leg(backend, variant, arches, siblings, after)
            for arches in self._arch_legs(backend, variant)
        ]

    def tag_suffix(self, backend: Backend, variant: Variant) -> str:
        """Tag suffix of a variant's image, by the pattern that most siblings have."""
        if given := backend.given(variant.name, "tag-suffix"):
            return given
        patterns = (_pattern(e.tag_suffix, e.backend) for e in self.siblings(backend, variant))
        return (majority(p for p in patterns if p) or variant.tag_suffix).replace("{n}", backend.name)

    def _arch_legs(self, backend: Backend, variant: Variant) -> list[tuple[str, ...]]:
        """The architectures of each leg: one leg per architecture where this checkout has legs."""
        wanted = backend.arches(variant)
        split = any("platform-tag" in e.fields for e in self.linux)
        return [(arch,) for arch in wanted] if split else [wanted]

    def _leg(
        self,
        backend: Backend,
        variant: Variant,
        arches: tuple[str, ...],
        siblings: list[Entry],
        after: Entry,
    ) -> Leg:
        pool = [e for e in siblings if e.arches == arches] or siblings or self.linux
        split = len(backend.arches(variant)) > 1 and any("platform-tag" in e.fields for e in self.linux)
        usual = majority(tuple(k for k in e.shape if k != "platform-tag") for e in pool) or ()
        shape = [k for k in usual if k != "builder-base-image" or backend.on_builder_image]
        if split:
            shape.insert(shape.index("platforms") + 1, "platform-tag")
        model = next(e for e in reversed(pool) if set(usual) <= set(e.shape))
        fields = {field: self._value(field, backend, variant, arches, siblings) for field in shape}
        chosen = {field: backend.given(variant.name, field) or value for field, value in fields.items()}
        odd = [field for field in fields if chosen[field] != fields[field]]
        cuda = ".".join(chosen.get(f"cuda-{part}-version", "") for part in ("major", "minor"))
        image = chosen.get("base-image", "")
        if image == variant.toolkit_image and f":{cuda}" not in image and "base-image" not in odd:
            odd.append("base-image")  # which brings a newer CUDA than siblings install
        why = f"{backend.name}: on purpose not as siblings have it: {', '.join(odd)}" if odd else ""
        return Leg(chosen, {**self._usual_quotes, **model.quotes}, after, why)

    @cached_property
    def _usual_quotes(self) -> dict[str, str]:
        """Field -> quote, for fields that a model entry may lack."""
        return {field: quote for entry in self.linux for field, quote in entry.quotes.items()}

    def _value(
        self,
        field: str,
        backend: Backend,
        variant: Variant,
        arches: tuple[str, ...],
        siblings: list[Entry],
    ) -> str:
        if field == "backend":
            return backend.name
        if field == "dockerfile":
            return f"./backend/Dockerfile.{backend.dockerfile_type}"
        if field == "tag-suffix":
            return self.tag_suffix(backend, variant)
        if field == "platforms":
            return ",".join(f"linux/{arch}" for arch in arches)
        if field == "platform-tag":
            return arches[0]
        if field == "build-type":
            return build_type(variant, backend.lang)
        agreed = self.agreed(field, Build.planned(backend, variant, arches))
        if agreed is not None:
            return agreed
        if field == "context":
            alike = (e.fields.get(field) for e in self.linux if e.lang == backend.lang)
            return majority(value for value in alike if value is not None) or "./"
        usual = self._usual(field, backend, variant, arches)
        if field == "runs-on":
            # Which runner a build of this size needs, its twin with another toolkit version tells best.
            twins = [e for e in self.entries_of(backend.name) if e.linux and e.arches == arches]
            kind = build_type(variant, backend.lang)
            alike = (e.fields.get(field) for e in twins if kind and e.fields.get("build-type") == kind)
            usual = majority(runner for runner in alike if runner) or usual
        bare = backend.own_dockerfile and not backend.on_builder_image
        if field == "skip-drivers" and bare:  # which its Dockerfile reads where there is anything to install
            return str(variant.build_type in ("", "cublas")).lower()
        if field == "base-image" and bare and variant.toolkit_image:
            ready = [e for e in siblings if "nvidia/cuda" in e.fields.get("base-image", "")]
            return majority(e.fields["base-image"] for e in ready) or variant.toolkit_image
        return usual if usual is not None else self._default(field, variant, arches)

    def _usual(self, field: str, backend: Backend, variant: Variant, arches: tuple[str, ...]) -> str | None:
        """The value that is clear in the nearest circle of siblings; without one, their most frequent."""
        circles = self.widening(backend, variant)
        if field in ARCH_FIELDS:
            everything = [] if field == "builder-base-image" else [self.linux]  # it is of the toolkit, too
            circles = [[e for e in circle if e.arches == arches] for circle in (*circles, *everything)]
        told = (clear(field, circle) for circle in circles)
        nearest = next((circle for circle in circles if circle), [])
        return next(filter(None, told), None) or majority(
            e.fields[field] for e in nearest if field in e.fields
        )

    def _default(self, field: str, variant: Variant, arches: tuple[str, ...]) -> str:
        """Where no sibling of the variant tells: the table, then what the whole matrix does."""
        known = {
            "cuda-major-version": variant.cuda[0],
            "cuda-minor-version": variant.cuda[1],
            "base-image": variant.base_image,
            "runs-on": ARM_RUNNER if arches == ("arm64",) else AMD_RUNNER,
        }
        return (
            known[field]
            if field in known
            else majority(e.fields[field] for e in self.linux if field in e.fields) or ""
        )

    def _plan_darwin(self, backend: Backend, kin: tuple[str, ...]) -> Leg:
        if not self.darwin:
            raise self._no_matrix("Darwin")
        variant = VARIANTS[DARWIN]
        siblings = self.siblings(backend, variant)
        shape = majority(e.shape for e in siblings) or ()
        model = next(e for e in reversed(siblings) if e.shape == shape)
        fields = {
            field: majority(e.fields[field] for e in siblings if field in e.fields) or "" for field in shape
        }
        fields["backend"] = backend.name
        fields["tag-suffix"] = self.tag_suffix(backend, variant)
        return Leg(fields, model.quotes, self._after(siblings, kin))

    def _after(self, pool: list[Entry], kin: tuple[str, ...]) -> Entry:
        """The entry behind which new ones go: the last leg of the nearest relative's image."""
        own = (e for name in kin for e in reversed(pool) if e.backend == name)
        near = next(own, pool[-1])
        entries = self.linux if near.linux else self.darwin
        return next(e for e in reversed(entries) if e.tag_suffix == near.tag_suffix)

    def _no_matrix(self, which: str) -> ShapeError:
        path = self.file
        source = self._source(path)
        problem = f"expected the {which} build matrix: a list of entries with backend and tag-suffix"
        return (
            source.shape_error(None, problem) if source else ShapeError(path, None, f"is missing, {problem}")
        )


class Leg(NamedTuple):
    """A new entry: its fields in order, how each is quoted, and its place."""

    fields: dict[str, str]
    quotes: dict[str, str]
    after: Entry
    why: str = ""
    """What a comment says of it."""

    def write(self, addition: Addition) -> None:
        """Plan the insertion behind `after`."""
        source = self.after.source
        start = self.after.start
        indent = source.slice(source.line_start(start), start)
        text = f"{indent}# {self.why}\n" if self.why else ""
        for field, value in self.fields.items():
            lead = f"{indent}- " if field == next(iter(self.fields)) else f"{indent}  "
            text += f"{lead}{field}: {quote(value, self.quotes.get(field, ''))}\n"
        addition.insert(source.path, self.after.end, text)
        addition.expect(source.path, dict(self.fields))


def _pattern(tag_suffix: str, backend: str) -> str | None:
    """A tag suffix with `{n}` for the backend's name; None where it does not end in the name."""
    if not backend or not tag_suffix.endswith(f"-{backend}"):
        return None
    prefix = tag_suffix[: -len(backend)]
    return f"{prefix}{{n}}" if prefix != "-" else None
