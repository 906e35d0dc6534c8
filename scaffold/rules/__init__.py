"""The rules, one class each, grouped by the surface that they look at."""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module

from scaffold.rules.base import Rule

MODULES = (
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
    "pipeline.concurrency",
    "pipeline.caches",
    "pipeline.images",
    "pipeline.artifacts",
    "pipeline.jobs",
    "pipeline.homebrew",
    "pipeline.localai",
    "pipeline.notes",
)
"""The modules of this package that hold rules, in the order of reports and catalogue."""


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in catalogue order."""
    found: list[Rule] = []
    for name in MODULES:
        module = import_module(f"scaffold.rules.{name}")
        for kind in vars(module).values():
            own = inspect.isclass(kind) and kind.__module__ == module.__name__
            if own and issubclass(kind, Rule) and not inspect.isabstract(kind):
                found.append(kind())
    return tuple(found)
