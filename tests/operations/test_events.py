"""The base of a CI job's event; and clones that lack what it names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scaffold.errors import UsageError
from scaffold.operations.events import base_named
from tests.conftest import in_process
from tests.consumers import git

ONE, TWO, ZERO = "1" * 40, "2" * 40, "0" * 40
EVENTS = {
    "a pull request": ({"pull_request": {"base": {"sha": ONE}}, "before": TWO}, ONE),
    "a merge queue": ({"merge_group": {"base_sha": ONE}}, ONE),
    "a push": ({"before": ONE, "repository": {"default_branch": "master"}}, ONE),
    "a new branch": ({"before": ZERO, "repository": {"default_branch": "trunk"}}, "origin/trunk"),
    "another event": ({"action": "x"}, None),
    "no mapping": ([1], None),
    "numbers": ({"before": 3, "pull_request": 1, "repository": {"default_branch": {}}}, None),
}
GITLAB = {
    "a merge request": ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": ONE, "CI_COMMIT_BEFORE_SHA": ZERO}, ONE),
    "a merged result": (
        {"CI_MERGE_REQUEST_TARGET_BRANCH_SHA": TWO, "CI_MERGE_REQUEST_DIFF_BASE_SHA": ONE},
        TWO,
    ),
    "a push": ({"CI_COMMIT_BEFORE_SHA": TWO, "CI_DEFAULT_BRANCH": "main"}, TWO),
    "a new branch": ({"CI_COMMIT_BEFORE_SHA": ZERO, "CI_DEFAULT_BRANCH": "main"}, "origin/main"),
    "nothing": ({}, None),
}


@pytest.fixture(autouse=True)
def _no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "GITLAB_CI",
        "GITHUB_EVENT_PATH",
        "GITHUB_EVENT_NAME",
        *(n for variables, _ in GITLAB.values() for n in variables),
    ):
        monkeypatch.delenv(name, raising=False)


def expect(base: str | None, root: Path) -> None:
    if base:
        assert base_named("auto", root) == base
    else:
        with pytest.raises(UsageError, match="--base auto"):
            base_named("auto", root)


def test_an_event_that_takes_all_memory_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(_: bytes) -> object:
        raise MemoryError

    (tmp_path / "event.json").write_text("{}")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setattr(json, "loads", load)
    with pytest.raises(UsageError, match=r"the event in .*event\.json cannot be read"):
        base_named("auto", tmp_path)


@pytest.mark.parametrize("name", EVENTS)
def test_github_and_forgejo(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    event, base = EVENTS[name]
    (tmp_path / "event.json").write_text(json.dumps(event))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    expect(base, tmp_path)
    assert base_named("main", tmp_path) == "main"
    assert base_named(None, tmp_path) is None


@pytest.mark.parametrize("name", GITLAB)
def test_gitlab(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables, base = GITLAB[name]
    monkeypatch.setenv("GITLAB_CI", "true")
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    expect(base, tmp_path)


def test_no_event_is_no_guess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expect(None, tmp_path)
    for text in (None, "{", "[" * 100_000):
        if text is not None:
            (tmp_path / "event.json").write_text(text)
        monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
        expect(None, tmp_path)


def test_the_merge_of_a_pull_request_is_compared_with_what_it_was_merged_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base of the event is as old as the last push; what others merged since is no change of this one."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit = ("commit", "--quiet", "--allow-empty", "--message", "x")
    git(tmp_path, *commit)
    old = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "switch", "--quiet", "--create", "theirs")
    git(tmp_path, *commit)
    pulled = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "switch", "--quiet", "main")
    git(tmp_path, *commit, "--message", "of somebody else")
    newest = git(tmp_path, "rev-parse", "HEAD")
    git(tmp_path, "merge", "--quiet", "--no-ff", "theirs")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": old}, "head": {"sha": pulled}}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    expect(newest, tmp_path)
    git(tmp_path, "checkout", "--quiet", "theirs")
    expect(old, tmp_path)
    monkeypatch.setenv("GITHUB_EVENT_NAME", "pull_request_target")
    expect(old, tmp_path)
    git(tmp_path, "checkout", "--quiet", newest)
    expect(None, tmp_path)


def test_a_shallow_clone_says_so(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    for number in range(3):
        (miniature / "README.md").write_text(f"{number}\n")
        git(miniature, "add", "-A")
        git(miniature, "commit", "--quiet", "-m", "x")
    call = in_process(monkeypatch, capfd)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", miniature.as_uri(), str(clone))
    for arguments in (
        ("affected", "--rev", "HEAD"),
        ("affected", "--base", "HEAD^1"),
        ("check", "--base", "HEAD^1"),
    ):
        code, out, err = call(*arguments, "--repo", str(clone))
        assert (code, out) == (2, "")
        assert "this clone is shallow: `git fetch --unshallow`" in err
        assert "fetch-depth" in err
    git(clone, "fetch", "--quiet", "--deepen", "1")
    for arguments in (("affected", "--rev", "HEAD"), ("check", "--base", "HEAD^1")):
        assert call(*arguments, "--repo", str(clone))[0] == 0
    git(miniature, "checkout", "--quiet", "-b", "other", "HEAD~2")
    (miniature / "README.md").write_text("other\n")
    git(miniature, "commit", "--quiet", "-am", "x")
    git(clone, "fetch", "--quiet", "--depth", "1", "origin", "other:other")
    code, _, err = call("check", "--base", "other", "--repo", str(clone))
    assert code == 2
    assert "have no commit in common here; this clone is shallow" in err
    code, out, _ = call(
        "affected", "--rev", git(miniature, "rev-list", "--max-parents=0", "HEAD"), "--repo", str(miniature)
    )
    assert code == 0, "a first commit has no parent anywhere"


def test_a_path_is_relative_to_where_one_is_and_has_to_be_there(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    git(miniature, "add", "-A")
    git(miniature, "commit", "--quiet", "-m", "x")
    call = in_process(monkeypatch, capfd)
    monkeypatch.chdir(miniature / "backend/go/lark")
    code, out, _ = call("affected", "Makefile", "--format", "json")
    assert (code, json.loads(out)["files"]) == (0, ["backend/go/lark/Makefile"])
    code, out, _ = call("affected", "../../../Makefile", "--format", "json")
    assert (code, json.loads(out)["files"]) == (0, ["Makefile"])
    code, out, err = call("affected", "backend/go/lark/Makefile")
    assert (code, out) == (2, "")
    assert "did you mean" in err
    assert "backend/go/lark/Makefile" in err
    assert call("affected", "../../../../x")[0] == 2
    (miniature / "backend/go/lark/Makefile").unlink()
    assert call("affected", "Makefile")[0] == 0, "it was there before"


def test_the_root_is_the_nearest_checkout(
    miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    git(miniature.parent, "init", "--quiet")
    monkeypatch.chdir(miniature / "backend/go")
    assert in_process(monkeypatch, capfd)("status")[0] == 0


@pytest.mark.parametrize("base", ["a\0b", "\ud800", "--output=x", "^HEAD", "HEAD..HEAD", "a\n::error::b"])
def test_an_event_that_names_no_commit(
    base: str, miniature: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    git(miniature, "add", "-A")
    git(miniature, "commit", "--quiet", "-m", "x")
    event = miniature / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": base}}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    code, out, err = in_process(monkeypatch, capfd)("check", "--base", "auto", "--repo", str(miniature))
    assert (code, out) == (2, "")
    assert "\n::" not in err
