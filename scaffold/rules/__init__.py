"""The rules, one class each, grouped by the surface that they look at."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module

from scaffold.rules.base import Rule

REGISTRATIONS = (
    "matrix",
    "gallery",
    "makefile",
    "path_filter",
    "darwin",
    "pins",
    "importers",
    "docs",
    "tests",
    "files",
    "repository",
)
"""The modules of this package that hold rules about backends, in the order of reports and catalogue."""
PIPELINE = (
    "pipeline.concurrency",
    "pipeline.caches",
    "pipeline.images",
    "pipeline.artifacts",
    "pipeline.jobs",
    "pipeline.homebrew",
    "pipeline.localai",
    "pipeline.notes",
)
"""Those about workflows: their rules take any repository."""


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in catalogue order."""
    return (*registration_rules(), *_rules_of(PIPELINE))


def registration_rules() -> tuple[Rule, ...]:
    """Every rule about the registrations of backends, in catalogue order."""
    return _rules_of(REGISTRATIONS)


@cache
def _rules_of(modules: tuple[str, ...]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for name in modules:
        module = import_module(f"scaffold.rules.{name}")
        for kind in vars(module).values():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__
            if own and issubclass(kind, Rule) and not inspect.isabstract(kind):
                found.append(kind())
    return tuple(found)
