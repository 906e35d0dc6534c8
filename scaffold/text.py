"""Text that a stranger may have written, for people to read: it cannot act where it is shown."""

from __future__ import annotations

import re

_COLOUR = r"\x1b\[[0-9;]*m"


def one_line(text: str) -> str:
    """Text that cannot leave its line or steer a terminal."""
    return _escaped(" ".join(text.split()))


def plain(text: str) -> str:
    """Text without the colours of a terminal."""
    return re.sub(_COLOUR, "", text)


def visible(text: str) -> str:
    """Text with its lines, in which whatever would steer a terminal is spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return re.sub(r"[^\n\t -~]", lambda found: _escaped(found[0]), text)


def shown(text: str) -> str:
    """A whole report, which cannot steer a terminal or a CI log beyond the colours that it has."""
    parts = re.split(f"({_COLOUR})", text)
    return without_commands("".join(visible(part) if n % 2 == 0 else part for n, part in enumerate(parts)))


def harmless(text: str) -> str:
    """Text with its lines, which cannot steer a terminal or a CI log."""
    return without_commands(visible(text))


def without_commands(text: str) -> str:
    """Text in which a CI log sees no workflow command: what a file says is not ours to run."""
    begins = re.sub(rf"^((?:[^\S\n]|{_COLOUR})*+)::", r"\1: :", text, flags=re.MULTILINE)
    return re.sub(rf"#((?:{_COLOUR})*+)#((?:{_COLOUR})*+)\[", r"#\1 #\2[", begins)


def _escaped(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
