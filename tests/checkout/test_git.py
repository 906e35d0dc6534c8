"""git is asked and starts nothing, whatever a repository says: it may have come with the checkout."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from scaffold import cage
from scaffold.checkout import git
from scaffold.checkout.ignores import kept_by_git
from scaffold.checkout.journal import Journal, writing
from scaffold.checkout.tree import GitTree, WorkTree
from scaffold.errors import ScaffoldError, ShapeError, UsageError, WriteError
from scaffold.operations.changes import change
from scaffold.operations.compare import states
from scaffold.operations.mentions import files_with
from tests.checkout.test_tree import commit
from tests.consumers import run


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two files, and a folder outside of it."""
    root = tmp_path / "checkout"
    (root / "a/b").mkdir(parents=True)
    (root / "a/file").write_text("file\n")
    (root / "a/b/deep").write_text("deep\n")
    commit(root)
    return root


def test_the_environment_does_not_name_another_repository(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = GitTree(root, "HEAD").commit
    other = tmp_path / "other"
    other.mkdir()
    (other / "only").write_text("x")
    commit(other)
    for name, value in {
        "GIT_DIR": ".git", "GIT_WORK_TREE": ".", "GIT_INDEX_FILE": ".git/index", "GIT_OBJECT_DIRECTORY": ".git/objects",
        "GIT_COMMON_DIR": ".git", "GIT_NAMESPACE": "x", "GIT_PREFIX": "only",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, str(other / value))
    tree = GitTree(root, "HEAD")
    assert tree.commit == expected
    assert tree.read("a/file") == b"file\n"
    assert [*kept_by_git(WorkTree(root), "a")] == ["a/b/deep", "a/file"]


def test_a_folder_is_no_pattern_for_git(tmp_path: Path) -> None:
    for name in ("*", "kept"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    commit(tmp_path)
    assert [*kept_by_git(WorkTree(tmp_path), "*")] == ["*/file"]


def test_git_that_is_not_installed_is_no_error(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    assert [*kept_by_git(WorkTree(root), "a")] == ["a/b/deep", "a/file"]


def test_git_is_not_waited_for_for_ever(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage, "DEFAULT_SECONDS", 1)
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/exclude").unlink(missing_ok=True)
    os.mkfifo(root / ".git/info/exclude")
    with pytest.raises(ShapeError, match="git ls-files took more than 1 s"):
        [*kept_by_git(WorkTree(root), "a")]


@pytest.mark.parametrize("place", [".gitignore", "a/.gitignore", "a/b/.gitignore"])
def test_git_does_not_meet_a_pipe(root: Path, place: str) -> None:
    os.mkfifo(root / place)
    assert [*kept_by_git(WorkTree(root), "a/b")] == ["a/b/deep"]


PROGRAM = "#!/bin/sh\necho ran >> {ran}\ncat\n"
CONFIG = """
[core]
    repositoryformatversion = 1
    fsmonitor = {program}
    hooksPath = {hooks}
    sshCommand = {program}
    pager = {program}
    alternateRefsCommand = {program}
[diff]
    external = {program}
[diff "own"]
    textconv = {program}
    command = {program}
[filter "own"]
    clean = {program}
    smudge = {program}
    process = {program}
    required = true
[remote "origin"]
    url = {remote}
    uploadpack = {program}
    promisor = true
[extensions]
    partialClone = origin
[submodule]
    recurse = true
[protocol "file"]
    allow = always
"""


@pytest.fixture
def own(root: Path, tmp_path: Path) -> Path:
    """Where a program says that it ran, which the repository names wherever git would start one."""
    program, ran = tmp_path / "program", tmp_path / "ran"
    program.write_text(PROGRAM.format(ran=ran))
    program.chmod(0o755)
    hooks = root / ".git/own-hooks"
    hooks.mkdir()
    for hook in ("post-index-change", "fsmonitor-watchman", "reference-transaction", "pre-auto-gc"):
        shutil.copy(program, hooks / hook)
    missing = run("git", "rev-parse", "HEAD:a/b/deep", cwd=root).stdout.strip()
    (root / ".git/objects" / missing[:2] / missing[2:]).unlink()
    (root / ".gitattributes").write_text("* filter=own diff=own\n")
    (root / "a/file").write_text("changed\n")
    inner = root / "a/inner"
    inner.mkdir()
    (inner / "file").write_text("file\n")
    commit(inner)
    (inner / "file").write_text("changed\n")
    for repository in (root, inner):
        with (repository / ".git/config").open("a") as config:
            config.write(CONFIG.format(program=program, hooks=hooks, remote=root))
    return ran


def test_no_program_is_started_that_a_repository_names(root: Path, own: Path) -> None:
    for rev, files in ((None, ()), ("HEAD", ()), (None, ("a/b/deep",)), ("HEAD", ("a/b/deep",))):
        with suppress(ScaffoldError), change(root, rev, None, files) as found:
            assert found.files
    with pytest.raises(ShapeError, match=r"without all objects .* GIT_NO_LAZY_FETCH=0"):
        GitTree(root, "HEAD").read("a/b/deep")
    with states(root, None, "HEAD") as compared:
        assert compared.base is not None
        assert compared.base.read("a/file") == b"file\n"
    assert [*kept_by_git(WorkTree(root), "a")] == ["a/b/deep", "a/file"]
    assert files_with(WorkTree(root), "deep") == ["a/b/deep"]
    with writing(root):
        pass
    assert not own.exists()
    run("git", "diff", "HEAD", cwd=root, check=False)
    assert own.exists(), "the test would not see it"


@pytest.mark.parametrize("kind", ["file", "link"])
def test_the_repository_of_another_folder_is_not_ours(root: Path, tmp_path: Path, kind: str) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    if kind == "file":
        (archive / ".git").write_text(f"gitdir: {root}/.git\n")
    else:
        (archive / ".git").symlink_to(root / ".git")
    assert git.own_folder(root) == root / ".git"
    assert git.own_folder(archive) is None
    with pytest.raises(UsageError, match="that of another folder"), states(archive, "HEAD", None):
        pass
    assert not Journal(archive).home.is_relative_to(root)


@pytest.mark.parametrize("part", ["commondir", "HEAD", "objects", "refs"])
def test_parts_that_lie_in_another_repository_are_not_ours(root: Path, tmp_path: Path, part: str) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(root, archive)
    own = archive / ".git"
    assert git.own_folder(archive) == own
    if part == "commondir":
        (own / part).write_text(f"{root}/.git\n")
    else:
        shutil.rmtree(own / part) if (own / part).is_dir() else (own / part).unlink()
        (own / part).symlink_to(root / ".git" / part)
    (root / "secret").write_text("secret")
    commit(root)
    assert git.own_folder(archive) is None
    with pytest.raises(UsageError), states(archive, "HEAD", None):
        pass
    answer = run(sys.executable, "-m", "scaffold", "affected", "--repo", str(archive), cwd=root, check=False)
    assert "secret" not in answer.stdout + answer.stderr


def test_one_more_work_tree_and_a_submodule_are_theirs(root: Path, tmp_path: Path) -> None:
    run("git", "worktree", "add", "-q", str(tmp_path / "more"), cwd=root)
    assert git.own_folder(tmp_path / "more") == root / ".git/worktrees/more"
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    run("git", *identity, "submodule", "add", "-q", str(root), "sub", cwd=tmp_path / "more")
    assert git.own_folder(tmp_path / "more/sub") == root / ".git/worktrees/more/modules/sub"


@pytest.mark.parametrize("part", ["index", "sharedindex.0", "info/exclude"])
def test_parts_of_any_size_are_not_copied(
    root: Path, tmp_path: Path, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    with (root / ".git" / part).open("ab") as file:
        file.truncate(git.INDEX_BYTES + 1)
    with pytest.raises(ShapeError, match=rf"{Path(part).name}: is too large"), change(root, None, None, ()):
        pass
    assert [*temporary.iterdir()] == []


def test_many_parts_are_not_copied_either(root: Path) -> None:
    for number in range(9):
        with (root / f".git/sharedindex.{number}").open("wb") as file:
            file.truncate(git.INDEX_BYTES // 8)
    with pytest.raises(ShapeError, match="is too large"), change(root, None, None, ()):
        pass


def test_what_cannot_be_copied_is_an_error_and_no_other_answer(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(WriteError, match="No space left"), change(root, None, None, ()):
        pass


def test_a_broken_configuration_is_told_as_git_tells_it(root: Path) -> None:
    (root / ".git/config").write_text("[core\n")
    with pytest.raises(UsageError, match=r"git says: .*bad config line 1"), change(root, None, None, ()):
        pass
    with change(root, None, None, ("a/file",)) as found:
        assert found.files == ("a/file",)
