"""Artifacts: which names a pattern takes."""

from __future__ import annotations

import pytest

from scaffold.pipeline.artifacts import fits


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
