"""Tags of the build matrix: each entry pushes its image under one that is its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from scaffold.backend.variants import VARIANTS, toolkit
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.matrix.reading import Entry

Users = Mapping[tuple[object, str], Collection[str]]
"""Convention -> the backends that have an entry of it."""


class MatrixDuplicateTag(Rule):
    """No two entries share tag suffix and platform tag.

    Why: together they are the name of the image and of its build cache. Two jobs that push one tag
    overwrite each other, and the user gets whichever finished last.

    Fails:

        - tag-suffix: '-cpu-rookery'
          backend: "rookery"
        - tag-suffix: '-cpu-rookery'
          backend: "nest-store"

    Passes:

        - tag-suffix: '-cpu-rookery'
          platform-tag: 'amd64'
        - tag-suffix: '-cpu-rookery'
          platform-tag: 'arm64'

    Fix: give the entry that was copied its own tag suffix or platform tag.
    """

    severity = Severity.error
    explained_by = ("matrix-tag-suffix",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where the tag suffix of a copied entry still names the other backend."""
        return cause.subject.split(" ")[0] == finding.subject.split("/")[0]

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose pair another entry has: of the two the one whose backend the tag does not name."""
        for entries in (registry.matrix.linux, registry.matrix.darwin):
            first: dict[tuple[str, str], Entry] = {}
            for entry in entries:
                key = (entry.tag_suffix, entry.fields.get("platform-tag", ""))
                other = first.setdefault(key, entry)
                if other is not entry:
                    copy, other = (other, entry) if not other.names_backend else (entry, other)
                    yield self.finding(
                        copy.at("tag-suffix"),
                        copy.backend,
                        "/".join(key),
                        f"tag suffix {copy.tag_suffix!r} with platform tag {key[1]!r} is that of "
                        f"an entry of {other.backend} too: the images overwrite each other",
                        (
                            "delete it"
                            if copy.fields == other.fields
                            else "give this entry the tag suffix and platform tag of its own backend and arch"
                        )
                        + f"; the other one is in line {other.line}",
                    )


class MatrixTagSuffix(Rule):
    """The tag suffix follows from the variant and ends in the backend's name.

    Why: the suffix is what the gallery joins on and what people read hardware from. A copied entry
    that keeps its model's suffix, or one whose build type was changed and the suffix not, publishes
    a CUDA image under a ROCm name.

    Fails:

        - build-type: 'hipblas'
          tag-suffix: '-gpu-nvidia-cuda-12-rookery'
          backend: "rookery"

    Passes:

        - build-type: 'hipblas'
          tag-suffix: '-gpu-rocm-hipblas-rookery'
          backend: "rookery"

    A spelling that at least two backends share is accepted as a convention. It is an error where users get
    another image than they ask for, or none: the suffix is another variant's or another backend's, or the
    gallery offers the right one. Legs of an image are one finding.

    Fix: write the suffix that the other entries of the variant have, with this backend's name.
    """

    severity = Severity.warning
    by_siblings = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose suffix no convention of their variant gives."""
        users: dict[tuple[object, str], set[str]] = defaultdict(set)
        entries = (*registry.matrix.linux, *registry.matrix.darwin)
        for entry in entries:
            users[_convention(entry)].add(entry.backend)
        told = set()
        for entry in entries:
            legs = entry.backend, entry.tag_suffix, entry.variant
            shared = len(users[_convention(entry)]) > 1
            if entry.backend not in registry.directories or legs in told:
                continue  # matrix-missing-directory says it
            told.add(legs)
            if entry.variant is None:
                if not shared:  # no variant of its time, such as CUDA 11
                    yield self._without_variant(entry)
            elif not (entry.names_backend and shared) and entry.tag_suffix != _usual(entry):
                wrong = _wrong(registry, entry, users)
                yield self.finding(
                    entry.at("tag-suffix"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.variant} {wrong.offered or ''}".strip(),
                    f"{entry.tag_suffix!r} is no tag suffix of a {entry.variant} build of {entry.backend}"
                    + (f", and the gallery offers {wrong.offered!r}" if wrong.offered else "")
                    + (f": it is one of {wrong.of}" if wrong.of else ""),
                    f"expected {wrong.offered or _usual(entry)!r}; or correct build-type, cuda version or "
                    "platforms",
                    severity=Severity.error if wrong.offered or wrong.of else None,
                )

    def _without_variant(self, entry: Entry) -> Finding:
        kind = " ".join(toolkit(entry.fields)).strip()
        return self.finding(
            entry.at("build-type"),
            entry.backend,
            entry.tag_suffix,
            f"no variant has build type {kind!r}",
            "use the build-type and the CUDA version of one of the variants that siblings have",
        )


class _Wrong(NamedTuple):
    """What is known of a tag suffix that does not fit its entry."""

    of: str | None
    """The backend whose name it has, or the variant whose builds have it."""
    offered: str | None
    """The right one, where the gallery offers that and not the one that is written."""


def _wrong(registry: Registry, entry: Entry, users: Users) -> _Wrong:
    named = backend_named(registry, entry.tag_suffix)
    stranger = named if named != entry.backend else None
    others = (
        f"{variant} builds"
        for (variant, prefix), backends in users.items()
        if prefix == _prefix(entry) and variant in VARIANTS and len(backends) > 1 and entry.names_backend
    )
    offers = registry.gallery.by_tag_suffix
    spellings = [f"{prefix}{entry.backend}" for variant, prefix in users if variant == entry.variant]
    right = next((suffix for suffix in (_usual(entry), *spellings) if suffix in offers), None)
    return _Wrong(
        stranger or next(others, None), right if stranger or entry.tag_suffix not in offers else None
    )


def backend_named(registry: Registry, tag_suffix: str) -> str | None:
    """The backend whose name a tag suffix ends in."""
    named = (name for name in registry.backends if tag_suffix.endswith(f"-{name}"))
    return max(named, key=len, default=None)


def meant_by(registry: Registry, entry: Entry) -> str:
    """The backend that an entry's tag suffix names in place of the one that it builds; "" for none."""
    return "" if entry.names_backend else backend_named(registry, entry.tag_suffix) or ""


def misspelt(registry: Registry) -> dict[str, str]:
    """Name in the matrix that no backend has -> the one backend that the tag suffixes of its entries name."""
    found: dict[str, set[str]] = defaultdict(set)
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        if entry.backend and registry.is_gone(entry.backend):
            found[entry.backend].add(meant_by(registry, entry))
    return {name: max(meant) for name, meant in found.items() if len(meant) == 1 and max(meant)}


def _usual(entry: Entry) -> str:
    """The tag suffix that most builds of an entry's variant have."""
    return VARIANTS[entry.variant].tag_suffix.replace("{n}", entry.backend) if entry.variant else ""


def _convention(entry: Entry) -> tuple[object, str]:
    """What an entry builds, and what stands before the backend's name in its tag suffix."""
    return entry.variant or toolkit(entry.fields), _prefix(entry)


def _prefix(entry: Entry) -> str:
    return entry.tag_suffix.removesuffix(entry.backend)
