"""The rules, one class each, in a module or package for each group: the surface that they look at."""

from __future__ import annotations

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
"""The groups of rules about backends, in the order of reports and catalogue. Each lists its RULES."""
PIPELINE = ("pipeline",)
"""Those about workflows: their rules take any repository."""


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in catalogue order."""
    return (*registration_rules(), *_rules_of(PIPELINE))


def registration_rules() -> tuple[Rule, ...]:
    """Every rule about the registrations of backends, in catalogue order."""
    return _rules_of(REGISTRATIONS)


@cache
def _rules_of(groups: tuple[str, ...]) -> tuple[Rule, ...]:
    modules = (import_module(f"scaffold.rules.{group}") for group in groups)
    return tuple(kind() for module in modules for kind in module.RULES)
