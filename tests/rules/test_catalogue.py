"""The catalogue: every rule that is written is in it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module

import scaffold.rules
from scaffold.rules import all_rules
from scaffold.rules.base import Rule


def below(kind: type[Rule]) -> Iterator[type[Rule]]:
    for other in kind.__subclasses__():
        yield other
        yield from below(other)


def test_every_rule_is_in_the_catalogue_once() -> None:
    for module in pkgutil.walk_packages(scaffold.rules.__path__, "scaffold.rules."):
        import_module(module.name)
    written = {
        kind
        for kind in below(Rule)
        if kind.__module__.startswith("scaffold.rules.") and not inspect.isabstract(kind)
    }
    listed = [type(rule) for rule in all_rules()]
    assert set(listed) == written
    assert len(listed) == len(written)


def test_a_group_is_named_after_its_room() -> None:
    groups = list(dict.fromkeys(rule.group for rule in all_rules()))
    rooms = [name.replace("_", "-") for name in (*scaffold.rules.REGISTRATIONS, *scaffold.rules.PIPELINE)]
    assert groups == [*rooms, "pipeline-notes"]
