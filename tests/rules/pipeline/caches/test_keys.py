"""Rules about keys of caches: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, job

CASES: dict[str, Case] = {
    "save-restore-differ": Case(
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  with: {path: a, key: tools-v1}
- uses: actions/cache/save@v4
  with: {path: a/b, key: tools-v1}
"""
                )
            }
        ),
        "with: {path: a/b",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  id: c
  with: {path: a, key: "tools-${{ hashFiles('x') }}", restore-keys: tools-}
- uses: actions/cache/save@v4
  with: {path: a, key: "${{ steps.c.outputs.cache-primary-key }}"}
"""
                )
            }
        ),
    ),
    "key-hard-codes-axis": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/cache@v4\n  with: {path: p, key: "tools-amd64-${{ github.sha }}"}',
                    head=TWO,
                )
            }
        ),
        "key: ",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache@v4
  with: {path: p, key: "tools-${{ matrix.arch }}-${{ github.sha }}"}
- uses: actions/cache@v4
  if: matrix.arch == 'arm64'
  with: {path: q, key: "tools-amd64-${{ github.sha }}"}
""",
                    head=TWO,
                )
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_an_axis_of_objects_is_no_word_in_a_key() -> None:
    head = "runs-on: x\nstrategy:\n  matrix: {arch: [{name: amd64}, {name: arm64}]}"
    where = tree({"ci": job("- uses: actions/cache@v4\n  with: {path: p, key: tools-amd64}", head=head)})
    assert found(where, "key-hard-codes-axis") == []


def test_each_axis_that_a_key_names_is_told() -> None:
    head = "runs-on: x\nstrategy:\n  matrix: {arch: [amd64, arm64], os: [alpine, debian]}"
    step = "- uses: actions/cache@v4\n  with: {path: p, key: tools-amd64-debian}"
    findings = found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis")
    assert sorted(finding.subject.rpartition(" ")[2] for finding in findings) == ["arch", "os"]
