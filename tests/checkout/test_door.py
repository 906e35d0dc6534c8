"""Nothing leads past the door: whatever a path or a link says, on disk and in a commit alike."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.checkout import disk
from scaffold.checkout.door import MAX_DEPTH, MAX_OPEN, Door, Kind, below, outside
from scaffold.checkout.ignores import kept_by_git
from scaffold.checkout.tree import GitTree, Overlay, Tree, WorkTree
from scaffold.errors import ShapeError
from tests.checkout.test_tree import commit

SECRET = b"secret\n"
AROUND = (
    "../secret", "a/../../secret", "../checkout/a/file", "a/../a/file", "a/./file", "./a/file", "a//file", "/a/file",
    ".git/config", ".GIT/config", "a/.git/config", "", ".", "..", "/", "//", "\0", "a/\0", "\ud800", "a/\udcff",
    "a/file/", "a/file/.", "a/file/..", "a/file/x", "x" * 300, "a/" * 3000 + "file",
)  # fmt: skip
"""Paths that lead out, around or nowhere."""


def hostile(folder: Path) -> Path:
    """A checkout with links of every kind, and a secret beside it."""
    (folder / "secret").write_bytes(SECRET)
    (folder / "folder").mkdir()
    (folder / "folder/secret").write_bytes(SECRET)
    root = folder / "checkout"
    (root / "a/b").mkdir(parents=True)
    (root / "a/file").write_text("file\n")
    (root / "a/b/deep").write_text("deep\n")
    links = {
        "absolute": folder / "secret", "relative": "../secret", "dangling": "nowhere", "loop": "loop",
        "folder": folder / "folder", "relative-folder": "../folder", "inside": "a/file", "inside-folder": "a",
        "self": ".", "up": "..", "git": ".git", "proc": "/proc/self/environ", "a/link": "../../secret",
    }  # fmt: skip
    for name, target in links.items():
        (root / name).symlink_to(target)
    commit(root)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return hostile(tmp_path)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> WorkTree:
    return WorkTree(hostile(tmp_path_factory.mktemp("opened")))


LINKS = (
    "absolute", "relative", "dangling", "loop", "folder", "relative-folder", "inside", "inside-folder", "self", "up",
    "git", "proc", "a/link",
)  # fmt: skip


@pytest.fixture(params=["work tree", "commit", "overlay"])
def tree(request: pytest.FixtureRequest, root: Path) -> Tree:
    """The same checkout, read from each place."""
    if request.param == "commit":
        return GitTree(root, "HEAD")
    work = WorkTree(root)
    return work if request.param == "work tree" else Overlay(work, {"new/file": b"new\n"})


def test_a_path_that_leads_around_is_one_where_nothing_is(tree: Tree) -> None:
    for path in AROUND:
        assert (tree.read(path), tree.content(path)) == (None, None), path
        assert tree.is_executable(path) is False
        if path.strip("/"):
            assert tree.kind(path.rstrip("/")) in (None, Kind.file), path
            assert not tree.is_dir(path) or path == "a/", path
    assert tree.refused == {}
    for path in ("..", "../", "a/../..", ".git", "a/.", "/a", "\0"):
        assert (tree.list(path), [*tree.files(path)], tree.is_dir(path)) == ([], [], False), path


@pytest.mark.parametrize("link", LINKS)
def test_no_link_is_followed_and_each_is_noted(tree: Tree, link: str) -> None:
    for path in (link, f"{link}/secret", f"{link}/file", f"{link}/a/file", f"{link}/config"):
        assert (tree.read(path), tree.content(path), tree.is_dir(path)) == (None, None, False)
        assert (tree.list(path), [*tree.files(path)]) == ([], [])
    assert tree.kind(link) is Kind.link
    assert tree.refused == {link: "is a symbolic link, and links are not followed"}


def test_links_are_not_listed(tree: Tree) -> None:
    assert set(tree.list("")) - {"new"} == {"a"}
    assert tree.list("a") == ["b", "file"]
    assert {*tree.files("")} - {"new/file"} == {"a/b/deep", "a/file"}
    assert tree.refused == {}


def test_a_folder_of_links_is_emptied_by_what_git_keeps(root: Path) -> None:
    tree = WorkTree(root)
    assert [*kept_by_git(tree, "a")] == ["a/b/deep", "a/file"]
    assert [*tree.refused] == ["a/link"]


@given(
    st.lists(
        st.sampled_from(["..", ".", "", "a", "b", "file", "deep", "up", "self", "absolute", ".git"]),
        max_size=7,
    )
)
def test_nothing_outside_is_ever_read(opened: WorkTree, steps: list[str]) -> None:
    path = "/".join(steps)
    assert opened.read(path) in (None, b"file\n", b"deep\n")
    assert (opened.read(path) is not None) == (path in {"a/file", "a/b/deep"})
    assert not any(SECRET in (opened.read(f"{path}/{name}") or b"") for name in opened.list(path))
    if outside(path):
        with pytest.raises(ShapeError, match="nothing is written there"):
            disk.write(Door(opened.root), path, b"")


def test_names_that_are_not_utf8_are_left_out(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9")).write_text("x")
    (tmp_path / "café").write_text("x")
    commit(tmp_path)
    for tree in (WorkTree(tmp_path), GitTree(tmp_path, "HEAD")):
        assert tree.list("") == ["café"]
        assert [*tree.files("")] == ["café"]
        assert tree.read(os.fsdecode(b"caf\xe9")) is None


def test_case_counts_whatever_the_file_system_thinks(tree: Tree) -> None:
    assert tree.read("A/file") is None
    assert tree.read("a/FILE") is None
    assert not tree.is_dir("A")


def test_nobody_waits_for_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    tree = WorkTree(tmp_path)
    assert tree.list("") == ["file"]
    (tmp_path / "file").unlink()
    os.mkfifo(tmp_path / "file")  # after the folder was listed
    found: list[bytes | None] = [b"waiting"]
    reader = threading.Thread(target=lambda: found.append(tree.read("file")), daemon=True)
    reader.start()
    reader.join(20)
    assert found == [b"waiting", None]


def test_a_link_that_takes_the_place_of_a_folder_later_is_not_followed(root: Path) -> None:
    tree = WorkTree(root)
    assert tree.list("a") == ["b", "file"]
    assert tree.list("") == ["a"]
    (root / "a/b").rename(root / "gone")
    (root / "a/b").symlink_to("../../folder")
    (root / "gone/secret").write_bytes(b"own\n")
    assert tree.read("a/b/secret") is None
    with pytest.raises(OSError, match="a/b"):
        disk.write(Door(root), "a/b/new", b"")
    assert sorted(os.listdir(root.parent / "folder")) == ["secret"]


def test_many_and_deep_folders(tmp_path: Path) -> None:
    for number in range(3 * MAX_OPEN):
        (tmp_path / f"f{number}").mkdir()
        (tmp_path / f"f{number}/x").write_text(str(number))
    folder = tmp_path / "deep"
    for _ in range(MAX_DEPTH + 20):
        folder.mkdir()
        (folder / "x").write_text("x")
        folder /= "d"
    tree = WorkTree(tmp_path)
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH112
    assert len([*tree.files("")]) == 3 * MAX_OPEN + MAX_DEPTH
    for number in (*range(3 * MAX_OPEN), *range(0, 3 * MAX_OPEN, 7)):
        assert tree.read(f"f{number}/x") == str(number).encode()
    if before:
        assert len(os.listdir("/proc/self/fd")) <= before + MAX_OPEN + 1
    del tree
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


def test_what_may_not_be_read_is_noted(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/x").write_text("x")
    (tmp_path / "file").write_text("x")
    (tmp_path / "file").chmod(0)
    (tmp_path / "folder").chmod(0)
    tree = WorkTree(tmp_path)
    assert (tree.read("file"), tree.read("folder/x"), tree.list("folder")) == (None, None, [])
    assert tree.refused == dict.fromkeys(("file", "folder"), "cannot be read: Permission denied")
    (tmp_path / "folder").chmod(0o700)


def test_a_part_that_is_there_already_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("mine\n")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/part").symlink_to("../victim")
    with pytest.raises(FileExistsError):
        disk.write(Door(tmp_path / "root"), "part", b"theirs\n")
    assert (tmp_path / "victim").read_text() == "mine\n"


def test_a_path_that_a_person_names_is_below_the_root_or_elsewhere(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").symlink_to(root)
    (tmp_path / "inner").symlink_to(root / "a")
    monkeypatch.chdir(root)
    inside = {
        "x": "x", "a/x": "a/x", "folder/x": "folder/x", "absolute": "absolute", "a/../folder/x": "folder/x",
        f"{root}/up/x": "up/x", f"{tmp_path}/mine/up/x": "up/x", f"{tmp_path}/inner/x": "a/x", "self/up/x": "self/up/x",
        ".git/x": ".git/x",
    }  # fmt: skip
    assert {name: below(root, name) for name in inside} == inside
    for name in ("../x", f"{tmp_path}/x", f"{tmp_path}/folder/x", "/x", "a/../../x", f"{root}-2/x"):
        assert below(root, name) is None


def test_what_holds_a_path_is_no_link(root: Path) -> None:
    door = Door(root)
    with door.holding("a/b/new") as (folder, name):
        assert (os.listdir(folder), name) == (["deep"], "new")
    for path, why in {
        "folder/x": "folder is a symbolic link",
        "a/link": "a/link is a sym",
        ".git/x": "git's own",
    }.items():
        with pytest.raises(OSError, match=why), door.holding(path):
            pass
