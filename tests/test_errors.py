"""What is said of a name that nothing has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scaffold.errors import unknown

KNOWN = {"heron": "heron", "night-heron": "night-heron", "lark": "lark", "meadowlark": "lark"}


def said(name: str) -> str:
    return str(unknown("backend", name, KNOWN, "scaffold status"))


@given(st.text(max_size=20))
def test_only_names_to_use_are_offered_each_once_and_few(name: str) -> None:
    _, _, hint = said(name).partition("; ")
    offered = hint.removeprefix("did you mean ").removesuffix("?").replace(" or ", ", ").split(", ")
    if hint != "`scaffold status` lists them":
        assert len(offered) == len(set(offered)) <= 3
        assert set(offered) <= set(KNOWN.values())


def test_near_names_longer_ones_and_other_names_are_meant() -> None:
    assert said("Lrak").endswith("did you mean lark?")
    assert said("heronn").endswith("did you mean heron or night-heron?")
    assert said("night").endswith("did you mean night-heron?")
    assert said("meadow").endswith("did you mean lark?")


def test_where_nothing_is_near_a_command_lists_them() -> None:
    assert said("zzz") == "no backend is called 'zzz'; `scaffold status` lists them"
    assert said("") == "no backend is called ''; `scaffold status` lists them"
