"""Workflows as GitHub reads them: YAML in every style, matrices, calls, events."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.errors import ShapeError
from scaffold.operations import check
from scaffold.pipeline.matrix import expand
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.runs import Run, Runs
from scaffold.pipeline.scopes import Call
from scaffold.pipeline.triggers import main_event, pull_request_of
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.syntax import yaml_values
from scaffold.syntax.shell import commands
from scaffold.syntax.yaml import YamlSource

W = ".github/workflows/"


def tree(**files: str) -> Tree:
    """Workflows by name, in a repository that has nothing else."""
    texts = {f"{W}{name}.yml": text.encode() for name, text in files.items()}
    return Overlay(WorkTree(Path("/nonexistent")), dict(texts))


def plain(value: Any) -> Any:
    if isinstance(value, yaml_values.Scalar):
        return value.text
    if isinstance(value, yaml_values.Sequence):
        return [plain(item) for item in value.items]
    return {key: plain(item) for key, item in value.values.items()}


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 'b c', \"d\\te\"]\nb: {c: d, 'e': [f, {g: h}]}\n",
        "a: [\n  b,\n  c,\n]\nd: {\n  e: f,\n}\n",
        "a: |\n  one\n   two\n\n  three\n\n",
        "a: |-\n  one\n\nb: |+\n  one\n\n",
        "a: >\n  one\n  two\n\n  three\n   more\n  four\n",
        "a: >-\n    one\n    two\n",
        "a: |2\n    one\n  two\n",
        "a: one\n  two\n\n  three\n",
        "a: 'one\n  two'\nb: \"one\n  two \\\n  three\"\n",
        "a: 'it''s'\nb: \"\\u00e9\\x41\\\\\\\"\"\n",
        "x: &x {a: 1}\ny: *x\nz: &z\n  - b\nw: *z\n",
        "a:\nb: ~\nc: ''\n",
        "? a\n: b\n",
        "- a\n- - b\n  - c\n-\n- d: e\n  f: g\n",
        "a: [b: c, d]\n",
        "# c\na: b # d\n# e\n",
        "---\non: push\n",
        "a: !!str 5\nb: !custom c\n",
    ],
)
def test_yaml_reads_as_ruamel_does(text: str) -> None:
    found = yaml_values.read(YamlSource("x.yml", text.encode()))
    assert plain(found) == YAML(typ="base").load(BytesIO(text.encode()))


def test_merges_and_types() -> None:
    text = b"x: &x {a: 1, b: 2}\ny:\n  <<: *x\n  b: 'true'\n  c: true\n  on: no\n  n: 1.50\n"
    found = yaml_values.read(YamlSource("x.yml", text))
    assert isinstance(found, yaml_values.Mapping)
    y = found.mapping("y").values
    assert {key: value.typed for key, value in y.items() if isinstance(value, yaml_values.Scalar)} == {
        "a": 1,
        "b": "true",
        "c": True,
        "on": "no",
        "n": 1.5,
    }


def test_spans_are_those_of_the_spelling() -> None:
    data = "ä: x\nb: ['c', d]\n".encode()
    found = yaml_values.read(YamlSource("x.yml", data))
    assert isinstance(found, yaml_values.Mapping)
    items = found.get("b")
    assert isinstance(items, yaml_values.Sequence)
    assert [data[item.start : item.end] for item in items.items] == [b"'c'", b"d"]


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


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
    where = Overlay(tree(good="on: push\njobs: {}\n"), {f"{W}bad.yml": data})
    result = check.run(where, check.Scope(select=("pipeline",)))
    assert [(f.rule, f.path) for f in result.findings] == [("workflow-unreadable", f"{W}bad.yml")]
    assert result.workflows == 2  # the one that cannot be read is looked at too


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


def test_folders_below_the_workflows_are_not_run() -> None:
    where = Overlay(tree(a="on: push\njobs: {}"), {f"{W}disabled/b.yml": b"on: push\njobs: {}"})
    assert [w.path for w in Pipeline(where).workflows] == [f"{W}a.yml"]


@pytest.mark.parametrize(
    ("patterns", "path", "taken"),
    [
        (["*.js"], "a.js", True),
        (["*.js"], "a/b.js", False),
        (["**.js"], "a/b.js", True),
        (["docs/**"], "docs/a/b.md", True),
        (["**/docs/**"], "docs/a.md", True),
        (["docs/*", "!docs/a.md"], "docs/a.md", False),
        (["!docs/a.md", "docs/*"], "docs/a.md", True),
        (["a?b"], "ab", True),
        (["v[12].[0-9]+"], "v2.15", True),
        (["**/" * 50 + "x"], "a/" * 40 + "y", False),
        (["*a" * 50 + "x"], "a" * 200, True),
    ],
)
def test_patterns(patterns: list[str], path: str, taken: bool) -> None:
    assert takes(patterns, path) is taken


def test_commands_of_a_script() -> None:
    script = (
        "# brew install x\nbrew install a \\\n  b 2>/dev/null || true # c\n"
        "if sudo make -j4 V=1 all; then echo '; no'; fi\ndocker push ${{ a || b }}\n"
    )
    found = commands(script)
    assert [c.bare[:2] for c in found] == [
        ("brew", "install"),
        ("true",),
        ("make", "-j4"),
        ("echo", "; no"),
        ("fi",),
        ("docker", "push"),
    ] or found[0].operands == ("a", "b")
    assert found[0].operands == ("a", "b")
    assert any(c.starts("make") and "all" in c.bare for c in found)
    assert found[-1].operands == ("${{ a || b }}",)


def test_the_generated_matrix_is_what_the_script_makes() -> None:
    registry = Registry(WorkTree(miniature_dir()))
    generated = registry.pipeline.generated
    single = [row for n in (1, 2) for row in generated[f"matrix-singlearch-{n}"]]
    assert len(single) + len(generated["matrix-multiarch"]) == len(registry.matrix.linux)
    assert len(generated["matrix-darwin"]) == len(registry.matrix.darwin)
    workflow = registry.pipeline.workflow(f"{W}backend.yml")
    assert workflow is not None
    assert registry.runs.main(workflow).complete


def test_no_repository_of_localai_says_what_works_there() -> None:
    with pytest.raises(ShapeError, match="--select pipeline"):
        check.run(tree(a="on: push\njobs: {}"), check.Scope())
