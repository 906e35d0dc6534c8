"""Notes about pull requests: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

CASES: dict[str, Case] = {
    "cache-save-on-pr": Case(
        tree({"ci": job("- uses: actions/cache/save@v4\n  with: {path: a, key: b}", on="pull_request")}),
        "uses: actions/cache/save",
        tree(
            {
                "ci": job(
                    "- uses: actions/cache/save@v4\n  if: github.event_name == 'push'\n  with: {path: a, key: b}",
                    on="[push, pull_request]",
                )
            }
        ),
    ),
    "secret-login-on-fork": Case(
        tree(
            {
                "ci": job(
                    '- uses: docker/login-action@v3\n  with: {password: "${{ secrets.P }}"}',
                    on="pull_request",
                )
            }
        ),
        "uses: docker/login-action",
        tree(
            {
                "a": job(
                    '- uses: docker/login-action@v3\n  with: {password: "${{ secrets.GITHUB_TOKEN }}"}',
                    on="pull_request",
                ),
                "b": job(
                    "- uses: docker/login-action@v3\n  if: env.P != ''\n  with: {password: \"${{ env.P }}\"}",
                    head='runs-on: x\nenv: {P: "${{ secrets.P }}"}',
                    on="pull_request",
                ),
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("slug", "step"),
    [
        ("cache-save-on-pr", "uses: actions/cache/save@v4"),
        ("secret-login-on-fork", 'uses: docker/login-action@v3\n  with: {password: "${{ secrets.P }}"}'),
    ],
)
def test_what_another_job_says_is_no_excuse(slug: str, step: str) -> None:
    head = "runs-on: x\nneeds: changes\nif: needs.changes.outputs.a == 'true'"
    rest = "  changes:\n    runs-on: x\n    outputs: {a: b}\n    steps: []\n"
    assert len(found(tree({"ci": job(f"- {step}", on="pull_request", head=head, rest=rest)}), slug)) == 1
    perhaps = job(f"- if: steps.x.outputs.y\n  {step}", on="pull_request", head=head, rest=rest)
    assert found(tree({"ci": perhaps}), slug) == []


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("steps.c.outputs.cache-hit != 'true'", 1),
        ("always() && !steps.c.outputs.cache-hit", 1),
        ("steps.c.outputs.cache-hit != 'true' && github.event_name == 'push'", 0),
        ("steps.c.outputs.cache-hit == 'true'", 0),
        ("steps.c.outputs.cache-hit != 'true' && steps.made.outputs.new", 0),
    ],
)
def test_a_save_after_a_miss(condition: str, told: int) -> None:
    restore = "- id: c\n  uses: actions/cache/restore@v4\n  with: {path: a, key: b}"
    save = f'- if: "{condition}"\n  uses: actions/cache/save@v4\n  with: {{path: a, key: b}}'
    where = tree({"ci": job(f"{restore}\n{save}", on="[push, pull_request]")})
    assert len(found(where, "cache-save-on-pr")) == told
