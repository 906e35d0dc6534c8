"""`check --format markdown`: a comment on a pull request, or the summary of a job.

Whatever a finding says is shown as it is: nothing in it is read as Markdown, mentions anyone or
ends a table row.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from scaffold.report.view import (
    View,
    counted,
    debt,
    praise,
    reason,
    rule_address,
    silence,
    statistics,
    totals,
)
from scaffold.rules.base import Finding
from scaffold.text import one_line, visible

COMMENT_LIMIT = 65_536
"""Characters of a GitHub comment."""
SUMMARY_LIMIT = 1 << 20
"""Bytes of a GitHub job summary."""
LINES = 60
"""What a person reads of a comment."""
RULES = 30
"""Lines of a table of rules in it."""
DIFF_LINES = 14
"""A longer fix is not shown."""
CELL_LIMIT = 1_000
CODE_LIMIT = 200
"""Characters of a line of code."""
LEAST = 32_000
"""Bytes that the words before and after the findings never exceed."""
RESERVE = 2_500
"""Bytes for what stands around the rows: details tags, the words that say what was cut."""
HEADER = "| | rule | backend | where | what | what to do |\n| --- | --- | --- | --- | --- | --- |\n"
LANGUAGES = {
    ".go": "go",
    ".js": "js",
    ".md": "markdown",
    ".mjs": "js",
    ".py": "python",
    ".sh": "sh",
    ".toml": "toml",
    ".yaml": "yaml",
    ".yml": "yaml",
    "Makefile": "make",
}
"""End of a path -> the name of its language, for colours."""


def render(view: View, limit: int = COMMENT_LIMIT) -> str:
    """A comment, in at most `limit` bytes of UTF-8 and LINES lines unless everything is asked for."""
    return _rendered(view, limit, in_full=view.everything)


def summary(view: View, limit: int) -> str:
    """The summary of a job, in at most `limit` bytes of UTF-8: what a comment has no room for is a row."""
    return _rendered(view, limit, in_full=True)


def _rendered(view: View, limit: int, in_full: bool) -> str:
    new, old = view.new(), view.old() if view.everything else []
    text = "" if view.quiet else f"{_verdict(view)}\n"
    broken = view.broken_base and f"There is no comparison: {view.broken_base}"
    for paragraph in () if view.quiet else (broken, silence(view), reason(view)):
        text += f"\n{escaped(paragraph)}\n" if paragraph else ""
    if view.counts_first:
        text += f"\n{_counts([*new, *old], limit if in_full else RULES)}"
    if view.statistics:
        return text
    blocks = _blocks(view, new, LINES - 2 - text.count("\n"), _room(limit, text))
    text += "".join(blocks)
    rest = new[len(blocks) :]
    if rest and in_full:
        text += f"\n{_table(view, rest, _room(limit, text))}"
    elif rest:
        text += f"\n{counted(len(rest), 'more finding')} not listed here: `--all` lists all.\n"
    if old:
        title = f"{counted(len(old), 'finding')} that the base has too"
        table = _table(view, old, _room(limit, text))
        text += f"\n<details><summary>{title}</summary>\n\n{table}\n</details>\n"
    return text


def escaped(text: str) -> str:
    """Text as one line of Markdown that shows exactly it."""
    flat = one_line(text)
    if len(flat) > CELL_LIMIT:
        flat = f"{flat[:CELL_LIMIT]}..."
    return re.sub(r"[\\`*_\[\]|@#~$]", lambda m: f"&#{ord(m[0])};", html.escape(flat, quote=False))


def fenced(code: str, language: str = "") -> str:
    """Text as a block of code, which ends where it should whatever the text says."""
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall("`{3,}", code)), 3)
    return f"{fence}{language}\n{code}\n{fence}\n"


def link(text: str, address: str) -> str:
    """Text that leads to an address, which is one of ours; the text alone where there is none."""
    return f"[{escaped(text)}](<{address}>)" if address else escaped(text)


def _verdict(view: View) -> str:
    thanks = f" {praise(view)}".rstrip()
    verdict = f"**scaffold check {'fails' if view.fails else 'passes'}**"
    total = totals(view)
    return f"{verdict}: {escaped(total[:1].lower() + total[1:])}{escaped(thanks)}{debt(view)}"


def _counts(findings: Sequence[Finding], limit: int) -> str:
    """A table of how many findings each rule has."""
    rows = [
        f"| {count} | {severity.value} | {link(rule, rule_address(rule))} |\n"
        for count, severity, rule in statistics(findings)
    ]
    more = f"\n{counted(len(rows) - limit, 'more rule')} not listed here.\n" if len(rows) > limit else ""
    return f"| findings | | rule |\n| ---: | --- | --- |\n{''.join(rows[:limit])}{more}"


def _blocks(view: View, findings: Sequence[Finding], lines: int, room: int) -> list[str]:
    """The first findings, as many as fit into some lines and bytes, with as many fixes as fit then."""
    blocks: list[str] = []
    for finding in findings:
        block = _block(view, finding, _excerpt(view, finding))
        if block.count("\n") > lines or _size(block) > room:
            break
        blocks.append(block)
        lines, room = lines - block.count("\n"), room - _size(block)
    for position, finding in enumerate(findings[: len(blocks)]):
        if lines > 0 and (diff := _diff(view, finding)):
            block = _block(view, finding, diff)
            more = block.count("\n") - blocks[position].count("\n"), _size(block) - _size(blocks[position])
            if more[0] <= lines and more[1] <= room:
                blocks[position] = block
                lines, room = lines - more[0], room - more[1]
    return blocks


def _block(view: View, finding: Finding, code: str) -> str:
    """One finding for who reads it in a comment: where, what, and a block of code."""
    about = f" ({escaped(finding.backend)})" if finding.backend else ""
    rule, where = link(finding.rule, rule_address(finding.rule)), _where(view, finding)
    text = f"\n**{finding.severity.value}** {rule}{about} in {where}: {escaped(finding.message)}\n"
    return f"{text}help: {escaped(finding.help)}\n{code}" if finding.help.strip() else f"{text}{code}"


def _excerpt(view: View, finding: Finding) -> str:
    """The line of a finding; "" where it is empty."""
    code = _code(view.region(finding).text)
    language = next((name for end, name in LANGUAGES.items() if finding.path.endswith(end)), "")
    return fenced(code, language) if code else ""


def _diff(view: View, finding: Finding) -> str:
    """The fix of a finding as a diff; "" where there is none, or it is a long one."""
    changes = view.repair(finding)
    lines = changes.diff().rstrip("\n").split("\n") if changes else []
    hunks = [line for line in lines if not line.startswith(("diff --git ", "index "))]
    if not 0 < len(hunks) <= DIFF_LINES:
        return ""
    match [line for line in hunks[2:] if line.startswith(("-", "+"))]:
        case [old, new]:  # which may differ far in a long line alone
            letters = enumerate(zip(old[1:], new[1:], strict=False), start=1)
            differs = next((at for at, (one, other) in letters if one != other), min(len(old), len(new)))
            begin = differs - CODE_LIMIT // 2
            if begin > 1:
                hunks = [f"{line[0]}...{line[begin:]}" if line in (old, new) else line for line in hunks]
    return fenced("\n".join(map(_code, hunks)), "diff")


def _code(line: str) -> str:
    """A line of a file as it is shown in a block of code."""
    text = visible(line.replace("\n", " "))
    return text if len(text) <= CODE_LIMIT else f"{text[:CODE_LIMIT]}..."


def _where(view: View, finding: Finding) -> str:
    return link(f"{finding.path}:{finding.line}", view.address(finding))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _room(limit: int, text: str) -> int:
    return limit - _size(text) - RESERVE


def _table(view: View, findings: Sequence[Finding], room: int) -> str:
    table = HEADER
    size = len(HEADER)
    for position, finding in enumerate(findings):
        row = _row(view, finding)
        size += _size(row)
        if size > room:
            return f"{table}\n{counted(len(findings) - position, 'more finding')} not listed here.\n"
        table += row
    return table


def _row(view: View, finding: Finding) -> str:
    cells = (
        finding.severity.value,
        link(finding.rule, rule_address(finding.rule)),
        escaped(finding.backend),
        _where(view, finding),
        escaped(finding.message),
        escaped(f"{finding.help} (--fix does it)" if finding.fix else finding.help),
    )
    return f"| {' | '.join(cells)} |\n"
