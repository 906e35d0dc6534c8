"""Words that several rules of this package use."""

from __future__ import annotations

from collections.abc import Sequence

NATIVE = ("go", "cpp", "rust")


def some(words: Sequence[str], limit: int = 3) -> str:
    """A list for people."""
    rest = len(words) - limit
    return ", ".join(words[:limit]) + (f" and {rest} more" if rest > 0 else "")
