"""Entries of the build matrix: one for every backend, each under its own tag, of what is there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from scaffold.backend.variants import DARWIN, VARIANTS, toolkit
from scaffold.checkout.changes import ChangeSet
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.darwin import is_macos_image
from scaffold.rules.words import some
from scaffold.surfaces.matrix.reading import SHARED_DOCKERFILES, Entry
from scaffold.syntax.source import Place


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
    `scaffold new-backend` does. The line is that behind which they belong.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with a directory and no entry, on either system."""
        for name, lang in registry.backends.items():
            if not registry.matrix.entries_of(name):
                folder = f"backend/{lang}/{name}"
                nearest = registry.addition(name, ChangeSet(registry.tree)).nearest(
                    registry.matrix.by_backend
                )
                beside = sorted(registry.matrix.entries_of(nearest or ""), key=lambda entry: entry.linux)
                yield self.finding(
                    Place(registry.matrix.file, beside[-1].last_line if beside else 1),
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
    by_siblings = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries whose suffix no convention of their variant gives."""
        users: dict[tuple[object, str], set[str]] = defaultdict(set)
        entries = (*registry.matrix.linux, *registry.matrix.darwin)
        for entry in entries:
            users[entry.variant or toolkit(entry.fields), _prefix(entry)].add(entry.backend)
        for entry in entries:
            if entry.variant is None:
                kind = " ".join(toolkit(entry.fields)).strip()
                if len(users[toolkit(entry.fields), _prefix(entry)]) > 1:
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


class MatrixMissingDockerfile(Rule):
    """The Dockerfile that an entry names exists.

    Why: the job starts, waits for its runner and fails in the first second; on a pull request that
    touches another backend nobody sees it.

    Fails:

        dockerfile: "./backend/Dockerfile.ds4"     # no such file

    Passes:

        dockerfile: "./backend/Dockerfile.golang"

    A Dockerfile that several entries of a backend name is reported once, at the first.

    Fix: correct the path, or add the Dockerfile.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Linux entries without a Dockerfile, or with one that is not there."""
        missing: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        for entry in registry.matrix.linux:
            dockerfile = entry.fields.get("dockerfile", "")
            path = dockerfile.removeprefix("./")
            if not path or registry.tree.read(path) is None:
                missing[entry.backend, dockerfile].append(entry)
        for (backend, dockerfile), entries in missing.items():
            suffixes = [*dict.fromkeys(entry.tag_suffix for entry in entries)]
            tags = some(suffixes)
            yield self.finding(
                entries[0].at("dockerfile"),
                backend,
                f"{tags} {dockerfile}",
                f"{tags} {'are' if suffixes[1:] else 'is'} built with {dockerfile!r}, which does not exist",
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


class MatrixDarwinMissing(Rule):
    """A backend is built for macOS, or an entry's comment says why not.

    Why: the most frequent later registration in LocalAI is the macOS build of a backend that began on
    Linux. This is information, not a defect; a warning where files of the backend's own have code for
    macOS that was written for it, not copied along from a backend that is built there: nothing runs it.
    What LocalAI has no way to build there, such as Rust and forks of llama.cpp, is asked for none.

    Fails:

        - tag-suffix: '-cpu-rookery'          # and no entry in includeDarwin

    Passes:

        # rookery: Linux only, its engine needs CUDA; no macOS build.
        - tag-suffix: '-cpu-rookery'

    Fix: `scaffold add-variant NAME metal`, or a comment at one of its entries that speaks of macOS,
    Darwin, Metal or "Linux only".
    """

    severity = Severity.info
    explained_by = ("gallery-image-not-built",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the gallery offers a macOS image, its build was forgotten."""
        return is_macos_image(cause)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with Linux entries only and no comment about it."""
        if not registry.matrix.darwin:
            return
        for name in registry.names:
            entries = registry.matrix.entries_of(name)
            own_job = VARIANTS[DARWIN].tag_suffix.format(n=name) in registry.other_tags
            if not entries or own_job or any(not entry.linux for entry in entries):
                continue
            said = " ".join(entry.said for entry in entries)
            if not re.search(r"(?i)\b(macos|darwin|metal|linux only)\b", said):
                shipped = (e.backend for e in registry.matrix.darwin if e.backend in registry.backends)
                written = registry.files(name).darwin_code([*map(registry.files, sorted(set(shipped)))])
                can = registry.may_be_built_on_macos(name)
                if not (can or written):
                    continue
                how = f"add a macOS build{f' (scaffold add-variant {name} metal)' if can else ''}"
                yield self.finding(
                    written or entries[0],
                    name,
                    "darwin",
                    f"{name} is built for Linux only" + (", though this is for macOS" if written else ""),
                    f"{how}, or say in a comment why not",
                    severity=Severity.warning if written else None,
                )
