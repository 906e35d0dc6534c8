"""The pictures of the README and the pages, made from real runs: python -m docs.pictures."""

from __future__ import annotations

import html
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from io import StringIO
from itertools import groupby
from pathlib import Path

import pyte
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme
from rich.text import Text

from scaffold.resources import miniature_dir
from tests.terminal import DOWN, ENTER, Terminal

FOLDER = Path(__file__).with_name("pictures")
WIDTH, HEIGHT = 100, 2000
"""Of the terminal: all that a run prints stays on it."""
CELL = 12.2
"""Width of a character, as rich draws it."""
LINES = 40
"""What a picture has at most."""

ANSI = (
    (36, 41, 47),
    (207, 34, 46),
    (17, 99, 41),
    (125, 78, 0),
    (9, 105, 218),
    (130, 80, 223),
    (27, 124, 131),
)
"""Black, red, green, yellow, blue, magenta and cyan, dark enough for white paper."""
LIGHT = TerminalTheme((255, 255, 255), (31, 35, 40), [*ANSI, (87, 96, 106)])
THEMES = {"light": LIGHT, "dark": DIMMED_MONOKAI}

FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: {char_height}px;
line-height: {line_height}px; font-variant-east-asian: full-width; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""  # noqa: E501
"""What rich fills in; its own format loads a font from the network."""

COLOURS = {"default": "", "brown": "yellow", "ffaf00": "yellow", "5f87af": "blue"}
"""How the emulator calls a colour -> how the picture does: as one that can be read on its paper."""

METAL = '    metal: "metal-lark"\n'
"""The line of the gallery that somebody has lost."""

ENGINE = (
    "--lang", "go", "--modality", "tts", "--upstream", "PABannier/bark.cpp", "--branch", "main",
    "--pin", "5d5be84f089ab9ea53b7a793f088d3fbf7247495", "--license", "MIT", "--no-input",
)  # fmt: skip

ANSWERS = (
    ("Language", DOWN + ENTER),
    ("What is it for?", 3 * DOWN + ENTER),
    ("Engine on GitHub", "acme/avocet.cpp" + ENTER),
    ("Kind", ENTER),
    ("Ask GitHub for its newest commit?", "n"),
    ("Branch", ENTER),
    ("Commit to pin", "0123456789abcdef0123456789abcdef01234567" + ENTER),
    ("on ggml?", "n"),
    ("Put a C interface", ENTER),
    ("Platforms", ENTER),
    ("How does a model find it?", ENTER),
    ("One sentence", "Reads books aloud" + ENTER),
    ("License", "MIT" + ENTER),
    ("Write it?", ENTER),
)


def finding(root: Path) -> list[Text]:
    """One command, one finding, one fix."""
    gallery = root / "backend/index.yaml"
    gallery.write_text(gallery.read_text().replace(METAL, ""))
    lines = [*_run(root, 1, "check"), *_run(root, 0, "check", "--fix")]
    return [line for line in lines if " rules over " not in line.plain]


def new_backend(root: Path) -> list[Text]:
    """A backend is made, without a question."""
    lines = _run(root, 0, "new-backend", "bark-cpp", *ENGINE)
    start = next(n for n, line in enumerate(lines) if "registered it in" in line.plain)
    return [*lines[:9], Text("  ...", "dim"), Text(), *lines[start:]]


def guide(root: Path) -> list[Text]:
    """What is left of it."""
    _run(root, 0, "new-backend", "bark-cpp", *ENGINE)
    return _run(root, 0, "guide", "bark-cpp")


def wizard(root: Path) -> list[Text]:
    """The questions, and the plan that is shown before anything is written."""
    terminal = Terminal("new-backend", "avocet", cwd=root, columns=WIDTH, lines=HEIGHT)
    for question, keys in ANSWERS:
        terminal.answer(question, keys)
    code, _ = terminal.finish()
    assert code == 0
    lines = _shown(terminal)
    last = next(n for n, line in enumerate(lines) if "Write it?" in line.plain)
    return [Text("$ scaffold new-backend avocet", "bold"), *lines[: last + 1]]


PICTURES: dict[str, Callable[[Path], list[Text]]] = {
    "finding": finding,
    "new-backend": new_backend,
    "guide": guide,
    "wizard": wizard,
}


def drawn(name: str) -> list[Text]:
    """The lines of a picture, from a run on a miniature of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = shutil.copytree(miniature_dir(), Path(folder) / "LocalAI")
        _start(root)
        return PICTURES[name](root)


def svg(name: str, lines: Iterable[Text], theme: TerminalTheme) -> str:
    """Lines of a terminal as a picture that loads nothing."""
    console = Console(record=True, width=WIDTH, file=StringIO())
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop")
    return console.export_svg(title="scaffold", theme=theme, code_format=FORMAT, unique_id=name)


def text_of(picture: str) -> list[str]:
    """The lines of text that a picture shows."""
    rows: dict[float, dict[int, str]] = {}
    for x, y, words in re.findall(r'-r\d+" x="([\d.]+)" y="([\d.]+)"[^>]*>([^<]*)</text>', picture):
        text = html.unescape(words).replace("\xa0", " ").strip("\n")
        rows.setdefault(float(y), {})[round(float(x) / CELL)] = text
    lines = []
    for _, row in sorted(rows.items()):
        line = ""
        for column, text in sorted(row.items()):
            line = line.ljust(column) + text
        lines.append(line.rstrip())
    return lines


def _start(root: Path) -> None:
    from tests.consumers import git

    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "LocalAI")


def _run(root: Path, expected: int, *arguments: str) -> list[Text]:
    """What a command prints, below the command."""
    terminal = Terminal(*arguments, cwd=root, columns=WIDTH, lines=HEIGHT)
    code, _ = terminal.finish()
    assert code == expected, terminal.everything
    return [Text(line, "bold") for line in _command(arguments)] + _shown(terminal)


def _command(arguments: tuple[str, ...]) -> list[str]:
    lines = ["$ scaffold"]
    for word in arguments:
        if len(lines[-1]) + len(word) > WIDTH - 4:
            lines[-1] += " \\"
            lines.append("   ")
        lines[-1] += f" {word}"
    return lines


def _style_of(cell: pyte.screens.Char) -> str:
    known = COLOURS.get(cell.fg, cell.fg)
    colour = f"#{known}" if re.fullmatch("[0-9a-f]{6}", known) else known
    return " ".join(filter(None, (colour, "bold" if cell.bold else "", "reverse" if cell.reverse else "")))


def _shown(terminal: Terminal) -> list[Text]:
    """The lines that stand on a terminal, colours included."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    pyte.ByteStream(screen).feed(terminal.raw)
    lines = []
    for row in range(HEIGHT):
        cells = [screen.buffer[row][column] for column in range(WIDTH)]
        line = Text()
        for style, run in groupby(cells, key=_style_of):
            line.append("".join(cell.data for cell in run), style)
        line.rstrip()
        lines.append(line)
    while lines and not lines[-1].plain:
        lines.pop()
    return lines


def main() -> None:
    """Draw every picture, light and dark."""
    FOLDER.mkdir(exist_ok=True)
    for name in PICTURES:
        lines = drawn(name)
        assert len(lines) <= LINES, f"{name} has {len(lines)} lines"
        for theme, colours in THEMES.items():
            (FOLDER / f"{name}-{theme}.svg").write_text(svg(name, lines, colours), encoding="utf-8")


if __name__ == "__main__":
    main()
