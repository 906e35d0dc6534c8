"""Rules about LocalAI's own workflows: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, miniature
from tests.rules.pipeline.workflows import BUILD

UNREFRESHED = """\
      - uses: docker/build-push-action@v7
        with:
          build-args: |
            BACKEND=${{ inputs.backend }}
            A=b
"""

CASES: dict[str, Case] = {
    "deps-refresh": Case(
        miniature(
            ".github/workflows/backend_build.yml",
            (
                "      - name: Export digest",
                f"{UNREFRESHED}\n      - name: Export digest",
            ),
        ),
        "build-args",
        miniature(BUILD),
    ),
    "filter-safety-nets": Case(
        miniature(".github/workflows/backend.yml", ("  schedule:\n", ""), ("    - cron: '0 6 * * 0'\n", "")),
        "on:",
        miniature(BUILD),
    ),
    "base-deps-single-source": Case(
        miniature(
            "backend/Dockerfile.base-grpc-builder",
            ("RUN --mount=type=bind", "RUN apt-get install -y ninja-build\n\nRUN --mount=type=bind"),
        ),
        "apt-get install",
        miniature(BUILD),
    ),
    "base-release": Case(
        miniature(".github/workflows/base-images.yml", ("ubuntu-version: '2404'", "ubuntu-version: '2204'")),
        "ubuntu-version",
        miniature(BUILD),
        9,
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
