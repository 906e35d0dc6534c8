"""Answers as Markdown spells them: in a table of LocalAI's docs, in a README, in a page that Hugo makes.

Each table is a list of a pattern and what replaces it, one after the other. They are given to the
templates too, which have to work alone.
"""

from __future__ import annotations

import re

Replacements = tuple[tuple[str, str], ...]

TEXT: Replacements = (
    (r"&(?=#?\w+;)", "&amp;"),
    (r"\\(?=[!-/:-@^-`{-~\[\\\]]|$)", r"\\\\"),
    (r"([]`*<|~[])", r"\\\1"),
    (r"_(?![A-Za-z0-9])|(?<![A-Za-z0-9])_", r"\\_"),
    (r"\A(?=[>#+=-])", r"\\"),
    (r"\A(\d+)(?=[.)])", r"\1\\"),
    (r"\{\{(?=%)", "{&#123;"),
)
"""What would be a mark becomes text. Hugo looks for `{{<` and `{{%` before it reads Markdown."""

ADDRESS: Replacements = (
    *((re.escape(mark), f"%{ord(mark):02X}") for mark in '"<>\\^`{|}()'),
    (r"&(#?\w+);", r"&\1%3B"),
)
"""What ends an address in Markdown, or a cell, is spelled as browsers do; it is no part of a valid one."""


def text(answer: str) -> str:
    """An answer as text within a line, or at its start."""
    return _replaced(answer, TEXT)


def link(label: str, address: str) -> str:
    """A link."""
    return f"[{text(label)}]({_replaced(address, ADDRESS)})"


def _replaced(answer: str, replacements: Replacements) -> str:
    for pattern, replacement in replacements:
        answer = re.sub(pattern, replacement, answer)
    return answer
