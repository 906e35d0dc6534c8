"""Text that a stranger may have written, for people to read: it cannot act where it is shown."""

from __future__ import annotations

import re


def one_line(text: str) -> str:
    """Text that cannot leave its line or steer a terminal."""
    flat = " ".join(text.split())
    if flat.isprintable():
        return flat
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)


def lines(text: str) -> str:
    """Text whose lines stay what they are, indented as they are, and cannot steer a terminal or a CI log."""
    shown = (f"{line[: len(line) - len(line.lstrip(' '))]}{one_line(line)}" for line in text.split("\n"))
    return without_commands("\n".join(shown))


def without_commands(text: str) -> str:
    """Text in which a CI log sees no workflow command: what a file says is not ours to run."""
    begins = re.sub(r"^((?:\s|\x1b\[[0-9;]*m)*)::", r"\1: :", text, flags=re.MULTILINE)
    return begins.replace("##[", "# #[")
