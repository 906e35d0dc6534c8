"""Items of YAML lists: what the pattern reads, and what the syntax tree reads, is the same."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import ShapeError
from scaffold.resources import miniature_dir
from scaffold.syntax import yaml_items
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import YamlItem
from tests.conftest import real_repository

LISTS = (
    (".github/backend-matrix.yml", ("include",)),
    (".github/backend-matrix.yml", ("includeDarwin",)),
    ("backend/index.yaml", ()),
)
TOLD = [field.name for field in fields(YamlItem) if field.name not in ("source", "parsed")]


def by_tree(source: YamlSource, *keys: str) -> list[YamlItem]:
    """The items as the tree of the whole file has them."""
    return [yaml_items.item_of(source, node) for node in source.items(source.get(source.document(), *keys))]


def places(item: YamlItem) -> list[tuple[str, int, int]]:
    """Where an editor finds the values; the last one may take the comments behind it along."""
    pairs = item.source.pairs(item.source.item_value(item.node))
    last = item.source.item_end(item.node)
    return [
        (pair.key, pair.node.start_byte, pair.node.end_byte if pair is not pairs[-1] else last)
        for pair in pairs
    ]


def require_same(text: bytes, *keys: str) -> None:
    """Both readings of a list must say the same."""
    read = yaml_items.read(YamlSource("some.yaml", text), *keys)
    other = by_tree(YamlSource("some.yaml", text), *keys)
    assert [[getattr(item, name) for name in TOLD] for item in read] == [
        [getattr(item, name) for name in TOLD] for item in other
    ]
    for mine, its in zip(read, other, strict=True):
        assert list(mine.fields) == list(its.fields)
        assert mine.quotes == its.quotes
        chains = [(key,) for key in its.fields] + [(key, k) for key, m in its.maps.items() for k in m]
        for chain in (*chains, ("nothing",), ("name", "nothing")):
            assert mine.place(*chain) == its.place(*chain), chain
        assert places(mine) == places(its)


@pytest.mark.parametrize(("path", "keys"), LISTS)
def test_both_readings_agree_on_the_miniature(path: str, keys: tuple[str, ...]) -> None:
    data = (miniature_dir() / path).read_bytes()
    read = yaml_items.read(YamlSource(path, data), *keys)
    assert read
    assert all(item.parsed is None for item in read), "all of it is plain"
    require_same(data, *keys)


@pytest.mark.skipif(real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI")
@pytest.mark.parametrize(("path", "keys"), LISTS)
def test_both_readings_agree_on_localai(path: str, keys: tuple[str, ...]) -> None:
    repository = real_repository()
    assert repository is not None
    require_same((repository / path).read_bytes(), *keys)


ODD = {
    "flow": "- {name: b, uri: c}",
    "lists and mappings in flow style": "- name: b\n  tags: [x, 'y']\n  deep: {c: d, e: \"f\"}\n  none: []\n  no: {}",
    "a comment beside a quote": "- name: 'b'# why\n  tags:\n    - \"x\"# y\n  deep:\n    c: 'd'# e",
    "a comment beside a bracket": "- name: b\n  tags: [x]# why\n  deep: {c: d}# why",
    "folded": "- name: b\n  description: >\n    two\n    lines",
    "several lines": "- name: b\n  description: two\n    lines",
    "escape": '- name: "b\\"c"',
    "nested twice": "- name: b\n  deep:\n    deeper:\n      deepest: c",
    "a key twice": "- name: b\n  name: c",
    "a capability twice": "- name: b\n  capabilities:\n    default: c\n    default: d",
    "a comment behind": "- name: b # why\n  uri: c\n  # more\n\n  # and more",
    "an empty value": "- name: b\n  tags:\n  uri: c",
    "a text that ends like a comment": "- name: b\n  description: |\n    text\n    # no comment",
    "a text with a dash": "- name: b\n  description: |\n    - no item\n  tags:\n  - x\n  - y",
    "an anchor": "- &b\n  name: b\n  tags:\n    - x # why\n    # not\n    - 'y'",
    "a merge": "- !!merge <<: *b\n  name: 'c'",
    "a merge alone": "- !!merge <<: *b",
    "a plain merge": "- <<: *b\n  name: c",
    "an anchor beside": "- &b name: b",
    "colons and hashes": "- name: a:b#c\n  uri: http://x/y:z # note",
    "a list further in": "- name: b\n  tags:\n      - x\n      - y",
    "not ASCII": "- name: 'bücher'\n  description: |\n    naïve\n  license: mit",
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
@pytest.mark.parametrize("key", ["", "include"])
def test_both_readings_agree_on_what_is_odd(odd: str, key: str) -> None:
    between = f'- name: a\n  uri: "x"\n\n{odd}\n# c\n- name: z\n'
    text = f"---\n# head\n{key}:\n{re.sub('(?m)^(?=.)', '  ', between)}" if key else f"---\n{between}"
    require_same(text.encode(), *filter(None, [key]))
    read = yaml_items.read(YamlSource("some.yaml", text.encode()), *filter(None, [key]))
    assert [read[0].parsed, read[-1].parsed] == [None, None], "what is odd costs no other its speed"


@given(st.data())
def test_both_readings_agree_on_altered_files(data: st.DataObject) -> None:
    path, keys = data.draw(st.sampled_from(LISTS))
    text = (miniature_dir() / path).read_text().splitlines(keepends=True)
    first = data.draw(st.integers(0, len(text) - 1))
    some = text[max(0, first - 40) : first + 40] if not keys else text
    at = data.draw(st.integers(0, len(some) - 1))
    cut = data.draw(
        st.sampled_from(["", " ", "  ", "#", "- ", ": ", "'", '"', "|", "\n", "\t", "&a ", "<<: *a"])
    )
    column = data.draw(st.integers(0, len(some[at])))
    some[at] = some[at][:column] + cut + some[at][column + data.draw(st.integers(0, 3)) :]
    changed = "".join(some).encode()
    try:
        by_tree(YamlSource(path, changed), *keys)
    except ShapeError:
        return
    if not YamlSource(path, changed).root.has_error:
        require_same(changed, *keys)


def test_a_list_is_read_where_no_parser_counts_so_many_lines() -> None:
    item = "- name: a\n  uri: b\n- name: c\n  deep: {a: b}\n"
    source = YamlSource("long.yaml", item.encode() * 9_000)
    read = yaml_items.read(source)
    assert len(read) == 18_000
    assert read[-2].node.start_byte == read[-2].start
    assert read[-1].parsed is not None
