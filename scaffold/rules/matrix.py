"""Rules about the CI build matrix."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.backend.variants import VARIANTS
from scaffold.pipeline.image_builds import LINUX_BUILD, MATRIX_LIMIT
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.matrix.reading import AMD_RUNNER, ARCH_FIELDS, ARM_RUNNER, SHARED_DOCKERFILES, Entry
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.checkout.changes import ChangeSet
    from scaffold.pipeline.image_builds import BaseImage, Caller
    from scaffold.registry import Registry

CIRCLES = {
    "every image": ("tag-latest",),
    "language": ("context",),
    "variant": ("cuda-major-version", "cuda-minor-version", "ubuntu-version"),
    "toolkit": ("base-image",),
    "recipe": ("skip-drivers", "runs-on"),
    "macOS": ("build-type", "lang"),
}
"""Among which entries a field is nearly always the same: see `_circles`."""

ENOUGH = 3
"""Siblings that must agree before an entry that differs stands out."""

TELLING = 6
"""Length from which on a value in a comment is no accident."""

AGREEMENT = 2 / 3
"""Share of the siblings that must agree."""


OPTIONAL = {"platform-tag", "builder-base-image"}
"""Fields that an entry may lack: rules of their own say when."""

FEW = 1 / 10
"""Share of the siblings up to which those that lack a field stand out, one of them always."""


class MatrixMissingEntry(Rule):
    """Every backend directory has a matrix entry.

    Why: without an entry CI builds no image, and nobody is told. The user who installs the backend
    from the gallery meets `MANIFEST_UNKNOWN`. Directories that hold shared sources, such as
    `backend/python/common`, are recognised by what they hold: nothing that starts.

    Fails:

        backend/go/ds4/run.sh exists, and no entry of .github/backend-matrix.yml has
        backend: "ds4"

    Passes:

        - build-type: ''
          tag-suffix: '-cpu-ds4'
          backend: "ds4"
          dockerfile: "./backend/Dockerfile.golang"

    Fix: add one entry per variant and architecture beside the nearest relative, as
    `scaffold new-backend` does.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with a directory and no entry, on either system."""
        for name, lang in registry.backends.items():
            if not registry.matrix.entries_of(name):
                folder = f"backend/{lang}/{name}"
                yield self.finding(
                    Place(registry.first_file(name)),
                    name,
                    "entry",
                    f"no matrix entry builds {folder}",
                    f"add entries with backend: {name!r} to {registry.matrix.file}, one per variant and arch",
                )


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

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose pair an earlier entry has."""
        for entries in (registry.matrix.linux, registry.matrix.darwin):
            first: dict[tuple[str, str], Entry] = {}
            for entry in entries:
                key = (entry.tag_suffix, entry.fields.get("platform-tag", ""))
                earlier = first.setdefault(key, entry)
                if earlier is not entry:
                    yield self.finding(
                        entry.at("tag-suffix"),
                        entry.backend,
                        "/".join(key),
                        f"tag suffix {entry.tag_suffix!r} with platform tag {key[1]!r} is that of "
                        f"an entry of {earlier.backend} too: the images overwrite each other",
                        "give this entry the tag suffix and the platform tag of its own backend and arch; "
                        f"the other one is in line {earlier.line}",
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

    Fix: write the suffix that the other entries of the variant have, with this backend's name. A
    spelling that at least two backends share is accepted as a convention.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose suffix no convention of their variant gives."""
        users: dict[tuple[object, str], set[str]] = defaultdict(set)
        entries = (*registry.matrix.linux, *registry.matrix.darwin)
        for entry in entries:
            users[entry.variant or _toolkit(entry.fields), _prefix(entry)].add(entry.backend)
        for entry in entries:
            if entry.variant is None:
                kind = " ".join(_toolkit(entry.fields)).strip()
                if len(users[_toolkit(entry.fields), _prefix(entry)]) > 1:
                    continue  # a variant of its time, such as CUDA 11
                yield self.finding(
                    entry.at("build-type"),
                    entry.backend,
                    entry.tag_suffix,
                    f"no variant has build type {kind!r}",
                    "use the build-type and the CUDA version of one of the variants that siblings have",
                )
                continue
            expected = VARIANTS[entry.variant].tag_suffix.replace("{n}", entry.backend)
            ends = entry.tag_suffix.endswith(f"-{entry.backend}")
            shared = len(users[entry.variant, _prefix(entry)]) > 1
            if not (ends and shared) and entry.tag_suffix != expected:
                yield self.finding(
                    entry.at("tag-suffix"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.variant}",
                    f"{entry.tag_suffix!r} is no tag suffix of a {entry.variant} build of {entry.backend}",
                    f"expected {expected!r}; or correct build-type, cuda version or platforms",
                )


def _prefix(entry: Entry) -> str:
    return entry.tag_suffix.removesuffix(entry.backend)


class MatrixArchMismatch(Rule):
    """Platforms, platform tag, runner and builder image speak of one architecture.

    Why: an arm64 leg on an amd64 runner builds under emulation, for hours, or pushes an image of the
    wrong architecture under the right tag. Where a checkout builds one leg per architecture, an entry
    with two platforms is the emulated build that this replaced.

    Fails:

        - platforms: 'linux/arm64'
          platform-tag: 'arm64'
          runs-on: 'ubuntu-latest'

    Passes:

        - platforms: 'linux/arm64'
          platform-tag: 'arm64'
          runs-on: 'ubuntu-24.04-arm'

    Fix: `scaffold check --fix` corrects the field that stands alone against the others.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose fields name two architectures."""
        split = _splits_by_arch(registry.matrix.linux)
        for entry in registry.matrix.linux:
            votes = _arch_votes(entry)
            if len(entry.arches) > 1 and split:
                yield self.finding(
                    entry.at("platforms"),
                    entry.backend,
                    f"{entry.tag_suffix} platforms",
                    f"one entry builds {entry.fields['platforms']}: one of them under emulation",
                    "split it into one entry per architecture, each with its platform-tag and runner",
                )
            elif len(set(votes.values())) > 1:
                yield self._mismatch(entry, votes)

    def _mismatch(self, entry: Entry, votes: dict[str, str]) -> Finding:
        counts = Counter(votes.values()).most_common()
        arch = counts[0][0] if counts[0][1] > counts[-1][1] else votes.get("platforms", counts[0][0])
        wrong = [field for field in votes if votes[field] != arch]
        right = {
            "platforms": f"linux/{arch}",
            "platform-tag": arch,
            "runs-on": ARM_RUNNER if arch == "arm64" else AMD_RUNNER,
        }
        said = ", ".join(f"{field} {entry.fields[field]!r}" for field in votes)
        fields = [field for field in wrong if field in right]
        certain = counts[0][1] > counts[-1][1] and fields == wrong
        return self.finding(
            entry.at(wrong[0]),
            entry.backend,
            f"{entry.tag_suffix} {' '.join(wrong)}",
            f"{entry.tag_suffix} names two architectures: {said}",
            "; ".join(f"set {field}: {right[field]!r}" for field in fields)
            or f"use the {arch} builder image",
            fix=partial(_set_all, entry, {field: right[field] for field in fields}) if certain else None,
        )


def _splits_by_arch(entries: Iterable[Entry]) -> bool:
    """Whether a checkout builds its two-architecture images one leg per architecture, most of them."""
    whole = [entry for entry in entries if len(entry.arches) > 1]
    legs = Counter(entry.tag_suffix for entry in entries if entry.fields.get("platform-tag"))
    return 2 * sum(count > 1 for count in legs.values()) > len(whole)


def _set_all(entry: Entry, fields: dict[str, str], changes: ChangeSet) -> None:
    for field, value in fields.items():
        entry.set(changes, field, value)


def _arch_votes(entry: Entry) -> dict[str, str]:
    """Field -> the one architecture that it speaks of, for the fields that speak of one."""
    votes = {}
    if len(entry.arches) == 1:
        votes["platforms"] = entry.arches[0]
    if entry.fields.get("platform-tag"):
        votes["platform-tag"] = entry.fields["platform-tag"]
    runner = entry.fields.get("runs-on", "")
    if re.search(r"\barm(64)?\b", runner):
        votes["runs-on"] = "arm64"
    elif re.fullmatch(r"ubuntu-(latest|\d\d\.\d\d)", runner):
        votes["runs-on"] = "amd64"
    builder = re.search(r"-(amd64|arm64)$", entry.fields.get("builder-base-image", ""))
    if builder:
        votes["builder-base-image"] = builder[1]
    if "l4t-jetpack" in entry.fields.get("base-image", ""):
        votes["base-image"] = "arm64"
    return votes if len(entry.arches) < 2 else {}  # noqa: PLR2004 - two platforms are two architectures


class MatrixIncompletePair(Rule):
    """Both legs of a two-architecture image exist and differ only in the architecture's fields.

    Why: an entry with a platform tag pushes by digest, and a later job merges the legs into one tag.
    When a leg is forgotten, users of that architecture get `no matching manifest`; when the legs
    disagree in another field, the two halves of one image are different builds.

    Fails:

        - tag-suffix: '-cpu-rookery'
          platform-tag: 'arm64'
        # and no entry with platform-tag: 'amd64'

    Passes:

        - tag-suffix: '-cpu-rookery'
          platform-tag: 'amd64'
        - tag-suffix: '-cpu-rookery'
          platform-tag: 'arm64'

    A lone leg is fine where the comment above it says what became of the other architecture.

    Fix: copy the leg, change platforms, platform-tag, runs-on and builder-base-image.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Images with a lone leg, a leg without platform tag, or two different legs."""
        legs: dict[str, list[Entry]] = defaultdict(list)
        for entry in registry.matrix.linux:
            legs[entry.tag_suffix].append(entry)
        for tag_suffix, entries in legs.items():
            tagged = [entry for entry in entries if entry.fields.get("platform-tag")]
            if tagged and len(tagged) < len(entries):
                for entry in entries:
                    if entry not in tagged:
                        yield self.finding(
                            entry,
                            entry.backend,
                            f"{tag_suffix} untagged",
                            f"a leg of {tag_suffix} has no platform-tag: it is pushed on its own, not merged",
                            f"add platform-tag: {(entry.arches or ('amd64',))[0]!r} after platforms",
                        )
            elif len(tagged) == 1:
                yield from self._lone(tagged[0])
            elif len(tagged) > 1:
                yield from self._different(tagged)

    def _lone(self, entry: Entry) -> Iterator[Finding]:
        own = entry.fields["platform-tag"]
        other = "arm64" if own == "amd64" else "amd64"
        # Nobody means to leave amd64 out, whatever a comment says of it.
        if own != "amd64" or not _excuses(entry.comments, own, other):
            yield self.finding(
                entry.at("platform-tag"),
                entry.backend,
                f"{entry.tag_suffix} {other}",
                f"{entry.tag_suffix} has an {own} leg and no {other} leg",
                f"add the {other} leg, or drop platform-tag, or say above the entry why there is no {other}",
            )

    def _different(self, entries: list[Entry]) -> Iterator[Finding]:
        first = entries[0]
        for entry in entries[1:]:
            for field in dict.fromkeys((*first.fields, *entry.fields)):
                mine, other = entry.fields.get(field), first.fields.get(field)
                if mine != other and field not in ARCH_FIELDS:
                    yield self.finding(
                        entry.at(field),
                        entry.backend,
                        f"{entry.tag_suffix} {field}",
                        f"the legs of {entry.tag_suffix} differ in {field}: {mine!r} here, {other!r} in "
                        "another",
                        f"make them equal to line {first.at(field).line}: they are merged into one image",
                    )


def _excuses(comment: str, own: str, other: str) -> bool:
    """Whether a comment says why there is no leg for the other architecture."""
    reason = rf"(?i)\b(once|later|yet|unsupported|cannot|fails|no {other}|only {own}|without {other})\b"
    sentences = (s for s in re.split(r"(?<=[.;])\s", comment) if other in s)
    return any(re.search(reason, sentence) for sentence in sentences)


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
    A field that nearly all entries of the language have, whatever its value, is missed where it is not.

    Fix: use the siblings' value, or say in a comment why not.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Fields in which an entry stands alone against at least two thirds of its siblings."""
        groups: dict[tuple[object, ...], list[Entry]] = defaultdict(list)
        for entry in (*registry.matrix.linux, *registry.matrix.darwin):
            for circle in _circles(registry, entry):
                groups[circle].append(entry)
        told: set[tuple[Entry, str]] = set()
        lacking: list[tuple[Entry, str, object]] = []
        for circle, siblings in groups.items():
            usual = {field: _usual(field, siblings) for field in CIRCLES[str(circle[0])]}
            for entry in siblings:
                for field, value in usual.items():
                    if value is not None and entry.fields.get(field) != value:
                        told.add((entry, field))
                        yield from self._outlier(entry, field, value)
            if circle[0] in ("language", "macOS"):
                lacking += [(entry, field, circle[1]) for entry, field in _lacking(siblings)]
        for entry, field, lang in lacking:
            if (entry, field) not in told:
                yield self.finding(
                    entry,
                    entry.backend,
                    f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
                    f"{entry.tag_suffix} has no {field}, and nearly all {lang} entries have one",
                    f"add {field}, as in the entries around it",
                )
        yield from self._strangers(registry)

    def _strangers(self, registry: Registry) -> Iterator[Finding]:
        """Values that no other entry has; a build type must itself be named by what excuses it."""
        matrix = registry.matrix
        build_types = Counter(entry.fields.get("build-type") for entry in (*matrix.linux, *matrix.darwin))
        for entry in matrix.darwin:
            own = entry.fields.get("build-type", "")
            named = own in f"{entry.comments} {entry.inner_comments}"
            if own and build_types[own] == 1 and not named and _explains(entry, "build-type", None):
                yield self._stranger(entry, "build-type", own)
        for field in ("base-image", "runs-on"):
            everywhere = Counter(e.fields[field] for e in matrix.linux if field in e.fields)
            for entry in matrix.linux:
                chooses = field == "runs-on" or (_own_dockerfile(entry) and not _prebuilt(entry))
                if chooses and everywhere[entry.fields.get(field, "")] <= 1:
                    yield from self._unknown(entry, field)

    def _outlier(self, entry: Entry, field: str, usual: str) -> Iterator[Finding]:
        own = entry.fields.get(field)
        if (field == "runs-on" and _explains_runner(entry)) or _explains(entry, field, own):
            return
        variant = entry.variant or "?"
        yield self.finding(
            entry.at(field),
            entry.backend,
            f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
            f"{field} of {entry.tag_suffix} is {own!r}; most {variant} siblings have {usual!r}"
            if own is not None
            else f"{entry.tag_suffix} has no {field}; most {variant} siblings have {usual!r}",
            f"set {field}: {usual!r}, or say in a comment why {field} differs",
            severity=Severity.info if field == "base-image" and _is_newer(own or "", usual) else None,
        )

    def _unknown(self, entry: Entry, field: str) -> Iterator[Finding]:
        """A value that no other entry has: a runner, or an image that does not bring the entry's CUDA."""
        value = entry.fields.get(field, "")
        cuda = ".".join(entry.fields.get(f"cuda-{part}-version", "") for part in ("major", "minor"))
        brings_cuda = cuda != "." and f":{cuda}" in value
        if not (brings_cuda or value in (AMD_RUNNER, ARM_RUNNER) or _explains(entry, field, value)):
            yield self._stranger(entry, field, value)

    def _stranger(self, entry: Entry, field: str, value: str) -> Finding:
        return self.finding(
            entry.at(field),
            entry.backend,
            f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} {field}",
            f"{field} {value!r} of {entry.tag_suffix} is used by no other entry",
            f"use the {field} of another entry of this variant",
        )


