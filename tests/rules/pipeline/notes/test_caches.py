"""Notes about caches: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree
from tests.rules.pipeline.workflows import image, job

CASES: dict[str, Case] = {
    "cache-mount-id": Case(
        tree({"Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n"}),
        "RUN",
        tree({"Dockerfile": "FROM a\nRUN --mount=type=cache,id=c-${TARGETARCH},target=/c make\n"}),
    ),
    "cache-mount-not-exported": Case(
        tree(
            {
                "ci": image("context: .\ncache-to: type=gha"),
                "Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n",
            }
        ),
        "RUN",
        tree({"ci": image("context: ."), "Dockerfile": "FROM a\nRUN --mount=type=cache,target=/c make\n"}),
    ),
    "key-spelled-twice": Case(
        tree(
            {
                "ci": job(
                    "- uses: actions/cache@v4\n  with: {path: a, key: \"k-${{ hashFiles('a', 'b') }}\"}",
                    rest="  other:\n    runs-on: x\n    steps:\n      - uses: actions/cache/restore@v4\n        with:\n          path: a\n          key: k-${{ hashFiles('a', 'b') }}\n",
                )
            }
        ),
        "key: k-",
        tree(
            {"ci": job("- uses: actions/cache@v4\n  with: {path: a, key: \"k-${{ hashFiles('a', 'b') }}\"}")}
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
