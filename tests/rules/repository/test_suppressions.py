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
UNEXPLAINED = MINIATURE.write("scripts/build/meadow-lark-darwin.sh", "#!/bin/bash\n").edit(
    MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows")
)


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


@pytest.mark.parametrize(
    ("rule", "backend"),
    [("matrix-darwin-missing", "*"), ("matrix", "meadow-lark"), ("matrix", "*")],
)
def test_a_group_and_every_backend(rule: str, backend: str) -> None:
    text = SUPPRESS.format(rule, backend)
    result = check.run(UNEXPLAINED.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert result.findings == ()
    assert [f.backend for f in result.suppressed] == ["meadow-lark"]
    other = UNEXPLAINED.write(SUPPRESSIONS, SUPPRESS.format("gallery", "*"))
    assert sorted(f.rule for f in check.run(other.tree(), check.Scope()).findings) == [
        "matrix-darwin-missing",
        "suppression-unused",
    ]


@pytest.mark.parametrize(
    ("rule", "backend", "meant"),
    [
        ("matrix-darwin-mising", "meadow-lark", "did you mean matrix-darwin-missing"),
        ("matrix-darwin-missing", "meadow-lrk", "did you mean meadow-lark"),
        ("matrix-darwin-missing", "lark", "delete it: what it excused is repaired"),
    ],
)
def test_a_mistyped_name_is_told(rule: str, backend: str, meant: str) -> None:
    tree = MINIATURE.write(SUPPRESSIONS, SUPPRESS.format(rule, backend)).tree()
    (found,) = check.run(tree, check.Scope()).findings
    assert found.rule == "suppression-unused"
    assert meant in found.help


def test_what_the_repository_asks_for() -> None:
    ignoring = UNEXPLAINED.write(SUPPRESSIONS, 'ignore = ["matrix"]\n').tree()
    assert check.run(ignoring, check.Scope()).findings == ()
    selecting = UNEXPLAINED.write(SUPPRESSIONS, 'select = ["gallery"]\n').tree()
    assert check.run(selecting, check.Scope()).findings == ()
    assert check.run(selecting, check.Scope(select=("matrix",))).findings, "the command line comes first"
    unused = SUPPRESS.format("matrix-darwin-missing", "lark")
    result = check.run(MINIATURE.write(SUPPRESSIONS, f"strict = true\n{unused}").tree(), check.Scope())
    assert result.fails()
    assert not result.fails(lenient=True)
    assert not check.run(MINIATURE.write(SUPPRESSIONS, unused).tree(), check.Scope()).fails()


def test_a_change_does_not_loosen_its_own_check() -> None:
    ignoring = UNEXPLAINED.write(SUPPRESSIONS, 'ignore = ["matrix"]\n')
    assert check.run(ignoring.tree(), check.Scope(), MINIATURE.tree(), "main").findings
    before = MINIATURE.write(SUPPRESSIONS, 'ignore = ["matrix"]\n')
    assert check.run(UNEXPLAINED.tree(), check.Scope(), before.tree(), "main").findings == ()
    wrong = MINIATURE.write(SUPPRESSIONS, "strict = 1\n")
    assert check.run(UNEXPLAINED.tree(), check.Scope(), wrong.tree(), "main").findings


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('ignore = ["matrx"]\n', "'ignore': no rule is called 'matrx'; did you mean matrix"),
        ("select = 1\n", "'select': expected a list of rules or groups"),
        ("strict = 1\n", "'strict': expected true or false"),
        ("ignored = []\n", "unknown key 'ignored'"),
    ],
)
def test_a_wrong_setting_is_named(text: str, problem: str) -> None:
    with pytest.raises(ShapeError) as raised:
        check.run(MINIATURE.write(SUPPRESSIONS, text).tree(), check.Scope())
    assert raised.value.path == SUPPRESSIONS
    assert problem in raised.value.problem
