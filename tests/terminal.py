"""A program on a pseudo-terminal: for the tests of the wizard, and for its picture."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

DOWN, SPACE, ENTER, STOP, END = "\x1b[B", " ", "\r", "\x03", "\x04"
PATIENCE = 60
"""Seconds after which a question that does not come is a failure; nothing waits that long."""


class Terminal:
    """A program on a pseudo-terminal."""

    def __init__(self, *arguments: str, cwd: Path, columns: int = 120, lines: int = 50) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        size = {"COLUMNS": str(columns), "LINES": str(lines)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "scaffold", *arguments],
            stdin=theirs, stdout=theirs, stderr=theirs, cwd=cwd, start_new_session=True,
            env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", **size},
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""
        self.everything = ""
        self.raw = b""

    def answer(self, question: str, keys: str) -> None:
        """Wait for a question that was not seen yet, and type."""
        self.wait(question)
        self.type(keys)

    def type(self, keys: str) -> None:
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
        waiting = select.poll()  # select() knows no more than 1,024 descriptors
        waiting.register(self.ours, select.POLLIN)
        ready = waiting.poll(1000)
        try:
            data = os.read(self.ours, 65536) if ready else b" "
        except OSError:  # how Linux says that the other end has closed
            return False
        self.raw += data if ready else b""
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data.decode(errors="replace")) if ready else ""
        self.seen += text
        self.everything += text
        return True
