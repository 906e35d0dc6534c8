"""Suppressions that have outlived their reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.errors import unknown
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.rules.suppressions import ANY, Suppression
from scaffold.syntax.source import Place


class SuppressionUnused(Rule):
    """Every suppression, in .scaffold.toml or in a comment, suppresses something.

    Why: a suppression outlives its reason, and then hides the next defect of the same kind.

    Fails:

        [[suppress]]
        rule = "matrix-darwin-missing"
        backend = "rookery"               # which is built for macOS by now
        reason = "its engine needs CUDA"

    Passes:

        the same, while rookery is built for Linux only

    Fix: delete it.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:  # noqa: ARG002
        """Nothing: what was suppressed is known at the end of a check only."""
        return iter(())

    def stale(self, entries: Iterable[Suppression], backends: Iterable[str] = ()) -> Iterator[Finding]:
        """A finding for each suppression that matched nothing; `backends` are those that there are."""
        from scaffold.rules import all_rules

        rules = {name: name for rule in all_rules() for name in (rule.slug, rule.group)}
        known = {name: name for name in backends}
        for entry in entries:
            advice = "delete it: what it excused is repaired, or was never there"
            if entry.rule not in rules:
                advice = f"correct or delete it: {unknown('rule', entry.rule, rules, 'scaffold rules')}"
            elif entry.backend not in ("", ANY, *known):
                advice = (
                    f"correct or delete it: {unknown('backend', entry.backend, known, 'scaffold status')}"
                )
            yield self.finding(
                Place(entry.path, entry.line),
                entry.backend,
                f"{entry.rule} {entry.match}",
                f"this suppression of {entry.rule} matches no finding",
                advice,
            )