def _lacking(siblings: list[Entry]) -> Iterator[tuple[Entry, str]]:
    """The entries that lack a field which nearly all siblings have."""
    present = Counter(field for entry in siblings for field in entry.fields)
    for field, count in present.items():
        few = len(siblings) - count <= max(1, FEW * len(siblings))
        if field not in OPTIONAL and count >= ENOUGH and few:
            yield from ((entry, field) for entry in siblings if field not in entry.fields)


def _own_dockerfile(entry: Entry) -> bool:
    return entry.dockerfile_type not in SHARED_DOCKERFILES


def _prebuilt(entry: Entry) -> bool:
    return "builder-base-image" in entry.fields


def _circles(registry: Registry, entry: Entry) -> Iterator[tuple[object, ...]]:
    """The circles of CIRCLES that an entry belongs to."""
    if not entry.linux:
        yield "macOS", registry.directories.get(entry.backend) or registry.matrix.darwin_lang(entry)
        return
    yield ("every image",)
    yield "language", entry.lang
    yield "variant", entry.variant, entry.arches
    own = _own_dockerfile(entry)
    if _prebuilt(entry) or not own:  # a Dockerfile of its own chooses its base image itself
        yield "toolkit", entry.variant, entry.arches
    recipe = entry.dockerfile_type if not own else "prebuilt" if _prebuilt(entry) else f"own {entry.backend}"
    yield "recipe", entry.variant, entry.arches, recipe


