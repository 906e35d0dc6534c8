"""What every report of `check` needs: the findings in order of importance, and the lines they stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.operations.check import Result
from scaffold.rules.base import SEVERITIES, Finding, Severity
from scaffold.rules.suppressions import Suppression
from scaffold.text import one_line

NAMED = 5
"""How many names a sentence lists before it says how many more there are."""


class Region(NamedTuple):
    """The text of a line without the blanks around it. Everything counts from 1."""

    line: int
    column: int
    end_column: int
    """The column after the last character."""
    text: str


@dataclass(frozen=True, slots=True)
class View:
    """A result of `check`, with what a report shows beside it."""

    result: Result
    tree: Tree
    repo: str
    rev: str | None = None
    strict: bool = False
    lenient: bool = False
    brief: bool = True
    """Whether many findings of severity info become one line for each rule."""
    broken_base: str = ""
    """Why there is no comparison with the base that was asked for."""
    fixed: tuple[Finding, ...] = ()
    """What `--fix` repaired, or would."""
    discarded: tuple[tuple[Finding, str], ...] = ()
    """Fixes that were not applied, and why."""
    diff: str | None = None
    """The fixes as a diff, where nothing was written."""
    no_new_suppressions: bool = False
    """Whether what the change silences fails the check."""
    _lines: dict[str, list[bytes]] = field(default_factory=dict)

    @property
    def fails(self) -> bool:
        """Whether the check fails."""
        return self.result.fails(self.strict, self.lenient) or (
            self.no_new_suppressions and bool(self.silenced)
        )

    @property
    def fails_by_warnings(self) -> bool:
        """Whether it fails only because the change adds a backend that has warnings."""
        result = self.result
        return result.fails(self.strict, self.lenient) and not result.fails(self.strict, lenient=True)

    @property
    def silenced(self) -> tuple[tuple[Finding, Suppression], ...]:
        """What the change itself silences, each with what does it; where the base is broken, all that is."""
        return self.result.silenced if self.compared or self.broken_base else ()

    @property
    def compared(self) -> bool:
        """Whether the result tells new findings from those of a base."""
        return self.result.base is not None

    def ranked(self) -> list[tuple[Finding, bool]]:
        """Findings and whether they are new: the new ones first, then by severity."""
        both = [(finding, self.result.is_new(i)) for i, finding in enumerate(self.result.findings)]
        return sorted(both, key=lambda pair: (not pair[1], SEVERITIES.index(pair[0].severity)))

    def new(self) -> list[Finding]:
        """The findings that the change introduced; all of them where there is no base."""
        return [finding for finding, new in self.ranked() if new]

    def old(self) -> list[Finding]:
        """The findings that the base has too."""
        return [finding for finding, new in self.ranked() if not new]

    def region(self, finding: Finding) -> Region:
        """Where a finding stands; empty where its file or line is missing."""
        if finding.path not in self._lines:
            self._lines[finding.path] = (self.tree.content(finding.path) or b"").split(b"\n")
        lines = self._lines[finding.path]
        raw = lines[finding.line - 1] if 0 < finding.line <= len(lines) else b""
        line = raw.decode(errors="replace")
        text = line.strip()
        start = len(line) - len(line.lstrip()) + 1 if text else 1
        return Region(max(finding.line, 1), start, start + len(text), text)


def counted(number: int, noun: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def by_severity(findings: Iterable[Finding], adjective: str = "") -> str:
    """`2 errors, 1 warning`, or `nothing`."""
    counts = Counter(finding.severity for finding in findings)
    words = f"{adjective} ".lstrip()
    return ", ".join(counted(counts[s], f"{words}{s}") for s in SEVERITIES if counts[s]) or "nothing"


def by_rule(findings: Iterable[Finding]) -> str:
    """`rule-a (rookery), 3 times rule-b`: what they are, in the words of a sentence."""
    named: dict[str, list[str]] = {}
    for finding in findings:
        named.setdefault(finding.rule, []).append(one_line(finding.backend))
    parts = [
        f"{len(backends)} times {rule}"
        if len(backends) > 1
        else f"{rule} ({backends[0]})"
        if backends[0]
        else rule
        for rule, backends in named.items()
    ]
    more = len(parts) - NAMED
    return ", ".join(parts[:NAMED]) + (f" and {counted(more, 'more rule')}" if more > 0 else "")


def praise(view: View) -> str:
    """What the change repaired, in one line; "" where it repaired nothing."""
    repaired = view.result.repaired
    if not repaired:
        return ""
    return f"This change repairs {counted(len(repaired), 'finding')}: {by_rule(repaired)}. Thank you!"


def reason(view: View) -> str:
    """Why warnings fail the check, in one line; "" where it passes, or fails by something else."""
    if not view.fails_by_warnings:
        return ""
    warned = {f.backend for f in view.new() if f.severity is Severity.warning}
    names = sorted(map(one_line, warned & view.result.added))
    return (
        f"Warnings about {', '.join(names)} fail the check, for this change adds it (--lenient: they do not)."
    )


def silence(view: View) -> str:
    """What the change itself silences, in one line; "" where it silences nothing."""
    silenced = view.silenced
    if not silenced:
        return ""
    places = [*dict.fromkeys(f"{one_line(entry.path)}:{entry.line}" for _, entry in silenced)]
    more = f" and {len(places) - NAMED} more" if len(places) > NAMED else ""
    by = f"{', '.join(places[:NAMED])}{more}"
    findings = [finding for finding, _ in silenced]
    return f"This change silences {counted(len(findings), 'finding')}: {by_rule(findings)}; by {by}"


def totals(view: View) -> str:
    """What was looked at, and what was found, in one sentence."""
    result = view.result
    looked_at = [
        counted(number, noun)
        for number, noun in ((result.backends, "backend"), (result.workflows, "workflow"))
        if number or (noun == "backend" and not result.workflows)
    ]
    scope = f"{counted(result.rules, 'rule')} over {' and '.join(looked_at)}"
    aside = f", {len(result.suppressed)} suppressed" if result.suppressed else ""
    if not result.findings:
        return f"Clean: {scope} found nothing{aside}."
    return f"{by_severity(result.findings)}{aside}; {scope}."
