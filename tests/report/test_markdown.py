"""`check --format markdown`."""

from __future__ import annotations

import html

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from scaffold.report import markdown
from scaffold.report.view import View, one_line
from scaffold.rules.base import SEVERITIES
from tests.samples import finding, view, views


def tables(text: str) -> list[list[list[str]]]:
    """The cells of every table's body as they are shown."""
    found: list[list[list[str]]] = []
    inside = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "tbody_open":
            found.append([])
        elif token.type == "tr_open" and inside:
            found[-1].append([])
        elif token.type == "inline" and inside:
            assert {child.type for child in token.children or []} <= {"text", "text_special"}, token
            found[-1][-1].append("".join(child.content for child in token.children or []))
        inside = {"tbody_open": True, "tbody_close": False}.get(token.type, inside)
    return found


@given(views())
def test_markdown_keeps_a_row_for_each_finding_and_shows_its_words(report: View) -> None:
    text = markdown.render(report)
    rows = [row for table in tables(text) for row in table]
    expected = [found for found, _ in report.ranked()]
    assert len(rows) == len(expected)
    for row, found in zip(rows, expected, strict=True):
        assert row[:2] == [found.severity.value, found.rule]
        assert row[2].strip() == one_line(found.backend)
        assert row[4].strip() == one_line(found.message)
        assert row[5].startswith(one_line(found.help))
    assert text.startswith("**scaffold check fails**" if report.fails else "**scaffold check passes**")


@pytest.mark.parametrize("limit", [markdown.LEAST, markdown.COMMENT_LIMIT, markdown.SUMMARY_LIMIT])
def test_markdown_is_bounded(limit: int) -> None:
    found = [finding("error", n, message="|é\U0001f600" * 400) for n in range(1000)]
    old = range(500, 1000)
    base, repaired = "b|" * 5000, [finding(n, backend="x" * 900, rule=f"r-{n}") for n in SEVERITIES]
    text = markdown.render(view(found, old=old, base=base, repaired=repaired), limit)
    assert len(text.encode()) <= limit
    assert "more findings not listed here" in text
    assert text.count("<details>") == text.count("</details>") == 1
    shown = [row for table in tables(text) for row in table]
    assert len(shown) > (limit > markdown.LEAST)


def test_markdown_praises_and_tells_apart() -> None:
    found = [finding("error", 1), finding("warning", 2)]
    text = markdown.render(view(found, old=[0], base="main", repaired=[finding("error", 5)]))
    assert text.startswith("**scaffold check passes**, with 1 new warning since main.\n")
    assert "This change repairs 1 finding: sample-error (rookery). Thank you!" in html.unescape(text)
    assert text.index("message 2") < text.index("<details>") < text.index("message 1")
