"""`check --format markdown`."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from scaffold.report import markdown
from scaffold.report.view import View, one_line
from scaffold.rules.base import SEVERITIES
from tests.samples import GALLERY, finding, replacing, view, views


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
            assert {child.type for child in token.children or []} <= INLINE, token
            found[-1][-1].append("".join(child.content for child in token.children or []))
        inside = {"tbody_open": True, "tbody_close": False}.get(token.type, inside)
    return found


INLINE = {
    "text",
    "text_special",
    "softbreak",
    "strong_open",
    "strong_close",
    "link_open",
    "link_close",
    "code_inline",
}


def blocks(text: str) -> list[tuple[str, str]]:
    """Severity and text of every finding that is shown as a block."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        children = token.children or []
        if token.type == "inline":
            assert {child.type for child in children} <= INLINE, token
        assert token.type != "html_block" or re.match(r"</?details>", token.content), token
        if token.type == "inline" and len(children) > 2 and children[2].content in set(SEVERITIES):
            words = ("\n" if child.type == "softbreak" else child.content for child in children[4:])
            found.append((children[2].content, "".join(words)))
    return found


def letters(text: str) -> str:
    """What a text says, wherever it has blanks."""
    return "".join(one_line(text).split())


@given(views())
def test_markdown_tells_of_each_finding_in_its_words(report: View) -> None:
    text = markdown.summary(report, markdown.SUMMARY_LIMIT)
    shown, rows = blocks(text), [row for table in tables(text) for row in table]
    expected = [found for found, _ in report.reported()]
    assert len(shown) + len(rows) == len(expected)
    for (severity, words), found in zip(shown, expected, strict=False):
        assert severity == found.severity.value
        about = f"({found.backend})" if found.backend else ""
        advice = f"help: {found.help}" if found.help.strip() else ""
        told = f"{found.rule} {about} in {found.path}:{found.line}: {found.message} {advice}"
        assert letters(words) == letters(told)
    for row, found in zip(rows, expected[len(shown) :], strict=True):
        assert row[:2] == [found.severity.value, found.rule]
        assert row[2].strip() == one_line(found.backend)
        assert row[4].strip() == one_line(found.message)
        assert row[5].startswith(one_line(found.help))
    assert text.startswith("**scaffold check fails**" if report.fails else "**scaffold check passes**")


@given(views())
def test_a_comment_is_short_and_says_what_it_leaves_out(report: View) -> None:
    text = markdown.render(replace(report, everything=False))
    assert text.count("\n") <= markdown.LINES
    more = re.search(r"(\d+) more findings? not listed here", text)
    assert len(blocks(text)) + int(more[1] if more else 0) == len(report.new())


@pytest.mark.parametrize("limit", [markdown.LEAST, markdown.COMMENT_LIMIT, markdown.SUMMARY_LIMIT])
def test_markdown_is_bounded(limit: int) -> None:
    found = [finding("error", n, message="|é\U0001f600" * 400) for n in range(1000)]
    old = range(500, 1000)
    base, repaired = "b|" * 5000, [finding(n, backend="x" * 900, rule=f"r-{n}") for n in SEVERITIES]
    text = markdown.summary(view(found, old=old, base=base, repaired=repaired, everything=True), limit)
    assert len(text.encode()) <= limit
    assert "more findings not listed here" in text
    assert text.count("<details>") == text.count("</details>") == 1
    shown = [row for table in tables(text) for row in table]
    assert len(blocks(text)) + len(shown) > (limit > markdown.LEAST)


def test_markdown_praises_and_tells_apart() -> None:
    found = [finding("error", 1), finding("warning", 2)]
    told = view(found, old=[0], base="main", repaired=[finding("error", 5)])
    text = markdown.render(told)
    assert text.startswith("**scaffold check passes**: 1 new warning since main; 7 rules over 3 backends.")
    assert "This change repairs 1 finding: sample-error (rookery). Thank you!" in html.unescape(text)
    assert text.split("\n", 1)[0].endswith("1 older finding: `scaffold check`.")
    assert "message 1" not in text
    text = markdown.render(replace(told, everything=True))
    assert text.index("message 2") < text.index("<details>") < text.index("message 1")


def test_a_clean_change_is_one_line() -> None:
    old = [finding("error", n) for n in range(60)]
    text = markdown.render(view(old, old=range(60), base="main"))
    assert text.count("\n") == 1
    assert text.endswith(" 60 older findings: `scaffold check`.\n")


def test_a_block_has_the_line_or_the_fix() -> None:
    line = "  - name: x # ``` ::error::"
    files = {GALLERY: f"a\n{line}\nb\n".encode()}
    tokens = MarkdownIt("commonmark").parse(markdown.render(view([finding(number=1)], files)))
    assert [(token.info, token.content) for token in tokens if token.type == "fence"] == [
        ("yaml", f"{line.strip()}\n")
    ]
    fixed = finding(number=1, fix=replacing(2, 2 + len(line), "  - name: y"))
    tokens = MarkdownIt("commonmark").parse(markdown.render(view([fixed], files)))
    [fence] = [token for token in tokens if token.type == "fence"]
    assert fence.info == "diff"
    assert f"\n-{line}\n+  - name: y\n" in fence.content


def test_the_fix_of_a_long_line_shows_what_differs() -> None:
    line = " ".join(f"backends/{n}" for n in range(99))
    fixed = finding(number=1, fix=replacing(2 + len(line), 2 + len(line), " backends/ibex"))
    text = markdown.render(view([fixed], {GALLERY: f"a\n{line}\nb\n".encode()}))
    (old,) = re.findall(r"(?m)^-(?!--)(.*)", text)
    (new,) = re.findall(r"(?m)^\+(?!\+\+)(.*)", text)
    assert new == f"{old} backends/ibex"
    assert len(old) <= markdown.CODE_LIMIT


def test_fixes_give_way_to_findings() -> None:
    found = [finding(number=n, fix=replacing(0, 0, "x\n")) for n in range(8)]
    text = markdown.render(view(found, {GALLERY: b"".join(b"%d\n" % n for n in range(9))}))
    assert len(blocks(text)) == len(found)
    assert 0 < text.count("```diff") < len(found)
    assert text.count("\n") <= markdown.LINES


def test_many_findings_begin_with_their_number_by_rule() -> None:
    found = [finding("error", n, rule=f"rule-{n}") for n in range(51)]
    text = markdown.render(view(found))
    assert text.count("\n") <= markdown.LINES
    [table] = tables(text)
    assert [row[0] for row in table] == ["1"] * markdown.RULES
    assert f"{51 - markdown.RULES} more rules not listed here" in text
