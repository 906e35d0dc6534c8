"""`check`, `rules` and `explain` on the command line: exit codes, base, revisions, formats."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.checkout.tree import GitTree, Tree
from scaffold.report import markdown
from tests.conftest import in_process
from tests.consumers import files, git, run
from tests.report.test_sarif import sarif_schema
from tests.samples import GALLERY, sample_rules  # noqa: F401 - a fixture

Check = Callable[..., tuple[int, str, str]]

BROKEN, SHAKY, DULL = "# BROKEN rookery a wing", "# SHAKY rookery a leg", "# DULL rookery a feather"


def commit(root: Path, *lines: str) -> str:
    """Commit the gallery with these lines behind its own; the commit's sha."""
    plant(root, *lines)
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "a state")
    return git(root, "rev-parse", "HEAD")


def plant(root: Path, *lines: str) -> None:
    """Let these lines stand behind the gallery's own, and no other planted ones."""
    path = root / GALLERY
    own = [line for line in path.read_text().splitlines() if not re.match(r"# [A-Z]+ \S+ ", line)]
    path.write_text("".join(f"{line}\n" for line in [*own, *lines]))


@pytest.fixture
def repo(miniature: Path) -> Path:
    """The miniature as a git repository with one clean commit."""
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    commit(miniature)
    return miniature


@pytest.fixture
def check(
    sample_rules: None,  # noqa: F811
    repo: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Check:
    """Runs the command line inside `repo`, with the sample rules as the catalogue."""
    monkeypatch.chdir(repo)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    call = in_process(monkeypatch, capfd)
    return lambda *arguments, command="check": call(command, *arguments)


def test_a_clean_tree_is_one_sentence_and_exit_0(check: Check) -> None:
    code, out, err = check()
    assert (code, err) == (0, "")
    assert re.fullmatch(r"Clean: 3 rules over \d+ backends found nothing\.\n", out)


def test_errors_fail_and_warnings_do_with_strict(check: Check, repo: Path) -> None:
    plant(repo, DULL)
    assert check("--strict")[0] == 0
    plant(repo, DULL, SHAKY)
    assert check()[0] == 0
    assert check("--strict")[0] == 1
    plant(repo, DULL, SHAKY, BROKEN)
    code, out, _ = check()
    assert code == 1
    number = len((repo / GALLERY).read_text().splitlines())
    assert out.startswith(
        "rookery\n"
        f"  error sample-broken  {GALLERY}:{number}  fixable\n"
        "    there is a wing\n"
        f"    {number} | {BROKEN}\n"
        "    help: delete the line\n"
        "    more: scaffold explain sample-broken\n"
    )
    assert out.index("error sample-") < out.index("warning sample-") < out.index("info sample-")
    assert "1 error, 1 warning, 1 info; 3 rules" in out
    assert out.endswith("1 can be repaired with `scaffold check --fix`.\n")


def test_the_repair_that_is_offered_makes_the_same_comparison(check: Check, repo: Path) -> None:
    commit(repo, BROKEN)
    plant(repo, BROKEN, "# BROKEN rookery a tail", "# BROKEN nest-store a beak")
    _, out, _ = check("rookery", "--base", "main", "--ignore", "sample-dull", "--repo", ".")
    offered = re.findall(r"1 can be repaired with `scaffold check ([^`]*)`\.", out)
    assert offered == ["rookery --base main --ignore sample-dull --repo . --fix"]
    check(*offered[0].split())
    left = (repo / GALLERY).read_text()
    assert "rookery a tail" not in left
    assert f"{BROKEN}\n# BROKEN nest-store a beak" in left
    _, out, _ = check("--rev", "main")
    assert "with `scaffold check --fix`, once the commit is checked out." in out


def test_select_ignore_and_names(check: Check, repo: Path) -> None:
    plant(repo, DULL, SHAKY, BROKEN)
    assert check("--ignore", "sample-broken")[0] == 0
    assert check("--select", "sample-shaky", "--select", "sample-dull")[0] == 0
    assert check("--select", "sample")[0] == 1
    assert check("rookery")[0] == 1
    code, out, _ = check("nest-store")
    assert code == 0
    assert out.startswith("Clean")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--select", "sample-brokn"], "did you mean sample-broken"),
        (["--ignore", "zzz"], "`scaffold rules` lists them"),
        (["nobody"], "no backend is called 'nobody'"),
        (["--fix", "--rev", "HEAD"], "--fix writes to the work tree"),
        (["--diff", "--format", "sarif"], "--diff goes with --format text or json"),
        (["--rev", "nowhere"], "'nowhere' names no commit"),
        (["--base", "nowhere"], "'nowhere' names no commit"),
        (["--base", "^HEAD"], "'^HEAD' names no commit"),
        (["--rev", "HEAD^@"], "'HEAD^@' names no commit"),
        (["--base", "--upload-pack=x"], "names no commit"),
        (["--repo", "backend", "--base", "HEAD"], "need the root of a git repository"),
        (["--format", "xml"], "--format"),
        (["--repo", "/nonexistent"], "no such folder"),
    ],
)
def test_wrong_usage_is_exit_2(check: Check, arguments: list[str], message: str) -> None:
    code, out, err = check(*arguments)
    assert code == 2
    assert out == "" or "sarif" in arguments
    assert message in err


