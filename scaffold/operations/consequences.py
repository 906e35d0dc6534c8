"""One defect, one report: what follows from a finding is not told beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import NamedTuple

from scaffold.rules.base import SEVERITIES, Finding, PipelineRule, Rule
from scaffold.rules.words import some

PLACED = 5
"""Findings that a report tells at most with their places beside itself."""
EXPLAINING = 50
"""Findings about one backend that are asked what they explain."""
NAMED = 20
"""Backends that a report names at most beside its own."""


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


class Brought(NamedTuple):
    """What edits of a change have brought together."""

    roots: Mapping[int, int] = MappingProxyType({})
    """Position of each finding that another one stands for -> that of the other."""
    edits: Mapping[int, str] = MappingProxyType({})
    """Position of what stands for others -> the edit that has brought them, `path:line`."""


Further = Callable[[Mapping[int, Finding]], Brought]
"""Asked of new findings by their positions."""


def told(
    findings: Sequence[Finding],
    old: Collection[int],
    rules: Mapping[str, Rule],
    void: Mapping[int, int] = MappingProxyType({}),
    cured: Mapping[int, int] = MappingProxyType({}),
    further: Further | None = None,
    names: Mapping[str, str] = MappingProxyType({}),
) -> Told:
    """What a report shows of findings, of which those at the positions `old` are not new.

    A cause is of the same backend, or of the pipeline and in the same file, as new and at least as severe,
    so that nothing which fails is hidden behind what does not. Findings that only explain each other are all
    told. What misses the same file or folder has one cause, and what is `void` or `cured` has that of its
    position.
    `further` is asked of what is left. A backend may be called by two `names`, an old one and a new one.
    """
    by_backend: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for position, finding in enumerate(findings):
        of_pipeline = isinstance(rules.get(finding.rule), PipelineRule)
        if finding.backend or of_pipeline:
            name = names.get(finding.backend) or finding.backend
            by_backend[name or finding.path, position in old].append(position)
    roots: dict[int, int] = {}
    for positions in by_backend.values():
        roots.update(_roots([(position, findings[position]) for position in positions], rules))
    for others in (_alike(findings, old, void), cured, void):
        roots = _joined(roots, others)
    roots = _joined(roots, _explained(findings, by_backend.values(), roots, rules))
    left_out: dict[int, list[Finding]] = defaultdict(list)
    unjudged: dict[int, list[Finding]] = defaultdict(list)
    beside: dict[int, list[Finding]] = defaultdict(list)
    brought = Brought()
    if further is not None:
        new = set(range(len(findings))) - roots.keys() - set(old)
        brought = further({at: findings[at] for at in sorted(new)})
    for position, cause in (roots | dict(brought.roots)).items():
        root = brought.roots.get(cause, cause)
        if position in void:
            unjudged[root].append(findings[position])
        elif position in brought.roots or cause in brought.roots:
            beside[root].append(findings[position])
        else:
            left_out[root].append(findings[position])
    roots = _joined(roots, brought.roots)
    kept = [position for position in range(len(findings)) if position not in roots]
    return Told(
        [
            _with(findings[at], left_out[at], unjudged[at], beside[at], brought.edits.get(at, ""))
            for at in kept
        ],
        frozenset(at for at, position in enumerate(kept) if position in old),
        tuple(
            findings[at] if findings[roots[at]].fix else findings[at]._replace(fix=None)
            for at in sorted(roots)
            if at not in old
        ),
    )


def _joined(roots: Mapping[int, int], others: Mapping[int, int]) -> dict[int, int]:
    """Position of a finding -> that of its cause, where causes have others."""
    return {at: others.get(root, root) for at, root in roots.items()} | dict(others)


def _alike(findings: Sequence[Finding], old: Collection[int], void: Container[int]) -> dict[int, int]:
    """Position of each finding that misses what another one misses -> that of the one to tell.

    That is the worst; of those the one that is about no backend in particular, or the first.
    """
    same: dict[tuple[str, bool], list[int]] = defaultdict(list)
    for at, finding in enumerate(findings):
        if finding.absent and at not in void:
            same[finding.absent, at in old].append(at)
    first = {
        key: min(them, key=lambda at: (SEVERITIES.index(findings[at].severity), bool(findings[at].backend)))
        for key, them in same.items()
    }
    return {at: first[key] for key, them in same.items() for at in them if at != first[key]}


def _explained(
    findings: Sequence[Finding],
    together: Iterable[Sequence[int]],
    roots: Container[int],
    rules: Mapping[str, Rule],
) -> dict[int, int]:
    """Position of each finding left that speaks of what another one explains -> that of the other."""
    found: dict[int, int] = {}
    for positions in together:
        left = [at for at in positions if at not in roots and findings[at].rule in rules]
        asked = ((at, rules[findings[at].rule].explained(findings[at])) for at in left)
        causes = [*islice(((at, speaks) for at, speaks in asked if speaks), EXPLAINING)]
        explaining: set[int] = set()
        for at in left:
            severity = SEVERITIES.index(findings[at].severity)
            for cause, speaks in () if at in explaining else causes:
                if cause == at or cause in found or SEVERITIES.index(findings[cause].severity) > severity:
                    continue
                if speaks(findings[at]):
                    found[at] = cause
                    explaining.add(cause)
                    break
    return found


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


def _with(
    finding: Finding,
    left_out: Sequence[Finding],
    unjudged: Sequence[Finding],
    beside: Sequence[Finding],
    edit: str,
) -> Finding:
    """A cause that says what was left out beside it."""
    advice = finding.help
    if left_out:
        advice += f"; what follows from it is not listed: {_counted(left_out)}"
    if unjudged:
        found, rules = len(unjudged), len({one.rule for one in unjudged})
        advice += (
            f"; until then what is judged by it is not listed, {found} finding{'s' if found > 1 else ''} "
            f"of {rules} rule{'s' if rules > 1 else ''}"
        )
    if beside:
        first, rest = beside[:PLACED], beside[PLACED:]
        advice += f"; the edit at {edit} is the cause, also of {some([*map(_placed, first)], PLACED)}"
        if rest:
            others = [*dict.fromkeys(one.backend for one in rest if one.backend)]
            whose = f" of {some(others, NAMED)}" if others else ""
            advice += f", and of {_counted(rest)}{whose}"
    return finding._replace(help=advice)


def _placed(finding: Finding) -> str:
    """A finding that is not listed, by its rule, its place and its backend."""
    whose = f" of {finding.backend}" if finding.backend else ""
    return f"{finding.rule}{whose} at {finding.path}:{finding.line}"


def _counted(findings: Sequence[Finding]) -> str:
    """The rules of findings, with how many each has."""
    counts = Counter(one.rule for one in findings)
    return ", ".join(f"{count} x {rule}" if count > 1 else rule for rule, count in counts.items())
