"""Tables of one line a backend, for a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from scaffold.report import layout

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

NOTHING = "-"
HEADS = {
    "build matrix": "matrix",
    "gallery": "gallery",
    "Makefile": "make",
    "path filter": "filter",
    "macOS build": "macOS",
    "dependency bump": "bump",
    "importers": "import",
    "capabilities": "caps",
    "extra tests": "tests",
    "compatibility table": "docs",
    "own engines": "own",
    "backend types": "typ",
    "build context": "ign",
    "sycl-f16": "sycl16",
    "sycl-f32": "sycl32",
    "l4t-cuda13": "l4t13",
}
"""Short heads of the columns."""
NARROW = {
    "build matrix": "mat",
    "gallery": "gal",
    "Makefile": "mak",
    "path filter": "fil",
    "macOS build": "mac",
    "dependency bump": "bum",
    "importers": "imp",
    "capabilities": "cap",
    "extra tests": "tes",
    "compatibility table": "doc",
    "cuda12": "c12",
    "cuda13": "c13",
    "rocm": "roc",
    "intel": "int",
    "sycl-f16": "s16",
    "sycl-f32": "s32",
    "vulkan": "vul",
    "l4t-cuda13": "l13",
    "metal": "met",
}
"""Those of a terminal that is narrower than usual, where they differ."""


def table(columns: Iterable[str]) -> Table:
    """An empty table: a column for the names of the lines, and those that are given."""
    from rich.table import Table

    made = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    made.add_column("", no_wrap=True)
    heads = HEADS | NARROW if layout.width() < layout.USUAL else HEADS
    for column in columns:
        made.add_column(heads.get(column, column), justify="right", no_wrap=True)
    return made


def page(parts: Iterable[RenderableType]) -> str:
    """Tables and lines, with colours: the command line takes them out where they are not shown."""
    from io import StringIO

    from rich.console import Console

    text = StringIO()
    console = Console(
        file=text, width=layout.width(), force_terminal=True, color_system="standard", no_color=False
    )
    for part in parts:
        console.print(part)
    # No blanks at the end of a line, wherever a colour ends.
    blanks = re.compile(r"(?m)(?<! )(?: |\x1b\[[\d;]*+m)++$")
    return blanks.sub(lambda end: end[0].replace(" ", ""), text.getvalue()).rstrip()
