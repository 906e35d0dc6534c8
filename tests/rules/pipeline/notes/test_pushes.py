"""Notes about pushes: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree
from tests.rules.pipeline.workflows import BY_BRANCH, BY_COMMIT, ci

CASES: dict[str, Case] = {
    "push-cancels-test": Case(
        tree({"ci": ci(BY_BRANCH, step="run: make test")}),
        "group: ci-",
        tree({"ci": ci(BY_BRANCH), "t": ci(BY_COMMIT)}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
