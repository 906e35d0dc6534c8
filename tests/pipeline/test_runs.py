"""What events make of workflows: calls, composite actions, forks, cycles."""

from __future__ import annotations

from scaffold.checkout.tree import Overlay
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, Runs
from scaffold.pipeline.triggers import pull_request_of
from tests.pipeline.workflows import W, tree

CALLER = """
on: [push, pull_request]
jobs:
  first:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
  second:
    needs: first
    strategy: {matrix: {arch: [amd64, arm64]}}
    uses: ./.github/workflows/called.yml
    with: {name: "x-${{ matrix.arch }}"}
    secrets: inherit
  always:
    needs: first
    if: always()
    runs-on: ubuntu-latest
"""
CALLED = """
on:
  workflow_call:
    inputs:
      name: {type: string, required: true}
      push: {type: boolean, default: true}
jobs:
  build:
    runs-on: ${{ endsWith(inputs.name, 'arm64') && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}
    steps:
      - uses: ./act
        if: inputs.push
        with: {key: "k-${{ inputs.name }}"}
      - uses: actions/cache@v4
        if: steps.a.outputs.b
        with: {path: p, key: "${{ runner.arch }}"}
"""
ACTION = """
inputs: {key: {default: none}, other: {default: "o-${{ github.event_name }}"}}
runs:
  using: composite
  steps:
    - uses: actions/cache@v4
      with: {path: q, key: "${{ inputs.key }}-${{ inputs.other }}"}
"""


def test_calls_and_composite_actions_are_followed() -> None:
    where = Overlay(tree(caller=CALLER, called=CALLED), {"act/action.yml": ACTION.encode()})
    runs = Runs(Pipeline(where))
    (workflow,) = runs.workflows
    main = runs.main(workflow)
    assert [(leg.job.id, leg.reached) for leg in main.jobs] == [
        ("first", True),
        ("second", True),
        ("build", True),
        ("second", True),
        ("build", True),
        ("always", True),
    ]
    caches = [step for leg in main.jobs for step in leg.using("actions/cache")]
    assert [(step.input("key"), step.runs) for step in caches] == [
        ("k-x-amd64-o-push", True),
        ("X64", None),
        ("k-x-arm64-o-push", True),
        ("ARM64", None),
    ]
    request = Run(workflow, pull_request_of(workflow))
    assert {leg.job.id: leg.reached for leg in request.jobs} == {
        "first": False,
        "second": False,
        "build": False,
        "always": True,
    }


def test_states_share_their_runs_where_all_that_makes_them_is_the_same() -> None:
    action = {"act/action.yml": ACTION.encode()}
    first = Repository(Overlay(tree(caller=CALLER, called=CALLED), action))
    assert Repository(Overlay(first.tree, {"README": b"x"}), first).runs is first.runs
    others: tuple[dict[str, bytes | None], ...] = (
        {"act/action.yml": ACTION.replace("none", "some").encode()},
        {"act/action.yml": None},
        {"act/action.yml": None, "act/action.yaml": ACTION.encode()},
        {f"{W}called.yml": CALLED.replace("k-", "l-").encode()},
        {f"{W}called.yml": b"["},
        {f"{W}other.yml": b"on: push"},
        {f"{W}caller.yml": None},
    )
    for changes in others:
        assert Repository(Overlay(first.tree, changes), first).runs is not first.runs


def test_states_share_no_runs_where_another_file_that_was_read_is_not_the_same() -> None:
    first = Repository(tree(caller=CALLER, called=CALLED))
    assert first.pipeline.read("tool.sh") is None
    other = Repository(Overlay(first.tree, {"tool.sh": b"true\n"}), first)
    assert other.runs is not first.runs
    assert other.pipeline.read("tool.sh") == b"true\n"


def test_a_fork_has_no_secrets() -> None:
    text = (
        'on: pull_request\njobs:\n  a:\n    runs-on: x\n    env: {P: "${{ secrets.P }}"}\n    steps:\n'
        "      - if: env.P != ''\n        run: a\n"
        "      - if: github.event.pull_request.head.repo.full_name == github.repository\n        run: b\n"
    )
    (workflow,) = Pipeline(tree(w=text)).workflows
    for fork, expected in ((False, [None, True]), (True, [False, False])):
        (leg,) = Run(workflow, pull_request_of(workflow, fork=fork)).jobs
        assert [step.runs for step in leg.steps] == expected


def test_cycles_end() -> None:
    loop = "on: [push, workflow_call]\njobs:\n  a: {uses: ./.github/workflows/w.yml, needs: b}\n  b: {needs: a}\n"
    action = b"runs: {using: composite, steps: [{uses: ./act}, {uses: ./act}]}"
    where = Overlay(
        tree(w=loop, x="on: push\njobs: {a: {steps: [{uses: ./act}]}}"), {"act/action.yml": action}
    )
    for run in Runs(Pipeline(where)).all():
        assert len(run.jobs) < 100
        assert all(leg.reached is None or leg.job.id == "a" for leg in run.jobs)
