"""What `scaffold rules` and `scaffold explain` print."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from typer import style

from scaffold.report import formats, layout, rule_pages
from scaffold.report.findings_text import COLOURS
from scaffold.report.formats import Format
from scaffold.report.view import rule_address
from scaffold.rules.base import Rule


def rendered(rules: Sequence[Rule], output: Format) -> str:
    """The catalogue in one format."""
    return (_as_json if output is Format.json else _as_text)(rules)


def _as_text(rules: Sequence[Rule]) -> str:
    """The catalogue for people, by group."""
    width = max((len(rule.slug) for rule in rules), default=0)
    indent = width + 17
    lines = []
    for group, members in groupby(rules, key=lambda rule: rule.group):
        lines.append(style(group, bold=True))
        for rule in members:
            severity = style(f"{rule.severity.value:7}", fg=COLOURS[rule.severity])
            fixable = "fix" if rule.fixable else "   "
            summary = textwrap.fill(rule.summary, max(layout.width() - indent, 40)).replace(
                "\n", f"\n{' ' * indent}"
            )
            lines.append(f"  {severity} {rule.slug:{width}}  {fixable}  {summary}")
        lines.append("")
    return "\n".join([*lines, f"{len(rules)} rules; `scaffold explain RULE` prints the page of one."])


def _as_json(rules: Sequence[Rule]) -> str:
    """The catalogue for programs, version 1."""
    return formats.as_json({"version": 1, "rules": [_of_rule(rule) for rule in rules]})


def _of_rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.slug,
        "group": rule.group,
        "severity": rule.severity.value,
        "fixable": rule.fixable,
        "default": rule.default,
        "summary": rule.summary,
        "page": rule_pages.page(rule),
        "url": rule_address(rule.slug),
    }


def explained(rule: Rule, output: Format = Format.text) -> str:
    """The page of one rule."""
    if output is Format.json:
        return formats.as_json({"version": 1, **_of_rule(rule)})
    return rule_pages.page(rule).rstrip()
