"""Values of a Makefile that a shell would cut in two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.directory.text import Text
from scaffold.syntax.make_lines import Kind

_LITERAL = re.compile(rb"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|\$\([^()]*\)|\$\{[^{}]*\}")
_USED = re.compile(rb"\$[({](\w+)[)}]")
_COMMAND = re.compile(rb"(?:\$\(|`|[ \t])")
_SAID = re.compile(rb"\$\((?:info|warning|error)\b[^\n]*")
"""What make says itself, for which there is no shell."""
MAX_VALUES = 300
"""Assignments of a Makefile that are followed; LocalAI's longest has 60."""


class Split(NamedTuple):
    """A value with a `;` that a recipe gives to the shell as it is."""

    variable: str
    value: str
    used: str
    """The variable that the recipe names."""
    offset: int


def split_values(text: Text) -> Iterator[Split]:
    """The lists with `;` in no quotes that come into a recipe in no quotes; each variable once."""
    if b";" not in text.data:
        return
    assigned = [line for line in text.lines if line.kind is Kind.assignment]
    if len(assigned) > MAX_VALUES:
        return
    made: dict[bytes, tuple[bytes, bytes, int]] = {}
    for line in assigned:
        bare = _bare(line.rest)
        # A command of more words may well be meant; a list has none.
        if b";" in bare and not _COMMAND.search(line.rest.strip()):
            offset = line.start_byte + max(line.text.find(line.head), 0)
            made.setdefault(line.head, (line.head, line.rest.strip(), offset))
    for _ in range(len(assigned) if made else 0):
        more = [
            (line.head, made[name])
            for line in assigned
            if line.head not in made
            for name in _USED.findall(_unquoted(line.rest))
            if name in made
        ]
        if not more:
            break
        for head, origin in more:
            made.setdefault(head, origin)
    told = set()
    for line in text.lines if made else ():
        said = _unquoted(_SAID.sub(b"", line.text)) if line.kind is Kind.recipe else b""
        for name in _USED.findall(said):
            if name in made and made[name][0] not in told:
                variable, value, offset = made[name]
                told.add(variable)
                yield Split(variable.decode(), value.decode(errors="replace"), name.decode(), offset)


def _bare(value: bytes) -> bytes:
    """A value without what stands in quotes, behind a backslash or in a reference."""
    return _LITERAL.sub(b"", value)


_QUOTED = re.compile(rb"(?s)\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|'[^']*+(?:'|\Z)")


_CALL = re.compile(rb"\$\((?:call|patsubst|shell|subst)\b(?:[^()]++|\([^()]*+\))*+\)")


def _unquoted(value: bytes) -> bytes:
    """A value without what stands in quotes, and what a function of make makes of it."""
    return _CALL.sub(b"", _QUOTED.sub(b"", value))
