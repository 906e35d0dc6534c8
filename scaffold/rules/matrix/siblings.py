"""Fields of the build matrix in which an entry differs from its siblings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scaffold.backend.variants import toolkit
from scaffold.pipeline.image_builds import ImageBuilds
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.matrix.reading import AMD_RUNNER, ARM_RUNNER, Entry
from scaffold.surfaces.matrix.siblings import CIRCLES, ENOUGH, explains, usual

OPTIONAL = {"platform-tag", "builder-base-image"}
"""Fields that an entry may lack: rules of their own say when."""

FEW = 1 / 10
"""Share of the siblings up to which those that lack a field stand out, one of them always."""


class MatrixOutlierField(Rule):
    """Base image, CUDA version, runner and their like agree with the siblings of the variant.

    Why: most wrong values were copied along from an outdated neighbour. In LocalAI five ROCm entries
    kept a base image that the other 29 had left, backend after backend.

    Fails:

        - build-type: 'hipblas'
          base-image: "rocm/dev-ubuntu-24.04:6.4.4"     # the siblings: 7.2.1

    Passes:

        - build-type: 'hipblas'
          base-image: "rocm/dev-ubuntu-24.04:7.2.1"

    Siblings are the entries of the same variant and architecture that use the same Dockerfile; a
    backend with a Dockerfile of its own chooses its base image itself. A field is fine where a comment
    at the entry names it or its value, a runner where a comment speaks of the runner. A base image that
    is newer than the siblings' is information: somebody went ahead, and the others may have to follow.
    `skip-drivers` is not compared where there is no toolkit to install: in CPU entries, and where a builder
    image or a base image with CUDA carries it. A field that nearly all entries of the language have, whatever
    its value, is missed where it is not.

    It is an error where the build certainly goes wrong: an entry without a base image whose Dockerfile begins
    with it, and one without a part of the CUDA version by which the toolkit's packages are named.

    Fix: use the siblings' value, or say in a comment why not.
    """

    severity = Severity.warning
    by_siblings = True
    explained_by = ("matrix-tag-suffix",)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """Where it is the build type of the entry that is another variant's."""
        return cause.severity is Severity.error and finding.subject.startswith(
            f"{cause.subject.partition(' ')[0]} "
        )

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Fields in which an entry stands alone against at least two thirds of its siblings."""
        told: set[tuple[Entry, str]] = set()
        lacking: list[tuple[Entry, str, object]] = []
        builds = registry.builds
        for circle, siblings in registry.matrix.circles.items():
            values = {field: usual(field, siblings) for field in CIRCLES[circle.kind]}
            for entry in siblings:
                for field, value in values.items():
                    if value is not None and entry.fields.get(field) != value:
                        told.add((entry, field))
                        yield from self._outlier(entry, field, value, needs(builds, entry, field))
            if circle.kind in ("language", "macOS"):
                lacking += [(entry, field, circle.of[0]) for entry, field in _lacking(siblings)]
        for entry, field, lang in lacking:
            if (entry, field) not in told:
                fatal = needs(builds, entry, field)
                yield self.finding(
                    entry,
                    entry.backend,
                    f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
                    f"{named(entry)} has no {field}, and nearly all {lang} entries have one{fatal}",
                    f"add {field}, as in the entries around it",
                    severity=Severity.error if fatal else None,
                )
        yield from self._strangers(registry)

    def _strangers(self, registry: Registry) -> Iterator[Finding]:
        """Values that no other entry has; a build type must itself be named by what excuses it."""
        matrix = registry.matrix
        build_types = Counter(entry.fields.get("build-type") for entry in (*matrix.linux, *matrix.darwin))
        for entry in matrix.darwin:
            own = entry.fields.get("build-type", "")
            named = own in entry.said
            if own and build_types[own] == 1 and not named and explains(entry, "build-type"):
                yield self._stranger(entry, "build-type", own)
        for field in ("base-image", "runs-on"):
            everywhere = Counter(e.fields[field] for e in matrix.linux if field in e.fields)
            for entry in matrix.linux:
                chooses = field == "runs-on" or (entry.own_dockerfile and not entry.prebuilt)
                if chooses and everywhere[entry.fields.get(field, "")] <= 1:
                    yield from self._unknown(entry, field)

    def _outlier(self, entry: Entry, field: str, expected: str, fatal: str) -> Iterator[Finding]:
        own = entry.fields.get(field)
        idle = field == "skip-drivers" and own is not None and not installs_toolkit(entry)
        if idle or (explains(entry, field) and not fatal):
            return
        variant = entry.variant or "?"
        ahead = field == "base-image" and _is_newer(own or "", expected)
        yield self.finding(
            entry.at(field),
            entry.backend,
            f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
            (
                f"{field} of {entry.tag_suffix} is {own!r}; most {variant} siblings have {expected!r}"
                if own is not None
                else f"{named(entry)} has no {field}; most {variant} siblings have {expected!r}"
            )
            + fatal,
            f"set {field}: {expected!r}"
            if fatal
            else f"use it for the siblings too, or say in a comment why {field} differs"
            if ahead
            else f"set {field}: {expected!r}, or say in a comment why {field} differs",
            severity=Severity.error if fatal else Severity.info if ahead else None,
        )

    def _unknown(self, entry: Entry, field: str) -> Iterator[Finding]:
        """A value that no other entry has: a runner, or an image that does not bring the entry's CUDA."""
        value = entry.fields.get(field, "")
        cuda = ".".join(entry.fields.get(f"cuda-{part}-version", "") for part in ("major", "minor"))
        brings_cuda = cuda != "." and f":{cuda}" in value
        if not (brings_cuda or value in (AMD_RUNNER, ARM_RUNNER) or explains(entry, field)):
            yield self._stranger(entry, field, value)

    def _stranger(self, entry: Entry, field: str, value: str) -> Finding:
        return self.finding(
            entry.at(field),
            entry.backend,
            f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
            f"{field} {value!r} of {entry.tag_suffix} is used by no other entry",
            f"use the {field} of another entry of this variant",
        )


