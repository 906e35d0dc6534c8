"""Make docs/demo.svg and docs/wizard.svg from real runs: python -m docs.picture"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.text import Text

from scaffold.resources import miniature_dir
from tests.terminal import DOWN, ENTER, Terminal

WIDTH, HEIGHT = 108, 2000
"""Of the terminal: all that a run prints stays on it."""

COLOURS = {"default": "", "brown": "yellow"}
"""How the emulator calls a colour -> how the picture does, where they differ."""

DIFF_LINES = 18
"""What the picture shows of the diff of a whole backend."""

ANSWERS = (
    ("Language", DOWN + ENTER),
    ("What is it for?", 3 * DOWN + ENTER),
    ("Engine on GitHub", "acme/avocet.cpp" + ENTER),
    ("Kind", ENTER),
    ("Commit to pin", "0123456789abcdef0123456789abcdef01234567" + ENTER),
    ("Platforms", ""),
)
REST = (
    ("How does a model find it?", ENTER),
    ("One sentence", "Reads books aloud" + ENTER),
    ("License", "MIT" + ENTER),
)


LANDMARKS = ("Platforms", "diff --git", "would create", "Write it?")


def style_of(cell: pyte.screens.Char) -> str:
    colour = f"#{cell.fg}" if re.fullmatch("[0-9a-f]{6}", cell.fg) else COLOURS.get(cell.fg, cell.fg)
    return " ".join(filter(None, (colour, "bold" if cell.bold else "", "reverse" if cell.reverse else "")))


def shown(terminal: Terminal) -> list[Text]:
    """The lines that stand on a terminal, colours included."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.ByteStream(screen).feed(terminal.raw)
    lines = []
    for row in range(HEIGHT):
        cells = [screen.buffer[row][column] for column in range(WIDTH)]
        line = Text()
        for style, run in groupby(cells, key=style_of):
            line.append("".join(cell.data for cell in run), style)
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def draw(name: str, lines: list[Text]) -> None:
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        for line in lines:
            console.print(line, no_wrap=True, overflow="crop")
    console.save_svg(str(Path(__file__).with_name(name)), title="scaffold")


def demo(folder: Path) -> list[Text]:
    terminal = Terminal("demo", "LocalAI", cwd=folder, columns=WIDTH, lines=HEIGHT)
    code, _ = terminal.finish()
    assert code == 0
    return [Text("$ scaffold demo LocalAI"), *shown(terminal)]


def wizard(folder: Path) -> list[Text]:
    """The questions up to the platforms, and how it goes on from there."""
    root = shutil.copytree(miniature_dir(), folder / "checkout")
    terminal = Terminal("new-backend", "avocet", cwd=root, columns=WIDTH, lines=HEIGHT)
    for question, keys in ANSWERS:
        terminal.answer(question, keys)
    terminal.wait("metal")
    asked = shown(terminal)
    terminal.type(ENTER)
    for question, keys in REST:
        terminal.answer(question, keys)
    terminal.answer("Write it?", ENTER)
    code, _ = terminal.finish()
    assert code == 0
    lines = shown(terminal)
    begins = {word: next(n for n, x in enumerate(lines) if word in x.plain) for word in LANDMARKS}
    asked_again, diff, plan, end = begins.values()
    told = [*lines[asked_again : diff + DIFF_LINES], Text("...", "dim"), *lines[plan : end + 1]]
    return [Text("$ scaffold new-backend avocet"), *asked, *told]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        draw("demo.svg", demo(Path(folder)))
        draw("wizard.svg", wizard(Path(folder)))


main()
