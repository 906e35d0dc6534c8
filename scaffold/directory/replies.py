"""The messages that Python sources make, beside what `backend.proto` says that their fields take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.directory.messages import without_comments
from scaffold.directory.service import PROTO
from scaffold.directory.text import Text

MAX_DEPTH = 20
"""How deep messages of a proto lie in each other."""

_DECLARED = re.compile(
    rb"\b(message|enum|oneof)\s++(\w++)\s*+\{|(\})"
    rb"|(?<![\w.])(?:(repeated|optional)\s++)?([\w.]++|map\s*+<[^<>]*+>)\s++(\w++)\s*+=\s*+\d++\s*+[;\[]"
)
_WHOLE = frozenset(
    f"{sign}{size}" for sign in ("int", "uint", "sint", "fixed", "sfixed") for size in (32, 64)
)
_NUMBERS = _WHOLE | {"float", "double", "bool"}


class Field(NamedTuple):
    """A field of a message."""

    type: str
    is_many: bool


def fields_of(tree: Tree) -> Mapping[str, Mapping[str, Field]]:
    """Message of the service -> its fields. Messages in others are not among them."""
    return _fields_of(tree.read(PROTO) or b"")


@lru_cache(maxsize=4)
def _fields_of(proto: bytes) -> Mapping[str, Mapping[str, Field]]:
    found: dict[str, dict[str, Field]] = {}
    around: list[str] = []
    for match in _DECLARED.finditer(without_comments(proto)):
        if match[1]:
            name = match[2].decode()
            if match[1] != b"message":
                name = around[-1] if match[1] == b"oneof" and around else ""
            elif around:
                name = ""
            around.append(name)
            if name:
                found.setdefault(name, {})
        elif match[3]:
            around = around[:-1]
        elif around and around[-1] and len(around) < MAX_DEPTH:
            kind = match[5].decode()
            is_many = match[4] == b"repeated" or kind.startswith("map")
            found[around[-1]][match[6].decode()] = Field(kind, is_many)
    return found


class Refused(NamedTuple):
    """What the message of a source does not take."""

    message: str
    field: str
    problem: str
    """What it has not, or does not take."""
    offset: int


_MADE = re.compile(rb"\bbackend_pb2\.([A-Z]\w*)\(")
_TOKEN = re.compile(
    rb"(?s)(?i:(?P<prefix>\b[rbfu]{1,2})?(?P<text>\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)"
    rb"|\"(?:[^\"\\\n]|\\.)*+(?:\"|\Z|(?=\n))|'(?:[^'\\\n]|\\.)*+(?:'|\Z|(?=\n))))"
    rb"|#[^\n]*|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)"
)
MAX_CALL = 8000
"""Bytes of a call that are read."""
_GIVEN = re.compile(rb"\s*(\w+)\s*=(?!=)\s*")


def refused(text: Text, known: Mapping[str, Mapping[str, Field]]) -> Iterator[Refused]:
    """The values that the messages which a source makes do not take: it ends with an error there."""
    if b"backend_pb2." not in text.data or not known or b"hasattr(backend_pb2" in text.data:
        return
    for made in _MADE.finditer(text.data):
        name = made[1].decode()
        fields = known.get(name)
        begin = text.data.rfind(b"\n", 0, made.start()) + 1
        if fields is None or b"#" in text.data[begin : made.start()]:
            continue
        for start, value in _values(text.data, made.end()):
            given = _GIVEN.match(value)
            if given is None:
                if value.strip() and not value.lstrip().startswith(b"*"):
                    yield Refused(name, "", "its fields by name", start)
                continue
            field = fields.get(given[1].decode())
            if field is None:
                yield Refused(name, given[1].decode(), "field", start + given.start(1))
                continue
            problem = "" if field.is_many else _unfit(value[given.end() :].strip(), field.type)
            if problem:
                yield Refused(name, given[1].decode(), problem, start + given.start(1))


def _values(data: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """(offset, what is written) of the values of a call; what is in brackets and texts is left out of it."""
    depth, begin, said, last = 0, start, bytearray(), start
    found: list[tuple[int, bytes]] = []
    for token in _TOKEN.finditer(data, start, start + MAX_CALL):
        if depth == 0:
            said += data[last : token.start()]
            if token["text"]:
                said += b'b""' if b"b" in (token["prefix"] or b"").lower() else b'""'
        last = token.end()
        if token["open"]:
            said += token[0] if depth == 0 else b""
            depth += 1
        elif token["close"]:
            if depth == 0:
                yield from found
                yield begin, bytes(said)
                return
            depth -= 1
            said += token[0] if depth == 0 else b""
        elif token["comma"] and depth == 0:
            found.append((begin, bytes(said)))
            begin, said = token.end(), bytearray()


_FRACTION = rb"(?:\d[\d_]*\.\d*|\.\d+|\d[\d_]*(?:\.\d*)?[eE][-+]?\d+)"
_IS_FRACTION = re.compile(
    rb"-?%s|float\(\)|(?:[\w.]+(?:\(\)|\[\])?\s*[*+-]\s*)+%s|%s(?:\s*[*+-]\s*[\w.]+(?:\(\)|\[\])?)+"
    % (_FRACTION, _FRACTION, _FRACTION)
)
_IS_TEXT = re.compile(rb'""(?:\s*"")*')
_IS_NUMBER = re.compile(rb"-?\d[\d_]*|True|False|-?%s" % _FRACTION)


def _unfit(value: bytes, kind: str) -> str:
    """Why a field of some type does not take a value; "" where it does, or nobody knows."""
    if kind in _WHOLE and _IS_FRACTION.fullmatch(value):
        return f"no float, but {_a(kind)}"
    if (kind in _NUMBERS or kind == "bytes") and _IS_TEXT.fullmatch(value):
        return f"no text, but {_a(kind)}"
    if kind in ("string", "bytes") and _IS_NUMBER.fullmatch(value):
        return f"no number, but {_a(kind)}"
    return ""


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" and not kind.startswith("u") else f"a {kind}"
