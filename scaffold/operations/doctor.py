"""`doctor`: what each reader recognises in a checkout, and which expectation of whom failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.registry import Registry
from scaffold.rules.repository.parts import is_gone, missing
from scaffold.surfaces.parts import Part, expected, module_of

NAMESAKES = 3
"""How many files are named that a missing file may have become."""


class State(StrEnum):
    """What became of an expectation."""

    found = "found"
    absent = "absent"
    """Nothing is there, and nothing has to be."""
    failed = "failed"


class Sign(NamedTuple):
    """One thing that a reader looks for, and what became of it."""

    part: Part
    state: State
    namesakes: tuple[str, ...] = ()
    """Where a missing file may have gone."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One reader."""

    name: str
    module: str
    signs: tuple[Sign, ...]
    error: ShapeError | None = None
    """What it met and does not know."""

    @property
    def is_well(self) -> bool:
        """Whether it finds what it expects."""
        return self.error is None and all(sign.state is not State.failed for sign in self.signs)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every reader of a checkout."""

    readers: tuple[Examined, ...]
    age: str
    """The day since which LocalAI has the youngest thing that was found; "" for before November 2025."""
    rev: str | None

    @property
    def failed(self) -> int:
        """How many expectations failed."""
        states = [sign.state for reader in self.readers for sign in reader.signs]
        return states.count(State.failed) + sum(reader.error is not None for reader in self.readers)


def run(tree: Tree, rev: str | None) -> Diagnosis:
    """Ask every reader what it finds. Raises ShapeError where the tree is no checkout of LocalAI."""
    registry = Registry(tree)
    asked = []
    for reader in registry.readers:
        found: list[Part] = []
        problem: ShapeError | None = None
        try:
            found += expected(reader)
        except ShapeError as error:
            problem = error
        asked.append((reader, found, problem))
    everything = [part for _, found, _ in asked for part in found]
    failed = set(missing(registry, everything))
    files = list(tree.files("")) if failed else []

    def sign(part: Part) -> Sign:
        if part not in failed:
            return Sign(part, State.found if part.size else State.absent)
        name = part.path.rpartition("/")[2]
        moved = [path for path in files if path.rpartition("/")[2] == name] if is_gone(registry, part) else []
        return Sign(part, State.failed, tuple(moved[:NAMESAKES]))

    readers = tuple(
        Examined(reader.name, module_of(reader), tuple(map(sign, found)), problem)
        for reader, found, problem in asked
    )
    return Diagnosis(readers, max((part.age for part in everything), default=""), rev)
