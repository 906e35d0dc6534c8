"""What a change itself silences is told, and fails where that is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.operations import check
from scaffold.report.formats import Report
from tests.conftest import in_process
from tests.consumers import git
from tests.rules.pipeline.trees import tree
from tests.rules.pipeline.workflows import BY_BRANCH, ci
from tests.rules.trees import MATRIX, MINIATURE, Altered

SUPPRESSIONS = ".scaffold.toml"
TABLE = '[[suppress]]\nrule = "{}"\nbackend = "{}"\nreason = "because"\n'
DARWIN = TABLE.format("matrix-darwin-missing", "meadow-lark")
SCRIPT = "scripts/build/meadow-lark-darwin.sh"
"""Says how it could be built on macOS."""
BROKEN = MINIATURE.write(SCRIPT, "#!/bin/bash\n").edit(
    MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows")
)
"""Brings matrix-darwin-missing of meadow-lark."""


def silenced(
    before: Altered, after: Altered, scope: check.Scope | None = None
) -> list[tuple[str, str, str, int]]:
    result = check.run(after.tree(), scope or check.Scope(), before.tree(), "main")
    return [(f.rule, f.backend, by.path, by.line) for f, by in result.silenced]


def test_what_the_file_of_the_change_silences() -> None:
    expected = [("matrix-darwin-missing", "meadow-lark", SUPPRESSIONS, 1)]
    suppressed = BROKEN.write(SUPPRESSIONS, DARWIN)
    assert silenced(MINIATURE, suppressed) == expected, "a new finding"
    assert silenced(BROKEN, suppressed) == expected, "a finding of the base"
    assert silenced(BROKEN, suppressed, check.Scope(backends=("lark",))) == []


def test_what_the_base_suppresses_is_not_silenced_by_the_change() -> None:
    suppressed = BROKEN.write(SUPPRESSIONS, DARWIN)
    assert silenced(suppressed, suppressed) == []
    assert silenced(MINIATURE.write(SUPPRESSIONS, DARWIN), suppressed) == [], "the judgement was there before"
    again = BROKEN.write(SUPPRESSIONS, "# moved\n" + DARWIN.replace("because", "for another reason"))
    assert silenced(suppressed, again) == []


def test_a_suppression_that_is_widened_silences_the_rest() -> None:
    narrow = BROKEN.write(SUPPRESSIONS, f'{DARWIN}match = "of something else"\n')
    assert silenced(narrow, BROKEN.write(SUPPRESSIONS, DARWIN)) != []
    assert silenced(BROKEN.write(SUPPRESSIONS, "nonsense = ["), BROKEN.write(SUPPRESSIONS, DARWIN)) != []


def test_without_a_base_the_check_itself_decides() -> None:
    result = check.run(BROKEN.write(SUPPRESSIONS, DARWIN).tree(), check.Scope())
    assert [finding for finding, _ in result.silenced] == [*result.suppressed]


COMMENT = "  # scaffold: allow push-cancels-push because"
CANCELLED = ci(BY_BRANCH, step="run: npm publish")
(GROUP,) = (line for line in CANCELLED.split("\n") if "group: ci-" in line)
ALLOWED = CANCELLED.replace(GROUP, GROUP + COMMENT)


def silenced_lines(before: dict[str, str], after: dict[str, str]) -> list[int]:
    scope = check.Scope(select=("push-cancels-push",))
    result = check.run(tree(after), scope, tree(before), "main")
    assert result.suppressed
    return [by.line for _, by in result.silenced]


def test_a_comment_of_the_change_silences_and_one_that_moved_does_not() -> None:
    line = CANCELLED.split("\n").index(GROUP) + 1
    assert silenced_lines({"ci": CANCELLED}, {"ci": ALLOWED}) == [line]
    assert silenced_lines({"ci": ALLOWED}, {"ci": f"# more\n{ALLOWED}"}) == []
    assert silenced_lines({"ci": ALLOWED}, {"ci": ALLOWED, "other": ALLOWED}) == [line], "another file"
    assert silenced_lines({"ci": ALLOWED}, {"ci": ALLOWED.replace("group: ci-", "group: x-")}) == []


@pytest.fixture
def changed(miniature: Path) -> Path:
    """A change that brings an error, and a suppression of it."""
    (miniature / SCRIPT).write_text("#!/bin/bash\n")
    git(miniature, "init", "-q")
    git(miniature, "add", "-A")
    git(miniature, "commit", "-qm", "base")
    (miniature / MATRIX).write_bytes(BROKEN.tree().read(MATRIX) or b"")
    (miniature / SUPPRESSIONS).write_text(DARWIN)
    return miniature


@pytest.mark.parametrize("output", Report)
def test_every_format_says_it(
    changed: Path, output: Report, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    call = in_process(monkeypatch, capfd)
    options = ("check", "--base", "HEAD", "--format", output, "--repo", str(changed))
    summary = changed.parent / "summary"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    code, out, _ = call(*options)
    strict, told, _ = call(*options, "--no-new-suppressions")
    assert (code, strict) == (0, 1)
    words = "silences 1 finding: matrix-darwin-missing (meadow-lark)"
    if output is Report.json:
        (one,) = json.loads(told)["silenced"]
        assert (one["rule"], one["backend"]) == ("matrix-darwin-missing", "meadow-lark")
        assert one["by"] == {"path": SUPPRESSIONS, "line": 1, "reason": "because"}
    elif output is Report.sarif:
        (run,) = json.loads(told)["runs"]
        (invocation,) = run["invocations"]
        assert (invocation["exitCode"], words in str(invocation["toolExecutionNotifications"])) == (1, True)
        statuses = [s["status"] for result in run["results"] for s in result.get("suppressions", ())]
        assert statuses == ["underReview"]
    else:
        assert words in out.replace("&#45;", "-")
        assert "fails" in told or output is not Report.markdown
    if output is Report.github:
        assert out.startswith(f"::warning file={SUPPRESSIONS},line=1,")
        assert told.startswith(f"::error file={SUPPRESSIONS},line=1,")
        assert words in summary.read_text()


def test_a_base_that_cannot_be_read_excuses_nothing(changed: Path) -> None:
    (changed / MATRIX).write_text("include: [")
    git(changed, "add", "-A")
    git(changed, "commit", "-qm", "broken")
    (changed / MATRIX).write_bytes(BROKEN.tree().read(MATRIX) or b"")
    command = [sys.executable, "-m", "scaffold", "check", "--base", "HEAD", "--no-new-suppressions"]
    result = subprocess.run([*command, "--repo", str(changed)], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "This change silences" in result.stdout


def test_it_needs_a_base(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = in_process(monkeypatch, capfd)("check", "--no-new-suppressions", "--repo", str(miniature))
    assert (code, "give --base REV" in err) == (2, True)


def test_that_a_file_was_not_read_is_never_silenced(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    script = miniature / "backend/python/rookery/run.sh"
    script.rename(miniature / "run.sh")
    script.symlink_to("../../../run.sh")
    every = "".join(TABLE.format("file-unread", backend) for backend in ("", "rookery"))
    for settings in ('ignore = ["file-unread"]\n', 'ignore = ["repository"]\n', 'select = ["files"]\n'):
        (miniature / SUPPRESSIONS).write_text(settings)
        code, out, _ = in_process(monkeypatch, capfd)("check", "--repo", str(miniature))
        assert code == 1
        assert "run.sh is a symbolic link" in out
    (miniature / SUPPRESSIONS).write_text(every)
    with (miniature / MATRIX).open("a") as file:
        file.write("# scaffold: allow file-unread because\n")
    for scope in ((), ("rookery",)):
        code, out, _ = in_process(monkeypatch, capfd)("check", *scope, "--repo", str(miniature))
        assert code == 1
        assert "run.sh is a symbolic link" in out
        assert scope or out.count("this suppression of file-unread matches no finding") == 3
