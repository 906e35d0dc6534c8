"""Entries of the build matrix: one for every backend, of what is there."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scaffold.backend.near import nearest
from scaffold.backend.variants import DARWIN, VARIANTS
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.gone import gone_with
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity, Speaks
from scaffold.rules.causes import NOWHERE, is_nowhere
from scaffold.rules.darwin import is_macos_image
from scaffold.rules.matrix.tags import meant_by
from scaffold.rules.repository.renames import moved
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
    explained_by = ("matrix-missing-directory",)

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the entries are there, under a name with a typing error."""
        return is_nowhere(cause)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with a directory and no entry, on either system."""
        for name, lang in registry.backends.items():
            if not registry.matrix.entries_of(name) and not self._has_job(registry, name):
                folder = f"backend/{lang}/{name}"
                nearest = registry.addition(name, ChangeSet(registry.tree)).nearest(
                    registry.matrix.by_backend
                )
                beside = sorted(registry.matrix.entries_of(nearest or ""), key=lambda entry: entry.linux)
                yield self.finding(
                    Place(registry.matrix.file, (beside or registry.matrix.linux)[-1].last_line)
                    if beside or registry.matrix.linux
                    else Place(registry.matrix.file),
                    name,
                    "entry",
                    f"no matrix entry builds {folder}",
                    f"add entries with backend: {name!r} to {registry.matrix.file}, one per variant and arch",
                )

    def _has_job(self, registry: Registry, name: str) -> bool:
        """Whether a job of its own builds it, as the first ones on macOS did."""
        single = registry.builds.tags - registry.matrix.by_tag_suffix.keys()
        return any(tag.endswith(f"-{name}") for tag in single)


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
            if not path or not (registry.tree.read(path) or b"").strip():
                missing[entry.backend, dockerfile].append(entry)
        there = {e.fields.get("dockerfile", "") for e in registry.matrix.linux} - {
            path for _, path in missing
        }
        for (backend, dockerfile), entries in missing.items():
            meant = nearest(dockerfile, there)
            suffixes = _suffixes(entries)
            tags = some(suffixes)
            yield self.finding(
                entries[0].at("dockerfile"),
                backend,
                f"{tags} {dockerfile}",
                f"{tags} {'are' if suffixes[1:] else 'is'} built with {dockerfile!r}, which does not exist"
                " or is empty",
                f"write {meant!r}" if meant else "name the Dockerfile of the backend's language, or add it",
                absent=gone_with(registry.tree, dockerfile.removeprefix("./")),
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

    A name or a Dockerfile that several entries of a backend have is reported once, at the first. Where its
    folder is gone, that is all that is told of the backend, with the files that name it.

    Fix: correct the name. For a folder that was moved `scaffold rename-backend` does the rest, for one that
    was deleted `scaffold remove-backend`.
    """

    severity = Severity.error
    lists = True

    def explained(self, finding: Finding) -> Speaks | None:
        """Whatever is said of the backend whose folder is gone, or of the folder that it has now.

        Of a backend whose name has a typing error, what is said of it under the wrong name.
        """
        if not is_nowhere(finding):
            return None
        names = finding.backend, finding.absent.rpartition("/")[2]
        return lambda other: other.backend in names if finding.absent else other.backend != finding.backend

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Entries of backends that have no directory, or one of another language."""
        nowhere: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        elsewhere: dict[tuple[str, str, str], list[Entry]] = defaultdict(list)
        for entry in (*registry.matrix.linux, *registry.matrix.darwin):
            lang = None if registry.is_gone(entry.backend) else registry.directories[entry.backend]
            shared = SHARED_DOCKERFILES.get(entry.dockerfile_type)
            if lang is None:
                nowhere[entry.backend, meant_by(registry, entry)].append(entry)
            elif shared and shared != lang:
                elsewhere[entry.backend, lang, entry.fields["dockerfile"]].append(entry)
        for (backend, meant), entries in nowhere.items():
            suffixes = _suffixes(entries)
            subject = f"{NOWHERE} {' '.join(suffixes)}"
            named = {} if meant else _named_in(registry, backend)
            if len(named) > 1:
                yield self._gone(registry, entries[0], subject, named)
                continue
            yield self.finding(
                entries[0].at("backend"),
                meant or backend or entries[0].tag_suffix,
                subject,
                f"{some(suffixes)} {'build' if suffixes[1:] else 'builds'} {backend!r}, which has no "
                "directory below backend/",
                f"write backend: {meant!r}, or delete the entry"
                if meant
                else "correct the name, or delete the entries of a backend that is gone",
            )
        for (backend, lang, dockerfile), entries in elsewhere.items():
            suffixes = _suffixes(entries)
            yield self.finding(
                entries[0].at("dockerfile"),
                backend,
                f"{dockerfile} {' '.join(suffixes)}",
                f"{some(suffixes)} {'are' if suffixes[1:] else 'is'} built with {dockerfile}, but the "
                f"directory is backend/{lang}/{backend}",
                f"name the Dockerfile of {lang} backends",
            )

    def _gone(
        self, registry: Registry, entry: Entry, subject: str, named: Mapping[str, Sequence[int]]
    ) -> Finding:
        """A backend whose folder is gone, or is another one now."""
        name, new = entry.backend, moved(registry).get(entry.backend, "")
        folder = registry.home(name) or f"backend/{registry.matrix.darwin_lang(entry)}/{name}"
        places = (
            f"{path}:{min(lines)}" + (f" and {len(lines) - 1} more there" if lines[1:] else "")
            for path, lines in named.items()
        )
        return self.finding(
            entry.at("backend"),
            new or name,
            subject,
            (f"the folder of {name} is {registry.directory(new)} now" if new else f"{folder} is gone")
            + f", and these still name {name}: {', '.join(places)}",
            f"`scaffold rename-backend {name} {new}` does the rest, and leaves the folder where it is"
            if new
            else f"`scaffold remove-backend {name}` takes all of it away; or restore the folder",
            absent=folder,
        )


def _named_in(registry: Registry, name: str) -> dict[str, list[int]]:
    """File -> the lines that register a backend."""
    found: dict[str, list[int]] = defaultdict(list)
    for registration in registry.registrations(name) if name else ():
        found[registration.path].append(registration.line)
    for folder in registry.dependabot.folders if found else ():
        if folder.directory == registry.home(name):
            found[folder.path].append(folder.line)
    return found


def _suffixes(entries: Sequence[Entry]) -> list[str]:
    return [*dict.fromkeys(entry.tag_suffix for entry in entries)]


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
    by_siblings = True
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
            placed = name in registry.directories
            if not (placed and entries) or own_job or any(not entry.linux for entry in entries):
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
