"""Rules about digests of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree
from tests.rules.pipeline.workflows import NAMED, digests

CASES: dict[str, Case] = {
    "digest-never-merged": Case(
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "uses: actions/upload-artifact",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
