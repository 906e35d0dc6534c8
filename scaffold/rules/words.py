"""Words for people."""

from __future__ import annotations

from collections.abc import Sequence


def some(words: Sequence[str], limit: int = 3) -> str:
    """A list, cut after `limit` words."""
    rest = len(words) - limit
    return ", ".join(words[:limit]) + (f" and {rest} more" if rest > 0 else "")
