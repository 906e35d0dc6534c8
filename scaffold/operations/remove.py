"""`remove-backend`: the directory, every registration, and what is left for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

from scaffold.backend.names import require_name
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree
from scaffold.operations import proof, submodules
from scaffold.operations.mentions import Named, find_named
from scaffold.operations.refusals import told
from scaffold.operations.unsaved import Unsaved, laid_bare, left_behind
from scaffold.operations.unsaved import find as find_unsaved
from scaffold.operations.workers import find
from scaffold.registry import Registry
from scaffold.rules import registration_rules
from scaffold.surfaces.base import Manual, Removal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LifecyclePlan:
    """A planned change of an existing backend, not yet written."""

    changes: ChangeSet
    manual: tuple[Manual, ...] = ()
    mentions: tuple[Named, ...] = ()
    unsaved: tuple[Unsaved, ...] = ()
    """What would be lost with it."""
    already: tuple[str, ...] = ()
    """Of what was asked for, what is so already."""


@told
def plan(tree: Tree, name: str) -> LifecyclePlan:
    """Plan a backend away, with everything that registers it.

    Raises UsageError where nothing is known of it, ShapeError where a file has an unknown shape; the
    plan is proved before it is returned.
    """
    require_name(name)
    registry = Registry(tree)
    require_known(registry, name)
    removal = as_removal(registry, name, ChangeSet(tree))
    for path in registry.all_files(name):
        removal.changes.delete(path)
    for path in (f"backend/Dockerfile.{dockerfile}" for dockerfile in removal.dockerfiles):
        if tree.read(path) is not None:  # a language's Dockerfile came with its first backend
            removal.changes.delete(path)
    for folder in registry.build_context.submodules(removal.directory) if removal.directory else ():
        removal.changes.move_folder(folder, None)
        removal.manual += submodules.to_remove(registry, folder, folder.removeprefix(removal.directory))
    for surface in registry.surfaces:
        surface.remove(removal)
    for watched in registry.dependabot.folders:
        if removal.directory and watched.directory == removal.directory:
            registry.dependabot.drop(removal.changes, watched)
    for other, lenders in registry.borrowed.items():
        if f"{removal.directory}/Makefile" in lenders:
            folder = registry.directory(other)
            removal.ask(f"{folder}/Makefile", f"it builds the sources of {name}: give {other} its own")
    proof.prove_removal(removal)
    _ask_what_breaks(removal, registry)
    mentions = tuple(find_named(registry, removal.changes.overlay(), name))
    left = left_behind(tree, removal.directory, removal.changes.deleted)
    manual = (*removal.manual, *left, *laid_bare(removal.changes))
    return LifecyclePlan(removal.changes, manual, mentions, find_unsaved(removal.changes, lines=True))


def as_removal(registry: Registry, name: str, changes: ChangeSet) -> Removal:
    """What surfaces need to know of a backend that they take away."""
    others = frozenset(registry.names) - {name}
    return Removal(
        name,
        frozenset(registry.aliases_of(name)) - others,
        registry.home(name),
        others,
        tuple(_rows(registry, name)),
        _source_folder(registry, name),
        changes,
        frozenset(registry.called_alone(name)),
        frozenset(row.name for _, row in registry.documented.get(name, ())),
        registry.own_dockerfiles(name),
    )


def _rows(registry: Registry, name: str) -> Iterator[tuple[str, int, int]]:
    """File and span of each row that tables for readers have of a backend alone."""
    for _, row in registry.documented.get(name, ()):
        yield registry.docs.path, row.start, row.end
    engine = registry.engines.row(registry.called_alone(name))
    if engine is not None:
        yield registry.engines.path, engine.start, engine.end


def _source_folder(registry: Registry, name: str) -> str:
    """The folder that only this C++ backend clones its upstream into."""
    if registry.directories.get(name) != "cpp":
        return ""
    folders = {
        other: registry.describe(other).source_folder
        for other, lang in registry.directories.items()
        if lang == "cpp"
    }
    own = folders.pop(name)
    return "" if own in folders.values() else own


def require_known(registry: Registry, name: str) -> None:
    """Raises UsageError where a checkout has nothing of that name."""
    there = name in registry.directories and any(registry.tree.files(registry.directory(name)))
    if not name or not (there or registry.registrations(name)):
        raise registry.unknown(name)


def _ask_what_breaks(removal: Removal, before: Registry) -> None:
    """Findings that the removal would bring, and what is still said of the backend, as of its models."""
    known = Counter(f.identity for f in find(before, registration_rules()))
    for finding in find(Registry(removal.changes.overlay()), registration_rules()):
        if not take(known, finding.identity) or finding.backend == removal.name:
            removal.ask(finding.path, f"{finding.rule} {finding.backend}: {finding.message}")


def take(counted: Counter[T], one: T) -> bool:
    """Whether there is one of a kind, which is taken away."""
    if counted[one] <= 0:
        return False
    counted[one] -= 1
    return True
