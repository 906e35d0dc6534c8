"""What quoted and folded scalars of YAML stand for."""

from __future__ import annotations

import re


def folded(text: str) -> str:
    """A flow scalar over several lines: a line break is a blank, an empty line is a line break."""
    if "\n" not in text:
        return text
    first, *rest = text.split("\n")
    folded = first.rstrip(" \t")
    breaks = 0
    for line in rest:
        stripped = line.strip(" \t\r")
        breaks += 1
        if stripped:
            folded += ("\n" * (breaks - 1) or " ") + stripped
            breaks = 0
    return folded + " " * bool(breaks)


_ESCAPES = {
    "n": "\n", "t": "\t", "r": "\r", "0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v",
    "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_ESCAPE = r"(?s)\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|\n[ \t]*|.)"


def double_quoted(text: str) -> str:
    """The text that is written between double quotes, with escapes and line breaks."""
    if "\\" not in text:
        return folded(text)
    return re.sub(_ESCAPE, _unescaped, folded(re.sub(r"(?<!\\)\\\n[ \t]*", "", text)))


def _unescaped(match: re.Match[str]) -> str:
    escape = match[1]
    if len(escape) > 1 and escape[0] in "xuU":
        code = int(escape[1:], 16)
        is_half = 0xD800 <= code <= 0xDFFF  # noqa: PLR2004 - of a pair that YAML does not know
        return chr(code) if code <= 0x10FFFF and not is_half else "\ufffd"  # noqa: PLR2004 - the last one
    return _ESCAPES.get(escape, escape)
