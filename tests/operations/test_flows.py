"""`scaffold flows`: what an event makes the jobs of a repository write and read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.consumers import scaffold
from tests.rules.pipeline.workflows import TWO, job

STEPS = """
- uses: actions/upload-artifact@v7
  with: {name: "bin-${{ matrix.arch }}", path: x}
- uses: actions/cache@v4
  if: github.event_name == 'push'
  with: {key: "k-${{ hashFiles('a') }}", path: a}
"""
REST = """\
  use:
    needs: build
    runs-on: x
    concurrency: {group: "use-${{ github.ref }}", cancel-in-progress: true}
    steps:
      - uses: actions/download-artifact@v8
        with: {pattern: "bin-*"}
      - uses: actions/download-artifact@v8
        with: {name: lost}
"""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    (folder / "ci.yml").write_text(job(STEPS, head=TWO, on="[push, pull_request]", rest=REST))
    return tmp_path


def test_an_event_shows_who_writes_and_who_reads(repo: Path) -> None:
    result = scaffold("flows", "--format", "json", cwd=repo)
    found = json.loads(result.stdout)
    assert (found["version"], found["event"]) == (1, "push")
    (workflow,) = found["workflows"]
    named = {entry["name"]: entry for entry in workflow["named"]}
    assert [user["job"] for user in named["bin-amd64"]["writers"]] == ["build (amd64)"]
    assert [user["job"] for user in named["bin-arm64"]["readers"]] == ["use"]
    assert (named["lost"]["writers"], len(named["lost"]["readers"])) == ([], 1)
    assert (named["k-…"]["kind"], len(named["k-…"]["readers"])) == ("cache", 2)
    assert [(held["name"], held["cancels"], held["holders"]) for held in workflow["groups"]] == [
        ("use-refs/heads/main", True, ["use"])
    ]


def test_people_see_what_is_alike_as_one(repo: Path) -> None:
    text = scaffold("flows", "--event", "pull_request", cwd=repo).stdout
    assert "artifact  bin-amd64, bin-arm64" in text
    assert "written by  nobody in this run" in text
    assert "cache" not in text
    assert text.endswith("1 workflow on pull_request.\n")


def test_an_event_that_starts_nothing_is_refused(
    repo: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    result = scaffold("flows", "--event", "release", cwd=repo)
    assert result.returncode == 2
    assert "what starts some: pull_request, push" in result.stderr
    empty = scaffold("flows", "--repo", ".", cwd=tmp_path_factory.mktemp("empty"))
    assert empty.returncode == 3
    assert "there is no workflow here" in empty.stderr


def test_a_workflow_that_cannot_be_read_is_said(repo: Path) -> None:
    (repo / ".github/workflows/ci.yml").write_text("on: push\njobs: {a: [\n")
    result = scaffold("flows", cwd=repo)
    assert result.returncode == 3
    assert "ci.yml:" in result.stderr


@pytest.mark.parametrize(
    ("path", "text", "line", "problem"),
    [
        (".github/workflows/b.yml", "on: push\njobs: {a: [\n", 3, ""),
        (".github/workflows/b.yml", "- on: push\n", 1, "is no mapping, expected a workflow or an action"),
        ("act/action.yml", "runs: {using: composite, steps: [\n", 2, ""),
    ],
)
def test_what_cannot_be_read_among_others_is_said(
    repo: Path, path: str, text: str, line: int, problem: str
) -> None:
    (repo / "act").mkdir()
    (repo / "act/action.yml").write_text("runs: {using: composite, steps: []}\n")
    ci = repo / ".github/workflows/ci.yml"
    ci.write_text(ci.read_text().replace("    steps:\n", "    steps:\n      - uses: ./act\n", 1))
    assert json.loads(scaffold("flows", "--format", "json", cwd=repo).stdout)["unread"] == []
    (repo / path).write_text(text)
    result = scaffold("flows", "--format", "json", cwd=repo)
    (unread,) = json.loads(result.stdout)["unread"]
    assert (result.returncode, unread["path"], unread["line"]) == (0, path, line)
    assert problem in unread["problem"]
    people = scaffold("flows", cwd=repo)
    assert f"{path}:{line}: " in people.stderr
    assert "1 workflow on push" in people.stdout


def test_a_group_that_two_hold_is_one(repo: Path) -> None:
    workflow = "on: push\nconcurrency: deploy\njobs:\n  a:\n    runs-on: x\n    concurrency: {group: deploy, cancel-in-progress: true}\n    steps: [{run: a}]\n"
    (repo / ".github" / "workflows" / "ci.yml").write_text(workflow)
    told = scaffold("flows", cwd=repo).stdout
    assert told.count("group  deploy") == 1
    assert "held by  the workflow  .github/workflows/ci.yml:2  (waits)" in told
    assert "held by  a  .github/workflows/ci.yml:6  (cancels)" in told
