"""`check --format text`."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

from scaffold.operations import doctor, overview
from scaffold.report import doctor as doctor_report
from scaffold.report import findings_text
from scaffold.report import overview as overview_report
from scaffold.report.formats import Format
from scaffold.report.view import MANY, View
from scaffold.text import shown
from tests.rules.trees import BASE
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
    assert "    more: scaffold explain sample-error" in lines
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
    assert "hygiene (25 findings)\n    25 x info sample-info\n  `--select RULE` shows" in brief
    assert "message 3" not in brief
    assert "message 99" in brief
    assert "message 3" in findings_text.render(view(found, brief=False))


def test_with_a_base_only_what_is_new_is_shown_and_counted() -> None:
    found = [finding("error", 1), finding("error", 2)]
    told = view(found, old=[0], base="main", repaired=[finding("info", 3)])
    text = plain(findings_text.render(told))
    assert "message 1" not in text
    assert "message 2" in text
    assert text.endswith(
        "\n1 new error since main; 7 rules over 3 backends. 1 older finding: `scaffold check`."
    ), "what breaks something is not thanked for what it repairs"
    better = view(found, old=[0, 1], base="main", repaired=[finding("info", 3)])
    assert plain(findings_text.render(better)) == (
        "Nothing is new since main; 7 rules over 3 backends."
        " This change repairs 1 finding: sample-info (rookery). Thank you! 2 older findings: `scaffold check`."
    )
    text = plain(findings_text.render(replace(told, everything=True)))
    assert text.index("message 2") < text.index("main has these too") < text.index("message 1")
    assert "older" not in text


def test_a_clean_result_is_one_line() -> None:
    assert plain(findings_text.render(view([]))) == "Clean: 7 rules over 3 backends found nothing."
    old = view([finding("error", n) for n in range(30)], old=range(30), base="main")
    assert plain(findings_text.render(old)) == (
        "Nothing is new since main; 7 rules over 3 backends. 30 older findings: `scaffold check`."
    )
    assert findings_text.render(replace(old, quiet=True)) == ""


def test_many_findings_begin_with_their_number_by_rule() -> None:
    found = [finding("warning", n) for n in range(MANY)] + [finding("error", 99)]
    head, table = plain(findings_text.render(view(found))).split("\n\n")[:2]
    assert head.split("\n") == [
        "findings of each rule",
        "     1 x error sample-error",
        "    50 x warning sample-warning",
    ]
    assert "message 3" in table
    assert plain(findings_text.render(view(found[1:]))).startswith("rookery\n")
    counted = plain(findings_text.render(replace(view(found), statistics=True)))
    assert counted.startswith(f"{head}\n\n1 error, 50 warnings; ")


def test_the_page_of_a_rule_is_named_once() -> None:
    text = plain(findings_text.render(view([finding("error", 1), finding("error", 2, backend="owl")])))
    assert text.count("scaffold explain sample-error") == 1


def test_quiet_prints_the_findings_alone() -> None:
    report = view([finding("error", 1)])
    text = findings_text.render(replace(report, quiet=True))
    assert text
    assert findings_text.render(report).startswith(f"{text}\n\n")


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_tables_and_views_keep_to_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    texts = (
        overview_report.status_text(overview.status(BASE, None)),
        overview_report.show_text(overview.show(BASE, "llama-cpp", None)),
        doctor_report.rendered(doctor.run(BASE, None), Format.text),
    )
    for text in texts:
        lines = plain(text).split("\n")
        assert max(map(len, lines)) <= columns
        assert "…" not in text, "no cell is cut"
