"""The patterns of filters."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.pipeline.patterns import takes


@pytest.mark.parametrize(
    ("patterns", "path", "taken"),
    [
        (["*.js"], "a.js", True),
        (["*.js"], "a/b.js", False),
        (["**.js"], "a/b.js", True),
        (["docs/**"], "docs/a/b.md", True),
        (["**/docs/**"], "docs/a.md", True),
        (["docs/*", "!docs/a.md"], "docs/a.md", False),
        (["!docs/a.md", "docs/*"], "docs/a.md", True),
        (["a?b"], "ab", True),
        (["v[12].[0-9]+"], "v2.15", True),
        (["**/" * 50 + "x"], "a/" * 40 + "y", False),
        (["*a" * 50 + "x"], "a" * 200, False),
        (["*a" * 50 + "*"], "a" * 200, True),
        (["**a*b" * 20 + "x"], "ab" * 100, False),
        (["a+" * 50 + "x"], "a" * 200, True),
        (["**?a"], "a", True),
        (["?a"], "?a", True),
    ],
)
def test_patterns(patterns: list[str], path: str, taken: bool) -> None:
    assert takes(patterns, path) is taken


def naive(tokens: list[str], path: str) -> bool:
    """Whether a pattern takes a path, by trying everything."""
    if not tokens:
        return not path
    token, *rest = tokens
    if token == "**/":
        return naive(rest, path) or any(c == "/" and naive(rest, path[n + 1 :]) for n, c in enumerate(path))
    if token in ("*", "**"):
        lengths = range(len(path) + 1)
        return any(naive(rest, path[n:]) for n in lengths if token == "**" or "/" not in path[:n])
    return path[:1] == token and naive(rest, path[1:])


TOKENS = st.sampled_from(["a", "b", "/", "*", "**", "**/"])


@given(st.lists(TOKENS, max_size=7), st.text("ab/", max_size=9))
@settings(max_examples=500)
def test_the_first_place_of_each_part_is_as_good_as_any(tokens: list[str], path: str) -> None:
    pairs = zip(tokens, ["", *tokens], strict=False)
    whole = "".join(token for token, before in pairs if "*" not in token or "*" not in before)
    assert takes([whole], path) is naive(re.findall(r"(?<![^/])\*\*/|\*\*|.", whole), path)
