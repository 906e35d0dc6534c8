"""`check --format json`: version 1, which is only ever extended.

`verdict`, `findings` and `summary` are always there; only what is `new` fails. With a base come `base`,
`repaired` and `silenced`; where a fix was asked for, `fixed`, `discarded` and, if nothing was written,
`diff`; where they were asked for, `statistics`.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from scaffold import __version__
from scaffold.report import formats
from scaffold.report.view import View, rule_address, statistics
from scaffold.rules.base import SEVERITIES, Finding


def render(view: View) -> str:
    """The whole report."""
    result = view.result
    new = Counter(finding.severity for finding in view.new())
    report: dict[str, Any] = {
        "version": 1,
        "tool": {"name": "scaffold", "version": __version__},
        "verdict": "fail" if view.fails else "pass",
        "repo": view.repo,
        "rev": view.rev,
        "findings": [
            {
                **_identified(finding),
                "line": finding.line,
                "column": view.region(finding).column,
                "end_line": finding.line,
                "message": finding.message,
                "help": finding.help,
                "fixable": finding.fix is not None,
                "new": result.is_new(position),
                "url": rule_address(finding.rule),
            }
            for position, finding in enumerate(result.findings)
        ],
        "summary": {
            **{severity.value: result.count(severity) for severity in SEVERITIES},
            "new": {severity.value: new[severity] for severity in SEVERITIES},
            "suppressed": len(result.suppressed),
            "backends": result.backends,
            "rules": result.rules,
            **({"workflows": result.workflows} if result.workflows else {}),
        },
    }
    if view.compared:
        report["base"] = result.base
        report["repaired"] = [_identified(f) | {"message": f.message} for f in result.repaired]
    if view.compared or view.broken_base:
        report["silenced"] = [
            _identified(f)
            | {"message": f.message, "by": {"path": by.path, "line": by.line, "reason": by.reason}}
            for f, by in view.silenced
        ]
    if view.broken_base:
        report["broken_base"] = view.broken_base
    if view.fixed or view.discarded or view.diff is not None:
        report["fixed"] = [_identified(f) | {"message": f.message} for f in view.fixed]
        report["discarded"] = [_identified(f) | {"why": why} for f, why in view.discarded]
    if view.diff is not None:
        report["diff"] = view.diff
    if view.statistics:
        report["statistics"] = [
            {"rule": rule, "severity": severity.value, "findings": count}
            for count, severity, rule in statistics(finding for finding, _ in view.reported())
        ]
    return formats.as_json(report)


def _identified(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "backend": finding.backend,
        "path": finding.path,
    }
