"""remove-backend and rename-backend take nothing away that git does not have, unless they are told to."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import lifecycle
from tests.consumers import git, scaffold
from tests.terminal import ENTER, STOP, Terminal

COMMANDS = {"remove": ("remove-backend", "heron"), "rename": ("rename-backend", "heron", "egret")}
FOLDER = "backend/cpp/heron"


def _edited(root: Path) -> str:
    (root / FOLDER / "run.sh").write_text("#!/bin/sh\nexec ./mine\n")
    return f"{FOLDER}/run.sh differs from HEAD"


def _new(root: Path) -> str:
    (root / FOLDER / "notes.txt").write_text("mine\n")
    return f"{FOLDER}/notes.txt is in no commit"


def _staged(root: Path) -> str:
    (root / FOLDER / "notes.txt").write_text("mine\n")
    git(root, "add", "--", FOLDER)
    return f"{FOLDER}/notes.txt is in no commit"


def _outside(root: Path) -> str:
    path = root / "backend/Dockerfile.heron"
    path.write_bytes(path.read_bytes() + b"# mine\n")
    return "backend/Dockerfile.heron differs from HEAD"


@pytest.mark.parametrize("work", [_edited, _new, _staged, _outside])
@pytest.mark.parametrize("command", COMMANDS)
def test_work_of_a_person_is_named_and_stays(
    miniature: Path, command: str, work: Callable[[Path], str]
) -> None:
    lifecycle.as_repository(miniature)
    told = work(miniature)
    before = lifecycle.snapshot(miniature)
    refused = scaffold(*COMMANDS[command], cwd=miniature)
    assert refused.returncode == 2
    assert f"\n  {told}\n" in refused.stderr
    assert "--force" in refused.stderr
    dry = scaffold(*COMMANDS[command], "--dry-run", "--format", "json", cwd=miniature)
    assert [f"{lost['path']} {lost['why']}" for lost in json.loads(dry.stdout)["unsaved"]] == [told]
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    forced = scaffold(*COMMANDS[command], "--force", cwd=miniature)
    assert forced.returncode == 0
    assert told in forced.stdout
    assert not (miniature / FOLDER).exists()


def test_what_a_removal_takes_out_of_other_files_is_work_too(miniature: Path) -> None:
    lifecycle.as_repository(miniature)
    gallery = miniature / "backend/index.yaml"
    before = gallery.read_text()
    gallery.write_text(before.replace("- &heron\n", "- &heron\n  # mine\n", 1))
    assert gallery.read_text() != before
    refused = scaffold(*COMMANDS["remove"], cwd=miniature)
    assert refused.returncode == 2
    assert "backend/index.yaml 1 of the lines that go is in no commit" in refused.stderr
    assert scaffold(*COMMANDS["rename"], cwd=miniature).returncode == 0
    assert "# mine" in gallery.read_text()


def test_a_value_that_others_have_too_is_work_where_it_was_changed(miniature: Path) -> None:
    lifecycle.as_repository(miniature)
    matrix = miniature / ".github/backend-matrix.yml"
    before, own, after = matrix.read_text().partition("tag-suffix: '-cpu-heron'")
    assert own
    changed = after.replace("runs-on: 'ubuntu-latest'", "runs-on: 'bigger-runner'", 1)
    assert changed != after
    matrix.write_text(before + own + changed)
    refused = scaffold("remove-backend", "heron", "--yes", cwd=miniature)
    assert refused.returncode == 2
    assert ".github/backend-matrix.yml 1 of the lines that go is in no commit" in refused.stderr
    assert "bigger-runner" in matrix.read_text()


@pytest.mark.parametrize("path", ["Makefile", ".github/backend-matrix.yml", "backend/index.yaml"])
def test_a_line_of_somebody_elsewhere_in_a_file_stays(miniature: Path, path: str) -> None:
    lifecycle.as_repository(miniature)
    file = miniature / path
    file.write_text(f"# mine\n{file.read_text()}# mine too\n")
    removed = scaffold("remove-backend", "heron", "--yes", cwd=miniature)
    assert removed.returncode == 0, removed.stderr
    assert file.read_text().count("# mine") == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_work_elsewhere_is_no_reason(miniature: Path, command: str) -> None:
    lifecycle.as_repository(miniature)
    (miniature / "README.md").write_text("mine\n")
    gallery = miniature / "backend/index.yaml"
    gallery.write_text("# mine\n" + gallery.read_text())
    result = scaffold(*COMMANDS[command], cwd=miniature)
    assert result.returncode == 0, result.stderr
    assert gallery.read_text().startswith("# mine\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_without_git_nobody_can_tell(miniature: Path, command: str) -> None:
    before = lifecycle.snapshot(miniature)
    refused = scaffold(*COMMANDS[command], cwd=miniature)
    assert refused.returncode == 2
    assert "is no git checkout" in refused.stderr
    assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    assert scaffold(*COMMANDS[command], "--force", cwd=miniature).returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_what_git_ignores_stays_and_is_named(miniature: Path, command: str) -> None:
    lifecycle.as_repository(miniature)
    (miniature / ".git/info/exclude").write_text("*.o\nmodels/\n")
    kept = [miniature / FOLDER / name for name in ("a.o", "models/weights.bin")]
    for path in kept:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine")
    result = scaffold(*COMMANDS[command], cwd=miniature)
    assert result.returncode == 0, result.stderr
    assert f"{FOLDER}: git ignores a.o, models, which stay" in result.stdout
    assert [path.read_text() for path in kept] == ["mine", "mine"]


def test_what_git_ignored_by_a_line_that_goes_is_named(miniature: Path) -> None:
    name = FOLDER.rpartition("/")[2]
    with (miniature / ".gitignore").open("a") as file:
        file.write(f"/{name}\n")
    lifecycle.as_repository(miniature)
    (miniature / name).write_text("a program")
    result = scaffold(*COMMANDS["remove"], cwd=miniature)
    assert result.returncode == 0, result.stderr
    assert f"- {name}: git ignores it only by a line that goes" in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_plan_is_shown_and_asked_for(
    miniature: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAGER", "cat")
    lifecycle.as_repository(miniature)
    before = lifecycle.snapshot(miniature)
    removes = command == "remove"
    question = f"it? [{'y/N' if removes else 'Y/n'}/d]"
    for keys, expected in (("n", 0), (STOP, 130), *([(ENTER, 0)] if removes else ())):
        terminal = Terminal(*COMMANDS[command], cwd=miniature)
        terminal.wait("would have ")
        terminal.answer(question, keys)
        code, printed = terminal.finish()
        assert code == expected
        assert "nothing was written" in printed
        assert "error" not in printed
        assert lifecycle.differences(before, lifecycle.snapshot(miniature)) == []
    terminal = Terminal(*COMMANDS[command], cwd=miniature)
    terminal.answer(question, "d")
    terminal.wait("diff --git")
    terminal.answer(question, "y" if removes else ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert not (miniature / FOLDER).exists()
    assert printed.count(f"{FOLDER}/run.sh") == 0, "it was shown before"


@pytest.mark.parametrize("command", COMMANDS)
def test_who_said_yes_is_not_asked(miniature: Path, command: str) -> None:
    lifecycle.as_repository(miniature)
    code, printed = Terminal(*COMMANDS[command], "--yes", cwd=miniature).finish()
    assert code == 0, printed
    assert "it? [" not in printed
