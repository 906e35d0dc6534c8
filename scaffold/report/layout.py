"""How text is laid out for a terminal."""

from __future__ import annotations

import shutil
import textwrap

NARROW, USUAL, WIDE = 80, 100, 200
"""Columns: what every report needs, what it takes where there is no terminal, what a reader can follow."""


def width() -> int:
    """Columns of the terminal (COLUMNS, where that is set), within what a report can use."""
    return min(max(shutil.get_terminal_size((USUAL, 24)).columns, NARROW), WIDE)


def wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    """Text in lines that fit, the first one behind `first`, the others behind `rest`; no word is broken."""
    if len(first) + len(text) <= width():
        return [first + text]
    return textwrap.wrap(
        text,
        width(),
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def cut(text: str, columns: int) -> str:
    """Text that is no longer than that."""
    return text if len(text) <= columns else f"{text[: columns - 3]}..."
