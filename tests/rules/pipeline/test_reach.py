"""Jobs that no event starts."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree

CHAIN = """
on: [push, pull_request]
jobs:
  detect: {{runs-on: x, if: "{first}", steps: []}}
  build: {{runs-on: x, needs: detect, if: always(), steps: []}}
  release:
    runs-on: x
    needs: build
    if: {last}
    steps: []
  announce: {{runs-on: x, needs: release, steps: []}}
"""


def chain(last: str, first: str = "github.event_name == 'pull_request'") -> str:
    return CHAIN.format(first=first, last=last)


REPAIRED = "${{ !cancelled() && needs.build.result == 'success' && github.event_name == 'push' }}"
CASES = {
    "job-never-runs": Case(
        tree({"ci": chain("github.event_name == 'push'")}),
        "release:",
        tree({"ci": chain(REPAIRED).partition("  announce")[0]}),
    )
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("github.event_name == 'pull_request'", "vars.DEPLOY == 'yes'"),
        ("github.event_name == 'pull_request'", "false"),
        ("vars.DETECT == 'yes'", "github.event_name == 'push'"),
    ],
)
def test_jobs_that_may_run_or_are_switched_off(first: str, last: str) -> None:
    assert found(tree({"ci": chain(last, first)}), "job-never-runs") == []


@pytest.mark.parametrize(
    ("last", "count"),
    [
        ("success() && github.event_name == 'push'", 1),
        ("${{ github.event_name == 'push' && success() }}", 1),
        ("success()", 1),
        ("(success() || failure()) && github.event_name == 'push'", 0),
        ("(success() || github.ref_type == 'tag') && github.event_name == 'push'", 0),
        ("always() && github.event_name == 'push'", 0),
    ],
)
def test_a_condition_that_asks_for_success_says_what_is_implied(last: str, count: int) -> None:
    files = {"ci": chain(last).partition("  announce")[0]}
    assert len(found(tree(files), "job-never-runs")) == count


def test_a_called_workflow_has_the_events_of_its_callers() -> None:
    called = chain("github.event_name == 'push'").replace(
        "[push, pull_request]", "[pull_request, workflow_call]"
    )
    assert found(tree({"ci": called}), "job-never-runs") == []


def test_what_is_behind_a_job_that_runs_again_is_skipped_all_the_same() -> None:
    last = "${{ always() && github.event_name == 'push' }}"
    (told,) = found(
        tree(
            {"ci": chain(last).replace("release, steps", "release, if: github.event_name == 'push', steps")}
        ),
        "job-never-runs",
    )
    assert told.subject == "announce"


@pytest.mark.parametrize(
    ("on", "first", "last", "count"),
    [
        ("push", "github.ref == 'refs/heads/main'", "startsWith(github.ref, 'refs/tags/')", 1),
        ("push", "startsWith(github.ref, 'refs/heads/')", "github.ref_type == 'tag'", 1),
        ("push", "github.ref != 'refs/heads/main'", "startsWith(github.ref, 'refs/tags/')", 0),
        (
            "{push: {branches: [main, dev]}}",
            "github.ref == 'refs/heads/dev'",
            "github.ref == 'refs/heads/main'",
            1,
        ),
        (
            "{push: {branches: [main, 'v*']}}",
            "github.ref == 'refs/heads/v1'",
            "github.ref == 'refs/heads/main'",
            1,
        ),
        (
            "{push: {branches: ['v*', '!v0']}}",
            "startsWith(github.ref, 'refs/heads/v')",
            "github.ref == 'refs/heads/v1'",
            0,
        ),
        ("pull_request", "github.ref == 'refs/heads/main'", "startsWith(github.ref, 'refs/pull/')", 1),
        (
            "{pull_request: {types: [closed]}}",
            "startsWith(github.ref, 'refs/pull/')",
            "github.ref == 'refs/heads/main'",
            0,
        ),
        ("push", "false", "github.ref_type == 'branch'", 1),
        ("{push: , workflow_dispatch: }", "github.ref_type == 'branch'", "github.ref_type == 'tag'", 1),
        ("{push: {branches: [a, b]}}", "github.ref_name == 'a'", "github.ref_name == 'b'", 1),
        ("{push: , workflow_dispatch: }", "vars.A == 'yes'", "github.ref_type == 'tag'", 0),
        ("{release: , push: }", "github.event_name == 'release'", "github.event_name == 'release'", 0),
    ],
)
def test_branches_and_tags_are_told_apart(on: str, first: str, last: str, count: int) -> None:
    workflow = chain(last, first).replace("[push, pull_request]", on).partition("  announce")[0]
    assert len(found(tree({"ci": workflow}), "job-never-runs")) == count


ENDED = """
on: [push, workflow_dispatch]
jobs:
  check: {if: "github.event_name == 'push'", runs-on: ubuntu-latest, steps: [{run: make check}]}
  build: {needs: check, if: "%s", runs-on: ubuntu-latest, steps: [{run: make}]}
  release: {needs: build, runs-on: ubuntu-latest, steps: [{run: make release}]}
"""


@pytest.mark.parametrize(
    ("middle", "count"),
    [
        ("always()", 1),
        ("${{ !cancelled() && (needs.check.result == 'success' || needs.check.result == 'skipped') }}", 1),
        ("${{ !cancelled() && needs.check.result == 'success' }}", 0),
        ("always() && needs.check.outputs.go == 'true'", 0),
        ("github.event_name == 'push'", 0),
    ],
)
def test_what_is_skipped_behind_a_job_that_goes_on(middle: str, count: int) -> None:
    told = found(tree({"ci": ENDED % middle}), "job-never-runs")
    assert [finding.subject for finding in told] == ["release"] * count
