"""Make docs/demo.svg from a real run of `scaffold demo`: python docs/picture.py"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "scaffold", "demo", f"{folder}/LocalAI"]
        environment = {**os.environ, "FORCE_COLOR": "1"}
        result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        output = result.stdout.replace(folder, "/tmp")
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=108, file=nowhere)
        console.print(Text.from_ansi(f"$ scaffold demo /tmp/LocalAI\n{output}"))
    console.save_svg(str(Path(__file__).with_name("demo.svg")), title="scaffold")


main()
