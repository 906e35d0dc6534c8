"""`check --format json`."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given

from scaffold import __version__
from scaffold.report import findings_json
from scaffold.report.view import View, rule_address
from tests.samples import GALLERY, finding, view, views


@given(views())
def test_json_parses_back_to_the_findings(report: View) -> None:
    answer = json.loads(findings_json.render(report))
    assert answer["version"] == 1
    for position, (told, meant) in enumerate(zip(answer["findings"], report.result.findings, strict=True)):
        fields = ("rule", "severity", "backend", "path", "line", "message", "help")
        assert {key: told[key] for key in fields} == {key: getattr(meant, key) for key in fields}
        assert told["new"] is report.result.is_new(position)
        assert told["fixable"] is (meant.fix is not None)
        assert told["column"] >= 1
        assert told["end_line"] == told["line"]
    assert ("repaired" in answer) == report.compared
    assert answer["verdict"] == ("fail" if report.fails else "pass")
    assert sum(answer["summary"]["new"].values()) == sum(told["new"] for told in answer["findings"])


def test_statistics_count_what_is_new() -> None:
    found = [finding("error", n) for n in range(3)] + [finding("info", 9)]
    counted = replace(view(found, old=[0], base="main"), statistics=True)
    assert json.loads(findings_json.render(counted))["statistics"] == [
        {"rule": "sample-error", "severity": "error", "findings": 2},
        {"rule": "sample-info", "severity": "info", "findings": 1},
    ]


def test_json_without_a_base_is_exactly_version_1() -> None:
    report = view([finding("warning", 1)], {GALLERY: b"- a\n    uri: x\n"})
    assert json.loads(findings_json.render(report)) == {
        "version": 1,
        "tool": {"name": "scaffold", "version": __version__},
        "verdict": "pass",
        "repo": "/repo",
        "rev": None,
        "findings": [
            {
                "rule": "sample-warning",
                "severity": "warning",
                "backend": "rookery",
                "path": GALLERY,
                "line": 2,
                "column": 5,
                "end_line": 2,
                "message": "message 1",
                "help": "help 1",
                "fixable": False,
                "new": True,
                "url": rule_address("sample-warning"),
            }
        ],
        "summary": {
            "error": 0,
            "warning": 1,
            "info": 0,
            "new": {"error": 0, "warning": 1, "info": 0},
            "suppressed": 0,
            "backends": 3,
            "rules": 7,
        },
    }
