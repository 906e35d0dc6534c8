"""YAML in every style, as another parser reads it."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from ruamel.yaml import YAML

from scaffold.syntax import yaml_values
from scaffold.syntax.yaml import YamlSource


def plain(value: Any) -> Any:
    if isinstance(value, yaml_values.Scalar):
        return value.text
    if isinstance(value, yaml_values.Sequence):
        return [plain(item) for item in value.items]
    return {key: plain(item) for key, item in value.values.items()}


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 'b c', \"d\\te\"]\nb: {c: d, 'e': [f, {g: h}]}\n",
        "a: [\n  b,\n  c,\n]\nd: {\n  e: f,\n}\n",
        "a: |\n  one\n   two\n\n  three\n\n",
        "a: |-\n  one\n\nb: |+\n  one\n\n",
        "a: >\n  one\n  two\n\n  three\n   more\n  four\n",
        "a: >-\n    one\n    two\n",
        "a: |2\n    one\n  two\n",
        "a: one\n  two\n\n  three\n",
        "a: 'one\n  two'\nb: \"one\n  two \\\n  three\"\n",
        "x:\n  a: '{\n    b\n  }'\n  c: \"d\n  e\"\n",
        "a: 'it''s'\nb: \"\\u00e9\\x41\\\\\\\"\"\n",
        "x: &x {a: 1}\ny: *x\nz: &z\n  - b\nw: *z\n",
        "a:\nb: ~\nc: ''\n",
        "? a\n: b\n",
        "- a\n- - b\n  - c\n-\n- d: e\n  f: g\n",
        "a: [b: c, d]\n",
        "# c\na: b # d\n# e\n",
        "---\non: push\n",
        "a: !!str 5\nb: !custom c\n",
    ],
)
def test_yaml_reads_as_ruamel_does(text: str) -> None:
    found = yaml_values.read(YamlSource("x.yml", text.encode()))
    assert plain(found) == YAML(typ="base").load(BytesIO(text.encode()))


def test_merges_and_types() -> None:
    text = b"x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 'true'\n  c: true\n  on: no\n  n: 1.50\n"
    found = yaml_values.read(YamlSource("x.yml", text))
    assert isinstance(found, yaml_values.Mapping)
    y = found.mapping("y").values
    assert {key: value.typed for key, value in y.items() if isinstance(value, yaml_values.Scalar)} == {
        "a": 1,
        "b": "true",
        "c": True,
        "on": "no",
        "n": 1.5,
    }


def test_spans_are_those_of_the_spelling() -> None:
    data = "ä: x\nb: ['c', d]\n".encode()
    found = yaml_values.read(YamlSource("x.yml", data))
    assert isinstance(found, yaml_values.Mapping)
    items = found.get("b")
    assert isinstance(items, yaml_values.Sequence)
    assert [data[item.start : item.end] for item in items.items] == [b"'c'", b"d"]
