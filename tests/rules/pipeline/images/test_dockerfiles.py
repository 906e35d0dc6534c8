"""Rules about dockerfiles of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree

CASES: dict[str, Case] = {
    "copy-from-arg": Case(
        tree({"Dockerfile": "FROM a\nCOPY --chown=1 --from=${STAGE} /x /\n"}),
        "COPY",
        tree({"Dockerfile": "FROM ${STAGE} AS s\nFROM a\nCOPY --from=s /x /\n# COPY --from=$X a b\n"}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
