"""Rules about the path filter, which decides which CI jobs a change starts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.backend.near import is_near
from scaffold.pipeline import docker
from scaffold.pipeline.image_builds import BASE_IMAGES
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.patterns import takes
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Fix, Rule, Severity
from scaffold.rules.causes import WRONG_DOCKERFILE, is_wrong_dockerfile
from scaffold.rules.words import some
from scaffold.surfaces.matrix.reading import Entry
from scaffold.surfaces.path_filter.reading import DARWIN, LINUX, Branch
from scaffold.syntax.source import Place


class FilterUnmappedBackend(Rule):
    """The path filter maps every matrix entry to the backend's own directory.

    Why: the filter starts the jobs of an entry when a file below its directory changes. An entry that
    maps to nothing, or to a directory that does not exist, is never started by a pull request: ds4
    came into LocalAI with zero CI jobs (#9761). The repository's own functions are executed, in a
    sandbox, on every entry.

    Fails:

        dockerfile: "./backend/Dockerfile.ds4"    # and no branch of inferBackendPath knows it

    Passes:

        if (item.dockerfile.endsWith("ds4")) {
          return `backend/cpp/ds4/`;
        }

    Fix: `scaffold check --fix` adds the branch, before every branch that would catch it.
    """

    severity = Severity.error
    fixable = True
    explained_by = ("filter-unmapped-backend", *WRONG_DOCKERFILE)

    def follows(self, finding: Finding, cause: Finding) -> bool:
        """A backend that the filter does not know on Linux is told once; it knows backends by Dockerfiles."""
        if cause.rule in WRONG_DOCKERFILE:
            return is_wrong_dockerfile(cause) and finding.subject.startswith(f"{LINUX} ")
        return cause.subject.startswith(f"{LINUX} ") and finding.subject.startswith(f"{DARWIN} ")

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends with an entry that maps to nothing or elsewhere."""
        surface = registry.path_filter
        if surface.source is None:
            return
        for linux, function, results in (
            (True, LINUX, registry.inferred[0]),
            (False, DARWIN, registry.inferred[1]),
        ):
            entries = registry.matrix.linux if linux else registry.matrix.darwin
            reported = set()
            for entry, result in zip(entries, results, strict=True):
                own = registry.directory(entry.backend)
                if not own or result in (own, f"{own}/") or (entry.backend, result) in reported:
                    continue
                reported.add((entry.backend, result))
                add = surface.map_linux if linux else surface.map_darwin
                meant = _meant(registry, function, entry)
                draft = None if meant else registry.drafted(entry.backend, surface.path, add)
                place = Place(surface.path, meant[0].line) if meant else draft[0] if draft else None
                yield self.finding(
                    place or surface.function_place(function),
                    entry.backend,
                    f"{function} {result}",
                    f"{function} maps {entry.tag_suffix} to {result or 'nothing'}: "
                    f"a change of {own}/ starts no such job",
                    f"let this branch take {meant[1]}"
                    if meant
                    else f"add a branch that returns `{own}/` for it, before the generic ones",
                    fix=registry.adding(entry.backend, add),
                )


def _meant(registry: Registry, function: str, entry: Entry) -> tuple[Branch, str] | None:
    """The branch that is for an entry and does not take it, and what it should ask for; None for none.

    A branch for what another entry has serves that one.
    """
    dockerfile = _suffix(entry)
    served = {*registry.matrix.by_backend, *map(_suffix, (*registry.matrix.linux, *registry.matrix.darwin))}
    surface, own = registry.path_filter, registry.directory(entry.backend)
    for branch in surface.branches(function):
        for said, meant in ((branch.backend, entry.backend), (branch.suffix, dockerfile)):
            if said and said not in served and (is_near(said, meant) or surface.returns(branch, f"{own}/")):
                return branch, meant
    return None


def _suffix(entry: Entry) -> str:
    return entry.fields.get("dockerfile", "").rpartition(".")[2]


class FilterShadowedBranch(Rule):
    """No branch of the path filter stands behind one that catches what it is meant for.

    Why: the branches are tried in order and compare endings, so `llama-cpp` before `ik-llama-cpp`
    sends every change of the second to the first one's jobs.

    Fails:

        if (item.dockerfile.endsWith("llama-cpp")) { ... }
        if (item.dockerfile.endsWith("ik-llama-cpp")) { ... }

    Passes:

        if (item.dockerfile.endsWith("ik-llama-cpp")) { ... }
        if (item.dockerfile.endsWith("llama-cpp")) { ... }

    Fix: `scaffold check --fix` moves the specific branch before the generic one, and deletes a
    repetition.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Branches that no entry reaches because of an earlier one."""
        surface = registry.path_filter
        if surface.source is None:
            return
        branches = surface.branches(LINUX)
        for position, branch in enumerate(branches):
            earlier = next((b for b in branches[:position] if _catches(registry, b, branch)), None)
            if earlier is not None:
                name = branch.backend or branch.suffix or ""
                alike = (branch.suffix, branch.backend) == (earlier.suffix, earlier.backend)
                yield self.finding(
                    Place(surface.path, branch.line),
                    name,
                    f"{branch.suffix} {branch.backend}",
                    f"the branch for {name!r} is never reached: an earlier one catches it",
                    f"delete it, or line {earlier.line}" if alike else f"move it before line {earlier.line}",
                    fix=_unshadow(registry, branch, earlier, alike),
                )


def _unshadow(registry: Registry, branch: Branch, earlier: Branch, alike: bool) -> Fix | None:
    """The move, or the end of a repetition; which of two different answers is meant, only a person knows."""
    surface = registry.path_filter
    if not alike:
        return partial(surface.move, branch=branch, before=earlier)
    return partial(surface.drop, branch=branch) if surface.equal(branch, earlier) else None


def _catches(registry: Registry, earlier: Branch, later: Branch) -> bool:
    """Whether everything that the later branch is for goes into the earlier one."""
    if earlier.backend:
        return earlier.backend == later.backend and not earlier.suffix
    if not earlier.suffix:
        return False
    if later.suffix:
        return later.suffix.endswith(earlier.suffix)
    dockerfiles = [
        e.fields.get("dockerfile", "") for e in registry.matrix.entries_of(later.backend or "") if e.linux
    ]
    return bool(dockerfiles) and all(d.endswith(earlier.suffix) for d in dockerfiles)


class FilterSharedInput(Rule):
    """A shared file that goes into backend images rebuilds the images of all that take it.

    Why: images are rebuilt for the files that the filter knows. A packaging script outside of every
    backend's directory was repaired in LocalAI, and no image was rebuilt with the repair (#10946); nor
    were Go backends with repairs of the packages that they import (#10988).

    Shared files are the Dockerfiles, what they copy or mount, the scripts of `.docker/` that those call, the
    scripts that a backend's package.sh runs, the packages below `pkg/` that a Go backend's main.go imports,
    and the scripts with which the generic step builds on macOS. Of a filter without SHARED_BUILD_INPUTS, as
    LocalAI's was until July 2026, no Dockerfile is asked for.

    Fails:

        COPY scripts/build/package-libs.sh /usr/bin/     # and SHARED_BUILD_INPUTS lacks the script

    Passes:

        { matches: file => file === "scripts/build/package-libs.sh", linux: always, darwin: never }

    What `base-images.yml` watches or builds from is rebuilt there, and `paths-cover-inputs` checks that. A
    file is left out on purpose where a line of the filter's comments begins with its path; one that names an
    issue tells what happened, and excuses nothing.

    Fix: add a rule to SHARED_BUILD_INPUTS, or say there why not: `// scripts/x.sh only logs.`
    """

    severity = Severity.warning
    explained_by = WRONG_DOCKERFILE

    def follows(self, finding: Finding, cause: Finding) -> bool:  # noqa: ARG002
        """Where the backend is built with a Dockerfile that is not its own."""
        return is_wrong_dockerfile(cause)

    def about(self, subject: str) -> tuple[str, frozenset[str]]:
        """The file, and whether a change of it rebuilds none: to rebuild some is a part of the repair."""
        path = subject.removesuffix(_IN_PART)
        return path, frozenset({"some"} if path != subject else {"some", "all"})

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Inputs of Dockerfiles that rebuild nothing, one finding per file."""
        surface = registry.path_filter
        if surface.source is None or not surface.can_filter:
            return
        builders = registry.pipeline.workflow(BASE_IMAGES)
        inputs = registry.shared_inputs
        for path, (place, linux, darwin) in inputs.items():
            if surface.excuses(path) or (builders is not None and takes(builders.paths, path)):
                continue
            on_linux, on_darwin = registry.rebuilt[path]
            left = sorted((linux - {*on_linux}) | (darwin - {*on_darwin}))
            if not on_linux and not on_darwin:
                if builders is not None and path in _built_from(registry, builders):
                    continue
                taker = place.path.rpartition("/Dockerfile.")[2]
                owner = taker if taker in registry.backends else ""
                yield self.finding(
                    surface.shared_place(path),
                    owner,
                    path,
                    f"{path} goes into images ({place.path}:{place.line}), and a change of it rebuilds none",
                    f"add a rule for {path} to SHARED_BUILD_INPUTS in {surface.path}",
                )
            elif left:
                yield self.finding(
                    surface.shared_place(path),
                    left[0] if len(left) == 1 else "",
                    f"{path}{_IN_PART}",
                    f"{path} goes into the images of {some(left)}, and a change of it does not rebuild them",
                    f"let the rule for {path} in SHARED_BUILD_INPUTS of {surface.path} name them too",
                )


_IN_PART = " in part"


def _built_from(registry: Registry, workflow: Workflow) -> set[str]:
    """The files that the images of a workflow are made of."""
    steps = registry.runs.main(workflow).steps(*docker.BUILD)
    return {path for step in steps if (found := docker.built(step, registry.tree)) for path in found.inputs}


class FilterBorrowedSources(Rule):
    """A backend that builds another backend's sources is rebuilt when they change.

    Why: a fork that copies its neighbour's sources gets every repair made there, in the image that is
    built next. LocalAI's path filter knew of turboquant for its tests only, and of bonsai not at all:
    a repair of llama-cpp rebuilt neither (#10951).

    Fails:

        cp ../lark/grpc-server.cpp .        # in rookery's Makefile, and the filter knows nothing of it

    Passes:

        backend === "rookery" && changedFiles.some(file => file.startsWith("backend/cpp/lark/"))

    The filter is executed: with one file of the neighbour changed, the backend's entries must be among
    those that it starts.

    Fix: let the filter start the backend for changes of the neighbour's directory too.
    """

    severity = Severity.warning
    explained_by = ("filter-unmapped-backend",)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Backends whose neighbour's change starts none of their own images."""
        surface = registry.path_filter
        if not surface.can_filter:
            return
        for name, paths in registry.borrowed.items():
            if not any(entry.linux for entry in registry.matrix.entries_of(name)):
                continue
            for path in paths:
                folder = path.rpartition("/")[0]
                if name not in registry.rebuilt[path][0]:
                    yield self.finding(
                        surface.function_place(LINUX),
                        name,
                        folder,
                        f"{name} builds the sources of {folder}/, and a change of them does not rebuild it",
                        f"let {surface.path} start {name} for changes below {folder}/",
                    )


RULES: tuple[type[Rule], ...] = (
    FilterUnmappedBackend,
    FilterShadowedBranch,
    FilterSharedInput,
    FilterBorrowedSources,
)
"""In the order of the catalogue."""
