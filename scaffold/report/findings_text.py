"""`check --format text`: for people at a terminal, the most important first and the sum last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from typer import style

from scaffold.report import layout
from scaffold.report.view import (
    View,
    by_rule,
    counted,
    debt,
    praise,
    reason,
    silence,
    statistics,
    totals,
)
from scaffold.rules.base import SEVERITIES, Finding, Severity
from scaffold.text import one_line

MANY = 20
"""More hygiene than this becomes one line for each rule."""
COLOURS = {Severity.error: "red", Severity.warning: "yellow", Severity.info: "cyan"}


def render(view: View) -> str:
    """The whole report; "" where there is nothing to print."""
    lines: list[str] = []
    reported = [finding for finding, _ in view.reported()]
    if view.counts_first:
        lines += [style("findings of each rule", bold=True), *_per_rule(reported), ""] if reported else []
    if not view.statistics:
        lines += _by_backend(view, view.new())
        old = view.old() if view.everything else []
        if old:
            lines += [style(f"{one_line(view.result.base or '')} has these too", bold=True)]
            lines += [*map(_short, old), ""]
    return "\n".join(lines[:-1] if view.quiet else [*lines, *summary(view)])


def _by_backend(view: View, findings: Sequence[Finding]) -> Iterator[str]:
    """The findings in full; many of severity info as one line for each rule, unless all are asked for."""
    infos = [finding for finding in findings if finding.severity is Severity.info]
    many_infos = view.brief and not view.everything and len(infos) > MANY
    explained: set[str] = set()
    for backend, group in _grouped([f for f in findings if f not in infos] if many_infos else findings):
        yield style(one_line(backend) or "the repository", bold=True)
        for finding in group:
            yield from _finding(view, finding)
            if finding.rule not in explained:
                explained.add(finding.rule)
                yield style(f"    more: scaffold explain {finding.rule}", dim=True)
        yield ""
    if many_infos:
        yield style(f"hygiene ({counted(len(infos), 'finding')})", bold=True)
        yield from () if view.counts_first else _per_rule(infos)
        yield "  `--select RULE` shows those of one rule, `--all` all of them"
        yield ""


def summary(view: View) -> Iterator[str]:
    """The last lines: fixes, comparison, sum."""
    if view.broken_base:
        yield style("There is no comparison: ", fg="yellow", bold=True) + one_line(view.broken_base)
    yield from fixes(view)
    if view.silenced:
        yield style(f"{silence(view)}.", fg="red" if view.no_new_suppressions else "yellow")
    if view.fails_by_warnings:
        yield reason(view)
    found = view.new()
    fixable = sum(finding.fix is not None for finding in found)
    ends = ""
    if fixable and view.diff is None:
        where = "" if view.rev is None else ", once the commit is checked out"
        ends = f" {fixable} can be repaired with `{one_line(view.repairing)}`{where}."
    thanks = f" {style(praise(view), fg='green')}" if praise(view) else ""
    colour = "red" if view.fails else None if found else "green"
    total = totals(view)
    yield style(total[:1].upper() + total[1:], fg=colour, bold=True) + ends + thanks + debt(view)


def fixes(view: View) -> Iterator[str]:
    """What `--fix` did or would do, and what it could not do."""
    if view.fixed:
        verb = "would repair" if view.diff is not None else "repaired"
        yield f"--fix {verb} {counted(len(view.fixed), 'finding')}: {by_rule(view.fixed)}."
    for finding, why in view.discarded:
        yield f"The fix of {_name(finding)} at {_place(finding)} was discarded: {one_line(why)}"


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
    yield from layout.wrapped(one_line(finding.message), "    ", "    ")
    text = one_line(view.region(finding).text)
    if text:
        yield style(layout.cut(f"    {finding.line} | {text}", layout.width()), dim=True)
    if finding.help:
        yield from layout.wrapped(one_line(finding.help), "    help: ", "          ")


def _short(finding: Finding) -> str:
    return f"  {finding.severity.value} {_name(finding)}  {_place(finding)}  {one_line(finding.message)}"


def _per_rule(findings: Iterable[Finding]) -> list[str]:
    return [f"  {count:4} x {severity.value} {rule}" for count, severity, rule in statistics(findings)]


def _name(finding: Finding) -> str:
    return f"{finding.rule} ({one_line(finding.backend)})" if finding.backend else finding.rule


def _place(finding: Finding) -> str:
    return f"{one_line(finding.path)}:{finding.line}"
