"""`check --format github`: annotations at the lines of a pull request.

GitHub shows ten of each type for a step, the first ones. With a base only new findings are annotated;
where all are asked for, those that the base has too come last and are notices, because they do not fail.
"""

from __future__ import annotations

from collections import Counter

from scaffold.report import markdown
from scaffold.report.view import View, debt, praise, reason, rule_address, silence, totals
from scaffold.rules.base import Finding, Severity
from scaffold.text import harmless, one_line, shown

CAP = 10
TYPES = {Severity.error: "error", Severity.warning: "warning", Severity.info: "notice"}


def render(view: View) -> str:
    """The annotations, and what the log says below them."""
    annotated: Counter[str] = Counter()
    cut: Counter[str] = Counter()
    lines = []
    said = []
    if view.silenced:
        kind = "error" if view.no_new_suppressions else "warning"
        by = view.silenced[0][1]
        annotated[kind] += 1
        lines.append(command(kind, by.path, by.line, "scaffold: new suppressions", silence(view)))
    for finding, new in view.reported():
        kind = TYPES[finding.severity] if new else "notice"
        if annotated[kind] == CAP:
            cut[kind] += 1
            continue
        annotated[kind] += 1
        lines.append(annotation(kind, finding, new))
    said += [
        f"not annotated: {number} more of type {kind} (GitHub shows {CAP} of each); the job summary has them"
        for kind, number in cut.items()
    ]
    if view.broken_base:
        said.append(f"There is no comparison: {one_line(view.broken_base)}")
    said += filter(None, (silence(view), reason(view)))
    said.append(" ".join(filter(None, (totals(view), praise(view)))) + debt(view))
    return "\n".join(lines if view.quiet else [*lines, shown("\n".join(said))])


def job_summary(view: View, used: int) -> str:
    """All findings for the summary of the job, of which `used` bytes are taken; "" where it is full."""
    room = markdown.SUMMARY_LIMIT - used
    return markdown.summary(view, room) if room >= markdown.LEAST else ""


def annotation(kind: str, finding: Finding, new: bool) -> str:
    """The workflow command of a finding."""
    title = f"{finding.rule} ({finding.backend})" if finding.backend else finding.rule
    told_apart = "" if new else "(the base has it too) "
    text = f"{told_apart}{finding.message}\n{finding.help}\n{rule_address(finding.rule)}"
    return command(kind, finding.path, finding.line, title, text)


def command(kind: str, path: str, line: int, title: str, text: str) -> str:
    """A workflow command that shows a text at a line of a file, or of the whole job where `path` is empty."""
    place = {"file": path, "line": str(line), "endLine": str(line)} if path else {}
    properties = {**place, "title": title}
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{kind} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return harmless(text).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
