"""Workflow files: which are read, and what becomes of those that cannot be."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.pipeline.model import MAX_STEPS, Pipeline
from tests.pipeline.workflows import W, tree

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)

GOOD = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"


@pytest.mark.parametrize(
    "data",
    [
        b"a: [b\n",
        b"\x00",
        b"\xff\xfe",
        b"- a\n- b\n",
        b"a: " + b"[" * 20_000 + b"]" * 20_000,
        b"".join(b" " * n + b"a:\n" for n in range(3_000)),
        b"- " * 5_000 + b"x\n",
        BOMB.encode(),
        b"a: &a [*a]\njobs: *a\non: push\n" + b"x: {" * 3_000,
    ],
    ids=["broken", "binary", "utf-16", "a list", "flow", "block", "dashes", "bomb", "cycle"],
)
def test_a_file_that_cannot_be_read_is_a_finding(data: bytes) -> None:
    where = Overlay(tree(good=GOOD), {f"{W}bad.yml": data})
    result = check.run(where, check.Scope(select=("pipeline",)))
    assert [(f.rule, f.path) for f in result.findings] == [("workflow-unreadable", f"{W}bad.yml")]
    assert result.workflows == 2  # the one that cannot be read is looked at too


def test_folders_below_the_workflows_are_not_run() -> None:
    where = Overlay(tree(a=GOOD), {f"{W}disabled/b.yml": b"on: push\njobs: {}"})
    assert [w.path for w in Pipeline(where).workflows] == [f"{W}a.yml"]


def test_no_repository_of_localai_says_what_works_there() -> None:
    with pytest.raises(ShapeError, match="--select pipeline"):
        check.run(tree(a="on: push\njobs: {}"), check.Scope())


def test_a_folder_is_no_workflow() -> None:
    folders = {f"{W}{name}/c.yml": b"on: push\n" for name in ("a.yml", "a.yaml")}
    assert Pipeline(Overlay(tree(b="on: push\n"), folders)).paths == (f"{W}b.yml",)


def composite(*used: str) -> bytes:
    steps = ", ".join(f"{{uses: {action}}}" for action in used)
    return f"runs: {{using: composite, steps: [{steps}]}}\n".encode()


def test_actions_in_a_circle_end_and_are_told() -> None:
    every = [f"./a/u{number}" for number in range(30)]
    circle = {f"{action[2:]}/action.yml": composite(*every) for action in every}
    jobs = "".join(f"  j{n}: {{runs-on: x, steps: [{{uses: ./a/u{n}}}, {{run: last}}]}}\n" for n in range(20))
    where = Overlay(tree(a=f"on: push\njobs:\n{jobs}"), circle)
    pipeline = Pipeline(where)
    found = [occurrence for job in pipeline.jobs for occurrence in job.occurrences]
    assert sum(occurrence.outer is not None for occurrence in found) <= MAX_STEPS
    assert sum(occurrence.step.run == "last" for occurrence in found) == 20
    told = check.run(where, check.Scope(select=("workflow-unreadable",))).findings
    assert [f.rule for f in told] == ["workflow-unreadable"]
    assert "uses composite actions of more than" in told[0].message
    assert told[0].path in circle


def test_an_action_that_many_jobs_use_has_its_steps_in_each() -> None:
    jobs = "".join(f"  j{n}: {{runs-on: x, steps: [{{uses: ./a}}, {{uses: ./a}}]}}\n" for n in range(50))
    where = Overlay(tree(a=f"on: push\njobs:\n{jobs}"), {"a/action.yml": composite("./b", "x@v1")})
    where = Overlay(where, {"b/action.yml": composite("y@v1")})
    pipeline = Pipeline(where)
    for job in pipeline.jobs:
        assert [o.step.uses for o in job.occurrences] == ["./a", "./b", "y@v1", "x@v1"] * 2
    assert pipeline.problems == []


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_may_end_under_their_key(quote: str) -> None:
    text = f"on: push\njobs:\n  a:\n    if: {quote}b &&\n    c{quote}\n    runs-on: x\n"
    (workflow,) = Pipeline(tree(a=text)).workflows
    node = workflow.jobs["a"].node
    assert (node.text("if"), node.text("runs-on")) == ("b && c", "x")


def test_joined_quotes_say_what_the_file_says() -> None:
    text = (
        "on: push\njobs:\n  a:\n    if: 'b\n    c'\n    steps:\n      - run: |\n          a: 'b\n  c: d's\n"
    )
    result = check.run(tree(a=text), check.Scope(select=("pipeline",)))
    assert [finding.rule for finding in result.findings] == ["workflow-unreadable"]
