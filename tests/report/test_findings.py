"""`check` in the format that was asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.report import findings_json, findings_text, github, markdown, sarif
from scaffold.report.findings import rendered
from scaffold.report.formats import Report
from scaffold.report.view import View
from tests.samples import finding, view, views

MODULES = {
    Report.text: findings_text,
    Report.json: findings_json,
    Report.sarif: sarif,
    Report.github: github,
    Report.markdown: markdown,
}


@pytest.mark.parametrize("output", Report)
@given(report=views())
def test_a_format_is_what_its_module_makes(output: Report, report: View) -> None:
    printed = rendered(report, output)
    assert printed.result == MODULES[output].render(report)
    assert printed.notes == ()


@pytest.mark.parametrize("output", Report)
def test_every_format_tells_what_was_repaired(output: Report) -> None:
    printed = rendered(replace(view([]), fixed=(finding(),)), output)
    told = (printed.result, *printed.notes)
    assert sum("sample-error" in text for text in told) == 1


def test_a_diff_stands_alone() -> None:
    printed = rendered(replace(view([]), fixed=(finding(),), diff="--- a\n"), Report.text)
    assert printed.result == "--- a\n"
    assert "would repair 1 finding" in printed.notes[0]


@given(st.integers(0, 2 * markdown.SUMMARY_LIMIT))
def test_a_summary_fits_behind_what_is_there_or_is_left_out(used: int) -> None:
    text = github.job_summary(view([finding("error", n) for n in range(20)]), used)
    assert used + len(text.encode()) <= max(used, markdown.SUMMARY_LIMIT)
    assert bool(text) == (markdown.SUMMARY_LIMIT - used >= markdown.LEAST)
