"""What a change is to blame for: renamed backends keep their findings, bystanders get none."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay, Tree
from scaffold.operations import check, rename
from scaffold.operations.novelty import Change, positions_of_old
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from tests.rules.trees import BASE, MATRIX, MINIATURE, Altered, entry, item, text_of

FINCH = "backend/python/finch-tts"
UNQUOTED = text_of(BASE, f"{FINCH}/run.sh").replace('"$@"', "$@")
OUTLIER = "matrix-outlier-field"


def broken(name: str) -> Tree:
    """The miniature with some findings of a backend."""
    paths = {f"{FINCH}/run.sh": UNQUOTED.encode(), "backend/go/lark/package.sh": None}
    drifted = MINIATURE.edit_in(item("lark-development"), ("metal-lark-development", "metal-lark")).tree()
    tree = Overlay(drifted, paths)
    assert name in {f.backend for f in check.run(tree, check.Scope(backends=[name])).findings}
    return tree


def renamed(tree: Tree, old: str, new: str) -> Tree:
    return rename.plan(tree, old, new).changes.overlay()


@pytest.mark.parametrize("old", ["lark", "finch-tts"])
def test_after_a_rename_the_old_findings_are_not_new(old: str) -> None:
    before = broken(old)
    after = renamed(before, old, "quill-wort")
    result = check.run(after, check.Scope(), before, "main")
    own = [i for i, f in enumerate(result.findings) if f.backend == "quill-wort"]
    assert own
    assert not any(map(result.is_new, own))
    assert not result.repaired


def test_what_a_rename_breaks_is_new() -> None:
    before = broken("lark")
    after = Overlay(renamed(before, "lark", "quill-wort"), {"backend/go/quill-wort/run.sh": None})
    result = check.run(after, check.Scope(), before, "main")
    new = {(f.backend, f.subject) for i, f in enumerate(result.findings) if result.is_new(i)}
    assert ("quill-wort", "file run.sh") in new


def test_what_a_rename_repairs_is_repaired() -> None:
    before = broken("finch-tts")
    after = renamed(before, "finch-tts", "quill-wort")
    quoted = Overlay(after, {"backend/python/quill-wort/run.sh": text_of(BASE, f"{FINCH}/run.sh").encode()})
    assert [f.backend for f in check.run(quoted, check.Scope(), before, "main").repaired] == ["finch-tts"]


def test_a_backend_that_takes_the_place_of_another_is_no_rename() -> None:
    before = Registry(BASE)
    gone = dict.fromkeys(BASE.files("backend/go/lark"))
    other = {"backend/go/owl/run.sh": b"exec ./owl\n", "backend/go/owl/main.go": b"package main\n"}
    change = Change(before, Registry(Overlay(BASE, gone | other)))
    found = finding("lark")
    assert change.identity(found) == found.identity


def finding(backend: str, rule: str = OUTLIER) -> Finding:
    return Finding(rule, Severity.warning, backend, MATRIX, 1, "a field", "stands alone", "")


OWL = MINIATURE.write("backend/go/owl/run.sh", "exec ./owl\n").copy(
    entry("-cpu-lark", "amd64"), ("'-cpu-lark'", "'-cpu-owl'"), ('"lark"', '"owl"')
)
TOUCHED = MINIATURE.drop(entry("-cpu-lark", "arm64"))


@pytest.mark.parametrize(
    ("after", "backend", "rule", "is_old"),
    [
        (OWL, "lark", OUTLIER, True),
        (OWL, "owl", OUTLIER, False),
        (OWL, "lark", "filter-shadowed-branch", False),
        (TOUCHED, "lark", OUTLIER, False),
        (TOUCHED, "heron", OUTLIER, True),
    ],
)
def test_who_is_judged_by_others_is_accused_only_where_the_change_touched_it(
    after: Altered, backend: str, rule: str, is_old: bool
) -> None:
    change = Change(Registry(BASE), Registry(after.tree()))
    found = positions_of_old([finding(backend, rule)], [], change, frozenset({OUTLIER}))
    assert bool(found) == is_old


def test_each_known_finding_counts_once() -> None:
    twice = [finding("lark", "a"), finding("lark", "a")]
    assert positions_of_old(twice, [twice[0].identity], None, frozenset()) == {0}
