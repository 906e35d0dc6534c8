"""Whether the jobs of a workflow run, seen from the jobs that they wait for."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.pipeline.calls import Call
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.runs import Run
from scaffold.pipeline.triggers import main_event
from tests.pipeline.workflows import tree


def call(jobs: str) -> Call:
    (workflow,) = Pipeline(tree(w=f"on: push\njobs:\n{jobs}")).workflows
    return Call(Run(workflow, main_event(workflow)), workflow)


@pytest.mark.parametrize("runs", [True, False])
def test_a_chain_may_be_longer_than_the_stack(runs: bool) -> None:
    length = 3000
    jobs = [f"  j{i}: {{needs: j{i + 1}, runs-on: x}}\n" for i in range(length)]
    asked = call("".join(jobs) + f"  j{length}: {{if: {str(runs).lower()}, runs-on: x}}\n")
    assert {asked.reached(f"j{i}") for i in range(length)} == {runs}
    assert {asked.due(f"j{i}") for i in range(length)} == {runs}


@pytest.mark.parametrize("length", [1, 2, 3000])
def test_a_circle_never_tells(length: int) -> None:
    jobs = [f"  j{i}: {{needs: j{(i + 1) % length}, runs-on: x}}\n" for i in range(length)]
    asked = call("".join(jobs) + "  behind: {needs: j0, runs-on: x}\n  beside: {runs-on: x}\n")
    assert {asked.reached(f"j{i}") for i in range(length)} == {None}
    assert [asked.reached("behind"), asked.due("behind")] == [None, None]
    assert [asked.reached("beside"), asked.due("beside")] == [True, True]


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("env.PUSH == 'true'", True),
        ("env.PUSH == true", False),  # a string is no number
        ("env.KEEP == 'false'", True),
        ("env.KEEP", True),  # "false" is a text
        ("env.NONE", False),
        ("env.TOKEN", None),
    ],
)
@pytest.mark.parametrize("where", ["workflow", "job", "step"])
def test_a_variable_is_a_string(where: str, condition: str, runs: bool | None) -> None:
    env = "env: {PUSH: '${{ inputs.push }}', KEEP: false, NONE: null, TOKEN: '${{ secrets.TOKEN }}'}"
    of = {place: env if place == where else "name: x" for place in ("workflow", "job", "step")}
    called = f"""
on: {{workflow_call: {{inputs: {{push: {{type: boolean, default: true}}}}}}}}
{of["workflow"]}
jobs:
  it:
    runs-on: x
    {of["job"]}
    steps:
      - run: a
        if: {condition}
        {of["step"]}
"""
    caller = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/called.yml\n    secrets: inherit\n"
    (workflow,) = (w for w in Pipeline(tree(w=caller, called=called)).workflows if "push" in w.events)
    (step,) = (step for leg in Run(workflow, main_event(workflow)).jobs for step in leg.steps)
    assert step.runs is runs


@pytest.mark.parametrize(
    ("condition", "runs"),
    [("inputs.push == 'true'", True), ("inputs.push == true", False), ("inputs.keep", True)],
)
def test_an_input_of_an_action_is_a_string(condition: str, runs: bool) -> None:
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{uses: ./act, with: {push: true}}]\n"
    action = (
        "inputs: {push: {default: false}, keep: {default: false}}\n"
        f"runs:\n  using: composite\n  steps: [{{run: a, shell: bash, if: {condition}}}]\n"
    )
    files = Overlay(tree(w=workflow), {"act/action.yml": action.encode()})
    (one,) = Pipeline(files).workflows
    inner = [step for leg in Run(one, main_event(one)).jobs for step in leg.steps][-1]
    assert inner.runs is runs
