"""Rules about registry of caches: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, miniature, tree
from tests.rules.pipeline.workflows import BUILD, TWO, image

BASE = ".github/workflows/base-images.yml"
CACHE = "type=registry,ref=quay.io/go-skynet/ci-cache:cache-${{ matrix.tag }},mode=max"

CASES: dict[str, Case] = {
    "cache-to-on-pr": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", on="pull_request")}),
        "cache-to:",
        tree(
            {
                "a": image(
                    "cache-to: type=registry,ref=example/cache:pr-${{ github.event.number }}",
                    on="pull_request",
                ),
                "b": image("cache-to: type=registry,ref=example/cache:app"),
                "c": image(
                    "cache-to: ${{ github.event_name != 'pull_request' && 'type=registry,ref=e/c:a' || '' }}",
                    on="[push, pull_request]",
                ),
            }
        ),
    ),
    "cache-to-ignore-error": Case(
        miniature(BASE, ("          push: true", f"          cache-to: {CACHE}\n          push: true")),
        "cache-to:",
        miniature(BUILD),
    ),
    "legs-share-cache-ref": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", head=TWO)}),
        "cache-to:",
        tree({"ci": image('cache-to: "type=registry,ref=example/cache:app-${{ matrix.arch }}"', head=TWO)}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
