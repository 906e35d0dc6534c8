"""A C++ server: what its signal handlers call."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory.text import Spot, Text, blank_c_comments

_SIGNAL = re.compile(rb"signal\s*\(\s*\w+\s*,\s*(?:(?:&\s*)?(?P<name>\w+)\s*\)|(?P<lambda>\[))")
_SIGACTION = re.compile(rb"sa_(?:handler|sigaction)\s*=\s*&?(?P<name>\w+)(?P<lambda>)")
_CALLED = re.compile(rb"(?<![\w.>:])(\w+)\s*\(")
_KEYWORDS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"catch"})
_SHUTDOWN = re.compile(rb"(?:->|\.)\s*Shutdown\s*\(")


def shutdowns(text: Text) -> Iterator[Spot]:
    """The calls of `Shutdown` in the bodies of the registered signal handlers, and one call deeper."""
    if b"Shutdown" not in text.data or (b"signal(" not in text.data and b"sa_" not in text.data):
        return
    seen: set[int] = set()
    for match in (*_SIGNAL.finditer(text.data), *_SIGACTION.finditer(text.data)):
        if match["lambda"]:
            opening = text.data.find(b"{", match.end())
            bodies = [_block(text.data, opening)] if opening >= 0 else []
        else:
            bodies = _bodies(text.data, match["name"])
        for start, body in bodies:
            called = sorted({c[1] for c in _CALLED.finditer(body)} - _KEYWORDS)
            deeper = [found for name in called[:20] for found in _bodies(text.data, name)]
            for begin, code in ((start, body), *deeper):
                for call in _SHUTDOWN.finditer(code):
                    if begin + call.start() not in seen:
                        seen.add(begin + call.start())
                        yield text.spot(begin + call.start(), begin + call.end())


_IDENTIFIER = re.compile(rb"\w")


def _bodies(data: bytes, name: bytes) -> list[tuple[int, bytes]]:
    """The bodies of the functions called `name` and of the lambdas assigned to it."""
    head = re.compile(
        re.escape(name) + rb"\s*(?:\([^;{})]{0,500}\)\s*(?:noexcept\s*)?"
        rb"|=\s*\[[^\]\n]*\]\s*(?:\([^)\n]*\))?[^;{]{0,40})\{"
    )
    return [
        _block(data, match.end() - 1)
        for match in head.finditer(data)
        if not _IDENTIFIER.fullmatch(data, match.start() - 1, match.start())
    ]


def _block(data: bytes, opening: int) -> tuple[int, bytes]:
    """(offset, code without comments) from an opening brace to the one that closes it."""
    code = blank_c_comments(data[opening : opening + 20_000])
    depth = 0
    for brace in re.finditer(rb"[{}]", code):
        depth += 1 if brace[0] == b"{" else -1
        if depth == 0:
            return opening, code[: brace.end()]
    return opening, code
