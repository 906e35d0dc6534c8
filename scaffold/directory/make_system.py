"""What is left of a Makefile on one system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.directory.text import Text, text_of
from scaffold.syntax.make_lines import BLANK, Kind, Line

_UNAME = rb"\$[({]shell[ \t]+uname(?:[ \t]+-s)?[)}]"
_ASKS = re.compile(rb"\(?[ \t]*(?:\$[({](\w+)[)}]|(%s))[ \t]*,[ \t]*(\w+)[ \t]*\)?[ \t]*" % _UNAME)
_NAMES = re.compile(_UNAME)
_OF_ROOT = b"OS"
"""The variable in which the root's Makefile gives all builds on macOS the name of the system."""
_PLAIN = re.compile(rb"[\w.+-]+")
_REFERENCE = re.compile(rb"\$(?:\((\w+)\)|\{(\w+)\})")


@lru_cache(maxsize=256)
def on_darwin(text: Text) -> Text:
    """A Makefile without the branches that macOS does not take, and with what variables have there.

    A variable keeps its reference where anything but a plain value may be given to it.
    """
    kept = bytearray(text.data)
    values: dict[bytes, bytes | None] = {}
    for line, alive in _alive(text):
        if alive is False:
            span = slice(line.start_byte, line.end_byte)
            kept[span] = kept[span].translate(BLANK)
        elif line.kind is Kind.assignment:
            sign = line.text.partition(b"=")[0].rstrip(b":").rstrip()[-1:]
            is_given = sign and sign not in b"?+!:" and _PLAIN.fullmatch(line.rest)
            values[line.head] = line.rest if alive and is_given else None
    written = text.code
    for name in [name for name, value in values.items() if value is not None]:
        lines = sum(line.kind is Kind.assignment and line.head == name for line in text.lines)
        if len(re.findall(rb"(?<![\w-])%s[ \t]*[:?+!]*=" % re.escape(name), written)) != lines:
            values[name] = None  # a recipe or a rule gives it another one

    def value(found: re.Match[bytes]) -> bytes:
        given = values.get(found[1] or found[2])
        return given if given is not None else found[0]

    return text_of(text.path, _REFERENCE.sub(value, bytes(kept)))


def _alive(text: Text) -> Iterator[tuple[Line, bool | None]]:
    """The lines of a Makefile, and whether macOS reads them; None where that is unknown."""
    given = [line for line in text.lines if line.kind is Kind.assignment]
    others = {line.head for line in given if not _NAMES.fullmatch(line.rest)}
    names = {_OF_ROOT, *(line.head for line in given)} - others
    branches: list[tuple[bool | None, bool | None]] = []  # (this one, whether one before may be taken)
    for line in text.lines:
        word = line.text.split(None, 1)[0] if line.kind is Kind.condition else b""
        if word == b"endif":
            del branches[-1:]
        elif word:
            before = branches.pop()[1] if word == b"else" and branches else False
            asked = True if line.head == b"else" else _decided(line, names)
            taken = False if before is True else asked if before is False or asked is False else None
            seen = True if True in (before, asked) else None if None in (before, asked) else False
            branches.append((taken, seen))
        states = [taken for taken, _ in branches]
        yield line, False if False in states else None if None in states else True


def _decided(line: Line, names: set[bytes]) -> bool | None:
    """Whether a condition holds on macOS; None for one about something else."""
    found = _ASKS.fullmatch(line.rest) if line.head in (b"ifeq", b"ifneq") else None
    if found is None or (found[1] and found[1] not in names):
        return None
    return (found[3] == b"Darwin") is (line.head == b"ifeq")
