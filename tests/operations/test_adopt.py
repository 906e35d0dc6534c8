"""adopt on the miniature: what CI and pre-commit are given, and that taking it back leaves no byte."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold import __version__
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.errors import ShapeError, UsageError
from scaffold.operations import adopt, check
from scaffold.pipeline.patterns import takes
from scaffold.rules import all_rules
from scaffold.rules.settings import Settings
from scaffold.rules.suppressions import Suppressions
from tests.consumers import files
from tests.docs import PROJECT
from tests.rules.trees import BASE

SHA = "0123456789abcdef" * 2 + "01234567"
ENTRY = {
    "repo": "https://github.com/localai-scaffold/scaffold",
    "rev": f"v{__version__}",
    "hooks": [{"id": "scaffold-check"}],
}

CONFIGS = {
    "indented": "repos:\n  - repo: https://x.example/y\n    rev: v1\n    hooks:\n      - id: z\n",
    "not indented": "# ours\nrepos:\n- repo: local\n  hooks:\n  - id: z\n    entry: z\n\nfail_fast: true\n",
    "no last newline": "repos:\n  - repo: https://x.example/y\n    rev: v1\n    hooks:\n      - id: z",
    "Windows": "repos:\r\n  - repo: https://x.example/y\r\n    rev: v1\r\n    hooks:\r\n      - id: z\r\n",
    "a comment behind": "repos:\n  - repo: x\n    rev: v1\n    hooks: [{id: z}]\n  # the end\n\n",
}


@pytest.fixture(scope="module")
def written() -> Overlay:
    return adopt.plan(BASE).changes.overlay()


def text(tree: Tree, path: str) -> str:
    data = tree.read(path)
    assert data is not None
    return data.decode()


def test_what_is_written_is_what_the_action_and_pre_commit_take(written: Overlay) -> None:
    workflow: dict[Any, Any] = yaml.safe_load(text(written, adopt.WORKFLOW))
    action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
    *_, step = workflow["jobs"]["scaffold"]["steps"]
    assert step["uses"] == f"localai-scaffold/scaffold@v{__version__}"
    assert set(step.get("with", ())) <= set(action["inputs"])
    assert workflow["permissions"] == {}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    assert yaml.safe_load(text(written, adopt.HOOKS)) == {"repos": [ENTRY]}
    (offered,) = yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert offered["id"] == adopt.HOOK


def test_it_starts_for_itself_and_brings_no_finding(written: Overlay) -> None:
    paths = yaml.safe_load(text(written, adopt.WORKFLOW))[True]["pull_request"]["paths"]
    assert takes(paths, adopt.WORKFLOW)
    assert takes(paths, ".scaffold.toml")
    every = check.Scope(select=tuple(rule.slug for rule in all_rules()))
    result = check.run(written, every, BASE, "main")
    assert [finding.message for at, finding in enumerate(result.findings) if result.is_new(at)] == []


@pytest.mark.parametrize("linter", ["actionlint", "zizmor"])
@pytest.mark.parametrize("ref", ["", SHA])
def test_linters_have_nothing_to_say(linter: str, ref: str, tmp_path: Path) -> None:
    program = shutil.which(linter) or shutil.which(linter, path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip(f"{linter} is not installed")
    file = tmp_path / ".github/workflows/scaffold.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text(adopt.plan(BASE, ref).changes.overlay(), adopt.WORKFLOW), encoding="utf-8")
    options = ["--pedantic", "--offline", "--no-progress"] if linter == "zizmor" else []
    done = subprocess.run([program, *options, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_settings_ask_for_nothing_until_somebody_takes_the_marks_away(written: Overlay) -> None:
    assert Settings.read(written) == Settings()
    lines = text(written, ".scaffold.toml").splitlines()
    example = "\n".join(line[2:] for line in lines if re.match(r"# (\w+ = |\[\[)", line))
    assert tomllib.loads(example).keys() == {"ignore", "select", "strict", "suppress"}
    tree = Overlay(BASE, {".scaffold.toml": example.encode()})
    assert Settings.read(tree).strict
    assert Suppressions.read(tree).stale([])


def test_a_second_run_changes_nothing(written: Overlay) -> None:
    again = adopt.plan(written)
    assert again.changes.contents() == {}
    assert set(again.already) == {adopt.WORKFLOW, adopt.HOOKS, ".scaffold.toml"}


def test_the_action_is_pinned_later_too(written: Overlay) -> None:
    pinned = adopt.plan(written, SHA)
    assert text(pinned.changes.overlay(), adopt.WORKFLOW) == adopt.workflow(SHA)
    assert adopt.plan(pinned.changes.overlay(), SHA).changes.contents() == {}
    gone = adopt.removal(pinned.changes.overlay())
    assert adopt.WORKFLOW in gone.changes.deleted
    assert any("has v1: nobody was asked" in m.what for m in adopt.plan(BASE, "v1").manual)


@pytest.mark.parametrize(
    "ref", ["v1 # x", "-x", "../x", "a..b", "a//b", "a/", "a.lock", ".a", "a/.b", SHA[:12], SHA.upper()]
)
def test_a_reference_that_names_nothing(ref: str) -> None:
    with pytest.raises(UsageError, match="--ref"):
        adopt.plan(BASE, ref)


def test_a_later_release_brings_its_paths(written: Overlay) -> None:
    whole = text(written, adopt.WORKFLOW)
    older = whole.replace("      - go.mod\n", "      - ours/**\n")
    assert older != whole
    tree = Overlay(BASE, {**written.changes, adopt.WORKFLOW: older.encode()})
    planned = adopt.plan(tree)
    assert adopt.WORKFLOW not in planned.already
    after = text(planned.changes.overlay(), adopt.WORKFLOW)
    assert {*after.splitlines()} == {*whole.splitlines(), "      - ours/**"}
    assert after.replace("      - ours/**\n", "") == whole
    for edited in (
        older.replace("timeout-minutes: 10", "timeout-minutes: 5"),
        older.replace("\n    paths:", "\n    branches: [master]\n    paths:"),
    ):
        again = adopt.plan(Overlay(BASE, {**written.changes, adopt.WORKFLOW: edited.encode()}))
        assert adopt.WORKFLOW in again.already


def test_taking_it_back_leaves_no_byte(miniature: Path) -> None:
    before = files(miniature)
    adopt.plan(WorkTree(miniature)).changes.commit(miniature)
    assert files(miniature) != before
    adopt.removal(WorkTree(miniature)).changes.commit(miniature)
    assert files(miniature) == before
    assert adopt.removal(WorkTree(miniature)).changes.contents() == {}


@pytest.mark.parametrize("name", CONFIGS)
def test_an_entry_goes_into_a_list_that_is_there_and_out_again(name: str) -> None:
    before = CONFIGS[name].encode()
    tree = Overlay(BASE, {adopt.HOOKS: before})
    plan = adopt.plan(tree)
    after = text(plan.changes.overlay(), adopt.HOOKS)
    old, new = (yaml.safe_load(content) for content in (before, after))
    assert new == old | {"repos": [*old["repos"], ENTRY]}
    assert all(edit.start == edit.end for edit in plan.changes.edits)
    assert ("\r\n" in after) == (name == "Windows")
    back = adopt.removal(plan.changes.overlay()).changes.overlay()
    assert back.read(adopt.HOOKS) == before


def test_another_release_of_the_entry_goes_too(written: Overlay) -> None:
    bumped = text(written, adopt.HOOKS).replace(f"v{__version__}", "v7.8.9")
    plan = adopt.removal(Overlay(written, {adopt.HOOKS: bumped.encode()}))
    assert adopt.HOOKS in plan.changes.deleted


@pytest.mark.parametrize("content", ["repos: []\n", "repos: [{repo: x}]\n", "fail_fast: true\n", ""])
def test_a_list_that_has_no_place_is_refused(content: str) -> None:
    with pytest.raises(ShapeError, match="repos"):
        adopt.plan(Overlay(BASE, {adopt.HOOKS: content.encode()}))


def test_what_was_edited_is_left(written: Overlay) -> None:
    edited = {
        path: (written.read(path) or b"").replace(old, new)
        for path, old, new in (
            (adopt.WORKFLOW, b"timeout-minutes: 10", b"timeout-minutes: 5"),
            (adopt.HOOKS, b"id: scaffold-check\n", b"id: scaffold-check\n        args: [--strict]\n"),
            (".scaffold.toml", b"# strict", b"strict"),
        )
    }
    plan = adopt.removal(Overlay(written, edited))
    assert plan.changes.contents() == {}
    assert {manual.path for manual in plan.manual} == set(edited)


def test_a_folder_that_is_no_localai_is_left_alone(tmp_path: Path) -> None:
    for plan in (adopt.plan, adopt.removal):
        with pytest.raises(ShapeError, match="no checkout of LocalAI"):
            plan(WorkTree(tmp_path))
