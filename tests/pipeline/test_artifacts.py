"""Artifacts: which names a pattern takes."""

from __future__ import annotations

import pytest

from scaffold.pipeline.artifacts import fits, taken


@pytest.mark.parametrize(
    ("pattern", "name", "taken"),
    [
        ("a-*", "a-b", True),
        ("a-*", "a", False),
        ("*-b-*", "a-b-c", True),
        ("*-b-*", "a-c-b", False),
        ("a?c*", "abcd", True),
        ("*?c*d", "xxbcyd", True),
        ("a*a", "a", False),
        ("abc", "abc", True),
        ("a?", "abc", False),
        ("a-!(b)*", "a-c", True),
        ("{a,b}-c", "b-c", True),
        ("[ab]-c", "b-d", False),
    ],
)
def test_the_patterns_of_artifacts(pattern: str, name: str, taken: bool) -> None:
    assert fits(pattern, name) is taken


def test_braces_are_alternatives() -> None:
    names = ["a-1", "b-1", "c-1"]
    for pattern, wanted in (("{a,b}-*", ["a-1", "b-1"]), ("{a,c}-{1,2}", ["a-1", "c-1"]), ("{x,y}*", [])):
        assert list(taken(pattern, names)) == wanted
        assert [name for name in names if fits(pattern, name)] == wanted
