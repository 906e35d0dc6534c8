"""`check --format github`."""

from __future__ import annotations

import re

from hypothesis import given

from scaffold.report import github
from scaffold.report.view import View, rule_address, silence
from scaffold.rules.base import Finding
from scaffold.text import harmless
from tests.samples import finding, view, views

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
        if not new and not report.everything:
            continue
        meant[github.TYPES[found.severity] if new else "notice"].append((found, new))
    for kind, group in meant.items():
        mine = [(properties, text) for name, properties, text in told if name == kind]
        if report.silenced and kind == "warning":
            assert mine[0][1] == harmless(silence(report))
        own = mine[1:] if report.silenced and kind == "warning" else mine
        shown = group[: github.CAP - len(mine) + len(own)]
        for (properties, text), (found, new) in zip(own, shown, strict=True):
            assert properties["file"] == harmless(found.path)
            assert properties["line"] == properties["endLine"] == str(found.line)
            assert properties["title"].startswith(found.rule)
            told_apart = "" if new else "(the base has it too) "
            page = rule_address(found.rule)
            assert text == harmless(f"{told_apart}{found.message}\n{found.help}\n{page}")


def test_new_annotations_come_first_and_the_log_says_what_is_cut() -> None:
    old = [finding("error", n) for n in range(12)]
    new = [finding("warning", n) for n in range(13)] + [finding("error", 99)]
    report = view([*old, *new], old=range(12), base="main", everything=True)
    kinds = [kind for kind, _, _ in annotations(report)]
    assert kinds == ["error"] + ["warning"] * 10 + ["notice"] * 10
    log = [line for line in github.render(report).split("\n") if not line.startswith("::")]
    assert log[0].startswith("not annotated: 3 more of type warning")
    assert log[1].startswith("not annotated: 2 more of type notice")
    assert log[-1] == "1 new error, 13 new warnings since main; 7 rules over 3 backends."


def test_with_a_base_a_clean_change_is_one_line_and_nothing_old_is_annotated() -> None:
    found = [finding("error", n) for n in range(12)]
    clean = view(found, old=range(12), base="main")
    assert github.render(clean) == (
        "Nothing is new since main; 7 rules over 3 backends. 12 older findings: `scaffold check`."
    )
    assert github.job_summary(clean, 0).count("\n") == 1
    assert [kind for kind, _, _ in annotations(view(found, old=range(11), base="main"))] == ["error"]
