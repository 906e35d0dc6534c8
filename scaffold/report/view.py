"""What every report of `check` needs: the findings in order of importance, and the lines they stand on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote

from scaffold import HOME
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.tree import Tree
from scaffold.errors import ScaffoldError
from scaffold.operations.check import Result
from scaffold.operations.sources import Sources
from scaffold.rules.base import SEVERITIES, Finding, Severity
from scaffold.rules.suppressions import Suppression
from scaffold.text import one_line

NAMED = 5
"""How many names a sentence lists before it says how many more there are."""
MANY = 50
"""More findings than this are counted by rule first."""


class Region(NamedTuple):
    """The text of a line without the blanks around it. Everything counts from 1."""

    line: int
    column: int
    end_column: int
    """The column after the last character."""
    text: str


@dataclass(slots=True, eq=False)
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
    everything: bool = False
    """Whether what the base has too is shown, and nothing is left out of a report."""
    quiet: bool = False
    """Whether only findings are printed, and nothing about them."""
    statistics: bool = False
    """Whether the findings are only counted, by rule."""
    sources: Sources | None = None
    """Where a browser shows the files."""
    repairing: str = "--fix"
    """What repairs the findings that can be repaired: the command, so that it makes the same comparison."""
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

    @property
    def counts_first(self) -> bool:
        """Whether a report begins with the number of findings of each rule."""
        return self.statistics or (not self.compared and len(self.result.findings) > MANY)

    def reported(self) -> list[tuple[Finding, bool]]:
        """What is shown to people, in order, and whether it is new: with a base only that, or everything."""
        return [(finding, new) for finding, new in self.ranked() if new or self.everything]

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

    def repair(self, finding: Finding) -> ChangeSet | None:
        """The edits of a finding's fix as if it were the only one; None where there are none."""
        if finding.fix is None:
            return None
        changes = ChangeSet(self.tree)
        try:
            finding.fix(changes)
            return changes if changes.by_path() or changes.created else None
        except ScaffoldError:
            return None  # there is no place for it here

    def address(self, finding: Finding) -> str:
        """Where a browser shows the line of a finding; "" where that is not known."""
        if self.sources is None:
            return ""
        return self.sources.address(finding.path, max(finding.line, 1), self.tree.content(finding.path))

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
    """What the change repaired, in one line; "" where it repaired nothing, or broke something."""
    repaired = view.result.repaired
    if not repaired or any(finding.severity is Severity.error for finding in view.new()):
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


def rule_address(rule: str) -> str:
    """Where a browser shows the page of a rule."""
    return f"{HOME}/blob/main/docs/rules/{quote(rule)}.md"


def statistics(findings: Iterable[Finding]) -> list[tuple[int, Severity, str]]:
    """Number, severity and rule of the findings: the worst first, and of those the most frequent."""
    counts = Counter((finding.severity, finding.rule) for finding in findings)
    order = sorted(counts.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -item[1], item[0][1]))
    return [(count, severity, rule) for (severity, rule), count in order]


def totals(view: View) -> str:
    """What was looked at, and what was found, in one sentence; with a base, what is new."""
    result = view.result
    looked_at = [
        counted(number, noun)
        for number, noun in ((result.backends, "backend"), (result.workflows, "workflow"))
        if number or (noun == "backend" and not result.workflows)
    ]
    scope = f"{counted(result.rules, 'rule')} over {' and '.join(looked_at)}"
    if view.compared:
        new, since = view.new(), f"since {one_line(result.base or '')}"
        return f"{by_severity(new, 'new') if new else 'Nothing is new'} {since}; {scope}."
    aside = f", {len(result.suppressed)} suppressed" if result.suppressed else ""
    if not result.findings:
        return f"Clean: {scope} found nothing{aside}."
    return f"{by_severity(result.findings)}{aside}; {scope}."


def debt(view: View) -> str:
    """What the base has too, in a few words that end a line; "" where it has nothing, or it is shown."""
    old = len(view.result.old)
    return f" {counted(old, 'older finding')}: `scaffold check`." if old and not view.everything else ""