def _explains(entry: Entry, field: str, value: str | None) -> bool:
    """Whether a comment at an entry names a field, or its value where that is more than a digit."""
    said = f"{entry.comments} {entry.inner_comments}"
    return field in said or (value is not None and len(value) >= TELLING and value in said)


def _is_newer(image: str, other: str) -> bool:
    """Whether an image is a later version of another one."""
    name, _, version = image.partition(":")
    other_name, _, other_version = other.partition(":")
    numbers, others = ([int(n) for n in re.findall(r"\d{1,9}", v)] for v in (version, other_version))
    return name == other_name and numbers > others


def _explains_runner(entry: Entry) -> bool:
    return "runner" in f"{entry.comments} {entry.inner_comments}"


def _usual(field: str, siblings: list[Entry]) -> str | None:
    """The value of nearly all siblings; None where they do not agree."""
    if field == "runs-on":
        siblings = [entry for entry in siblings if not _explains_runner(entry)]
    values = Counter(entry.fields.get(field) for entry in siblings)
    value, count = values.most_common(1)[0] if values else (None, 0)
    # On a CPU no step reads skip-drivers, so there only an entry that stands quite alone is odd.
    idle = field == "skip-drivers" and siblings and siblings[0].variant == "cpu"
    if idle and _own_dockerfile(siblings[0]):
        return None
    enough = len(siblings) - 1 if idle else AGREEMENT * len(siblings)
    return value if count >= ENOUGH and count >= enough else None


