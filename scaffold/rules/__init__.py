"""The rules, one class each, in a module or package for each group: the surface that they look at."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from importlib import import_module

from scaffold.errors import UsageError, unknown
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
NOTES = ("pipeline.notes",)
"""Those about workflows: their rules take any repository."""
EVERY = (*REGISTRATIONS, *PIPELINE, *NOTES)


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in catalogue order."""
    return _rules_of(EVERY)


def registration_rules() -> tuple[Rule, ...]:
    """Every rule about the registrations of backends, in catalogue order."""
    return _rules_of(REGISTRATIONS)


def rule_called(slug: str) -> Rule:
    """The rule of that name. Raises UsageError with what may have been meant where there is none."""
    known = {rule.slug: rule for rule in all_rules()}
    if slug not in known:
        raise _unknown(slug, known)
    return known[slug]


def rules_called(names: Collection[str]) -> list[Rule]:
    """The rules that have one of the names, or belong to a group that has it, in catalogue order.

    Raises UsageError with what may have been meant where a name stands for none.
    """
    for groups in (PIPELINE, (*PIPELINE, *NOTES), EVERY):  # what nobody asks for need not be loaded
        rules = _rules_of(groups)
        known = _words(rules)
        if known.keys() >= set(names):
            break
    for name in names:
        if name not in known:
            raise _unknown(name, known)
    return [rule for rule in rules if {rule.slug, rule.group}.intersection(names)]


def _words(rules: Iterable[Rule]) -> dict[str, None]:
    """The names of some rules, and of their groups."""
    return dict.fromkeys([*(rule.slug for rule in rules), *(rule.group for rule in rules)])


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    return unknown("rule", name, {word: word for word in known}, "scaffold rules")


def _rules_of(groups: Iterable[str]) -> tuple[Rule, ...]:
    return tuple(rule for group in groups for rule in _rules_in(group))


@cache
def _rules_in(group: str) -> tuple[Rule, ...]:
    return tuple(kind() for kind in import_module(f"scaffold.rules.{group}").RULES)
