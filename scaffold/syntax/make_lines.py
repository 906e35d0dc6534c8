"""The lines of a Makefile as GNU make reads them, and its recipes as shells get them.

tree-sitter-make fails on some Makefiles that make reads. What tells a line from another is little: a tab
behind a rule begins a recipe, a first word is a directive's, else the first sign outside of a reference
decides. What a `define` holds is read as if it stood in the file: that is where `$(eval)` puts it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple


class Kind(Enum):
    """What a line is."""

    recipe = auto()
    rule = auto()
    assignment = auto()
    condition = auto()
    """`ifeq`, `else`, `endif` and the like."""
    directive = auto()
    """`include`, `define`, `vpath` and the like."""
    other = auto()
    """A reference alone, such as `$(eval ...)`; a comment; what make does not know."""


class Line(NamedTuple):
    """A line with those that continue it."""

    kind: Kind
    start_byte: int
    comment_byte: int
    """Where its comment begins; its end where it has none. A recipe's comments are the shell's."""
    end_byte: int
    text: bytes
    """As many bytes as it has, without its comment and, if it is make's own, with continuations as blanks."""
    head: bytes = b""
    """The targets of a rule, the name of a variable, the word of a directive; `ifeq` of `else ifeq`."""
    rest: bytes = b""
    """What follows: the prerequisites of a rule and what stands behind them, a value, the operands."""


BLANK = bytes(byte if byte in b"\r\n" else ord(" ") for byte in range(256))
"""What every byte is where only the lines are kept."""

_LINE = re.compile(rb"(?:[^\\\n]++|\\(?:\r?\n|.|\Z))*+\n?")
_COMMENT = re.compile(rb"(?<!\\)(?:\\\\)*(#)")
_CONTINUATION = re.compile(rb"\\\r?\n")
_SIGN = re.compile(rb":{0,3}=|[?+!]=|:")
_CONDITIONS = frozenset({b"ifeq", b"ifneq", b"ifdef", b"ifndef", b"else", b"endif"})
_DIRECTIVES = frozenset(
    {b"include", b"-include", b"sinclude", b"define", b"endef", b"undefine", b"vpath", b"load", b"-load"}
)
_DEFINES = frozenset({b"define", b"undefine"})
_MODIFYING = frozenset({b"export", b"unexport", b"override", b"private"})
_MODIFIERS = re.compile(rb"\A(?:(?:export|unexport|override|private)(?:\s+|\Z))++")


@lru_cache(maxsize=256)
def lines(data: bytes) -> tuple[Line, ...]:
    """The lines of a Makefile that are not empty, in order; read once per content."""
    return tuple(_lines(data))


def _lines(data: bytes) -> Iterator[Line]:
    in_rule = in_define = False
    for found in _LINE.finditer(data):
        raw = found[0]
        if not raw or raw.isspace():
            continue
        start, end = found.span()
        if raw[:1] == b"\t" and (in_rule or in_define):
            yield Line(Kind.recipe, start, end, end, raw)
            continue
        line = _own(raw, start, end)
        yield line
        if line.kind is not Kind.condition and line.text[: line.comment_byte - start].strip():
            in_rule = line.kind is Kind.rule
            in_define = line.head == b"define" or (in_define and line.head != b"endef")


def _own(raw: bytes, start: int, end: int) -> Line:
    """A line that make itself reads."""
    masked = without_references(raw) if b"$" in raw else raw
    comment = _COMMENT.search(masked) if b"#" in masked else None
    length = comment.start(1) if comment else len(raw)
    text = _unbroken(raw[:length])
    head, rest = _first(text)
    if head in _MODIFYING and _first(rest)[0] in _DEFINES:  # `override define`
        head, rest = _first(_MODIFIERS.sub(b"", text.lstrip()))
    sign = None
    if head in _CONDITIONS:
        kind = Kind.condition
        inner, operands = _first(rest) if head == b"else" else (b"", b"")
        if inner in _CONDITIONS:
            head, rest = inner, operands
    elif head in _DIRECTIVES:
        kind = Kind.directive
    else:
        sign = _SIGN.search(masked, 0, length)
        kind = Kind.directive if _MODIFIERS.match(head) else Kind.other
    if sign is not None:
        head, rest = text[: sign.start()].strip(), text[sign.end() :].strip()
        kind = Kind.rule if sign[0] == b":" else Kind.assignment
        head = head if kind is Kind.rule else _MODIFIERS.sub(b"", head)
    if comment is not None:
        text = text.ljust(len(raw))
    return Line(kind, start, start + length, end, text, head, rest)


def _unbroken(text: bytes) -> bytes:
    return _CONTINUATION.sub(lambda found: b" " * len(found[0]), text) if b"\\" in text else text


def _first(text: bytes) -> tuple[bytes, bytes]:
    """The first word of a text, and what follows."""
    word, *rest = text.split(None, 1) or [b""]
    return word, rest[0].rstrip() if rest else b""


# --- recipes -----------------------------------------------------------------------------------------

_PREFIX = re.compile(rb"\t[ \t@+-]*")
_BRACKETS = {b"(": re.compile(rb"[()]"), b"{": re.compile(rb"[{}]")}


def recipes(data: bytes) -> bytes:
    """What shells get to see of a Makefile: its recipes, with letters for what make replaces."""
    seen = bytearray(data.translate(BLANK))
    for line in lines(data):
        if line.kind is Kind.recipe:
            seen[line.start_byte : line.end_byte] = unprefixed(line.text)
    return without_references(bytes(seen))


def unprefixed(recipe: bytes) -> bytes:
    """A line of a recipe with its tab and make's own signs as blanks."""
    prefix = _PREFIX.match(recipe)
    return b" " * prefix.end() + recipe[prefix.end() :] if prefix else recipe


def without_references(text: bytes, letter: bytes = b"_") -> bytes:
    """A text with letters in place of `$(...)`, `${...}`, `$@` and the first sign of `$$`."""
    seen = bytearray(text)
    start = text.find(b"$")
    while 0 <= start < len(text) - 1:
        sign = text[start + 1 : start + 2]
        end = start + 1 if sign == b"$" else start + 2
        if sign in _BRACKETS:
            depth = 0
            for bracket in _BRACKETS[sign].finditer(text, start):
                depth += 1 if bracket[0] == sign else -1
                if not depth:
                    end = bracket.end()
                    break
            else:  # it is never closed, and so is none behind it
                break
        seen[start:end] = letter * (end - start)
        start = text.find(b"$", start + 2 if sign == b"$" else end)
    return bytes(seen)
