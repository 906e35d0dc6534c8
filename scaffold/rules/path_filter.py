"""Rules about the path filter, which decides which CI jobs a change starts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.ci import BASE_IMAGES
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.path_filter import DARWIN, LINUX, Branch
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.edits import ChangeSet
    from scaffold.registry import Registry


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
                if not own or result == f"{own}/" or (entry.backend, result) in reported:
                    continue
                reported.add((entry.backend, result))
                yield self.finding(
                    surface.function_place(function),
                    entry.backend,
                    f"{function} {result}",
                    f"{function} maps {entry.tag_suffix} to {result or 'nothing'}: "
                    f"a change of {own}/ starts no such job",
                    f"add a branch that returns `{own}/` for it, before the generic ones",
                    fix=partial(_map_backend, registry, entry.backend, linux),
                )


def _map_backend(registry: Registry, name: str, linux: bool, changes: ChangeSet) -> None:
    addition = registry.addition(name, changes)
    if linux:
        registry.path_filter.map_linux(addition)
    else:
        registry.path_filter.map_darwin(addition)


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

    Fix: `scaffold check --fix` moves the specific branch before the generic one.
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
                yield self.finding(
                    Place(surface.path, branch.line),
                    name,
                    f"{branch.suffix} {branch.backend}",
                    f"the branch for {name!r} is never reached: line {earlier.line} catches it first",
                    f"move it before line {earlier.line}",
                    fix=partial(surface.move, branch=branch, before=earlier),
                )


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
    """A file that a backend Dockerfile copies or mounts starts some rebuild when it changes.

    Why: images are rebuilt for the files that the filter knows. A packaging script outside of every
    backend's directory was repaired in LocalAI, and no image was rebuilt with the repair (#10946).

    Fails:

        COPY scripts/build/package-libs.sh /usr/bin/     # and SHARED_BUILD_INPUTS lacks the script

    Passes:

        { matches: file => file === "scripts/build/package-libs.sh", linux: always, darwin: never }

    What `base-images.yml` watches is rebuilt there, and a file that the filter's comments name is
    left out on purpose.

    Fix: add a rule to SHARED_BUILD_INPUTS, or say there in a comment why not.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Inputs of Dockerfiles that rebuild nothing, one finding per file."""
        surface = registry.path_filter
        if surface.source is None or not surface.can_filter:
            return
        elsewhere = registry.tree.read(BASE_IMAGES) or b""
        inputs = registry.builds.shared_inputs
        for path, place in inputs.items():
            documented = surface.comments_name(path) or f"'{path}'".encode() in elsewhere
            if not any(registry.rebuilt[path]) and not documented:
                yield self.finding(
                    place,
                    "",
                    path,
                    f"{path} goes into images, and a change of it rebuilds none",
                    f"add a rule for {path} to SHARED_BUILD_INPUTS in {surface.path}",
                )
