"""A work tree, a revision and an overlay answer alike."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from scaffold.checkout.door import Kind
from scaffold.checkout.tree import (
    MAX_FILE_BYTES,
    MAX_TEXT_BYTES,
    GitTree,
    Overlay,
    Tree,
    WorkTree,
    find_root,
)
from scaffold.errors import UsageError
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


def test_a_revision_takes_from_the_state_beside_it_what_is_the_same(miniature: Path) -> None:
    commit(miniature)
    (miniature / "Makefile").write_bytes(b"all:\n")
    (miniature / "backend/index.yaml").unlink()
    (miniature / "backend/index.yaml").symlink_to("index.yaml")  # reading it is an error
    beside = WorkTree(miniature)
    alone, sharing = GitTree(miniature, "HEAD"), GitTree(miniature, "HEAD", beside)
    assert answers(sharing) == answers(alone)
    changed = {"Makefile", "backend/index.yaml"}
    for path in alone.files(""):
        assert sharing.read(path) == alone.read(path)
        assert path in changed or sharing.read(path) is beside.read(path)


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
    for rev in ("nowhere", "--output=x", "HEAD:Makefile", "^HEAD", "HEAD^@", "HEAD..HEAD", "", "\n"):
        with pytest.raises(UsageError, match="names no commit"):
            GitTree(miniature, rev)


def test_what_is_no_file_reads_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    tree = WorkTree(tmp_path)
    assert [tree.read(name) for name in ("folder", "loop", "pipe", "nothing")] == [None] * 4
    assert tree.list("") == ["folder"]
    assert tree.refused == {
        "loop": "is a symbolic link, and links are not followed",
        "pipe": "is neither a file nor a folder",
    }


def test_large_files_are_not_read(tmp_path: Path) -> None:
    sizes = {"text": MAX_TEXT_BYTES, "data": MAX_TEXT_BYTES + 1, "huge": MAX_FILE_BYTES + 1}
    for name, size in sizes.items():
        (tmp_path / name).write_bytes(b"a" * size)
    commit(tmp_path)
    for tree in (WorkTree(tmp_path), GitTree(tmp_path, "HEAD")):
        lengths = [[len(read(n) or b"") for n in sizes] for read in (tree.content, tree.read)]
        assert lengths == [[MAX_TEXT_BYTES, MAX_TEXT_BYTES + 1, 0], [MAX_TEXT_BYTES, 0, 0]]
        assert tree.refused["data"] == "is larger than 2 MiB"
        assert tree.refused["huge"].startswith("is larger than")
        assert tree.kind("huge") is Kind.file
        assert tree.list("") == sorted(sizes)


def test_many_files_are_not_read_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scaffold.checkout.tree.MAX_TREE_BYTES", 10)
    for name in "abc":
        (tmp_path / name).write_bytes(b"1234")
    tree = WorkTree(tmp_path)
    assert [tree.read(name) for name in "abca"] == [b"1234", b"1234", None, b"1234"]
    assert [*tree.refused] == ["c"]


def test_the_enclosing_checkout_is_found(miniature: Path) -> None:
    commit(miniature)
    assert find_root(miniature / "backend/go") == miniature


def test_a_revision_is_read_where_a_thousand_files_are_open(miniature: Path) -> None:
    commit(miniature)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    if not limits[0] > 1200 and not (limits[1] == resource.RLIM_INFINITY or limits[1] > 1200):
        pytest.skip("no more than a thousand files may be open here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 1300), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        assert GitTree(miniature, "HEAD").read("Makefile") == (miniature / "Makefile").read_bytes()
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