class MatrixBuilderBaseImage(Rule):
    """An entry whose Dockerfile takes a prebuilt builder image names the right one.

    Why: without `builder-base-image` the Dockerfile compiles gRPC and its toolchain from source, an
    hour more per build; with the builder of another architecture or CUDA version it links the wrong
    toolkit. A tag that `base-images.yml` does not build yet makes the first build fail: the builder
    image comes first, in a change of its own.

    Fails:

        - build-type: 'vulkan'
          platforms: 'linux/arm64'
          builder-base-image: '<registry>/ci-cache:base-grpc-vulkan-amd64'

    Passes:

        - build-type: 'vulkan'
          platforms: 'linux/arm64'
          builder-base-image: '<registry>/ci-cache:base-grpc-vulkan-arm64'

    Fix: `scaffold check --fix` writes the tag that `base-images.yml` builds for this build type, CUDA
    version and architecture.

    A Dockerfile without such a stage does not look at the field; an entry that has it anyway is an info.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries of such Dockerfiles whose builder image is missing, wrong, or not built."""
        images = registry.builds.base_images
        if not images:
            return
        tags = {image.tag for image in images}
        takes = {
            dockerfile: registry.builds.takes_builder_image(dockerfile)
            for dockerfile in {e.fields.get("dockerfile", "") for e in registry.matrix.linux}
        }
        prefixes = Counter(
            e.fields["builder-base-image"].rpartition(":")[0] for e in registry.matrix.linux if _prebuilt(e)
        )
        for entry in registry.matrix.linux:
            own = entry.fields.get("builder-base-image", "")
            if own and not takes[entry.fields.get("dockerfile", "")]:
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.fields.get('platform-tag', '')} unused",
                    f"{entry.fields.get('dockerfile', '')} has no stage on a builder image: the field is"
                    " without effect",
                    "delete the field, or give the Dockerfile a builder-prebuilt stage",
                    severity=Severity.info,
                )
                continue
            if not takes[entry.fields.get("dockerfile", "")] or len(entry.arches) != 1:
                continue
            right = _builder_tag(entry, images)
            if right is None and own.rpartition(":")[2] not in tags:
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.arches[0]} unbuilt",
                    f"base-images.yml builds no builder image for {entry.tag_suffix} on {entry.arches[0]}",
                    "add it to .github/workflows/base-images.yml first, in a change of its own",
                )
            elif right is not None and (own.rpartition(":")[2] != right or _alone(own, prefixes)):
                value = f"{prefixes.most_common(1)[0][0]}:{right}" if prefixes else ""
                yield self.finding(
                    entry.at("builder-base-image"),
                    entry.backend,
                    f"{entry.tag_suffix} {entry.arches[0]}",
                    f"builder image of {entry.tag_suffix} is {own!r}, expected {value or right!r}"
                    if own
                    else f"{entry.tag_suffix} on {entry.arches[0]} has no builder-base-image",
                    f"set builder-base-image to the tag {right}",
                    fix=partial(entry.set, field="builder-base-image", value=value, after="tag-suffix")
                    if value
                    else None,
                )


