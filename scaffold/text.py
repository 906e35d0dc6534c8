"""Text that a stranger may have written, for people to read: it cannot act where it is shown."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Text that cannot leave its line or steer a terminal."""
    flat = " ".join(text.split())
    if flat.isprintable():
        return flat
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in flat)
