"""`check --format markdown`: a comment on a pull request, or the summary of a job.

Whatever a finding says is shown as it is: nothing in it is read as Markdown, mentions anyone or
ends a table row.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from scaffold.report.view import View, by_severity, counted, praise, reason, silence, totals
from scaffold.rules.base import Finding
from scaffold.text import one_line

COMMENT_LIMIT = 65_536
"""Characters of a GitHub comment."""
SUMMARY_LIMIT = 1 << 20
"""Bytes of a GitHub job summary."""
CELL_LIMIT = 1_000
LEAST = 32_000
"""Bytes that the words before and after the tables never exceed."""
RESERVE = 2_500
"""Bytes for what stands around the rows: details tags, the words that say what was cut."""
HEADER = "| | rule | backend | where | what | what to do |\n| --- | --- | --- | --- | --- | --- |\n"


def render(view: View, limit: int = COMMENT_LIMIT) -> str:
    """The report in at most `limit` bytes of UTF-8."""
    text = f"{_verdict(view)}\n"
    broken = view.broken_base and f"There is no comparison: {view.broken_base}"
    for paragraph in (broken, silence(view), reason(view), praise(view)):
        text += f"\n{escaped(paragraph)}\n" if paragraph else ""
    new, old = view.new(), view.old()
    text += f"\n{_table(new, _room(limit, text))}" if new else ""
    if old:
        title = f"{counted(len(old), 'finding')} that the base has too"
        table = _table(old, _room(limit, text))
        text += f"\n<details><summary>{title}</summary>\n\n{table}\n</details>\n"
    return f"{text}\n{escaped(totals(view))}\n"


def escaped(text: str) -> str:
    """Text as one line of Markdown that shows exactly it."""
    flat = one_line(text)
    if len(flat) > CELL_LIMIT:
        flat = f"{flat[:CELL_LIMIT]}..."
    return re.sub(r"[\\`*_\[\]|@#~$]", lambda m: f"&#{ord(m[0])};", html.escape(flat, quote=False))


def _verdict(view: View) -> str:
    new = view.new()
    base = f" since {escaped(view.result.base or '')}" if view.compared else ""
    if view.fails:
        found = by_severity(new, "new" if base else "") if new else "it silences what is"
        return f"**scaffold check fails**: {found}{base}."
    if new:
        return f"**scaffold check passes**, with {by_severity(new, 'new' if base else '')}{base}."
    return f"**scaffold check passes**: nothing {'new' if base else 'found'}{base}."


def _room(limit: int, text: str) -> int:
    return limit - len(text.encode(errors="replace")) - RESERVE


def _table(findings: Sequence[Finding], room: int) -> str:
    table = HEADER
    size = len(HEADER)
    for position, finding in enumerate(findings):
        row = _row(finding)
        size += len(row.encode(errors="replace"))
        if size > room:
            return f"{table}\n{counted(len(findings) - position, 'more finding')} not listed here.\n"
        table += row
    return table


def _row(finding: Finding) -> str:
    cells = (
        finding.severity.value,
        finding.rule,
        finding.backend,
        f"{finding.path}:{finding.line}",
        finding.message,
        f"{finding.help} (--fix does it)" if finding.fix else finding.help,
    )
    return f"| {' | '.join(map(escaped, cells))} |\n"