def _alone(image: str, prefixes: Counter[str]) -> bool:
    """Whether no other entry takes its builder image from the same repository."""
    repository = image.rpartition(":")[0]
    return prefixes[repository] == 1 and prefixes.most_common(1)[0][1] >= ENOUGH


def _builder_tag(entry: Entry, images: Iterable[BaseImage]) -> str | None:
    """Tag of the builder image for an entry's build type, CUDA version and architecture."""
    wanted = (*_toolkit(entry.fields), entry.arches[0])
    for image in images:
        arch = "arm64" if "arm" in image.fields.get("runs-on", "") else "amd64"
        if (*_toolkit(image.fields), arch) == wanted:
            return image.tag
    return None


def _toolkit(fields: dict[str, str]) -> tuple[str, str]:
    """Family and CUDA version of the toolkit that a build type needs."""
    kind = fields.get("build-type", "")
    if kind in ("cublas", "l4t"):
        return "cuda", fields.get("cuda-major-version", "")
    return ("sycl" if kind.startswith(("sycl", "intel")) else kind), ""


class MatrixMissingDockerfile(Rule):
    """The Dockerfile that an entry names exists.

    Why: the job starts, waits for its runner and fails in the first second; on a pull request that
    touches another backend nobody sees it.

    Fails:

        dockerfile: "./backend/Dockerfile.ds4"     # no such file

    Passes:

        dockerfile: "./backend/Dockerfile.golang"

    Fix: correct the path, or add the Dockerfile.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Linux entries without a Dockerfile, or with one that is not there."""
        for entry in registry.matrix.linux:
            dockerfile = entry.fields.get("dockerfile", "")
            path = dockerfile.removeprefix("./")
            if not path or registry.tree.read(path) is None:
                yield self.finding(
                    entry.at("dockerfile"),
                    entry.backend,
                    f"{entry.tag_suffix} {dockerfile}",
                    f"{entry.tag_suffix} is built with {dockerfile!r}, which does not exist",
                    "name the Dockerfile of the backend's language, or add it",
                )


