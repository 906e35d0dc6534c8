"""A work tree, a revision and an overlay answer alike."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scaffold.checkout.tree import MAX_FILE_BYTES, GitTree, Overlay, Tree, WorkTree, find_root
from scaffold.errors import ShapeError, UsageError
from scaffold.registry import Registry
from tests.consumers import run


def commit(root: Path) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    run("git", "init", "-q", cwd=root)
    run("git", "add", "-Af", cwd=root)
    run("git", *identity, "commit", "-qm", "all", cwd=root)


def answers(tree: Tree) -> list[object]:
    paths = list(tree.files("backend"))
    folders = ["", "backend", "backend/go", "nowhere", "Makefile", "backend/index.yaml"]
    return [
        paths,
        [tree.read(path) for path in (*paths, "nowhere", "backend")],
        [sorted(set(tree.list(folder)) - {".git"}) for folder in folders],
        [tree.is_dir(folder) for folder in folders[1:]],
    ]


def test_a_revision_reads_like_the_work_tree(miniature: Path) -> None:
    commit(miniature)
    assert answers(GitTree(miniature, "HEAD")) == answers(WorkTree(miniature))


def test_an_overlay_reads_like_the_tree_it_announces(miniature: Path) -> None:
    changes = {"backend/go/ibex/main.go": b"package main\n", "Makefile": b"", "backend/index.yaml": None}
    overlay = Overlay(WorkTree(miniature), dict(changes))
    announced = answers(overlay)
    for path, content in changes.items():
        (miniature / path).parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            (miniature / path).unlink()
        else:
            (miniature / path).write_bytes(content)
    assert announced == answers(WorkTree(miniature))


def test_the_registry_of_a_revision_is_that_of_its_checkout(miniature: Path) -> None:
    commit(miniature)
    work, rev = Registry(WorkTree(miniature)), Registry(GitTree(miniature, "HEAD"))
    names = [n for n in work.directories if work.matrix.entries_of(n)]
    assert len(names) >= 6
    assert [work.registrations(n) for n in names] == [rev.registrations(n) for n in names]


def test_an_unknown_revision_is_a_usage_error(miniature: Path) -> None:
    commit(miniature)
    for rev in ("nowhere", "--output=x", "HEAD:Makefile"):
        with pytest.raises(UsageError, match="names no commit"):
            GitTree(miniature, rev)


def test_what_is_no_file_reads_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    tree = WorkTree(tmp_path)
    assert tree.read("folder") is None
    with pytest.raises(ShapeError, match="loop: cannot be read"):
        tree.read("loop")
    assert tree.read("pipe") is None


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(ShapeError, match="larger than"):
        WorkTree(tmp_path).read("big")


def test_the_enclosing_checkout_is_found(miniature: Path) -> None:
    commit(miniature)
    assert find_root(miniature / "backend/go") == miniature
