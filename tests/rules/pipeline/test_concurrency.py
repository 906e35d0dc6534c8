"""Rules about concurrency: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import BY_BRANCH, BY_COMMIT, ci

CASES: dict[str, Case] = {
    "push-cancels-push": Case(
        tree({"ci": ci(BY_BRANCH, step="run: npm publish")}),
        "group: ci-",
        tree({"ci": ci(BY_COMMIT), "test": ci(BY_BRANCH, step="run: make test")}),
    ),
    "pr-group-by-branch": Case(tree({"ci": ci(BY_BRANCH)}), "group: ci-", tree({"ci": ci(BY_COMMIT)})),
    "group-shared-by-workflows": Case(
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH)}),
        "group: ci-",
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH.replace("ci-", "${{ github.workflow }}-"))}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("step", "severities"),
    [
        ("run: git diff ${{ github.event.before }}", [Severity.warning]),
        (
            "run: git diff ${{ github.event.before }}\n      - run: docker push example/app:latest",
            [Severity.error],
        ),
        ("{if: steps.a.outputs.b != 'true', run: 'git diff ${{ github.event.before }}'}", []),
        ("run: docker push example/app:latest", [Severity.warning]),
        ("run: docker push example/app:$GITHUB_SHA", [Severity.error]),
        ("{if: steps.a.outputs.b != 'true', run: npm publish}", [Severity.warning]),
        ("run: npm publish --dry-run", []),
    ],
)
def test_only_what_no_later_run_does_again_is_an_error(step: str, severities: list[Severity]) -> None:
    findings = found(tree({"ci": ci(BY_BRANCH, step=step)}), "push-cancels-push")
    assert [f.severity for f in findings] == severities


def test_one_report_for_each_way_to_spell_a_group() -> None:
    other = BY_BRANCH.replace("github.head_ref || github.ref", "github.head_ref || github.run_id")
    where = tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH), "c": ci(other), "d": ci(BY_BRANCH, on="push")})
    first, second = found(where, "pr-group-by-branch")
    assert first.message.endswith("so in .github/workflows/b.yml:3")
    assert (second.path, ";" in second.message) == (".github/workflows/c.yml", False)
    changes = ChangeSet(where)
    assert first.fix is not None
    first.fix(changes)
    left = found(changes.overlay(), "pr-group-by-branch")
    assert [finding.path for finding in left] == [".github/workflows/c.yml"]
