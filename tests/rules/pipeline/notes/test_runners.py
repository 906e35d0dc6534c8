"""Notes about runners: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, miniature, tree
from tests.rules.pipeline.workflows import job

CASES: dict[str, Case] = {
    "qemu-unneeded": Case(
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/amd64}"
                )
            }
        ),
        "setup-qemu",
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/s390x}"
                )
            }
        ),
    ),
    "runner-allow-list": Case(
        miniature(".github/workflows/backend.yml", ("runs-on: ubuntu-latest", "runs-on: arc-runner-set")),
        "runs-on: ",
        tree({"ci": job("- run: a", head="runs-on: own-runner")}),
        5,
    ),
    "disk-before-buildx": Case(
        tree({"ci": job("- uses: docker/setup-buildx-action@v3\n- uses: jlumbroso/free-disk-space@main")}),
        "free-disk-space",
        tree({"ci": job("- uses: jlumbroso/free-disk-space@main\n- uses: docker/setup-buildx-action@v3")}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
