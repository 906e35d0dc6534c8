"""Make docs/demo.svg from a real run of `scaffold demo`: python docs/picture.py"""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text


def terminal_output(*arguments: str) -> str:
    """What the program prints on a terminal, colours included."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "scaffold", *arguments], stdout=theirs) as process:
        os.close(theirs)
        chunks = []
        with contextlib.suppress(OSError):  # how Linux says that the other end has closed
            while chunk := os.read(ours, 4096):
                chunks.append(chunk)
        assert process.wait() == 0
    return b"".join(chunks).decode().replace("\r\n", "\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = terminal_output("demo", f"{folder}/LocalAI").replace(folder, "/tmp")
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=108, file=nowhere)
        console.print(Text.from_ansi(f"$ scaffold demo /tmp/LocalAI\n{output}"))
    console.save_svg(str(Path(__file__).with_name("demo.svg")), title="scaffold")


main()
