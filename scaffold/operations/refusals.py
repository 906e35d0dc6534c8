"""What to say of files that are there and were not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from scaffold.checkout.tree import Tree, refusal
from scaffold.errors import ShapeError
from scaffold.surfaces.base import Manual

P = ParamSpec("P")


class _Plan(Protocol):
    @property
    def manual(self) -> tuple[Manual, ...]: ...


Plan = TypeVar("Plan", bound=_Plan)


@contextmanager
def explained(*trees: Tree | None) -> Iterator[None]:
    """A file that is missed because it was not read: the error says why it was not."""
    try:
        yield
    except ShapeError as error:
        for tree in trees:
            if tree is not None and (found := refusal(tree, error.path)):
                raise ShapeError(found[0], None, found[1]) from error
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
