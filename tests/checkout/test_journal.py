"""A change is there whole or not at all, wherever a process dies or a disk fails, and one process writes."""

from __future__ import annotations

import errno
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.journal import Journal, unfinished, writing
from scaffold.checkout.lock import NAME, locked
from scaffold.checkout.tree import WorkTree
from scaffold.errors import BusyError, ShapeError, WriteError
from tests import faults
from tests.consumers import run
from tests.lifecycle import Snapshot, snapshot

PROJECT = Path(__file__).resolve().parents[2]
KINDS = ("git", "worktree", "plain")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody pulls the plug here: a process that dies leaves what it has written."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def everything(root: Path) -> ChangeSet:
    """Edits, deletions and creations, files and folders that move, modes and bytes that no text has."""
    (root / "gone/deep").mkdir(parents=True)
    for name, mode in {"bin": 0o755, "private": 0o600, "shared": 0o664}.items():
        (root / f"gone/deep/{name}").write_bytes(b"\0\xff old " + name.encode())
        (root / f"gone/deep/{name}").chmod(mode)
    (root / "old/empty").mkdir(parents=True)
    (root / "kept/empty").mkdir(parents=True)
    (root / "old/file").write_text("moves\n")
    (root / "old/file").chmod(0o755)
    for name in ("a", "b"):
        (root / name).write_text(f"old {name}\n")
    (root / "a").chmod(0o755)
    changes = ChangeSet(WorkTree(root))
    for name in ("a", "b"):
        changes.insert(name, 0, "new\n")
    for name in ("bin", "private", "shared"):
        changes.delete(f"gone/deep/{name}")
    changes.create("kept/empty/new/deep", b"new\n" * 100, executable=True)
    changes.create("z", b"")
    changes.move("old/file", "new/file", b"moved\n")
    changes.move_folder("old/empty", "new/empty")
    return changes


def checkout(folder: Path, kind: str) -> Path:
    """An empty checkout: with git's own folder in it, with git's own folder elsewhere, and without git."""
    root = folder / "checkout"
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    if kind == "worktree":
        run("git", "init", "-q", str(folder / "main"), cwd=folder)
        run("git", *identity, "commit", "-q", "--allow-empty", "-m", "one", cwd=folder / "main")
        run("git", "worktree", "add", "-q", str(root), cwd=folder / "main")
    else:
        root.mkdir()
        if kind == "git":
            run("git", "init", "-q", cwd=root)
    return root


def recover(root: Path) -> list[str]:
    with writing(root) as journal:
        return journal.recover()


