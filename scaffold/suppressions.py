"""Suppressions: findings that a person has judged and accepts, each with its reason.

They stand in `.scaffold.toml` at the root of the checked repository:

    [[suppress]]
    rule = "matrix-darwin-missing"
    backend = "rookery"
    reason = "its engine needs CUDA"
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from scaffold.errors import ShapeError
from scaffold.syntax.source import Source
from scaffold.tree import Tree

if TYPE_CHECKING:
    from scaffold.rules.base import Finding

PATH = ".scaffold.toml"
FIELDS = {"rule", "backend", "reason", "match"}


class Suppression(NamedTuple):
    """One `[[suppress]]` table."""

    rule: str
    backend: str
    reason: str
    match: str
    """What the message must contain; empty where every finding of the rule and backend is meant."""
    line: int

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is meant."""
        return finding.rule == self.rule and finding.backend == self.backend and self.match in finding.message


class Suppressions(NamedTuple):
    """Every suppression of a repository."""

    entries: tuple[Suppression, ...] = ()

    @classmethod
    def read(cls, tree: Tree) -> Suppressions:
        """Those of a tree. Raises ShapeError where the file is wrong or a reason is missing."""
        data = tree.read(PATH)
        if data is None:
            return cls()
        import tomllib

        text = Source(PATH, data).data.decode()
        try:
            document = tomllib.loads(text)
        except RecursionError:
            raise ShapeError(PATH, None, "is no valid TOML: it is nested too deeply") from None
        except tomllib.TOMLDecodeError as error:
            line = re.search(r"line (\d+)", str(error))
            raise ShapeError(PATH, int(line[1]) if line else None, f"is no valid TOML: {error}") from None
        unknown = sorted(set(document) - {"suppress"})
        if unknown:
            raise ShapeError(PATH, None, f"unknown key {unknown[0]!r}; known: suppress")
        tables = document.get("suppress", [])
        lines = [
            n for n, line in enumerate(text.splitlines(), 1) if re.match(r"\s*\[\[\s*suppress\s*\]\]", line)
        ]
        if not isinstance(tables, list) or len(lines) != len(tables):
            raise ShapeError(PATH, None, "expected [[suppress]] tables")
        return cls(tuple(_entry(table, line) for table, line in zip(tables, lines, strict=True)))

    def split(self, findings: Sequence[Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings that stay, and those that are suppressed."""
        kept: list[Finding] = []
        suppressed: list[Finding] = []
        for finding in findings:
            (suppressed if any(e.covers(finding) for e in self.entries) else kept).append(finding)
        return kept, suppressed

    def stale(self, suppressed: Sequence[Finding]) -> list[Suppression]:
        """Those that suppress none of the findings."""
        return [entry for entry in self.entries if not any(entry.covers(f) for f in suppressed)]


def _entry(table: Any, line: int) -> Suppression:
    wrong = [key for key, value in table.items() if key not in FIELDS or not isinstance(value, str)]
    if wrong:
        raise ShapeError(
            PATH, line, f"{wrong[0]!r}: a suppression has the texts rule, backend, reason, match"
        )
    for key in ("rule", "reason"):
        if not table.get(key, "").strip():
            raise ShapeError(PATH, line, f"a suppression needs a {key}")
    return Suppression(table["rule"], table.get("backend", ""), table["reason"], table.get("match", ""), line)