def test_revisions_need_a_git_repository(check: Check, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    code, _, err = check("--repo", str(tmp_path / "plain"), "--rev", "HEAD")
    assert code == 2
    assert "need a git repository" in err


def test_an_unreadable_checkout_is_exit_3(check: Check, repo: Path) -> None:
    clean = git(repo, "rev-parse", "HEAD")
    (repo / GALLERY).write_bytes(b"\xff\xfe\0")
    for arguments in ((), ("--base", clean), ("--format", "text")):
        code, out, err = check(*arguments)
        assert (code, out) == (3, "")
        assert GALLERY in err
    assert check("--rev", clean)[0] == 0


def test_an_error_has_the_format_that_was_asked_for(check: Check, repo: Path) -> None:
    (repo / GALLERY).write_bytes(b"a: 1\n\xff\xfe\0")
    code, out, err = check("--format=json")
    told = json.loads(out)
    assert (code, told["exit_code"], told["error"]["kind"], told["error"]["path"]) == (3, 3, "shape", GALLERY)
    assert told["error"]["message"] in err
    code, out, _ = check("--format", "sarif", "--output-file", "log.sarif")
    assert (code, out) == (3, "")
    log = json.loads((repo / "log.sarif").read_text())
    sarif_schema().validate(log)
    [invocation] = log["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 3)
    [notice] = invocation["toolExecutionNotifications"]
    assert notice["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == GALLERY
    code, out, _ = check("--format", "github")
    assert code == 3
    assert out.startswith(f"::error file={GALLERY},line=")
    assert out.count("\n") == 1
    assert check("--format", "markdown")[1].startswith("**scaffold could not do its work**")
    for wrong in (["--nope"], ["--select", "zzz"], ["--base", "nowhere"]):
        code, out, err = check("--format", "json", *wrong)
        assert (code, json.loads(out)["error"]["kind"]) == (2, "usage")
        assert json.loads(out)["error"]["message"] in err
    assert check("--", "--format", "json")[1] == "", "a name is no option"


def test_what_is_printed_where(check: Check, repo: Path) -> None:
    plant(repo, SHAKY, BROKEN)
    printed = check()[1]
    code, out, _ = check("--output-file", "report.txt")
    assert (code, out) == (1, "")
    assert (repo / "report.txt").read_text() == printed
    assert check("--output-file", "report.txt")[0] == 1
    assert (repo / "report.txt").read_text() == printed, "it is written anew"
    (repo / "twin.txt").hardlink_to(repo / "report.txt")
    code, _, err = check("--output-file", "twin.txt")
    assert (code, (repo / "report.txt").read_text()) == (3, printed)
    assert "it has another name" in err
    for asked in ("text", "json", "sarif", "markdown", "github"):
        code, out, err = check("--output-file", "no/such/report.txt", "--format", asked)
        assert (code, out) == (3, ""), asked
        assert "no/such/report.txt cannot be written" in err
    assert check("--exit-zero")[:2] == (0, printed)
    assert check("--exit-zero", "--select", "zzz")[0] == 2
    code, out, _ = check("--min-severity", "error")
    assert code == 1
    assert "sample-shaky" not in out
    assert check("--min-severity", "error", "--ignore", "sample-broken", "--strict")[0] == 0
    code, out, _ = check("--statistics")
    assert code == 1
    assert out.startswith(
        "findings of each rule\n     1 x error sample-broken\n     1 x warning sample-shaky\n\n"
    )
    assert check("--statistics", "--format", "github")[0] == 2
    quiet = check("--quiet")[1]
    assert printed.startswith(quiet)
    assert "3 rules" not in quiet
    plant(repo)
    for form in ("text", "github", "markdown"):
        assert check("-q", "--format", form) == (0, "", "")


@pytest.mark.parametrize(
    "remote",
    [
        "git@github.com:a/b.git",
        "https://github.com/a/b",
        "https://x:y@github.com/a/b.git",
        "ssh://git@github.com/a/b",
    ],
)
def test_markdown_links_to_the_line_at_the_commit(
    check: Check, repo: Path, monkeypatch: pytest.MonkeyPatch, remote: str
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    sha = commit(repo, BROKEN)
    number = len((repo / GALLERY).read_text().splitlines())
    assert f"{GALLERY}:{number}: " in check("--format", "markdown")[1], "nobody knows where it is"
    git(repo, "remote", "add", "origin", remote)
    page = f"[{GALLERY}:{number}](<https://github.com/a/b/blob/{sha}/{GALLERY}#L{number}>)"
    assert (page in check("--format", "markdown")[1]) is (":y@" not in remote)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://example.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "c/d")
    page = f"[{GALLERY}:{number}](<https://example.com/c/d/blob/{sha}/{GALLERY}#L{number}>)"
    assert page in check("--format", "markdown", "--rev", sha)[1]
    plant(repo, "# more", BROKEN)
    assert f"{GALLERY}:{number + 1}: " in check("--format", "markdown")[1], "the commit has another text"


def test_only_what_is_new_since_the_base_fails(check: Check, repo: Path) -> None:
    commit(repo, BROKEN, "# BROKEN nest-store a beak")
    plant(repo, "# new line above", BROKEN)
    code, out, _ = check("--base", "main")
    assert code == 0
    assert re.fullmatch(
        r"Nothing is new since main; 3 rules over \d+ backends\. This change repairs 1 finding: "
        r"sample-broken \(nest-store\)\. Thank you! 1 older finding: `scaffold check`\.\n",
        out,
    )
    _, out, _ = check("--base", "main", "--all")
    assert "main has these too\n  error sample-broken (rookery)" in out
    plant(repo, BROKEN, "# BROKEN rookery a tail", SHAKY)
    code, out, _ = check("--base", "main", "--format", "json")
    assert code == 1
    answer = json.loads(out)
    assert [(f["message"], f["new"]) for f in answer["findings"]] == [
        ("there is a wing", False),
        ("there is a tail", True),
        ("there is a leg", True),
    ]
    assert [f["backend"] for f in answer["repaired"]] == ["nest-store"]
    plant(repo, BROKEN, SHAKY)
    assert check("--base", "main")[0] == 0
    assert check("--base", "main", "--strict")[0] == 1


def test_warnings_about_a_new_backend_fail_as_errors_do(check: Check, repo: Path) -> None:
    new = repo / "backend/go/plover/run.sh"
    new.parent.mkdir()
    new.write_text("exec ./plover\n")
    shaky = "# SHAKY plover a leg"
    plant(repo, SHAKY, "# DULL plover a feather")
    assert check("--base", "main")[0] == 0, "rookery is there before, and a feather is hygiene"
    plant(repo, SHAKY, shaky)
    assert check()[0] == 0, "nothing is known to be new"
    for form in ("text", "github", "markdown"):
        code, out, _ = check("--base", "main", "--format", form)
        assert code == 1
        assert "about plover fail the check" in out
        assert "rookery fail" not in out
    code, out, _ = check("--base", "main", "--lenient")
    assert code == 0
    assert "fail the check" not in out
    assert check("--base", "main", "--lenient", "--strict")[0] == 2
    plant(repo, shaky, BROKEN)
    code, out, _ = check("--base", "main", "--lenient")
    assert code == 1
    assert "fail the check" not in out
    commit(repo, shaky)
    new.parent.rename(new.parent.with_name("dotterel"))
    plant(repo, shaky.replace("plover", "dotterel"), "# SHAKY dotterel a beak")
    assert check("--base", "main")[0] == 0, "it has only got another name"


def test_the_base_is_where_the_branches_part(check: Check, repo: Path) -> None:
    commit(repo, BROKEN)
    git(repo, "checkout", "--quiet", "-b", "feature")
    feature = commit(repo, BROKEN, DULL)
    git(repo, "checkout", "--quiet", "main")
    commit(repo)
    git(repo, "checkout", "--quiet", "feature")
    assert check("--base", "main")[0] == 0, "main repaired it after the branch was made"
    git(repo, "checkout", "--quiet", "main")
    assert check("--base", "main", "--rev", feature)[0] == 0
    _, out, _ = check("--base", feature, "--format", "json")
    assert [finding["backend"] for finding in json.loads(out)["repaired"]] == ["rookery"]


def test_a_base_without_common_history_is_taken_as_it_is(check: Check, repo: Path) -> None:
    git(repo, "checkout", "--quiet", "--orphan", "island")
    commit(repo, BROKEN)
    assert check("--base", "main")[0] == 1
    assert check("--base", "island")[0] == 0


def test_a_broken_base_is_named_and_everything_is_new(check: Check, repo: Path) -> None:
    clean = (repo / GALLERY).read_bytes()
    (repo / GALLERY).write_bytes(b"\xff\xfe\0")
    git(repo, "commit", "--quiet", "-am", "broken")
    sha = git(repo, "rev-parse", "HEAD")
    (repo / GALLERY).write_bytes(clean)
    code, out, _ = check("--base", "main")
    assert code == 0
    assert f"the base is broken, not this change: main (commit {sha[:12]}) cannot be read ({GALLERY}" in out
    plant(repo, BROKEN)
    for output in ("text", "json", "github", "markdown", "sarif"):
        code, out, _ = check("--base", "main", "--format", output)
        assert code == 1
        assert "the base is broken" in out.replace("&#", "")
    assert all(f["new"] for f in json.loads(check("--base", "main", "--format", "json")[1])["findings"])


def test_rev_reads_a_commit_and_touches_nothing(
    check: Check, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[GitTree] = []
    create = GitTree.__init__

    def remember(self: GitTree, root: Path, rev: str, beside: Tree | None = None) -> None:
        opened.append(self)
        create(self, root, rev, beside)

    monkeypatch.setattr(GitTree, "__init__", remember)
    sha = commit(repo, BROKEN)
    commit(repo)
    plant(repo, SHAKY)
    before = files(repo)
    code, out, _ = check("--rev", sha, "--base", "HEAD~2", "--format", "json")
    assert code == 1
    answer = json.loads(out)
    assert answer["rev"] == sha
    assert [finding["rule"] for finding in answer["findings"]] == ["sample-broken"]
    assert files(repo) == before
    assert len(opened) >= 2
    assert not any("_reader" in tree.__dict__ for tree in opened), "a git process was left behind"


def test_annotations_and_job_summary(check: Check, repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(repo, BROKEN, *(f"# SHAKY rookery leg {n}" for n in range(12)))
    summary = repo.parent / "summary.md"
    summary.write_text("an earlier line\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, out, err = check("--format", "github")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert [line.split(" ")[0] for line in lines[:11]] == ["::error"] + ["::warning"] * 10
    assert lines[11].startswith("not annotated: 2 more of type warning")
    assert not any(line.startswith("::") for line in lines[11:])
    text = summary.read_text()
    assert text.startswith("an earlier line\n**scaffold check fails**")
    assert text.count("[sample-shaky](") == 12
    summary.write_text("x" * (markdown.SUMMARY_LIMIT - 50))
    assert check("--format", "github")[0] == 1
    assert summary.stat().st_size == markdown.SUMMARY_LIMIT - 50
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(repo))
    code, _, err = check("--format", "github")
    assert code == 1
    assert "the job summary cannot be written" in err


def test_every_format_prints_its_own(check: Check, repo: Path) -> None:
    plant(repo, BROKEN)
    assert json.loads(check("--format", "sarif")[1])["version"] == "2.1.0"
    assert check("--format", "markdown")[1].startswith("**scaffold check fails**: 1 error; 3 rules over ")
    assert json.loads(check("--format", "json")[1])["summary"]["error"] == 1


def test_fix_repairs_and_diff_only_shows(check: Check, repo: Path) -> None:
    clean = (repo / GALLERY).read_text()
    plant(repo, BROKEN, SHAKY)
    before = files(repo)
    for arguments in (["--diff"], ["--fix", "--diff"]):
        code, out, err = check(*arguments)
        assert code == 1, "nothing was repaired"
        assert f"-{BROKEN}" in out
        assert "--fix would repair 1 finding: sample-broken (rookery)." in err
        assert files(repo) == before
    code, out, _ = check("--diff", "--format", "json")
    answer = json.loads(out)
    assert f"-{BROKEN}" in answer["diff"]
    assert [f["rule"] for f in answer["fixed"]] == ["sample-broken"]
    assert [f["rule"] for f in answer["findings"]] == ["sample-broken", "sample-shaky"]
    diff = check("--diff")[1]
    code, out, _ = check("--fix")
    assert code == 0
    assert "--fix repaired 1 finding: sample-broken (rookery)." in out
    assert (repo / GALLERY).read_text() == f"{clean}{SHAKY}\n"
    git(repo, "stash", "--quiet")
    plant(repo, BROKEN, SHAKY)
    run("git", "apply", "-", cwd=repo, text=diff)
    assert (repo / GALLERY).read_text() == f"{clean}{SHAKY}\n"
    code, out, err = check("--fix", "--format", "sarif")
    assert json.loads(out)["version"] == "2.1.0"
    assert err == ""


def test_the_catalogue_and_a_page(check: Check) -> None:
    code, out, _ = check(command="rules")
    assert code == 0
    assert re.search(r"^sample\n  error   sample-broken  fix  Finds the lines", out)
    assert "3 rules" in out
    code, out, _ = check("--format", "json", command="rules")
    answer = json.loads(out)
    assert answer["version"] == 1
    assert answer["rules"][0].pop("page").startswith("# sample-broken\n")
    assert answer["rules"][0].pop("url").endswith("/sample-broken.md")
    assert answer["rules"][0] == {
        "rule": "sample-broken",
        "group": "sample",
        "severity": "error",
        "fixable": True,
        "default": True,
        "summary": "Finds the lines `# WORD backend subject` of the gallery.",
    }
    code, out, _ = check("sample-broken", command="explain")
    assert code == 0
    assert out.startswith("# sample-broken\n")
    assert [line for line in out.splitlines() if line.startswith("## ")] == [
        "## Why",
        "## Fails",
        "## Passes",
        "## Fix",
    ]
    code, out, err = check("sample-borken", command="explain")
    assert (code, out) == (2, "")
    assert "did you mean sample-broken" in err
    assert check("sample", command="explain")[0] == 2


def on_a_terminal(root: Path, **environment: str) -> str:
    """What `check` prints on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "scaffold", "check", "--select", "matrix"]
    env = {key: value for key, value in os.environ.items() if key != "NO_COLOR"} | environment
    with subprocess.Popen(command, stdout=theirs, cwd=root, env=env):
        os.close(theirs)
        chunks = []
        with contextlib.suppress(OSError):  # how Linux says that the other end has closed
            while chunk := os.read(ours, 4096):
                chunks.append(chunk)
    os.close(ours)
    return b"".join(chunks).decode()


def test_colours_are_for_terminals_that_want_them(repo: Path) -> None:
    assert "\x1b[" in on_a_terminal(repo)
    assert "\x1b[" not in on_a_terminal(repo, NO_COLOR="1")
    piped = run(sys.executable, "-m", "scaffold", "check", "--select", "matrix", cwd=repo, check=False)
    assert piped.returncode in {0, 1}, piped.stderr
    assert "\x1b[" not in piped.stdout


@pytest.mark.parametrize("well", [True, False], ids=["all is well", "a backend is registered nowhere"])
def test_check_imports_nothing_heavy(repo: Path, well: bool) -> None:
    for path in () if well else (GALLERY, "Makefile", "docs/content/reference/compatibility-table.md"):
        lines = (repo / path).read_text().splitlines(keepends=True)
        (repo / path).write_text("".join(line for line in lines if "lark" not in line))
    # The function is called as it is, because typer itself may import pydantic to read options.
    script = (
        "import contextlib, sys, typer\n"
        "heavy = ('copier', 'pydantic', 'jinja2', 'ruamel.yaml', 'rich')\n"
        "from scaffold.cli.check import check\n"
        "print('heavy:', [m for m in heavy if m in sys.modules])\n"
        "with contextlib.suppress(typer.Exit): check(base='HEAD')\n"
        "print('heavy:', [m for m in heavy if m in sys.modules])\n"
    )
    result = run(sys.executable, "-c", script, cwd=repo)
    assert result.stdout.count("heavy: []") == 2, result.stdout
    assert ("Nothing is new since HEAD" in result.stdout) is well


def test_a_report_survives_any_output_encoding(repo: Path) -> None:
    (repo / ".scaffold.toml").write_text(
        '[[suppress]]\nrule = "no-such-rule"\nbackend = "r\u00f6\u2013k"\nreason = "gone"\n', encoding="utf-8"
    )
    environment = os.environ | {"PYTHONIOENCODING": "latin-1"}
    command = [sys.executable, "-m", "scaffold", "check"]
    result = subprocess.run(command, cwd=repo, env=environment, capture_output=True, check=False)
    assert result.returncode in {0, 1}, result.stderr
    assert b"r\xf6\\u2013k" in result.stdout
