"""The rows of a matrix."""

from __future__ import annotations

from typing import Any

import pytest

from scaffold.pipeline.calls import Call
from scaffold.pipeline.matrix import expand
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.runs import Run
from scaffold.pipeline.triggers import main_event
from tests.pipeline.workflows import tree


def rows(matrix: str, event: str = "push") -> tuple[list[Any], bool]:
    text = f"on: {event}\njobs:\n  a:\n    strategy:\n      matrix: {matrix}\n    runs-on: x\n"
    pipeline = Pipeline(tree(w=text))
    (workflow,) = pipeline.workflows
    job = workflow.jobs["a"]
    legs = expand(job.matrix, Call(Run(workflow, main_event(workflow)), workflow).scope(job), pipeline, "a")
    return [dict(row) for row in legs.rows], legs.complete


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("{a: [1, 2], b: [x]}", [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        ("{a: [true, 'true']}", [{"a": True}, {"a": "true"}]),
        ("{include: [{a: 1}, {b: 2}]}", [{"a": 1}, {"b": 2}]),
        ("{a: [1, 2], include: [{a: 2, b: 3}]}", [{"a": 1}, {"a": 2, "b": 3}]),
        ("{a: [1, 2], include: [{b: 3}]}", [{"a": 1, "b": 3}, {"a": 2, "b": 3}]),
        ("{a: [1], include: [{a: 9, b: 3}]}", [{"a": 1}, {"a": 9, "b": 3}]),
        ("{a: [1], include: [{b: 3}, {b: 4}]}", [{"a": 1, "b": 4}]),
        ("{a: [1, 2], b: [x, y], exclude: [{a: 1}, {a: 2, b: y}]}", [{"a": 2, "b": "x"}]),
        ("{a: [{n: 1}]}", [{"a": {"n": 1}}]),
        ("${{ fromJSON('{\"a\":[1,2]}') }}", [{"a": 1}, {"a": 2}]),
        ("{a: \"${{ fromJSON('[1]') }}\"}", [{"a": 1}]),
        ('{a: ["${{ github.event_name }}"]}', [{"a": "push"}]),
    ],
)
def test_matrices(matrix: str, expected: list[Any]) -> None:
    assert rows(matrix) == (expected, True)


@pytest.mark.parametrize(
    "matrix", ["${{ fromJSON(needs.x.outputs.y) }}", '{a: "${{ fromJSON(needs.x.outputs.y) }}"}']
)
def test_a_matrix_that_only_a_run_knows_is_one_row(matrix: str) -> None:
    found, complete = rows(matrix)
    assert len(found) == 1
    assert not complete
