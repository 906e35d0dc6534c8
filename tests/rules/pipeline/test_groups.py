"""Rules about groups within a run: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import ci, job

BY_NAME = "concurrency:\n  group: ${{ github.workflow }}-${{ github.ref }}"
OWN_NAME = "concurrency:\n  group: build-${{ github.workflow }}-${{ github.ref }}"
RELEASE = f"name: Release\non: push\n{BY_NAME}\njobs:\n  build:\n    uses: ./.github/workflows/build.yml\n"
GROUP = "strategy:\n  matrix: {{n: [one, two, three]}}{parallel}\nconcurrency:\n  group: {group}\n  cancel-in-progress: {cancel}\nruns-on: x"
BEFORE = "run: git diff ${{ github.event.before }}"
PUSH = "\n      - run: docker push example/app:latest"


def legs(group: str, cancel: str = "true", parallel: str = "") -> str:
    return job(
        "- run: test ${{ matrix.n }}", head=GROUP.format(group=group, cancel=cancel, parallel=parallel)
    )


CASES: dict[str, Case] = {
    "group-deadlock": Case(
        tree({"release": RELEASE, "build": ci(BY_NAME, on="workflow_call")}),
        "group:",
        tree({"release": RELEASE, "build": ci(OWN_NAME, on="[workflow_call, pull_request]")}),
    ),
    "legs-share-group": Case(
        tree({"ci": legs("test-${{ github.ref }}")}),
        "group: test",
        tree({"ci": legs("test-${{ github.ref }}-${{ matrix.n }}")}),
    ),
    "pending-push-dropped": Case(
        tree({"ci": ci("concurrency:\n  group: ci-${{ github.ref }}", step=BEFORE + PUSH)}),
        "group: ci",
        tree(
            {
                "a": ci("concurrency:\n  group: a-${{ github.ref }}-${{ github.sha }}", step=BEFORE + PUSH),
                "b": ci("concurrency:\n  group: b-${{ github.ref }}", step=BEFORE),
                "c": ci("concurrency:\n  group: c-${{ github.ref }}", step="run: docker push example/app"),
                "d": ci("concurrency:\n  group: d-${{ github.ref }}\n  queue: max", step=BEFORE + PUSH),
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("group", "cancel", "parallel", "severities"),
    [
        ("test", "true", "", [Severity.error]),
        ("test", "false", "", [Severity.warning]),
        ("test", "false", "\n  max-parallel: 1", []),
        ("test", "${{ github.event_name == 'pull_request' }}", "", [Severity.warning]),
        ("${{ matrix.n }}", "true", "", []),
        ("${{ github.ref }}-${{ matrix.n == 'one' && 'a' || 'b' }}", "false", "", []),
        ("${{ matrix.n == 'one' && 'a' || 'b' }}", "false", "", [Severity.warning]),
    ],
)
def test_legs_that_meet_in_a_group(
    group: str, cancel: str, parallel: str, severities: list[Severity]
) -> None:
    findings = found(tree({"ci": legs(group, cancel, parallel)}), "legs-share-group")
    assert [finding.severity for finding in findings] == severities


def test_no_message_shows_a_commit_or_a_run_that_is_made_up() -> None:
    group = "g-${{ github.sha }}-${{ github.run_id }}-${{ github.event.before }}-7-00"
    (finding,) = found(tree({"ci": legs(group)}), "legs-share-group")
    assert "the group g-…-…-…-7-00:" in finding.message


@pytest.mark.parametrize(
    ("condition", "told"),
    [("needs.plan.outputs.go == 'true'", 0), ("github.event_name == 'push'", 1), ("", 1)],
)
def test_what_one_call_decides_it_decides_for_its_own_leg(condition: str, told: int) -> None:
    calls = "on: push\njobs:\n  all:\n    strategy:\n      matrix: {n: [one, two]}\n    uses: ./.github/workflows/one.yml\n"
    asked = f"    if: {condition}\n" if condition else ""
    one = (
        "on: workflow_call\njobs:\n  plan:\n    runs-on: x\n    steps: [{run: a}]\n"
        f"  gpu:\n    needs: plan\n{asked}    runs-on: x\n"
        "    concurrency: {group: gpu, cancel-in-progress: true}\n    steps: [{run: a}]\n"
    )
    assert len(found(tree({"ci": calls, "one": one}), "legs-share-group")) == told


def test_jobs_that_wait_for_each_other_may_share_a_group() -> None:
    two = (
        "    runs-on: x\n    concurrency: {group: deploy, cancel-in-progress: true}\n    steps: [{run: a}]\n"
    )
    ordered = f"on: push\njobs:\n  one:\n{two}  two:\n    needs: one\n{two}"
    assert found(tree({"ci": ordered}), "legs-share-group") == []


def test_a_job_in_the_group_of_its_workflow_is_a_deadlock() -> None:
    whole = "on: push\nconcurrency: Deploy\njobs:\n  a:\n    runs-on: x\n    concurrency: {}\n    steps: [{{run: a}}]\n"
    assert (
        len(
            found(
                tree({"ci": whole.replace("{}", "deploy").replace("{{", "{").replace("}}", "}")}),
                "group-deadlock",
            )
        )
        == 1
    )
    assert (
        found(
            tree({"ci": whole.replace("{}", "other").replace("{{", "{").replace("}}", "}")}), "group-deadlock"
        )
        == []
    )


@pytest.mark.parametrize(
    ("on", "who"),
    [
        ("workflow_dispatch", "a workflow_dispatch is cancelled"),
        ("[workflow_dispatch, pull_request]", "a pull_request or a workflow_dispatch is cancelled"),
        ("[schedule, release, push]", "a push, schedule or a release is cancelled"),
    ],
)
def test_whom_a_deadlock_meets(on: str, who: str) -> None:
    whole = f"on: {on}\nconcurrency: x\njobs:\n  a:\n    runs-on: x\n    concurrency: x\n    steps: [{{run: a}}]\n"
    (finding,) = found(tree({"ci": whole}), "group-deadlock")
    assert who in finding.message


def test_legs_of_a_called_workflow_have_names_that_differ() -> None:
    ci = "on: push\njobs:\n  all:\n    uses: ./.github/workflows/build.yml\n"
    build = (
        "on: workflow_call\njobs:\n  build:\n    strategy: {matrix: {base: [alpine, debian]}}\n    runs-on: x\n"
        "    ...\n    steps: [{uses: actions/upload-artifact@v4, with: {name: report, path: x}}]\n"
    )
    group = "concurrency: {group: x, cancel-in-progress: true}"
    for slug, extra in (("legs-share-cache-ref", "env: {A: b}"), ("legs-share-group", group)):
        (finding,) = found(tree({"ci": ci, "build": build.replace("...", extra)}), slug)
        assert "build (alpine) and build (debian)" in finding.message
        rows = "{a: [1], b: [2], c: [3], base: [alpine, debian]}"
        wide = build.replace("...", extra).replace("{base: [alpine, debian]}", rows)
        (finding,) = found(tree({"ci": ci, "build": wide}), slug)
        assert "build (alpine) and build (debian)" in finding.message


def test_a_diff_of_another_job_decides_nothing_of_what_is_published() -> None:
    apart = f"""
        on: push
        concurrency: {{group: ci}}
        jobs:
          lint: {{runs-on: x, steps: [{{{BEFORE}}}]}}
          image: {{runs-on: x, NEEDSsteps: [{{run: docker push example/app}}]}}
        """.replace("${{ github.event.before }}", "$X").replace(
        "run: git diff $X", "run: 'git diff ${{ github.event.before }}'"
    )
    assert found(tree({"ci": apart.replace("NEEDS", "")}), "pending-push-dropped") == []
    assert len(found(tree({"ci": apart.replace("NEEDS", "needs: lint, ")}), "pending-push-dropped")) == 1


@pytest.mark.parametrize(("force", "told"), [("true", 0), ("${{ github.event_name == 'schedule' }}", 1)])
def test_a_forced_build_looks_at_no_diff(force: str, told: int) -> None:
    step = f"run: ./changed.sh\n        env:\n          BASE: ${{{{ github.event.before }}}}\n          FORCE_ALL: {force}{PUSH}"
    assert (
        len(found(tree({"ci": ci("concurrency:\n  group: ci", step=step)}), "pending-push-dropped")) == told
    )


def test_legs_are_named_after_numbers_too() -> None:
    workflow = job(
        "- run: a", head="runs-on: x\nstrategy: {matrix: {part: [0, 1, 2], os: [true]}}\nconcurrency: unit"
    )
    (told,) = found(tree({"ci": workflow}), "legs-share-group")
    assert told.message.startswith("build (0) and build (1) are in the group")


@pytest.mark.parametrize(
    ("cancel", "slug"), [("true", "push-cancels-push"), ("false", "pending-push-dropped")]
)
def test_a_group_of_each_leg_is_told_once(cancel: str, slug: str) -> None:
    """The title of a leg is not in the message: it would be the same one for each."""
    group = f"concurrency: {{group: 'b-${{{{ strategy.job-index }}}}', cancel-in-progress: {cancel}}}"
    head = f"strategy: {{matrix: {{n: [1, 2, 3]}}}}\n    {group}\n    runs-on: ubuntu-latest"
    where = tree({"ci": ci("", step=BEFORE + PUSH).replace("runs-on: ubuntu-latest", head)})
    assert len(found(where, slug)) == 1


LOOP = """run: |
          for d in $(git diff --name-only ${{ github.event.before }} -- images); do
            docker buildx build --push -t example/$d:latest images/$d
          done"""


@pytest.mark.parametrize(
    ("step", "severity"),
    [
        (LOOP, Severity.error),
        (LOOP.replace("--push ", ""), Severity.warning),
        ("run: ./x.sh", Severity.error),
    ],
)
def test_one_script_may_look_at_a_diff_and_publish(step: str, severity: Severity) -> None:
    files = {"x.sh": "git diff HEAD~1 > changed\ndocker push example/app\n"}
    dropped = found(tree({"ci": ci("concurrency: {group: ci}", step=step), **files}), "pending-push-dropped")
    assert bool(dropped) is (severity is Severity.error)
    cancels = ci("concurrency: {group: ci, cancel-in-progress: true}", step=step)
    (finding,) = found(tree({"ci": cancels, **files}), "push-cancels-push")
    assert finding.severity is severity
