"""`check --format text`."""

from __future__ import annotations

import re

from hypothesis import given

from scaffold.report import findings_text
from scaffold.report.view import View
from scaffold.text import shown
from tests.samples import GALLERY, finding, replacing, view, views


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@given(views())
def test_text_cannot_steer_a_terminal_or_a_ci_log(report: View) -> None:
    for line in plain(shown(findings_text.render(report))).split("\n"):
        assert line.isprintable(), line
        assert not line.lstrip().startswith("::"), line
        assert "##[" not in line


def test_text_fits_100_columns_and_shows_the_line() -> None:
    words = " ".join(f"word{n}" for n in range(80))
    line = b"    uri: " + b"x" * 300
    found = finding("error", 1, message=words, help=words, fix=replacing(0, 0, ""))
    lines = plain(findings_text.render(view([found], {GALLERY: b"a\n" + line + b"\n"}))).split("\n")
    assert max(map(len, lines)) <= 100
    assert lines[0] == "rookery"
    assert lines[1] == f"  error sample-error  {GALLERY}:2  fixable"
    assert any(line.startswith("    2 | uri: xxx") for line in lines)
    assert any(line.startswith("    help: word0") for line in lines)
    assert lines[-1].startswith("1 error; 7 rules over 3 backends. 1 can be repaired with `--fix`.")


def test_text_shows_the_worst_backend_first() -> None:
    found = [
        finding("info", 1, backend="auk"),
        finding("info", 2, backend="owl"),
        finding("error", 3, backend="owl"),
        finding("warning", 4, backend=""),
    ]
    lines = plain(findings_text.render(view(found))).split("\n")
    assert [line for line in lines if line in {"auk", "owl", "the repository"}] == [
        "owl",
        "the repository",
        "auk",
    ]
    assert lines.index("owl") < lines.index("  error sample-error  backend/index.yaml:4")


def test_text_sums_up_much_hygiene() -> None:
    found = [finding("info", n) for n in range(25)] + [finding("error", 99)]
    brief = plain(findings_text.render(view(found)))
    assert "    25 x info sample-info\n  `--select RULE` shows" in brief
    assert "message 3" not in brief
    assert "message 99" in brief
    assert "message 3" in findings_text.render(view(found, brief=False))


def test_text_tells_the_base_apart() -> None:
    found = [finding("error", 1), finding("error", 2)]
    text = plain(findings_text.render(view(found, old=[0], base="main", repaired=[finding("info", 3)])))
    assert text.index("message 2") < text.index("main has these too") < text.index("message 1")
    assert text.endswith(
        "This change repairs 1 finding: sample-info (rookery). Thank you!\n"
        "New since main: 1 error; the other 1 are there without it.\n"
        "2 errors; 7 rules over 3 backends."
    )
    many = [finding("error", n) for n in range(30)]
    text = plain(findings_text.render(view(many, old=range(30), base="main")))
    assert "    30 x error sample-error" in text
    assert "Nothing is new since main; it has all 30 findings too." in text


def test_a_clean_result_is_one_sentence() -> None:
    assert plain(findings_text.render(view([]))) == "Clean: 7 rules over 3 backends found nothing."
