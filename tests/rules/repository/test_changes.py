"""A change that adds a backend, and what it does to the others."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.surfaces.bump_deps import FIELDS
from tests.rules.trees import BASE, MATRIX, MINIATURE, Altered, entry, item, line_of, text_of, told

PLOVER = MINIATURE.write("backend/go/plover/run.sh", "exec ./plover\n")


def changed(to: Altered, since: Altered = MINIATURE) -> list[Finding]:
    """What collateral-edit says of a change."""
    result = check.run(to.tree(), check.Scope(select=("collateral-edit",)), since.tree())
    return list(result.findings)


def test_a_new_backend_that_costs_another_its_entries() -> None:
    after = PLOVER.drop(entry("-cpu-lark", "arm64"), item("cpu-lark-development"))
    (finding,) = changed(after)
    (told_of,) = told([finding])
    line = line_of(after.tree(), MATRIX, "'-cpu-lark'", "^- build-type")
    assert told_of == ("collateral-edit", "lark", MATRIX, line)
    assert "adds plover" in finding.message
    assert "1 x gallery item, 1 x matrix entry" in finding.message


def test_a_new_backend_that_alters_another() -> None:
    after = PLOVER.edit("Makefile", ("BACKEND_LARK = lark|golang", "BACKEND_LARK = lark|python"))
    (finding,) = changed(after)
    assert (finding.backend, finding.subject) == ("lark", "Makefile definition")
    assert (finding.path, finding.line) == ("Makefile", line_of(after.tree(), "Makefile", "BACKEND_LARK ="))


@pytest.mark.parametrize("key", ["repository", "branch"])
def test_the_entry_that_is_altered_is_the_place(key: str) -> None:
    path = ".github/workflows/bump_deps.yaml"
    before = text_of(BASE, path)
    bump = next(b for b in Registry(BASE).bump_deps.bumps if b.backend == "meadow-lark")
    at = bump.at(key).line - 1
    lines = before.split("\n")
    lines[at] = lines[at].rstrip('"') + '-x"'
    (finding,) = changed(PLOVER.write(path, "\n".join(lines)))
    assert (finding.path, finding.subject) == (path, "bump entry")
    assert abs(finding.line - bump.at(key).line) <= len(FIELDS)


@pytest.mark.parametrize(
    "after",
    [
        PLOVER,
        PLOVER.copy(entry("-cpu-lark", "arm64"), ("'-cpu-lark'", "'-cpu-lark-2'")),
        MINIATURE.drop(entry("-cpu-lark", "arm64")),
        PLOVER.edit_in(
            item("lark"), ('    default: "cpu-lark"\n', '    default: "cpu-lark"\n    vulkan: "cpu-lark"\n')
        ),
        PLOVER.above(entry("-cpu-lark", "arm64"), "# a comment"),
        PLOVER.write("backend/go/dunlin/run.sh", "exec ./dunlin\n").drop(entry("-cpu-lark", "arm64")),
    ],
    ids=["only adds", "adds to another", "adds no backend", "adds a capability", "moves", "adds two"],
)
def test_a_change_without_collateral(after: Altered) -> None:
    assert changed(after) == []


def test_a_base_that_lost_them_too_is_no_change() -> None:
    lost = (entry("-cpu-lark", "arm64"),)
    assert changed(PLOVER.drop(*lost), since=MINIATURE.drop(*lost)) == []
