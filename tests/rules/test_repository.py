"""All rules together, of a repository in which nothing is wrong."""

from __future__ import annotations

from scaffold.operations import check
from tests.rules.trees import BASE, told


def test_the_miniature_has_no_finding_at_all() -> None:
    assert told(list(check.run(BASE, check.Scope()).findings)) == []