def installs_toolkit(entry: Entry) -> bool:
    """Whether a build may install a toolkit: a CPU build has none, and a builder image carries it already.

    Where an entry for CUDA leaves it to its base image, matrix-cuda-toolkit looks at that.
    """
    left = toolkit(entry.fields)[0] == "cuda" and entry.fields.get("skip-drivers") == "true"
    return entry.variant != "cpu" and not left and not entry.fields.get("builder-base-image")


def needs(builds: ImageBuilds, entry: Entry, field: str) -> str:
    """What certainly happens where an entry has no value for a field, in words; "" where that is open."""
    dockerfile = entry.fields.get("dockerfile", "")
    if entry.fields.get(field):
        return ""
    if field == "base-image" and builds.starts_from(dockerfile, "BASE_IMAGE"):
        return ": docker refuses a Dockerfile that begins with the name of no image"
    part = _CUDA.get(field)
    installs = entry.fields.get("skip-drivers") == "false" and not entry.prebuilt
    if part and installs and toolkit(entry.fields)[0] == "cuda" and builds.installs_by(dockerfile, part):
        return ": the toolkit's packages are named by it, and apt finds none"
    return ""


_CUDA = {"cuda-major-version": "CUDA_MAJOR_VERSION", "cuda-minor-version": "CUDA_MINOR_VERSION"}
"""Field -> the build argument that names packages."""


def _lacking(siblings: list[Entry]) -> Iterator[tuple[Entry, str]]:
    """The entries that lack a field which nearly all siblings have."""
    present = Counter(field for entry in siblings for field in entry.fields)
    for field, count in present.items():
        few = len(siblings) - count <= max(1, FEW * len(siblings))
        if field not in OPTIONAL and count >= ENOUGH and few:
            yield from ((entry, field) for entry in siblings if field not in entry.fields)


def _is_newer(image: str, other: str) -> bool:
    """Whether an image is a later version of another one."""
    name, _, version = image.partition(":")
    other_name, _, other_version = other.partition(":")
    numbers, others = ([int(n) for n in re.findall(r"\d{1,9}", v)] for v in (version, other_version))
    return name == other_name and numbers > others


def named(entry: Entry) -> str:
    """An entry in words."""
    return entry.tag_suffix or "this entry"
