"""Whether the jobs of a workflow run, seen from the jobs that they wait for."""

from __future__ import annotations

import pytest

from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import Call
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
