"""The README and the pages of docs/: what they say is so, and what they tell to run runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PROGRAM = f'scaffold() {{ "{sys.executable}" -m scaffold "$@"; }}\n'
"""What makes `scaffold` in a shell the program of this checkout."""


def section(text: str, title: str) -> str:
    """What stands below a heading, up to the next of its level or a higher one."""
    found = re.search(rf"(?m)^(#+) {re.escape(title)}$", text)
    assert found, f"there is no heading {title!r}"
    rest = text[found.end() :]
    end = re.search(rf"(?m)^#{{1,{len(found[1])}}} ", re.sub(r"(?ms)^```.*?^```$", _blank, rest))
    return rest[: end.start()] if end else rest


def _blank(block: re.Match[str]) -> str:
    """As many characters as a block has, and none that is Markdown's."""
    return "." * len(block[0])


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def shell(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Commands as a page has them, run by bash one after the other; the first that fails ends them."""
    return subprocess.run(
        ["bash", "-euc", PROGRAM + script],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
