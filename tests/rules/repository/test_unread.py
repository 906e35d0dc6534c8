"""What is there under a name that rules look for, and is not read, is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scaffold.checkout.tree import MAX_TEXT_BYTES, GitTree, Overlay, WorkTree
from scaffold.operations import check
from tests.consumers import git

PLACES = (
    ".github/workflows/more.yml",
    "backend/Dockerfile.more",
    "backend/python/more",
    "core/gallery/importers/more.go",
    "gallery/more.yaml",
)


def unread(tree: Overlay | WorkTree | GitTree) -> list[str]:
    return [
        finding.path for finding in check.run(tree, check.Scope()).findings if finding.rule == "file-unread"
    ]


@pytest.mark.parametrize("place", PLACES)
def test_a_link_among_files_is_told(miniature: Path, place: str) -> None:
    (miniature / place).parent.mkdir(exist_ok=True)
    (miniature / place).symlink_to("/etc")
    assert unread(WorkTree(miniature)) == [place]
    assert unread(Overlay(WorkTree(miniature), {"more.md": b""})) == [place]
    for words in (("init", "--quiet"), ("add", "-A"), ("commit", "--quiet", "-m", "x")):
        git(miniature, *words)
    tree = GitTree(miniature, "HEAD")
    try:
        assert unread(tree) == [place]
    finally:
        tree.close()


@pytest.mark.parametrize("place", PLACES)
def test_a_pipe_among_files_is_told(miniature: Path, place: str) -> None:
    (miniature / place).parent.mkdir(exist_ok=True)
    os.mkfifo(miniature / place)
    assert unread(WorkTree(miniature)) == [place]


def test_what_is_too_large_is_told_alone_and_says_what_helps(miniature: Path) -> None:
    path = "backend/go/lark/main.go"
    (miniature / path).write_bytes(b"a" * (MAX_TEXT_BYTES + 1))
    (found,) = check.run(WorkTree(miniature), check.Scope()).findings
    assert (found.rule, found.path, found.backend) == ("file-unread", path, "lark")
    assert "is larger than 2 MiB" in found.message
    assert found.help.startswith("put a shorter file in its place")
