"""A small repository in which a rule tells something, or nothing."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """Files, and whether a rule tells something of them."""

    rule: str
    told: bool
    files: dict[str, str]


class Cases(dict[str, Case]):
    """Name -> case."""

    def add(self, name: str, rule: str, told: bool, files: dict[str, str]) -> None:
        """One more of them."""
        assert name not in self
        self[name] = Case(rule, told, files)
