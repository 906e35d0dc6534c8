"""Registrations as such: whose they are, where they stand, and that they say one thing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from scaffold.backend.near import nearest
from scaffold.checkout.gone import gone_with
from scaffold.checkout.tree import refusal
from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Rule, Severity
from scaffold.rules.repository.parts import is_gone, lost, missing, parts, stood, where
from scaffold.surfaces.matrix.reading import MATRIX_FILE
from scaffold.surfaces.parts import Part
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
        watched = {folder.directory for folder in registry.dependabot.folders}
        for folder in registry.dependabot.folders:
            if folder.is_backend and not registry.tree.is_dir(folder.directory):
                left = {registry.directory(name) for name in registry.backends} - watched
                meant = nearest(folder.directory, left)
                yield self.finding(
                    folder,
                    folder.directory.rpartition("/")[2],
                    folder.directory,
                    f"dependabot watches {folder.directory}, which does not exist",
                    f"write /{meant}" if meant else "delete the entry",
                    fix=None if meant else partial(registry.dependabot.drop, folder=folder),
                )

    def _capabilities(self, registry: Registry) -> Iterator[Finding]:
        from scaffold.rules.importers.capabilities import known_names, misnamed  # pipelines have none

        surface, known = registry.capabilities, known_names(registry)
        meant = {entry.key for entry in misnamed(registry).values()}
        for entry in surface.entries if registry.gallery.items else ():
            if entry.key not in known | meant:
                yield self.finding(
                    surface.place(entry),
                    entry.key,
                    "capability entry",
                    f"BackendCapabilities has {entry.key!r}, which is no gallery item, directory or alias",
                    "delete the entry, or correct its name",
                    fix=partial(surface.drop, entry=entry),
                )

    def _branches(self, registry: Registry) -> Iterator[Finding]:
        from scaffold.surfaces.path_filter.reading import DARWIN, LINUX

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
                named = item.name or f"an item &{item.anchor} without a name"
                yield self.finding(
                    item,
                    owner,
                    item.name,
                    f"the gallery offers {named}, and no backend of that name is there or built",
                    "delete the item and those that merge it, or add the backend",
                )


class RegistrationFileMissing(ChangeRule):
    """Every file that registers backends is there and registers some.

    Why: a file that is empty, moved or cut off registers nothing, and neither does a list that has got
    another name. Whatever reads it finds nothing to complain about: the bot of an empty bump_deps.yaml
    ends green every night, and this check would call the faults repaired that it no longer sees.

    Fails:

        var BackendCaps = map[string]BackendCapability{     // all read BackendCapabilities

    Passes:

        var BackendCapabilities = map[string]BackendCapability{

    Asked for is what LocalAI has had since November 2025, and what began later where something else of that
    time or younger is there. With `--base` also everything is asked for that the base has. What other rules
    read in such a file is nothing, so what they find is not listed until the file is right.

    Fix: restore the file or the name. If LocalAI has moved it, this tool has to learn its new place.
    """

    severity = Severity.error
    explained_by = ("gallery-unreadable",)

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Files and lists without what they are for."""
        yield from self._findings(registry, missing(registry), "every LocalAI of its age has it")

    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """Those that are empty since the change, each where it was; also those that no LocalAI need have."""
        said = missing(after)
        known = {part.what for part in said} | {part.path for part in said if is_gone(after, part)}
        since = [
            part
            for part in lost(before, after)
            if not known & {part.what, part.path} and not any(map(part.belongs_to, said))
        ]
        had = {(part.path, part.what): part for part in parts(before) if part.size}
        gone = [had.get((part.path, part.what), part) for part in said]
        yield from self._findings(after, [*gone, *since], "it was there before this change", before)

    def spoils(self, finding: Finding) -> bool:  # noqa: ARG002
        """Always: what is read from such a file is nothing, and so is what follows from that."""
        return True

    def _findings(
        self, registry: Registry, empty: Iterable[Part], why: str, before: Registry | None = None
    ) -> Iterator[Finding]:
        """One for each list, and for a file or folder that is gone one for all of its lists."""
        gone = set()
        told: list[Part] = []
        for part in empty:
            if refusal(registry.tree, part.path):  # it is there, and file-unread says why it was not read
                continue
            path = gone_with(registry.tree, part.path) if is_gone(registry, part) else ""
            if path in gone or any(map(part.belongs_to, told)):
                continue
            told.append(part)
            place = Place(part.path)
            message = f"{part.path} has no {part.what}: nothing in it registers a backend"
            if path:
                gone.add(path)
                inside = f", as all of {path}" if path != part.path else ""
                message = f"{part.path} is missing{inside}: there is no {part.what}"
            elif part.names:
                place, name, like = where(registry, part)
                message += f"; {name!r} is looked for" + (f", and here stands {like!r}" if like else "")
            if before is not None and place.line == 1:
                place = stood(before, registry, part) or place
            advice = f"restore it: {why}; {part.module} looks for it, `scaffold doctor` tells what is found"
            subject = f"{part.path} {part.what}"
            yield self.finding(place, "", subject, message, advice, absent=path)


class DuplicateKey(Rule):
    """No mapping of the registration files has a key twice.

    Why: parsers disagree about it. GitHub refuses the workflow, Go refuses the gallery, and a parser
    that takes the last value silently drops the first. Of a matrix that CI refuses, nothing else is told. A
    checksum that three models had twice took all
    models from LocalAI's list (#9461).

    Fails:

        - build-type: 'cublas'
          build-type: ''

    Passes:

        - build-type: 'cublas'

    Fix: delete the one that is wrong.
    """

    severity = Severity.error

    def spoils(self, finding: Finding) -> bool:
        """Where no image is built any more: the script that reads the matrix refuses it as a whole."""
        return finding.path == MATRIX_FILE

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Matrix entries, gallery items, capability lists, bump entries and models with a repeated key."""
        from scaffold.surfaces.models import LIST

        gallery = registry.gallery
        entries = (*registry.matrix.linux, *registry.matrix.darwin)
        records = [
            *((entry, entry.backend, entry.tag_suffix) for entry in entries),
            *((item, gallery.owner(item), item.name) for item in gallery.items),
            *((bump, bump.backend, bump.variable) for bump in registry.bump_deps.bumps),
        ]
        for record, backend, name in records:
            for key, offset in record.item.repeated:
                yield self.finding(
                    Place(record.path, record.source.line(offset)),
                    backend,
                    f"{name} {key}",
                    f"key {key!r} stands twice in one mapping"
                    + (
                        ": the script that reads the matrix refuses all of it"
                        if record.path == MATRIX_FILE
                        else ""
                    ),
                    "delete the one that is wrong",
                )
        for model, key, line in registry.models.repeated if registry.only is None else ():
            yield self.finding(
                Place(LIST, line),
                "",
                f"model {model} {key}",
                f"key {key!r} stands twice in one mapping: LocalAI loads no model of this list",
                "delete the one that is wrong",
            )


class DependabotUnreadable(Rule):
    """GitHub can read what dependabot is asked to watch.

    Why: GitHub refuses `.github/dependabot.yml` as a whole where one entry of it is wrong. Dependabot then
    watches nothing, and says so only on a page that nobody opens.

    Fails:

        - package-ecosystem: "pip"
          directory: ["/backend/python/rookery"]
          schedule: weekly

    Passes:

        - package-ecosystem: "pip"
          directory: "/backend/python/rookery"
          schedule:
            interval: weekly

    Looked at are the kinds of the values, keys that stand twice, and what an entry must have.

    Fix: the message says what was found.
    """

    severity = Severity.error

    def check(self, registry: Registry) -> Iterator[Finding]:
        """What GitHub refuses."""
        from scaffold.surfaces.dependabot import FILE

        for refused in registry.dependabot.refusals if registry.only is None else ():
            yield self.finding(
                Place(FILE, refused.line),
                "",
                refused.subject,
                f"GitHub refuses the file: {refused.problem}",
                refused.help,
            )
