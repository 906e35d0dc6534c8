"""Suppressions that suppress nothing."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from tests.rules.trees import MATRIX, MINIATURE, told

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
