"""GitHub's expression language: grammar, values, and what stays unknown."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.pipeline.events import REPOSITORY
from scaffold.pipeline.expressions.nodes import names
from scaffold.pipeline.expressions.parser import ExpressionError, parse
from scaffold.pipeline.expressions.templates import condition, template
from scaffold.pipeline.expressions.values import FORK, Open, Unknown, is_known, text_of, truth_of

CONTEXTS: dict[str, Any] = {
    "github": {
        "event_name": "push",
        "ref": "refs/heads/main",
        "repository": REPOSITORY,
        "event": {"number": None, "commits": [{"id": "a"}, {"id": "b"}]},
    },
    "matrix": {"os": "ubuntu-latest", "flag": False, "version": 3.1, "Name": "x"},
    "needs": Open("needs"),
    "fork": {"name": f"{FORK}/it"},
}


class World:
    def context(self, name: str) -> Any:
        return CONTEXTS.get(name)

    def status(self, function: str) -> Any:
        return function in ("success", "always")


def value(text: str) -> Any:
    return parse(text).value(World())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", 1),
        ("-0x1F", math.nan),
        ("0x1f", 31),
        ("1.5e3", 1500),
        ("'it''s'", "it's"),
        ("true && 'a' || 'b'", "a"),
        ("false && 'a' || 'b'", "b"),
        ("false || true && false", False),
        ("!true == false", True),
        ("!(true == false)", True),
        ("1 < 2 == true", True),
        ("'a' == 'A'", True),
        ("'1' == 1", True),
        ("'' == 0", True),
        ("null == 0", True),
        ("'x' == 0", False),
        ("github.event_name", "push"),
        ("github['event_name']", "push"),
        ("GITHUB.Event_Name", "push"),
        ("matrix.name", "x"),
        ("github.nothing.at.all", None),
        ("github.event.commits.*.id", ["a", "b"]),
        ("github.event.commits[1].id", "b"),
        ("contains(github.event.commits.*.id, 'B')", True),
        ("contains('Hello', 'ELL')", True),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("endsWith(github.ref, 'MAIN')", True),
        ("format('{0}-{1}-{{0}}', 'a', matrix.version)", "a-3.1-{0}"),
        ("join(github.event.commits.*.id, '+')", "a+b"),
        ("fromJSON('{\"a\": [1, 2]}').a[1]", 2),
        ("fromJSON(toJSON(matrix)).os", "ubuntu-latest"),
        ("matrix.flag || 'off'", "off"),
        ("needs.a.b == 'c' || true", True),
        ("!needs.a && startsWith(needs.a, needs.b) && false", False),
        (f"0x{'f' * 400} > 1", True),
        (f"'0x{'f' * 400}' < 1", False),
        (f"fromJSON('{'9' * 400}') > 1", True),
        (f"format('{{0}}', fromJSON('{'9' * 400}'))", "inf"),
        (f"matrix[fromJSON('{'9' * 5000}')]", None),
        ("success() && !failure() && !cancelled() && always()", True),
    ],
)
def test_values(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected or (isinstance(expected, float) and math.isnan(expected) and math.isnan(found))


@pytest.mark.parametrize(
    "text", ["", "a b", "'x", "(a", "a)", "f(a", "f(a,)", "a.", "a[", "&& a", '"a"', "a ? b"]
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("needs.a.outputs.b == 'true'", None),
        ("github.event_name == 'push' && needs.a.outputs.b == 'true'", None),
        ("github.event_name != 'push' && needs.a.outputs.b == 'true'", False),
        ("needs.a.outputs.b == 'true' && github.event_name != 'push'", False),
        ("needs.a.outputs.b == 'true' || github.event_name == 'push'", True),
        ("!(needs.a.outputs.b && false)", True),
        ("needs.a.outputs.b == needs.a.outputs.b", True),
        ("github.repository == 'owner/name'", True),
        ("github.repository != 'owner/name'", False),
        ("fork.name == github.repository", False),
        ("hashFiles('a') != ''", None),
        ("unknownFunction(1)", None),
    ],
)
def test_three_values(text: str, truth: bool | None) -> None:
    assert truth_of(value(text)) is truth


def test_unknown_parts_are_holes_with_names() -> None:
    one = template("k-${{ hashFiles('a', 'b') }}-${{ matrix.os }}").value(World())
    assert one == template("k-${{hashFiles( 'a','b' )}}-${{ matrix['os'] }}").value(World())
    assert one != template("k-${{ hashFiles('a') }}-${{ matrix.os }}").value(World())
    assert not is_known(one)
    assert one.startswith("k-")
    assert one.endswith("-ubuntu-latest")


def test_templates() -> None:
    assert template("plain").parts == ("plain",)
    assert template("").value(World()) == ""
    assert template("${{ matrix.flag }}").value(World()) is False
    assert template("a${{ matrix.flag }}").value(World()) == "afalse"
    assert template("${{ '}}' }}x").value(World()) == "}}x"
    broken = template("a-${{ 1 + 1 }}-b").value(World())
    assert broken.startswith("a-")
    assert not is_known(broken)


def test_conditions() -> None:
    assert truth_of(condition("matrix.flag").value(World())) is False
    assert truth_of(condition("${{ matrix.flag }}").value(World())) is False
    assert truth_of(condition("${{ matrix.flag }} ").value(World())) is True, "a text with a blank is true"
    assert condition("${{ !cancelled() && matrix.flag }}").asks_status
    assert not condition("matrix.flag").asks_status


def test_names_of_a_context() -> None:
    node = parse("matrix.os == 'x' && matrix['Arch'] || f(matrix) && github.matrix")
    assert list(names(node, "matrix")) == ["os", "arch", "*"]


@pytest.mark.parametrize(
    "text",
    [
        "(" * 50_000 + "1" + ")" * 50_000,
        "!" * 50_000 + "1",
        "a" + ".b" * 50_000,
        "f(" * 50_000,
        " && ".join(["true"] * 5_000),
    ],
)
def test_hostile_depth_ends(text: str) -> None:
    found = condition(text).value(World())
    assert isinstance(found, Unknown) or found is True


def test_a_text_does_not_explode() -> None:
    inner = "'" + "x" * 1000 + "'"
    for _ in range(4):
        inner = f"format('{'{0}' * 1000}', {inner})"
    assert isinstance(value(inner), Unknown)


@given(st.text(alphabet="ab.'()[]{}!&|=<>*, 01$-\ue000", max_size=60))
def test_any_text_is_read_to_its_end(text: str) -> None:
    text_of(condition(text).value(World()))
    text_of(template(text).value(World()))
    text_of(template(f"${{{{ {text} }}}}").value(World()))
