"""What a change does to the backends that it is not about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from scaffold.registry import Registry
from scaffold.rules.base import ChangeRule, Finding, Severity
from scaffold.rules.repository.renames import renamed
from scaffold.syntax.source import Place


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
        added = sorted({*after.names} - {*before.names, *other_names.values()})
        if len(added) != 1:
            return
        old, new = records(before), records(after)
        for name in (name for name in before.names if name not in other_names):
            lost = old[name] - new[name] if name in after.backends else Counter[tuple[str, str]]()
            if lost:
                surfaces = Counter(surface for surface, _ in lost.elements())
                place = next((e for e in after.matrix.entries_of(name)), None)
                yield self.finding(
                    place or Place(after.matrix.file),
                    name,
                    " ".join(sorted(surfaces)),
                    f"the change adds {added[0]}, and alters or deletes of {name}: "
                    + ", ".join(f"{count} x {surface}" for surface, count in sorted(surfaces.items())),
                    f"restore them, or change {name} in a pull request of its own",
                )


def records(registry: Registry) -> dict[str, Counter[tuple[str, str]]]:
    """Backend -> its records, each as surface and content."""
    found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        found[entry.backend]["matrix entry", str(sorted(entry.fields.items()))] += 1
    gallery = registry.gallery
    for item in gallery.items:
        owner = found[gallery.owner(item)]
        owner["gallery item", str((item.name, item.uri, item.mirrors))] += 1
        for key, image in item.capabilities.items():
            owner["capability", f"{item.name} {key} {image}"] += 1
    for definition in registry.makefile.definitions:
        found[definition.name]["Makefile definition", definition.assignment.value] += 1
    for bump in registry.bump_deps.bumps:
        found[bump.backend]["bump entry", f"{bump.repository} {bump.variable} {bump.branch}"] += 1
    return found
