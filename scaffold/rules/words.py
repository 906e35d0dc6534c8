"""Words for people."""

from __future__ import annotations

from collections.abc import Sequence


def enumerated(words: Sequence[str], last: str = "and") -> str:
    """A list in full, as in a sentence."""
    return f" {last} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def some(words: Sequence[str], limit: int = 3) -> str:
    """A list, cut after `limit` words."""
    rest = len(words) - limit
    return ", ".join(words[:limit]) + (f" and {rest} more" if rest > 0 else "")
