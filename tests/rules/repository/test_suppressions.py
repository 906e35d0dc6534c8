"""Suppressions that suppress nothing."""

from __future__ import annotations

import pytest

from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.rules.suppressions import Suppressions
from tests.rules.trees import MATRIX, MINIATURE, told
from tests.samples import finding

SUPPRESSIONS = ".scaffold.toml"

SUPPRESS = '[[suppress]]\nrule = "{}"\nbackend = "{}"\nreason = "because"\n'
UNEXPLAINED = MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows"))


def test_a_suppression_that_suppresses_nothing() -> None:
    text = "# one\n" + SUPPRESS.format("matrix-darwin-missing", "lark")
    result = check.run(MINIATURE.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert told(list(result.findings)) == [("suppression-unused", "lark", SUPPRESSIONS, 2)]


def test_a_suppression_that_suppresses_something() -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "meadow-lark")
    result = check.run(UNEXPLAINED.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert result.findings == ()
    assert told(list(result.suppressed))[0][:2] == ("matrix-darwin-missing", "meadow-lark")


@pytest.mark.parametrize("scope", [check.Scope(select=("gallery",)), check.Scope(backends=("lark",))])
def test_a_partial_check_does_not_judge_suppressions(scope: check.Scope) -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "lark")
    assert check.run(MINIATURE.write(SUPPRESSIONS, text).tree(), scope).findings == ()


def test_a_suppression_of_another_message() -> None:
    text = SUPPRESS.format("matrix-darwin-missing", "meadow-lark")
    for match, rules in (("Linux only", []), ("no macOS", ["matrix-darwin-missing", "suppression-unused"])):
        altered = UNEXPLAINED.write(SUPPRESSIONS, f'{text}match = "{match}"\n')
        found = check.run(altered.tree(), check.Scope()).findings
        assert sorted(f.rule for f in found) == rules


PATH = ".github/workflows/backend.yml"


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("a\n# scaffold: allow r why\nb\n", [3]),
        ("a\n# scaffold: allow r why\n# more\n\nb\n", [4]),
        ("a  # scaffold: allow r why\nb\n", [1]),
        ("# scaffold: allow r why\n# scaffold: allow s because\nb\n", [3, 3]),
        ("b\n# scaffold: allow r why", [2]),
        ("b\n# scaffold: allow r why\n# c", [3]),
    ],
)
def test_a_comment_is_about_its_line_or_the_one_below_the_comments(text: str, about: list[int]) -> None:
    entries = Suppressions.read(MINIATURE.write(PATH, text).tree()).entries
    assert [(entry.path, entry.about) for entry in entries] == [(PATH, line) for line in about]


def test_the_first_comment_without_a_reason_is_named() -> None:
    text = "a\n# scaffold: allow r why\n# scaffold: allow r\n# scaffold: allow\n"
    with pytest.raises(ShapeError) as raised:
        Suppressions.read(MINIATURE.write(PATH, text).tree())
    assert (raised.value.path, raised.value.line) == (PATH, 3)


def test_an_entry_covers_what_it_means_and_nothing_else() -> None:
    found = [
        finding("error", n, backend=name, message=f"m{n}")
        for n, name in enumerate(("lark", "wren", "lark"), 1)
    ]
    text = (
        SUPPRESS.format("sample-error", "lark") + 'match = "m3"\n' + SUPPRESS.format("sample-error", "wren")
    )
    read = Suppressions.read(MINIATURE.write(SUPPRESSIONS, text).tree())
    kept, suppressed = read.split(found)
    assert (kept, suppressed) == ([found[0]], found[1:])
    assert read.stale(suppressed) == []
    assert read.stale([found[1]]) == [read.entries[0]]