class MatrixMissingDirectory(Rule):
    """The backend that an entry names has a directory, of the language that its Dockerfile builds.

    Why: a backend that was removed or renamed leaves entries behind that fail in every full build; a
    name with a typing error builds nothing at all.

    Fails:

        backend: "rokery"     # the directory is backend/python/rookery

    Passes:

        backend: "rookery"
        dockerfile: "./backend/Dockerfile.python"

    Fix: correct the name, or delete the entries of a backend that is gone (`scaffold remove-backend`).
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries of backends that have no directory, or one of another language."""
        for entry in (*registry.matrix.linux, *registry.matrix.darwin):
            lang = registry.directories.get(entry.backend)
            shared = SHARED_DOCKERFILES.get(entry.dockerfile_type)
            if lang is None:
                yield self.finding(
                    entry.at("backend"),
                    entry.backend or entry.tag_suffix,
                    entry.tag_suffix,
                    f"{entry.tag_suffix} builds {entry.backend!r}, which has no directory below backend/",
                    "correct the name, or delete the entry of a backend that is gone",
                )
            elif shared and shared != lang:
                yield self.finding(
                    entry.at("dockerfile"),
                    entry.backend,
                    f"{entry.tag_suffix} {shared}",
                    f"{entry.tag_suffix} is built with {entry.fields['dockerfile']}, but its directory is "
                    f"backend/{lang}/{entry.backend}",
                    f"name the Dockerfile of {lang} backends",
                )


