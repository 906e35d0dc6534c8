"""A registration that is deleted is found: every one of the miniature, with the mutations of the evidence."""

from __future__ import annotations

from collections import defaultdict

import pytest

from evidence.mutants import ERROR_LEVEL, Mutation, mutations
from evidence.mutation import batches, killers, known_findings, mutated
from scaffold.checkout.tree import Tree, WorkTree
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.surfaces.matrix.siblings import CIRCLES

NEW = ("anchors", "types", "flow style", "moved files", "conflict markers")

BASE = WorkTree(miniature_dir())
BY_SURFACE: dict[str, list[Mutation]] = defaultdict(list)
for _mutation in mutations(Registry(BASE)):
    BY_SURFACE[_mutation.surface].append(_mutation)


def decisions(tree: Tree) -> tuple[object, ...]:
    """All that the path filter decides: where entries map to, and what a change of each input starts."""
    registry = Registry(tree)
    return registry.inferred, registry.rebuilt, registry.path_filter.bespoke


def survivors(surface: str) -> list[Mutation]:
    known, base = known_findings(BASE), Registry(BASE)
    found = {
        m: rule
        for each in batches(BY_SURFACE[surface], 10)
        for m, rule in killers(BASE, known, each, base).items()
    }
    return [mutation for mutation in BY_SURFACE[surface] if found[mutation] is None]


def test_there_is_something_to_break() -> None:
    assert {surface for surface in ERROR_LEVEL if len(BY_SURFACE[surface]) > 9} == set(ERROR_LEVEL)
    assert not known_findings(BASE)


def test_mutations_that_are_made_together_are_of_different_backends_and_places() -> None:
    every = [mutation for own in BY_SURFACE.values() for mutation in own]
    together = batches(every, 10)
    assert sorted(map(repr, every)) == sorted(repr(m) for batch in together for m in batch)
    assert max(map(len, together)) == 10
    for batch in together:
        assert len({mutation.backend for mutation in batch}) == len(batch)
        data = mutated(BASE, *batch)
        for mutation in batch:
            assert mutation.gone or (mutation.text.encode() in (data.content(mutation.path) or b""))


@pytest.mark.parametrize("surface", NEW)
def test_a_fault_of_another_kind_is_found(surface: str) -> None:
    alive = survivors(surface)
    assert BY_SURFACE[surface]
    assert [f"{mutation.backend}: {mutation.what}" for mutation in alive] == []


@pytest.mark.parametrize("surface", ERROR_LEVEL)
def test_a_broken_registration_is_found(surface: str) -> None:
    alive = survivors(surface)
    if surface == "build matrix":
        # What only siblings can judge needs more of them than the miniature has.
        judged = {field for fields in CIRCLES.values() for field in fields}
        alive = [mutation for mutation in alive if mutation.field not in judged]
    if surface == "path filter":
        before = decisions(BASE)
        same = [mutation for mutation in alive if decisions(mutated(BASE, mutation)) == before]
        assert len(same) < len(BY_SURFACE[surface]) / 2, "most branches decide something"
        alive = [mutation for mutation in alive if mutation not in same]
    assert [f"{mutation.backend}: {mutation.what}" for mutation in alive] == []
