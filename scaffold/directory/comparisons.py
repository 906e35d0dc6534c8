"""Tests of scripts that compare what is always the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Comparison(NamedTuple):
    """A test whose answer is always the same."""

    written: str
    problem: str
    help: str
    offset: int


_BRACE = re.compile(rb"(?<![\w$])\[\[?[ \t]+[^\n\]]{0,200}?\"(\$\{(\w+)\}\})\"[ \t]+(?:=|==|!=)[ \t]")
_SIDE = rb"(?:\"([\w./+-]*)\"|'([\w./+-]*)'|([A-Za-z_][\w./+-]*))"
_PLAIN = re.compile(rb"(?<![\w$\[])\[\[?[ \t]+(%s[ \t]+(?:=|==|!=)[ \t]+%s)[ \t]+\]" % (_SIDE, _SIDE))


def constant(code: bytes) -> Iterator[Comparison]:
    """The tests of a script that do not depend on anything."""
    if b"}}" in code:
        for found in _BRACE.finditer(code):
            name = found[2].decode()
            yield Comparison(
                found[1].decode(),
                f"a brace stands behind ${{{name}}}: this is never equal",
                f'write "${{{name}}}"',
                found.start(1),
            )
    for found in _PLAIN.finditer(code):
        yield Comparison(
            found[1].decode(),
            f"{found[1].decode()} compares two words that never change",
            "write the variable that is meant with its $",
            found.start(1),
        )
