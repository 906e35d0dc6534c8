"""Flows: what the steps of a run write and read, under which names."""

from __future__ import annotations

import pytest

from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import clashes, flows_of
from scaffold.pipeline.repository import Repository
from tests.rules.pipeline.trees import tree
from tests.rules.pipeline.workflows import TWO, image, job

USES = """
- uses: actions/upload-artifact@v7
  with: {name: "bin-${{ matrix.arch }}", path: x}
- uses: actions/cache@v4
  with: {key: "k-${{ matrix.arch }}", path: "a\\nb"}
- uses: docker/build-push-action@v6
  if: github.event_name == 'pull_request'
  with: {cache-to: "type=gha", push: true, tags: never/built}
- uses: docker/build-push-action@v6
  with:
    push: true
    tags: |
      example/app:a, example/app:b
    cache-from: type=gha,scope=s
    cache-to: type=registry,ref=example/cache
"""


def test_a_run_writes_and_reads_under_names() -> None:
    (run,) = Repository(tree({"ci": job(USES, head=TWO)})).runs.pushes()
    flows = flows_of(run)
    assert [flow.name for flow in flows.uploads] == ["bin-amd64", "bin-arm64"]
    assert {(flow.name, *sorted(flow.paths)) for flow in flows.saves} == {
        ("k-amd64", "a", "b"),
        ("k-arm64", "a", "b"),
    }
    assert [flow.name for flow in flows.images[:2]] == ["example/app:a", "example/app:b"]
    assert {flow.name for flow in flows.exports} == {"example/cache"}
    assert {flow.name for flow in flows.imports} == {"gha:s"}
    assert len(list(clashes(flows.exports))) == 1
    assert list(clashes(flows.uploads)) == []


@pytest.mark.parametrize(
    ("inputs", "names"),
    [
        ("push: true\ntags: a/b:c", ["a/b:c"]),
        ("push: false\ntags: a/b:c", []),
        ("push: ${{ vars.PUSH }}\ntags: a/b:c", []),
        ("outputs: type=image,name=a/b,push-by-digest=true,push=true", []),
        ("outputs: type=image,name=a/b:c,push=true", ["a/b:c"]),
        ("push: true\ntags: ${{ github.ref_name }}/b", ["main/b"]),
    ],
)
def test_names_that_a_build_pushes(inputs: str, names: list[str]) -> None:
    (run,) = Repository(tree({"ci": image(inputs)})).runs.pushes()
    assert [flow.name for flow in flows_of(run).images] == names


def test_tags_of_a_metadata_action_are_one_name_where_its_inputs_are() -> None:
    steps = """
    - id: meta
      uses: docker/metadata-action@v5
      with: {images: a/b, tags: "IT"}
    - uses: docker/build-push-action@v6
      with: {push: true, tags: "${{ steps.meta.outputs.tags }}"}
    """.replace("\n    ", "\n")
    for tags, count in (("type=sha", 1), ("type=raw,value=${{ matrix.arch }}", 2)):
        (run,) = Repository(tree({"ci": job(steps.replace("IT", tags), head=TWO)})).runs.pushes()
        assert len({flow.name for flow in flows_of(run).images}) == count


def test_a_leg_waits_for_what_its_job_and_its_callers_need() -> None:
    ci = """
        on: push
        jobs:
          a: {runs-on: x, steps: []}
          b: {needs: a, uses: ./.github/workflows/called.yml}
          c: {runs-on: x, steps: []}
        """
    called = """
        on: workflow_call
        jobs:
          one: {runs-on: x, steps: []}
          two: {needs: one, runs-on: x, steps: []}
        """
    (run,) = Repository(tree({"ci": ci, "called": called})).runs.pushes()
    legs = {leg.job.id: leg for leg in run.jobs}
    assert {
        (one, other) for one in legs for other in legs if flows_of(run).waits(legs[one], legs[other])
    } == {
        *((name, name) for name in legs),
        ("b", "a"),
        ("one", "a"),
        ("two", "a"),
        ("two", "one"),
    }


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("out/a-${{ steps.h.outputs.tag }}.md", "a-….md"),
        ("${{ steps.h.outputs['a/b'] }}", "…"),
        ("out/${{ steps.h.outputs.tag }}/x.md", "x.md"),
        ("out/x.md", "x.md"),
    ],
)
def test_a_file_that_is_no_archive_is_named_after_its_last_part(path: str, name: str) -> None:
    step = f'- uses: actions/upload-artifact@v7\n  with: {{archive: false, path: "{path}"}}'
    (run,) = Repository(tree({"ci": job(step)})).runs.pushes()
    assert [shown(flow.name) for flow in flows_of(run).uploads] == [name]


def test_a_variable_that_a_step_sets_is_known_no_more() -> None:
    steps = '- run: echo "NAME=x-$RUNNER" >> $GITHUB_ENV\n- uses: actions/upload-artifact@v4\n  with: {name: "${{ env.NAME }}-${{ env.KEPT }}", path: x}'
    head = "runs-on: x\nenv: {NAME: report, KEPT: yes-it-is}"
    (run,) = Repository(tree({"ci": job(steps, head=head)})).runs.pushes()
    assert [shown(flow.name) for flow in flows_of(run).uploads] == ["…-yes-it-is"]