class MatrixShardLimit(Rule):
    """Every matrix stays below GitHub's 256 jobs, and script and workflows agree on the shards.

    Why: from 256 entries on GitHub starts none of the jobs and reports nothing; a release of LocalAI
    went out with 268 single-arch entries and not one single-arch image. The script deals the entries
    among `SINGLEARCH_SHARDS` jobs, and a shard that no workflow has a job for is never built.

    Fails:

        const SINGLEARCH_SHARDS = 5;     // backend.yml has backend-jobs-singlearch-1 to -4

    Passes:

        const SINGLEARCH_SHARDS = 4;     // and four jobs in backend.yml and backend_pr.yml

    Fix: raise the number of shards in the script and add the jobs to both workflows.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Matrices that are too large, and shards without a job."""
        shards = registry.builds.shards
        where = Place(registry.matrix.file)
        linux = registry.matrix.linux
        multi = sum(bool(entry.fields.get("platform-tag")) for entry in linux)
        callers = [c for c in registry.builds.callers if c.builds == LINUX_BUILD]
        sizes = {"Darwin": len(registry.matrix.darwin)}
        if shards is not None:
            single = math.ceil((len(linux) - multi) / max(shards[0], 1))
            sizes |= {"multi-arch": multi, "single-arch shard": single}
            where = shards[1]
        elif any("singlearch" in caller.job for caller in callers):
            sizes |= {"multi-arch": multi, "single-arch": len(linux) - multi}
        elif any(caller.static_entries for caller in callers):
            sizes |= {"Linux": max(caller.static_entries for caller in callers)}
        else:
            sizes |= {"Linux": len(linux)}
        for what, size in sizes.items():
            if size >= MATRIX_LIMIT:
                yield self.finding(
                    where,
                    "",
                    what,
                    f"the {what} matrix has {size} entries; from {MATRIX_LIMIT} on GitHub starts none",
                    "raise the number of shards in script and workflows, or split the matrix",
                )
        if shards is not None:
            yield from self._jobs(registry, shards[0])

    def _jobs(self, registry: Registry, shards: int) -> Iterator[Finding]:
        for all_callers, job, lost in (
            (registry.builds.callers, "backend-jobs", "built"),
            (registry.builds.merges, "backend-merge-jobs", "tagged"),
        ):
            for path in dict.fromkeys(caller.path for caller in all_callers):
                callers = [c for c in all_callers if c.path == path]
                numbered = {
                    int(match[1]): caller
                    for caller in callers
                    if (match := re.fullmatch(rf"{job}-singlearch-(\d{{1,4}})", caller.job))
                }
                for number in sorted(set(range(1, shards + 1)) ^ set(numbered)):
                    place = numbered.get(number, callers[-1])
                    yield self.finding(
                        place,
                        "",
                        f"{path} {number}" if lost == "built" else f"{path} merge {number}",
                        f"shard {number} of the single-arch matrix has no job here: its images are"
                        f" never {lost}"
                        if number not in numbered
                        else f"job {place.job} waits for a shard that the script does not make"
                        f" ({shards} shards)",
                        f"give the workflow one {job}-singlearch-<n> job per shard",
                    )


