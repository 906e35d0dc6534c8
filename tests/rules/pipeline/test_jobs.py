"""Rules about jobs: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

GENERATED = """
on: {{push: {{branches: [main]}}}}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {{matrix: "${{{{ steps.f.outputs.m }}}}", merges: "${{{{ steps.f.outputs.n }}}}"}}
    steps:
      - id: f
        run: git diff --name-only ${{{{ github.event.before }}}}
  build:
    needs: changes
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJson(needs.changes.outputs.matrix) }}}}
    steps:
      - run: make
  {name}:
    needs: {needs}
    {condition}
    runs-on: ubuntu-latest
    {strategy}
    steps:
      - run: docker push example/special
"""


def generated(
    name: str, needs: str, condition: str = "timeout-minutes: 9", strategy: str = "env: {A: b}"
) -> str:
    return GENERATED.format(name=name, needs=needs, condition=condition, strategy=strategy)


MERGE = 'strategy: {matrix: "${{ fromJson(needs.changes.outputs.merges) }}"}'

CASES: dict[str, Case] = {
    "workflow-unreadable": Case(
        tree({"ci": "on: push\njobs: {a: [b\n"}), "", tree({"ci": "on: push\njobs: {}\n"})
    ),
    "bypasses-change-filter": Case(
        tree({"ci": generated("special", "[]")}), "special:", tree({"ci": generated("special", "[changes]")})
    ),
    "reduce-skipped-by-one-leg": Case(
        tree({"ci": generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)}),
        "merge:",
        tree(
            {
                "ci": generated(
                    "merge", "[changes, build]", "if: ${{ !cancelled() && needs.changes.result }}", MERGE
                )
            }
        ),
    ),
    "matrix-over-256": Case(
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(20))}, b: {list(range(13))}}}",
                )
            }
        ),
        "matrix:",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(16))}, b: {list(range(16))}}}",
                )
            }
        ),
    ),
    "reusable-literal-drift": Case(
        tree(
            {
                name: f"on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with:\n      go-version: {version}\n"
                for name, version in (("a", "1.24.x"), ("b", "1.25.x"))
            }
            | {"c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n"}
        ),
        "go-version: 1.25.x",
        tree(
            {
                "a": "on: push\njobs:\n"
                + "".join(
                    f"  j{n}:\n    uses: ./.github/workflows/c.yml\n    with: {{go-version: 1.{n}}}\n"
                    for n in (1, 2)
                ),
                "b": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with: {go-version: 1.2}\n",
                "c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n",
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_a_job_that_only_tests_may_bypass_the_filter() -> None:
    text = generated("special", "[]").replace("docker push example/special", "make lint")
    assert found(tree({"ci": text}), "bypasses-change-filter") == []


@pytest.mark.parametrize(
    ("before", "told"), [("unit-tests", 0), ("e2e", 0), ("build-test", 1), ("attest", 1)]
)
def test_what_waits_for_tests_needs_all_of_them(before: str, told: int) -> None:
    merges = generated("merge", f"[changes, {before}]", strategy=MERGE).replace(
        "\n  build:", f"\n  {before}:"
    )
    assert len(found(tree({"ci": merges}), "reduce-skipped-by-one-leg")) == told


def test_a_matrix_that_goes_on_with_the_rows_of_another_needs_all_of_it() -> None:
    merges = generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)
    same = merges.replace("fromJson(needs.changes.outputs.merges)", "fromJson(needs.changes.outputs.matrix)")
    assert same != merges
    assert len(found(tree({"ci": merges}), "reduce-skipped-by-one-leg")) == 1
    assert found(tree({"ci": same}), "reduce-skipped-by-one-leg") == []
