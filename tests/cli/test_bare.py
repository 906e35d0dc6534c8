"""A repository without a work tree, as a mirror or a server has it: its commits say what those of a clone do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import in_process
from tests.consumers import git

MAIN = "backend/go/lark/main.go"

COMMANDS = (
    ("check", "--rev", "HEAD"),
    ("check", "--rev", "HEAD", "--base", "HEAD~1"),
    ("affected", "--rev", "HEAD"),
    ("affected", "--rev", "HEAD~1"),
    ("affected", "--rev", "HEAD", "--base", "HEAD~1"),
    ("affected", "--rev", "HEAD", MAIN),
    ("status", "--rev", "HEAD"),
    ("show", "lark", "--rev", "HEAD"),
)


@pytest.fixture
def repositories(miniature: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A clone with two commits, and the same without a work tree."""
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        git(miniature, *words)
    (miniature / MAIN).write_text((miniature / MAIN).read_text() + "\n")
    git(miniature, "commit", "-q", "-a", "-m", "two")
    git(tmp_path, "clone", "-q", "--bare", str(miniature), str(tmp_path / "bare"))
    return miniature, tmp_path / "bare"


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_commit_is_the_same_without_a_work_tree(
    arguments: tuple[str, ...],
    repositories: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    call = in_process(monkeypatch, capfd)
    clone, bare = (call(*arguments, "--repo", str(root)) for root in repositories)
    assert clone[0] == 0
    assert (bare[0], bare[1].replace(str(repositories[1]), "."), bare[2]) == (
        clone[0],
        clone[1].replace(str(repositories[0]), "."),
        clone[2],
    )


@pytest.mark.parametrize(
    "arguments", [("check",), ("affected",), ("check", "--fix"), ("remove-backend", "lark")]
)
def test_what_needs_a_work_tree_says_that_none_is_there(
    arguments: tuple[str, ...],
    repositories: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    bare = repositories[1]
    before = sorted(bare.rglob("*"))
    code, out, err = in_process(monkeypatch, capfd)(*arguments, "--repo", str(bare))
    assert (code, out) == (3, "")
    assert "is missing" in err
    assert sorted(bare.rglob("*")) == before
