"""The catalogue: every rule that is written is in it, and has a test."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import scaffold.rules
import tests.rules
from scaffold.rules import all_rules
from scaffold.rules.base import Rule
from tests.rules.files.test_all import BROKEN


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield import_module(module.name)


def below(kind: type[Rule]) -> Iterator[type[Rule]]:
    for other in kind.__subclasses__():
        yield other
        yield from below(other)


def abstract(kind: type[Rule]) -> bool:
    """Whether it leaves something to the rules below it."""
    return any(getattr(getattr(kind, name), "__isabstractmethod__", False) for name in dir(kind))


def test_every_rule_is_in_the_catalogue_once() -> None:
    assert list(modules(scaffold.rules))
    written = {
        kind for kind in below(Rule) if kind.__module__.startswith("scaffold.rules.") and not abstract(kind)
    }
    listed = [type(rule) for rule in all_rules()]
    assert set(listed) == written
    assert len(listed) == len(written)


def test_a_group_is_named_after_its_room() -> None:
    groups = list(dict.fromkeys(rule.group for rule in all_rules()))
    rooms = [name.replace("_", "-") for name in (*scaffold.rules.REGISTRATIONS, *scaffold.rules.PIPELINE)]
    assert groups == [*rooms, "pipeline-notes"]


def test_every_rule_has_a_failing_case() -> None:
    tables = [getattr(module, "CASES", {}) for module in modules(tests.rules)]
    broken = {getattr(case, "rule", slug) for table in tables for slug, case in table.items()}
    elsewhere = {
        "collateral-edit",
        "addition-incomplete",
        "registration-dropped",
        "requirement-lost",
        "suppression-unused",
        "file-unread",
        "image-format-guessed",
        "program-not-installed",
        "pip-refused",
        "model-folder-unlisted",
        "darwin-package-root",
        "build-arg-empty",
        "linked-unpackaged",
        "packaged-unasked",
    }
    assert broken | BROKEN.keys() | elsewhere == {rule.slug for rule in all_rules()}
