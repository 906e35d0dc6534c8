"""One defect, one report: what follows from a finding is not told beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from scaffold.rules.base import SEVERITIES, Finding, Rule


class Told(NamedTuple):
    """Findings without those that follow from others."""

    findings: list[Finding]
    """Each cause says in its help what was left out."""
    old: frozenset[int]
    """Positions of those that are not new."""
    folded: tuple[Finding, ...]
    """The new ones that were left out: they come back when their cause is repaired and they stay.

    They have a fix where their cause has one: else what a person will mend would be repeated elsewhere.
    """


def told(findings: Sequence[Finding], old: Collection[int], rules: Mapping[str, Rule]) -> Told:
    """What a report shows of findings, of which those at the positions `old` are not new.

    A cause is of the same backend, as new and at least as severe, so that nothing which fails is hidden
    behind what does not. Findings that only explain each other are all told.
    """
    by_backend: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for position, finding in enumerate(findings):
        if finding.backend:
            by_backend[finding.backend, position in old].append(position)
    roots: dict[int, int] = {}
    for positions in by_backend.values():
        roots.update(_roots([(position, findings[position]) for position in positions], rules))
    left_out: dict[int, Counter[str]] = defaultdict(Counter)
    for position, root in roots.items():
        left_out[root][findings[position].rule] += 1
    kept = [position for position in range(len(findings)) if position not in roots]
    return Told(
        [_with(findings[position], left_out.get(position)) for position in kept],
        frozenset(at for at, position in enumerate(kept) if position in old),
        tuple(
            findings[at] if findings[roots[at]].fix else findings[at]._replace(fix=None)
            for at in sorted(roots)
            if at not in old
        ),
    )


def _roots(own: Sequence[tuple[int, Finding]], rules: Mapping[str, Rule]) -> dict[int, int]:
    """Position of each finding of a backend that follows from another one -> that of the first cause."""
    by_rule: dict[str, list[tuple[int, Finding]]] = defaultdict(list)
    for at, one in own:
        by_rule[one.rule].append((at, one))
    causes = {at: _causes(at, one, by_rule, rules[one.rule]) if one.rule in rules else [] for at, one in own}
    found = {at: at for at, others in causes.items() if not others}
    while known := {
        at: roots[0]
        for at, others in causes.items()
        if at not in found and (roots := [found[other] for other in others if other in found])
    }:
        found |= known
    return {at: root for at, root in found.items() if at != root}


def _causes(
    at: int, finding: Finding, by_rule: Mapping[str, Sequence[tuple[int, Finding]]], rule: Rule
) -> list[int]:
    """Positions of the findings that a finding follows from."""
    severity = SEVERITIES.index(finding.severity)
    return sorted(
        position
        for name in rule.explained_by
        for position, cause in by_rule.get(name, ())
        if position != at and SEVERITIES.index(cause.severity) <= severity and rule.follows(finding, cause)
    )


def _with(finding: Finding, left_out: Counter[str] | None) -> Finding:
    """A cause that says what was left out beside it."""
    if not left_out:
        return finding
    names = ", ".join(f"{count} x {rule}" if count > 1 else rule for rule, count in left_out.items())
    return finding._replace(help=f"{finding.help}; what follows from it is not listed: {names}")
