"""`check --format text`: for people at a terminal, the most important first and the sum last."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from typer import style

from scaffold.report.view import View, by_rule, by_severity, counted, praise, reason, silence, totals
from scaffold.rules.base import SEVERITIES, Finding, Severity
from scaffold.text import one_line

WIDTH = 100
MANY = 20
"""More hygiene, or more findings of the base, than this become one line for each rule."""
COLOURS = {Severity.error: "red", Severity.warning: "yellow", Severity.info: "cyan"}


def render(view: View) -> str:
    """The whole report."""
    new, old = view.new(), view.old()
    infos = [finding for finding in new if finding.severity is Severity.info]
    many_infos = view.brief and len(infos) > MANY
    shown = [finding for finding in new if finding.severity is not Severity.info] if many_infos else new
    lines: list[str] = []
    for backend, findings in _grouped(shown):
        lines += [style(one_line(backend) or "the repository", bold=True)]
        for finding in findings:
            lines += _finding(view, finding)
        lines.append("")
    if many_infos:
        lines += [
            style("hygiene", bold=True),
            *_per_rule(infos),
            "  `--select RULE` shows those of one rule",
            "",
        ]
    if old:
        lines += [style(f"{one_line(view.result.base or '')} has these too", bold=True)]
        lines += _per_rule(old) if len(old) > MANY else [_short(finding) for finding in old]
        lines += ["  without `--base` they are shown in full"] if len(old) > MANY else []
        lines.append("")
    return "\n".join(lines + list(summary(view)))


def summary(view: View) -> Iterator[str]:
    """The last lines: fixes, comparison, sum."""
    result = view.result
    if view.broken_base:
        yield style("There is no comparison: ", fg="yellow", bold=True) + one_line(view.broken_base)
    yield from fixes(view)
    if view.silenced:
        yield style(f"{silence(view)}.", fg="red" if view.no_new_suppressions else "yellow")
    if view.compared:
        if result.repaired:
            yield style(praise(view), fg="green")
        yield from _verdict(view)
        if view.fails_by_warnings:
            yield reason(view)
    fixable = sum(finding.fix is not None for finding in result.findings)
    ends = f" {fixable} can be repaired with `--fix`." if fixable and view.diff is None else ""
    colour = "red" if view.fails else "green" if not result.findings else None
    yield style(totals(view)[:1].upper() + totals(view)[1:], fg=colour, bold=True) + ends


def fixes(view: View) -> Iterator[str]:
    """What `--fix` did or would do, and what it could not do."""
    if view.fixed:
        verb = "would repair" if view.diff is not None else "repaired"
        yield f"--fix {verb} {counted(len(view.fixed), 'finding')}: {by_rule(view.fixed)}."
    for finding, why in view.discarded:
        yield f"The fix of {_name(finding)} at {_place(finding)} was discarded: {one_line(why)}"


def _verdict(view: View) -> Iterator[str]:
    """How the findings compare with the base."""
    new, old = view.new(), view.old()
    base = one_line(view.result.base or "")
    if new:
        rest = f"; the other {len(old)} are there without it" if old else ""
        yield f"New since {base}: {by_severity(new)}{rest}."
    else:
        yield f"Nothing is new since {base}{f'; it has {_all(len(old))} too' if old else ''}."


def _all(number: int) -> str:
    return "the one finding" if number == 1 else f"all {number} findings"


def _grouped(findings: Sequence[Finding]) -> Iterable[tuple[str, list[Finding]]]:
    """Backend -> findings; the backend with the worst finding first, the worst of each first."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.backend, []).append(finding)
    worst = {name: SEVERITIES.index(group[0].severity) for name, group in groups.items()}
    return sorted(groups.items(), key=lambda group: (worst[group[0]], group[0]))


def _finding(view: View, finding: Finding) -> Iterator[str]:
    severity = style(finding.severity.value, fg=COLOURS[finding.severity], bold=True)
    fixable = style("  fixable", fg="green") if finding.fix else ""
    yield f"  {severity} {finding.rule}  {_place(finding)}{fixable}"
    yield from _wrapped(finding.message, "    ", "    ")
    text = one_line(view.region(finding).text)
    if text:
        line = f"    {finding.line} | {text}"
        yield style(line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}...", dim=True)
    if finding.help:
        yield from _wrapped(finding.help, "    help: ", "          ")


def _short(finding: Finding) -> str:
    return f"  {finding.severity.value} {_name(finding)}  {_place(finding)}  {one_line(finding.message)}"


def _per_rule(findings: Iterable[Finding]) -> list[str]:
    counts = Counter((finding.severity, finding.rule) for finding in findings)
    order = sorted(counts.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -item[1], item[0][1]))
    return [f"  {count:4} x {severity.value} {rule}" for (severity, rule), count in order]


def _name(finding: Finding) -> str:
    return f"{finding.rule} ({one_line(finding.backend)})" if finding.backend else finding.rule


def _place(finding: Finding) -> str:
    return f"{one_line(finding.path)}:{finding.line}"


def _wrapped(text: str, first: str, rest: str) -> list[str]:
    line = one_line(text)
    if len(first) + len(line) <= WIDTH:
        return [first + line]
    return textwrap.wrap(
        line,
        WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
