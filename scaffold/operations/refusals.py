"""What to say of files that are there and were not read."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from scaffold.checkout.tree import Tree
from scaffold.errors import ScaffoldError
from scaffold.surfaces.base import Manual

MANY = 10
"""How many files an error names."""

P = ParamSpec("P")


class _Plan(Protocol):
    @property
    def manual(self) -> tuple[Manual, ...]: ...


Plan = TypeVar("Plan", bound=_Plan)


@contextmanager
def explained(*trees: Tree) -> Iterator[None]:
    """An error may come of a file that was not read: it says so, and why."""
    try:
        yield
    except ScaffoldError as error:
        for path, why in itertools.islice((item for tree in trees for item in tree.refused.items()), MANY):
            error.add_note(f"{path} {why}: it was not read")
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