class MatrixUnforwardedField(Rule):
    """Both workflows hand every field that an entry may use on to the build.

    Why: a field that is not handed on has no effect. The entry looks right, the image is built with
    the default.

    Fails:

        - amdgpu-targets: 'gfx1100'        # and no `amdgpu-targets: ${{ matrix.amdgpu-targets }}`

    Passes:

        with:
          amdgpu-targets: ${{ matrix.amdgpu-targets }}

    A field that no entry uses yet, and that one of the two workflows hands on, is a warning: what is
    released is then built otherwise than what was tried (#9626).

    Fix: hand the field on in each job that calls the build workflow, in backend.yml and backend_pr.yml.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Fields that some job does not hand on."""
        for entries, linux in ((registry.matrix.linux, True), (registry.matrix.darwin, False)):
            used: dict[str, Entry] = {}
            for entry in entries:
                for field in entry.fields:
                    used.setdefault(field, entry)
            callers = [c for c in registry.builds.callers if (c.builds == LINUX_BUILD) is linux]
            handed = {field: caller for caller in callers for field in caller.fields}
            for caller in callers:
                for field in sorted((used.keys() | handed.keys()) - caller.fields):
                    users = {e.backend for e in entries if field in e.fields}
                    if field == "platform-tag" and "singlearch" in caller.job:
                        continue
                    if not users:
                        yield self._unequal(caller, handed[field], field)
                        continue
                    yield self.finding(
                        caller,
                        next(iter(users)) if len(users) == 1 else "",
                        f"{caller.job} {field}",
                        f"job {caller.job} does not hand on {field}, which {len(users)} backends set "
                        f"({used[field].path}:{used[field].at(field).line})",
                        f"add `{field}: ${{{{ matrix.{field} }}}}` to its inputs, or delete the field",
                    )

    def _unequal(self, caller: Caller, other: Caller, field: str) -> Finding:
        return self.finding(
            caller,
            "",
            f"{caller.job} {field}",
            f"job {caller.job} does not hand on {field}, which job {other.job} of {other.path} does",
            f"add `{field}: ${{{{ matrix.{field} }}}}` to its inputs, as there",
            severity=Severity.warning,
        )


class MatrixDarwinMissing(Rule):
    """A backend is built for macOS, or an entry's comment says why not.

    Why: the most frequent later registration in LocalAI is the macOS build of a backend that began on
    Linux. This is information, not a defect.

    Fails:

        - tag-suffix: '-cpu-rookery'          # and no entry in includeDarwin

    Passes:

        # rookery: Linux only, its engine needs CUDA; no macOS build.
        - tag-suffix: '-cpu-rookery'

    Fix: `scaffold add-variant NAME metal`, or a comment at one of its entries that speaks of macOS,
    Darwin, Metal or "Linux only".
    """

    severity = Severity.info

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with Linux entries only and no comment about it."""
        if not registry.matrix.darwin:
            return
        for name in registry.names:
            entries = registry.matrix.entries_of(name)
            if not entries or any(not entry.linux for entry in entries):
                continue
            said = " ".join(f"{e.comments} {e.inner_comments}" for e in entries)
            if not re.search(r"(?i)\b(macos|darwin|metal|linux only)\b", said):
                yield self.finding(
                    entries[0],
                    name,
                    "darwin",
                    f"{name} is built for Linux only",
                    f"add a macOS build (scaffold add-variant {name} metal), or say in a comment why not",
                )