class Trials:
    """The same change again and again, each time on the tree as it was before."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder = folder
        self.kind = kind
        self.made = 0
        self._make()
        self.changes.commit(self.root)
        self.after = snapshot(self.root)
        self._make()

    def _make(self) -> None:
        folder = self.folder / str(self.made)
        folder.mkdir()
        self.made += 1
        self.root = checkout(folder, self.kind)
        self.changes = everything(self.root)
        self.before = self.now

    @property
    def now(self) -> Snapshot:
        return {path: state for path, state in snapshot(self.root).items() if path != ".git"}

    def commit(self) -> None:
        self.changes.commit(self.root)

    def is_done(self) -> bool:
        """Whether the tree is the new one. It is the new one or the old one, and nothing else is left."""
        found = self.now
        assert found in (self.before, self.after)
        assert not Journal(self.root).folder.exists()
        if found != self.before:
            self._make()
            return True
        return False


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_change_leaves_the_old_tree_or_the_new_one(tmp_path: Path, kind: str) -> None:
    trials = Trials(tmp_path, kind)
    outcomes = []
    for number in itertools.count(1):
        if not faults.dies_at(number, trials.commit):
            break
        told, half = unfinished(trials.root), trials.now
        recover(trials.root)
        assert told or half == trials.now, number
        assert unfinished(trials.root) == ""
        outcomes.append(trials.is_done())
    assert {*outcomes} == {False, True}
    assert len(outcomes) > 60


def test_who_only_reads_writes_nothing(tmp_path: Path) -> None:
    trials = Trials(tmp_path, "git")
    assert faults.dies_at(40, trials.commit)
    own = trials.root / ".git"
    for lock in (True, False):
        if not lock:
            (own / NAME).unlink()
        before = {path: path.lstat().st_mtime_ns for path in (own, *own.rglob("*"))}
        assert own / NAME in before or not lock
        assert "interrupted" in unfinished(trials.root)
        assert {path: path.lstat().st_mtime_ns for path in (own, *own.rglob("*"))} == before


def test_a_killed_recovery_is_completed_by_the_next(tmp_path: Path) -> None:
    calls: list[str] = []
    trials = Trials(tmp_path, "git")
    with faults.watched(lambda name, _: calls.append(name)):
        trials.commit()
    assert trials.is_done()
    last = len(calls) - calls[::-1].index("rmdir", 2)  # nearly everything has to be put back
    for number in itertools.count(1):
        assert faults.dies_at(last, trials.commit)
        if not faults.dies_at(number, lambda: recover(trials.root)):
            break
        recover(trials.root)
        assert not trials.is_done(), number
    assert number > 20


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EACCES])
@pytest.mark.parametrize("kind", ["git", "plain"])
def test_a_call_that_fails_leaves_the_old_tree_or_the_new_one(tmp_path: Path, kind: str, error: int) -> None:
    trials = Trials(tmp_path, kind)
    for number in itertools.count(1):
        with faults.failing_from(number, error, once=True) as failed:
            try:
                trials.commit()
            except WriteError as problem:
                assert os.strerror(error) in str(problem)
        if not failed:
            break
        recover(trials.root)
        trials.is_done()
    assert number > 60


@pytest.mark.parametrize("kind", ["git", "plain"])
def test_a_full_disk_changes_nothing_and_says_so(tmp_path: Path, kind: str) -> None:
    trials = Trials(tmp_path, kind)
    calls: list[str] = []

    def full(name: str, _: object) -> None:
        if name in {"write", "mkdir"}:
            calls.append(name)
            if len(calls) >= number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for number in itertools.count(1):
        calls.clear()
        try:
            with faults.watched(full):
                trials.commit()
        except WriteError as problem:
            assert "No space left on device; nothing was changed" in str(problem)
            assert not trials.is_done(), number
        else:
            break
    assert number > 10


def test_a_file_edited_after_the_kill_is_not_overwritten(tmp_path: Path) -> None:
    root = checkout(tmp_path, "git")
    changes = everything(root)
    replaced: list[str] = []

    def deadly(name: str, _: object) -> None:
        replaced.extend([name] if name == "replace" else [])
        if len(replaced) == 4:  # the plan, then three files
            os._exit(9)

    if not (child := os.fork()):
        with faults.watched(deadly):
            changes.commit(root)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    (root / "a").write_text("precious\n")
    with pytest.raises(WriteError, match=r"because these files changed since: a; their originals are in"):
        recover(root)
    assert (root / "a").read_text() == "precious\n"
    assert (root / "b").read_text() == "old b\n"
    assert (Journal(root).folder / "0.before").read_text() == "old a\n"


# --- where the journal is ------------------------------------------------------------------------


def hostile_plan(victim: Path) -> str:
    entry = {"path": str(victim), "before": "0" * 64, "after": None, "mode": 0o777}
    return json.dumps({"token": "0" * 16, "files": [entry], "folders": {"../made": False}, "made": []})


def test_a_checkout_that_looks_like_a_repository_keeps_no_journal(tmp_path: Path) -> None:
    root = checkout(tmp_path, "plain")
    run(
        "git", "init", "-q", "--bare", str(root), cwd=tmp_path
    )  # HEAD, config, objects and refs can be committed
    (root / "scaffold-journal").mkdir()
    (root / "scaffold-journal/plan.json").write_text("{}")
    assert unfinished(root) == ""
    assert recover(root) == []
    assert not Journal(root).folder.is_relative_to(root)


@pytest.mark.parametrize(
    "place", [".scaffold/scaffold-journal", "scaffold-journal", ".local/state/scaffold-journal"]
)
def test_a_journal_in_the_checkout_is_not_believed(tmp_path: Path, place: str) -> None:
    root = checkout(tmp_path, "plain")
    victim = tmp_path / "victim"
    (root / place).mkdir(parents=True)
    (root / place / "plan.json").write_text(hostile_plan(victim))
    (root / place / "0.before").write_text("written")
    before = snapshot(tmp_path)
    assert unfinished(root) == ""
    assert recover(root) == []
    everything(root).commit(root)
    assert not victim.exists()
    assert not (tmp_path / "made").exists()
    assert snapshot(root / place) == {k.removeprefix(f"checkout/{place}/"): v for k, v in before.items()
                                      if k.startswith(f"checkout/{place}/")}  # fmt: skip


DAMAGED: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "",
    "cut": lambda text: text[: len(text) // 2],
    "no object": lambda _: "[]",
    "nested": lambda _: "[" * 100_000,
    "a path outside": lambda text: text.replace('"path": "a"', '"path": "../a"'),
    "an absolute path": lambda text: text.replace('"path": "a"', '"path": "/tmp/a"'),
    "a path of git's": lambda text: text.replace('"path": "a"', '"path": ".git/hooks/a"'),
    "a path with NUL": lambda text: text.replace('"path": "a"', '"path": "a\\u0000"'),
    "a surrogate": lambda text: text.replace('"path": "a"', '"path": "\\ud800"'),
    "no text": lambda text: text.replace('"path": "a"', '"path": 7'),
    "a folder outside": lambda text: text.replace('"old/empty"', '"../empty"'),
    "a made one outside": lambda text: text.replace('"made": [', '"made": ["../x", '),
    "a mode of words": lambda text: text.replace('"mode": 493', '"mode": "rwx"'),
    "another original": lambda text: text.replace('"before": "', '"before": "0'),
    "a token that leads elsewhere": lambda text: text.replace('"token": "', '"token": "../'),
    "more in it": lambda text: text.replace('"mode": 493', '"mode": 493, "owner": "root"'),
}


@pytest.mark.parametrize("kind", ["git", "plain"])
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_journal_is_told_and_nothing_is_touched(tmp_path: Path, kind: str, damage: str) -> None:
    root = checkout(tmp_path, kind)
    changes = everything(root)
    assert faults.dies_at(60, lambda: changes.commit(root))
    plan = Journal(root).folder / "plan.json"
    text = DAMAGED[damage](plan.read_text())
    assert text != plan.read_text()
    plan.write_text(text)
    before = snapshot(root)
    for _ in range(2):
        with pytest.raises(WriteError, match=r"its journal .*scaffold-journal is damaged .*git status"):
            recover(root)
        assert snapshot(root) == before
        assert plan.read_text() == text


def test_a_journal_that_lacks_an_original_is_damaged(tmp_path: Path) -> None:
    root = checkout(tmp_path, "git")
    changes = everything(root)
    assert faults.dies_at(60, lambda: changes.commit(root))
    (Journal(root).folder / "0.before").unlink()
    with pytest.raises(WriteError, match="the original of a is not in it"):
        recover(root)


@pytest.mark.parametrize("name", ["scaffold-journal", "scaffold-journal/plan.json", NAME])
@pytest.mark.parametrize("target", ["../../outside", "/nowhere/at/all"])
def test_links_among_gits_own_files_are_not_followed(tmp_path: Path, name: str, target: str) -> None:
    root = checkout(tmp_path, "git")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/plan.json").write_text(hostile_plan(tmp_path / "victim"))
    (root / ".git" / name).parent.mkdir(exist_ok=True)
    (root / ".git" / name).symlink_to(target)
    changes = everything(root)
    before = snapshot(tmp_path / "outside"), snapshot(root)
    with pytest.raises(WriteError):
        changes.commit(root)
    assert (snapshot(tmp_path / "outside"), snapshot(root)) == before


def test_a_folder_that_git_may_not_write_to_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = checkout(tmp_path, "git")
    changes = everything(root)
    before = snapshot(root)
    if os.geteuid():
        (root / ".git").chmod(0o500)
    else:  # root may write everywhere
        real = os.open

        def refused(path: str, flags: int, *rest: object, **named: object) -> int:
            if flags & os.O_CREAT and str(path).startswith(str(root / ".git")):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            return real(path, flags, *rest, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(os, "open", refused)
    with pytest.raises(
        WriteError, match=r"\.git/scaffold-lock cannot be written: Permission denied; nothing"
    ):
        changes.commit(root)
    (root / ".git").chmod(0o700)
    assert snapshot(root) == before


def test_without_git_the_journal_is_with_the_users_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = checkout(tmp_path, "plain")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert Journal(root).folder.is_relative_to(tmp_path / "state/scaffold")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")  # means nothing, as the specification says
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Journal(root).folder.is_relative_to(tmp_path / "home/.local/state/scaffold")
    everything(root).commit(root)
    assert [path for path in (tmp_path / "home").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("inside", [".", "below/it"])
def test_a_state_folder_in_the_checkout_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    root = checkout(tmp_path, "plain")
    (root / inside).mkdir(parents=True, exist_ok=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(root / inside))
    assert unfinished(root) == ""
    with pytest.raises(WriteError, match="set XDG_STATE_HOME"), writing(root):
        pass


# --- one process at a time -----------------------------------------------------------------------

HOLDS = """
import sys
from pathlib import Path
from scaffold.checkout.journal import writing
with writing(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", KINDS)
def test_only_one_process_writes(tmp_path: Path, kind: str) -> None:
    root = checkout(tmp_path, kind)
    changes = everything(root)
    before = snapshot(root)
    command = [sys.executable, "-c", HOLDS, str(root)]
    with subprocess.Popen(
        command,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match=rf"another scaffold is writing here \(pid {holder.pid}\)"):
            changes.commit(root)
        assert snapshot(root) == before
        holder.communicate()
    changes.commit(root)
    assert snapshot(root) != before


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    def dies() -> None:
        with locked(tmp_path):
            (tmp_path / "alive").touch()
            os.kill(os.getpid(), signal.SIGKILL)

    assert faults.dies_at(1000, dies)
    assert (tmp_path / "alive").exists()
    with locked(tmp_path, patience=0):
        assert (tmp_path / NAME).read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / NAME).exists()


def test_who_may_write_may_go_on_writing(tmp_path: Path) -> None:
    root = checkout(tmp_path, "git")
    with writing(root) as outer, writing(root / ".") as inner:
        assert inner is outer
        everything(root).commit(root)


# --- what lies in the way ------------------------------------------------------------------------


def test_a_path_that_leads_elsewhere_is_never_written(tmp_path: Path) -> None:
    root = checkout(tmp_path, "git")
    for path in (
        "../x",
        "/tmp/x",
        "a/../../x",
        ".git/hooks/x",
        ".GIT/x",
        "a/.Git",
        "x\0",
        "\ud800",
        "a//b",
        "./a",
        "",
    ):
        with pytest.raises(ShapeError, match=r"nothing is written there"):
            ChangeSet(WorkTree(root)).create(path, b"")


def test_a_lock_that_has_another_name_is_not_written(tmp_path: Path) -> None:
    """An archive may hold hard links, to what lies outside of it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious\n")
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / NAME).hardlink_to(elsewhere)
    with pytest.raises(WriteError, match="it is no file of its own"), locked(folder):
        pass
    assert elsewhere.read_text() == "precious\n"
