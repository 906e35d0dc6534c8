"""What to say of files that are there and were not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from scaffold.checkout.tree import Tree
from scaffold.errors import BrokenError, ScaffoldError, ShapeError
from scaffold.surfaces.base import Manual

DOCTOR = "`scaffold doctor` tells what of this checkout is recognised, and which module looks for it"
MANY = 10
"""How many files an error names."""

P = ParamSpec("P")


class _Plan(Protocol):
    @property
    def manual(self) -> tuple[Manual, ...]: ...


Plan = TypeVar("Plan", bound=_Plan)


def unread(*trees: Tree) -> list[str]:
    """A line for each of the first things that were asked for and not read."""
    found = {path: f"{path} {why}: it was not read" for tree in trees for path, why in tree.refused.items()}
    return [found[path] for path in sorted(found)[:MANY]]


@contextmanager
def explained(*trees: Tree) -> Iterator[None]:
    """An error may come of a file that was not read: it says so, and why."""
    try:
        yield
    except ScaffoldError as error:
        for told in unread(*trees):
            error.add_note(told)
        is_broken = isinstance(error, BrokenError)
        if isinstance(error, ShapeError) and not is_broken and error.line and "--repo" not in error.problem:
            error.add_note(DOCTOR)
        raise


def told(plan: Callable[Concatenate[Tree, P], Plan]) -> Callable[Concatenate[Tree, P], Plan]:
    """A plan that leaves to a person whatever it could not read."""

    @wraps(plan)
    def planned(tree: Tree, /, *arguments: P.args, **named: P.kwargs) -> Plan:
        with explained(tree):
            made = plan(tree, *arguments, **named)
        unread = [Manual(path, f"{why}: do here by hand what it needs") for path, why in tree.refused.items()]
        return replace(made, manual=(*made.manual, *sorted(unread)))  # type: ignore[type-var]

    return planned
