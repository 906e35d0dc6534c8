"""The questions of new-backend, asked on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PIN

DOWN, SPACE, ENTER, STOP = "\x1b[B", " ", "\r", "\x03"
PATIENCE = 60
"""Seconds after which a question that does not come is a failure; nothing waits that long."""


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scaffold", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, start_new_session=True,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "120", "LINES": "50"},
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""
        self.everything = ""

    def answer(self, question: str, keys: str) -> None:
        """Wait for a question that was not seen yet, and type."""
        self.wait(question)
        os.write(self.ours, keys.encode())

    def wait(self, text: str) -> None:
        begin = time.monotonic()
        while text not in self.seen:
            assert time.monotonic() - begin < PATIENCE, f"{text!r} did not come:\n{self.seen[-2000:]}"
            assert self._read(), f"the program ended before {text!r}:\n{self.seen[-2000:]}"
        self.seen = self.seen.partition(text)[2]

    def finish(self) -> tuple[int, str]:
        """Exit code, and what was printed since the last question."""
        while self._read():
            pass
        return self.process.wait(), self.seen

    def _read(self) -> bool:
        ready, _, _ = select.select([self.ours], [], [], 1)
        try:
            data = os.read(self.ours, 65536) if ready else b" "
        except OSError:  # how Linux says that the other end has closed
            return False
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace")) if ready else ""
        self.seen += text
        self.everything += text
        return True


def test_asks_for_what_is_missing_and_writes_once_it_is_told_to(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", cwd=miniature)
    terminal.answer("Language", DOWN + DOWN + ENTER)  # cpp
    terminal.answer("What is it for?", ENTER)  # llm
    terminal.answer("Engine on GitHub", "not a repository" + ENTER)
    terminal.wait("is not OWNER/REPO")
    os.write(terminal.ours, ("\x7f" * 20 + "acme/avocet.cpp" + ENTER).encode())
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


@pytest.mark.parametrize("where", ["Language", "Write it?"])
def test_stopping_writes_nothing(miniature: Path, where: str) -> None:
    before = {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()}
    options = () if where == "Language" else ("--lang", "python", "--modality", "tts", "--import", "none")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature)
    if where == "Write it?":
        for question in ("Engine", "Platforms", "One sentence", "License"):
            terminal.answer(question, ENTER)
    terminal.answer(where, STOP if where == "Language" else "n")
    code, printed = terminal.finish()
    assert code == 2
    assert "stopped; nothing was written" in printed
    assert "Traceback" not in printed
    assert {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()} == before


def test_never_asks_without_input(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", "--lang", "go", "--no-input", cwd=miniature)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert (miniature / "backend/go/avocet/main.go").is_file()
