"""Registrations as such: whose they are, where they stand, and that they say one thing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.pipeline.image_builds import SPLIT_SCRIPT, WORKFLOWS
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.surfaces.importers.reading import REGISTRY, REGISTRY_FILE
from scaffold.surfaces.path_filter.reading import DARWIN, LINUX
from scaffold.syntax.source import Place


class RegistrationStale(Rule):
    """No registration names a backend that is gone.

    Why: what is left behind when a backend is removed or renamed misleads the next author, who copies
    it, and the bots, which go on looking after it. LocalAI's dependabot watched the requirements of
    nine backends that no longer existed.

    Fails:

        directory: "/backend/python/gone"     # in .github/dependabot.yml, and no such directory

    Passes:

        directory: "/backend/python/rookery"

    What the rules of a single surface find (the matrix, the Makefile, pins, test jobs, importers) is
    reported by them and not here.

    Fix: `scaffold check --fix` deletes what stands alone on its lines.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Capability entries, filter branches, dependabot folders and gallery metas of no backend."""
        yield from self._capabilities(registry)
        yield from self._branches(registry)
        yield from self._gallery(registry)
        for folder in registry.dependabot.folders:
            if folder.is_backend and not registry.tree.is_dir(folder.directory):
                yield self.finding(
                    folder,
                    folder.directory.rpartition("/")[2],
                    folder.directory,
                    f"dependabot watches {folder.directory}, which does not exist",
                    "delete the entry",
                    fix=partial(registry.dependabot.drop, folder=folder),
                )

    def _capabilities(self, registry: Registry) -> Iterator[Finding]:
        surface = registry.capabilities
        known = {*registry.gallery.by_name, *registry.directories, *registry.model_aliases()}
        for entry in surface.entries if registry.gallery.items else ():
            if entry.key not in known:
                yield self.finding(
                    surface.place(entry),
                    entry.key,
                    "capability entry",
                    f"BackendCapabilities has {entry.key!r}, which is no gallery item, directory or alias",
                    "delete the entry, or correct its name",
                    fix=partial(surface.drop, entry=entry),
                )

    def _branches(self, registry: Registry) -> Iterator[Finding]:
        surface = registry.path_filter
        for function in (LINUX, DARWIN) if surface.source is not None else ():
            for branch in surface.branches(function):
                name = branch.backend
                if name and name not in registry.directories:
                    yield self.finding(
                        Place(surface.path, branch.line),
                        name,
                        f"{function} {name}",
                        f"{function} has a branch for {name}, which has no directory below backend/",
                        "delete the branch",
                        fix=partial(surface.drop, branch=branch),
                    )

    def _gallery(self, registry: Registry) -> Iterator[Finding]:
        gallery = registry.gallery
        for item in gallery.items:
            owner = gallery.owner(item)
            if item.anchor and owner not in registry.names and not gallery.image_items(owner):
                yield self.finding(
                    item,
                    owner,
                    item.name,
                    f"the gallery offers {item.name}, and no backend of that name is there or built",
                    "delete the item and those that merge it, or add the backend",
                )


class RegistrationFileMissing(Rule):
    """Every file that registers backends is there and registers some.

    Why: a file that is empty, moved or cut off registers nothing, and whatever reads it finds nothing
    to complain about. The bot of an empty bump_deps.yaml ends green every night.

    Fails:

        .github/workflows/bump_deps.yaml     # is not there, or has no entries

    Passes:

        .github/workflows/bump_deps.yaml     # with a list of repositories and variables

    Asked for are the files that LocalAI has had since November 2025; what began later is absent in an
    older checkout, not missing.

    Fix: restore the file.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files without what they are for."""
        makefile, builds = registry.makefile, registry.builds
        for path, what, present in (
            (registry.matrix.file, "build matrix", bool(registry.matrix.linux)),
            (WORKFLOWS[0], "job that builds images", any(c.path == WORKFLOWS[0] for c in builds.callers)),
            (SPLIT_SCRIPT, "statement", builds.has_script),
            (makefile.path, "rule", bool(makefile.source and makefile.source.rules)),
            (registry.bump_deps.path, "entry", bool(registry.bump_deps.bumps)),
            (registry.test_jobs.path, "job", bool(registry.test_jobs.jobs)),
            (REGISTRY_FILE, f"importer in {REGISTRY}", bool(registry.importers.registry)),
        ):
            if not present:
                yield self.finding(
                    Place(path),
                    "",
                    path,
                    f"{path} is missing"
                    if registry.tree.read(path) is None
                    else f"{path} has no {what}: nothing in it registers a backend",
                    "restore the file: every LocalAI has it",
                )


class DuplicateKey(Rule):
    """No mapping of the registration files has a key twice.

    Why: parsers disagree about it. GitHub refuses the workflow, Go refuses the gallery, and a parser
    that takes the last value silently drops the first.

    Fails:

        - build-type: 'cublas'
          build-type: ''

    Passes:

        - build-type: 'cublas'

    Fix: delete the one that is wrong.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Matrix entries, gallery items and capability lists with a repeated key."""
        gallery = registry.gallery
        records = [(entry, entry.backend) for entry in (*registry.matrix.linux, *registry.matrix.darwin)]
        for record, backend in (*records, *((item, gallery.owner(item)) for item in gallery.items)):
            for key, offset in record.item.repeated:
                yield self.finding(
                    Place(record.path, record.source.line(offset)),
                    backend,
                    f"{getattr(record, 'name', '') or getattr(record, 'tag_suffix', '')} {key}",
                    f"key {key!r} stands twice in one mapping",
                    "delete the one that is wrong",
                )
