"""`check --select pipeline` on repositories that are no LocalAI, and suppressions in comments."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.errors import ShapeError
from scaffold.operations import check as operation
from scaffold.resources import miniature_dir
from tests.conftest import in_process
from tests.consumers import git
from tests.rules.pipeline.trees import tree

Check = Callable[..., tuple[int, str, str]]

WORKFLOW = """\
on: push
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - run: npm publish
"""
CLEAN = WORKFLOW.replace("github.ref", "github.sha")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository that is no LocalAI, with one commit that is clean and a work tree that is not."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    write(tmp_path, CLEAN)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "--quiet", "-m", "clean")
    write(tmp_path, WORKFLOW)
    return tmp_path


def write(root: Path, text: str, path: str = ".github/workflows/ci.yml") -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


@pytest.fixture
def check(repo: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    monkeypatch.chdir(repo)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    call = in_process(monkeypatch, capfd)
    return lambda *arguments: call("check", *arguments)


def test_without_a_selection_it_says_what_works_there(check: Check) -> None:
    code, out, err = check()
    assert (code, out) == (3, "")
    assert "no checkout of LocalAI" in err
    assert "--select pipeline" in err


@pytest.mark.parametrize("there", ["nothing", "a file", "a link"])
def test_nothing_to_look_at_is_not_clean(check: Check, repo: Path, there: str) -> None:
    shutil.rmtree(repo / ".github")
    if there == "a file":
        (repo / ".github").write_text("")
    elif there == "a link":
        (repo / ".github").symlink_to("/etc")
    code, out, err = check("--select", "pipeline")
    assert (code, out) == (3, "")
    assert ".github/workflows: there is no workflow here" in err


def test_the_pack_runs_on_any_repository(check: Check, repo: Path) -> None:
    code, out, _ = check("--select", "pipeline")
    assert code == 1
    assert "push-cancels-push" in out
    assert "1 error; " in out
    assert "over 1 workflow." in out
    write(repo, CLEAN)
    code, out, _ = check("--select", "pipeline")
    assert code == 0
    assert out.startswith("Clean: ")


@pytest.mark.parametrize("output", ["json", "sarif", "github", "markdown"])
def test_every_report_works(check: Check, output: str) -> None:
    code, out, _ = check("--select", "pipeline", "--format", output)
    assert code == 1
    assert "push-cancels-push" in out
    if output == "json":
        report = json.loads(out)
        assert report["summary"]["workflows"] == 1
        assert [(f["path"], f["line"], f["fixable"]) for f in report["findings"]] == [
            (".github/workflows/ci.yml", 3, True)
        ]


def test_base_and_rev(check: Check, repo: Path) -> None:
    assert check("--select", "pipeline", "--rev", "HEAD")[0] == 0
    code, out, _ = check("--select", "pipeline", "--base", "HEAD")
    assert code == 1
    assert "1 new error since HEAD; " in out
    git(repo, "commit", "--quiet", "-am", "broken")
    assert check("--select", "pipeline", "--base", "HEAD")[0] == 0


def test_fix_repairs_it(check: Check, repo: Path) -> None:
    code, _, _ = check("--select", "pipeline", "--fix")
    assert code == 0
    text = (repo / ".github/workflows/ci.yml").read_text()
    assert "group: ci-${{ github.ref }}-${{ github.event_name == 'push' && github.sha || '' }}\n" in text


def test_notes_run_only_where_they_are_selected(check: Check, repo: Path) -> None:
    write(repo, WORKFLOW.replace("npm publish", "make test"))
    assert check("--select", "pipeline")[1].startswith("Clean: ")
    code, out, _ = check("--select", "pipeline-notes")
    assert code == 0
    assert "push-cancels-test" in out
    assert "push-cancels-test" in check("--select", "push-cancels-test")[1]


def test_a_registration_rule_needs_localai(check: Check) -> None:
    assert check("--select", "pipeline", "--select", "matrix")[0] == 3
    assert check("rookery", "--select", "pipeline")[0] == 2


@pytest.mark.parametrize(
    "place",
    [
        "  group: ci-${{ github.ref }} # scaffold: allow push-cancels-push newest wins",
        "  # scaffold: allow push-cancels-push newest wins\n  group: ci-${{ github.ref }}",
        "  # scaffold: allow push-cancels-push newest wins\n  # and more of it\n  group: ci-${{ github.ref }}",
    ],
)
def test_a_comment_suppresses(check: Check, repo: Path, place: str) -> None:
    write(repo, WORKFLOW.replace("  group: ci-${{ github.ref }}", place))
    code, out, _ = check("--select", "pipeline")
    assert code == 0
    assert "1 suppressed" in out
    (result,) = json.loads(check("--select", "pipeline", "--format", "sarif")[1])["runs"][0]["results"]
    (suppression,) = result["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"].startswith("newest wins")


def test_a_comment_needs_a_reason() -> None:
    where = tree({"ci": WORKFLOW.replace("  group", "  # scaffold: allow push-cancels-push\n  group")})
    with pytest.raises(ShapeError, match="needs a rule and a reason"):
        operation.run(where, operation.Scope(select=("pipeline",)))


def test_a_comment_about_another_rule_or_line_suppresses_nothing() -> None:
    for text in (
        WORKFLOW.replace("  group", "  # scaffold: allow brew-link no brew here\n  group"),
        f"{WORKFLOW}# scaffold: allow push-cancels-push too far away\n",
    ):
        result = operation.run(tree({"ci": text}), operation.Scope(select=("pipeline",)))
        assert [f.rule for f in result.findings] == ["push-cancels-push"]


def test_a_stale_comment_is_a_finding_in_a_full_check(tmp_path: Path) -> None:
    base = WorkTree(miniature_dir())
    path = ".github/workflows/backend.yml"
    data = base.read(path)
    assert data is not None
    from scaffold.checkout.tree import Overlay

    for rule, stale in (("brew-link", True), ("runner-allow-list", False), ("no-such-rule", True)):
        comment = f"# scaffold: allow {rule} because\n".encode()
        result = operation.run(Overlay(base, {path: comment + data}), operation.Scope())
        found = [(f.path, f.line) for f in result.findings if f.rule == "suppression-unused"]
        assert found == ([(path, 1)] if stale else []), rule


def test_hostile_workflows_end_soon(check: Check, repo: Path) -> None:
    axis = ", ".join(map(str, range(100)))
    write(
        repo,
        "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n"
        + "".join(f"        x{n}: [{axis}]\n" for n in range(3)),
    )
    write(repo, "on: push\njobs: " + "[" * 20_000, ".github/workflows/deep.yml")
    write(repo, "".join(" " * n + "a:\n" for n in range(2_000)), ".github/workflows/deeper.yml")
    calls = "".join(
        f"  j{n}:\n    strategy: {{matrix: {{x: [{', '.join(map(str, range(256)))}]}}}}\n"
        "    uses: ./.github/workflows/many.yml\n"
        for n in range(20)
    )
    write(repo, f"on: [push, workflow_call]\njobs:\n{calls}", ".github/workflows/many.yml")
    code, out, _ = check("--select", "pipeline", "--select", "pipeline-notes")
    assert code == 1
    assert "makes 1000000 jobs" in out
    assert out.count("warning workflow-unreadable") == 2


def test_the_pack_imports_nothing_heavy() -> None:
    script = (
        "import sys, scaffold.cli.main; from scaffold.operations import check; from pathlib import Path;"
        "from scaffold.checkout.tree import WorkTree;"
        f"check.run(WorkTree(Path({str(miniature_dir())!r})), check.Scope(select=('pipeline',)));"
        "print([n for n in ('copier', 'pydantic', 'jinja2', 'ruamel.yaml') if n in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_a_link_in_another_repository_is_a_warning(check: Check, repo: Path) -> None:
    write(repo, CLEAN + "      - uses: docker/build-push-action@v6\n        with: {context: ., push: true}\n")
    (repo / "Dockerfile").symlink_to("docker/Dockerfile")
    code, out, _ = check("--select", "pipeline")
    assert (code, "info file-unread" in out) == (0, True)


def test_a_bare_repository_is_told_from_an_empty_folder(check: Check, repo: Path) -> None:
    shutil.rmtree(repo / ".github")
    (repo / "HEAD").write_text("ref: refs/heads/main")
    for folder in ("objects", "refs"):
        (repo / folder).mkdir()
    code, _, err = check("--select", "pipeline")
    assert (code, "--rev" in err) == (3, True)
