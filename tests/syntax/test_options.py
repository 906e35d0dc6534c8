"""Short options of commands that stand in one word."""

from __future__ import annotations

import pytest

from scaffold.syntax.options import apart


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("-Rf x", "-R -f x"),
        ("-Rfx y", "-R -f x y"),
        ("-Rf=x", "-R -f x"),
        ("-RB -f -", "-R -B -f -"),
        ("-ffx", "-f fx"),
        ("-t=a=b", "-t a=b"),
        ("--file x -- -", "--file x -- -"),
        ("-R=false", "-R=false"),
        ("a-Rf", "a-Rf"),
        ("-1f", "-1f"),
    ],
)
def test_short_options_are_taken_apart(words: str, found: str) -> None:
    assert list(apart(words.split(), "ft")) == found.split()


def test_a_value_may_be_empty() -> None:
    assert list(apart(["-f=", "x"], "f")) == ["-f", "", "x"]
