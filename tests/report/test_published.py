"""What `published` prints: whole, within its limits, and without anything that a stranger's text could do."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from scaffold.backend.variants import VARIANTS
from scaffold.oci.asking import Found
from scaffold.operations.published import OTHER, Grade, Image, Mirror, Published, State, Wanted
from scaffold.report import published as report
from scaffold.report.formats import Summary
from scaffold.text import shown
from tests.samples import TEXT

FOUND = st.builds(
    Found,
    there=st.booleans() | st.none(),
    digest=TEXT,
    media_type=TEXT,
    platforms=st.lists(TEXT, max_size=3).map(tuple),
    created=st.none() | st.just(datetime(2026, 1, 2, tzinfo=UTC)),
    sizes=st.dictionaries(TEXT, st.integers(0, 1 << 40), max_size=2),
    problem=TEXT,
)
WANTED = st.builds(
    Wanted,
    name=TEXT,
    backend=st.sampled_from(["lark", "wren"]) | TEXT,
    variant=st.sampled_from([*VARIANTS, OTHER]),
    channel=st.sampled_from(["latest", "master"]) | TEXT,
    uri=TEXT | st.just("quay.io/a/b:latest-x"),
    mirrors=st.just(()),
    platforms=st.lists(TEXT, max_size=2).map(tuple),
    path=st.just("backend/index.yaml"),
    line=st.integers(1, 10_000),
)
IMAGES = st.builds(
    Image,
    wanted=WANTED,
    state=st.sampled_from(State),
    found=FOUND,
    lacks=st.dictionaries(TEXT, TEXT, max_size=2),
    mirrors=st.lists(
        st.builds(Mirror, uri=TEXT, found=st.none() | FOUND, same=st.booleans() | st.none(), problem=TEXT),
        max_size=2,
    ).map(tuple),
    old=st.booleans(),
    problem=TEXT,
)
RESULTS = st.builds(
    Published,
    images=st.lists(IMAGES, max_size=6).map(tuple),
    hosts=st.lists(TEXT, max_size=2).map(tuple),
    days=st.none() | st.integers(0, 9),
    rev=st.none() | TEXT,
    notes=st.just(()),
)


@settings(max_examples=40)
@given(RESULTS)
def test_every_format_can_print_every_result(found: Published) -> None:
    for form in Summary:
        text = report.rendered(found, form)
        assert isinstance(text, str)
    parsed = json.loads(report.as_json(found))
    assert len(parsed["images"]) == parsed["summary"]["images"] == sum(parsed["summary"]["states"].values())
    worst = [image.worst for image in found.images]
    assert [parsed["summary"][f"{grade}s"] for grade in Grade] == [worst.count(grade) for grade in Grade]
    assert found.fails is (Grade.error in worst)


@settings(max_examples=40)
@given(RESULTS)
def test_a_line_is_a_line(found: Published) -> None:
    for text in (report.as_text(found), report.as_github(found)):
        assert all(line.replace("\t", "").isprintable() or "\x1b[" in line for line in text.split("\n"))
    commands = [line for line in report.as_github(found).split("\n") if line.startswith("::")]
    assert len(commands) <= 20
    assert all(line.startswith(("::error file=", "::warning file=")) for line in commands)
    assert shown(report.as_text(found)).count("\n") == report.as_text(found).count("\n")


@settings(max_examples=40)
@given(RESULTS, st.integers(2_000, 6_000))
def test_markdown_is_a_table_and_nothing_else(found: Published, limit: int) -> None:
    text = report.as_markdown(found, limit)
    html = MarkdownIt("commonmark").enable("table").render(text)
    allowed = {"p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    tags = {part.partition(">")[0].strip("/").partition(" ")[0] for part in html.split("<")[1:]}
    assert tags <= allowed


@settings(max_examples=40)
@given(RESULTS.filter(lambda found: any(image.worst for image in found.images)), st.integers(1, 300))
def test_markdown_keeps_to_its_limit_and_says_what_it_cut(found: Published, times: int) -> None:
    many = Published(found.images * times, found.hosts, found.days, found.rev, ())
    limit = 20_000
    text = report.as_markdown(many, limit)
    assert len(text.encode()) <= limit
    rows = sum(len(list(image.remarks)) for image in many.images)
    shown_rows = sum(line.startswith(("| error", "| unknown", "| warning")) for line in text.split("\n"))
    whole = report.as_markdown(many, 1 << 30)
    assert ("not listed here." in text) is (text != whole)
    assert shown_rows <= rows


def test_a_dead_host_is_one_row() -> None:
    late = image("ant", State.unknown)
    late = replace(late, found=Found(problem="quay.io cannot be reached"))
    text = report.as_markdown(Published((late,) * 900, ("quay.io",), None, None, ()))
    assert text.count("cannot be reached") == 1
    assert "| unknown |  | 900 images | quay.io cannot be reached |  |" in text


def image(backend: str, state: State, name: str = "x") -> Image:
    wanted = Wanted(
        name, backend, "cpu", "latest", f"quay.io/a/b:latest-{backend}", (), (), "backend/index.yaml", 7
    )
    return Image(wanted, state, Found(there=state is State.there), {}, (), False, "")


@pytest.mark.parametrize("form", [Summary.text, Summary.markdown])
def test_the_worst_comes_first(form: Summary) -> None:
    found = Published(
        (image("ant", State.there), image("bat", State.missing, ""), image("cat", State.missing)),
        (),
        None,
        None,
        (),
    )
    text = report.rendered(found, form)
    table = text[text.index("| backend | cpu") :] if form is Summary.markdown else text[: text.index("error")]
    rows = [line for line in table.split("\n") if line.lstrip("| ").startswith(("ant ", "bat ", "cat "))]
    assert [row.lstrip("| ")[:3] for row in rows] == ["cat", "bat", "ant"]
