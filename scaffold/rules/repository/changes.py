"""What a change does to the backends that it is not about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator

from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Located, Severity
from scaffold.rules.repository.renames import renamed
from scaffold.syntax.source import Place

Record = tuple[str, str]
"""A surface, and what is registered there."""


class CollateralEdit(ChangeRule):
    """A change that adds a backend leaves the registrations of the others alone.

    Why: a merge conflict that was resolved by taking one side deletes what the other side had added.
    Once 74 matrix entries of LocalAI vanished in a change that added one backend.

    Fails:

        a change that adds rookery, and after which lark has two matrix entries less

    Passes:

        a change that adds rookery and only adds lines

    Needs `--base`.

    Fix: restore the entries; a wanted change of another backend belongs into a change of its own.
    """

    severity = Severity.warning

    def compare(self, before: Registry, after: Registry) -> Iterator[Finding]:
        """Backends whose records were altered or deleted by a change that adds another one."""
        other_names = renamed(before, after)
        added = sorted({*after.backends} - {*before.names, *other_names.values()})
        if len(added) != 1:
            return
        old, new = records(before), records(after)
        for name in (name for name in before.names if name not in other_names):
            lost = old[name] - new[name] if name in after.backends else Counter[tuple[str, str]]()
            if lost:
                surfaces = Counter(surface for surface, _ in lost.elements())
                yield self.finding(
                    _altered(after, name, surfaces, old[name]),
                    name,
                    " ".join(sorted(surfaces)),
                    f"the change adds {added[0]}, and alters or deletes of {name}: "
                    + ", ".join(f"{count} x {surface}" for surface, count in sorted(surfaces.items())),
                    f"restore them, or change {name} in a pull request of its own",
                )


def _altered(registry: Registry, name: str, surfaces: Collection[str], old: Collection[Record]) -> Located:
    """The first record of some surfaces that is not as before; else the first of them, else any."""
    own = [(record, place) for backend, record, place in _recorded(registry) if backend == name]
    own.sort(key=lambda pair: (pair[0][0] not in surfaces, pair[0] in old))
    return own[0][1] if own else Place(registry.matrix.file)


def records(registry: Registry) -> dict[str, Counter[Record]]:
    """Backend -> its records."""
    found: dict[str, Counter[Record]] = defaultdict(Counter)
    for backend, record, _ in _recorded(registry):
        found[backend][record] += 1
    return found


def _recorded(registry: Registry) -> Iterator[tuple[str, Record, Located]]:
    """Each record: its backend, what it says, and where."""
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        yield entry.backend, ("matrix entry", str(sorted(entry.fields.items()))), entry
    gallery = registry.gallery
    for item in gallery.items:
        owner = gallery.owner(item)
        yield owner, ("gallery item", str((item.name, item.uri, item.mirrors))), item
        for key, image in item.capabilities.items():
            yield owner, ("capability", f"{item.name} {key} {image}"), item
    makefile = registry.makefile
    for definition in makefile.definitions:
        assignment = definition.assignment
        yield definition.name, ("Makefile definition", assignment.value), makefile.place(assignment)
    for bump in registry.bump_deps.bumps:
        said = f"{bump.repository} {bump.variable} {bump.branch}"
        yield bump.backend, ("bump entry", said), bump.at("variable")
