"""The questions of new-backend, asked on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PIN
from tests.terminal import DOWN, END, ENTER, STOP, Terminal


def test_asks_for_what_is_missing_and_writes_once_it_is_told_to(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", cwd=miniature)
    terminal.answer("Language", DOWN + DOWN + ENTER)  # cpp
    terminal.answer("What is it for?", ENTER)  # llm
    terminal.answer("Engine on GitHub", "not a repository" + ENTER)
    terminal.wait("is not OWNER/REPO")
    terminal.type("\x7f" * 20 + "acme/avocet.cpp" + ENTER)
    terminal.answer("Kind", ENTER)  # grpc
    terminal.answer("Commit to pin", PIN + ENTER)
    terminal.answer("Platforms", ENTER)
    terminal.answer("How does a model find it?", ENTER)
    terminal.answer("One sentence", "Wades" + ENTER)
    terminal.answer("License", "MIT" + ENTER)
    terminal.wait("would create backend/cpp/avocet/")
    assert not (miniature / "backend/cpp/avocet").exists()
    terminal.answer("Write it?", ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert "created backend/cpp/avocet/" in printed
    assert "    Wades\n" in (miniature / "backend/index.yaml").read_text()
    makefile = (miniature / "backend/cpp/avocet/Makefile").read_text()
    assert f"AVOCET_VERSION?={PIN}" in makefile


def test_never_asks_what_is_given_or_follows_from_like(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", "--like", "finch-tts", "--import", "none", cwd=miniature)
    terminal.answer("Platforms (finch-tts has those that are ticked)", ENTER)
    terminal.answer("One sentence", ENTER)
    terminal.answer("License", ENTER)
    terminal.answer("Write it?", ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    asked = set(re.findall(r"(?m)^\W*\? ([A-Z]\w+)", terminal.everything))
    assert asked == {"Platforms", "One", "License", "Write"}
    matrix = (miniature / ".github/backend-matrix.yml").read_text()
    finch = set(re.findall(r"""tag-suffix: ['"](\S*)finch-tts['"]""", matrix))
    assert set(re.findall(r"""tag-suffix: ['"](\S*)avocet['"]""", matrix)) == finch


@pytest.mark.parametrize(
    ("where", "keys", "expected"),
    [
        ("Language", STOP, 130),
        ("Engine", STOP, 130),
        ("Engine", END, 130),
        ("Platforms", STOP, 130),
        ("Write it?", STOP, 130),
        ("Write it?", "n", 0),
    ],
)
def test_stopping_writes_nothing(miniature: Path, where: str, keys: str, expected: int) -> None:
    before = {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()}
    options = () if where == "Language" else ("--lang", "python", "--modality", "tts", "--import", "none")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature)
    for question in ("Engine", "Platforms", "One sentence", "License") if where != "Language" else ():
        if question == where:
            break
        terminal.answer(question, ENTER)
    terminal.answer(where, keys)
    code, printed = terminal.finish()
    assert code == expected
    assert "nothing was written" in printed
    assert "error" not in printed
    assert "Traceback" not in printed
    assert {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()} == before


def test_a_narrow_terminal_asks_the_same(miniature: Path) -> None:
    options = ("--lang", "python", "--modality", "tts", "--import", "none")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature, columns=40, lines=20)
    for question in ("Engine", "Platforms", "One sentence", "License", "Write it?"):
        terminal.answer(question, ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert (miniature / "backend/python/avocet/backend.py").is_file()


@pytest.mark.parametrize("given", [("stdin",), ("stdout",), ("stdin", "stdout")])
def test_a_pipe_is_never_asked(miniature: Path, given: tuple[str, ...]) -> None:
    """Neither where the answers would come from one, nor where the questions would go to one."""
    ours, theirs = pty.openpty()
    streams = {name: subprocess.PIPE if name in given else theirs for name in ("stdin", "stdout")}
    command = [sys.executable, "-m", "scaffold", "new-backend", "avocet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=miniature, text=True, **streams) as process:
        os.close(theirs)
        _, said = process.communicate("")
    os.close(ours)
    assert process.returncode == 2
    assert "which language?" in said
    assert not (miniature / "backend/go/avocet").exists()


def test_never_asks_without_input(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", "--lang", "go", "--no-input", cwd=miniature)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert (miniature / "backend/go/avocet/main.go").is_file()
