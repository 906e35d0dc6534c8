"""Hashes of files that are not there yet."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

CACHE = "- uses: actions/cache@v4\n  with:\n    path: target\n    key: cargo-${{ hashFiles('Cargo.lock') }}"
CHECKOUT = "- uses: actions/checkout@v4"

CASES = {
    "hash-before-checkout": Case(
        tree({"ci": job(f"{CACHE}\n{CHECKOUT}")}), "key:", tree({"ci": job(f"{CHECKOUT}\n{CACHE}")})
    )
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("before", "count"),
    [
        ("- uses: actions/setup-node@v4", 1),
        ("- uses: docker/login-action@v3", 1),
        ("- run: git clone https://example.org/x .", 0),
        ("- uses: actions/download-artifact@v4", 0),
        ("- uses: acme/fetches@v1", 0),
    ],
)
def test_what_may_have_made_the_files(before: str, count: int) -> None:
    assert len(found(tree({"ci": job(f"{before}\n{CACHE}\n{CHECKOUT}")}), "hash-before-checkout")) == count


def test_a_job_without_a_checkout_is_left_alone() -> None:
    assert found(tree({"ci": job(CACHE)}), "hash-before-checkout") == []
