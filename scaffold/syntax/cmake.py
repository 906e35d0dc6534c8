"""What a CMake file compiles."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BRANCH = re.compile(rb"(?i)\b(end)?if[ \t]*\(")
_TARGET = re.compile(rb"(?i)\badd_(?:executable|library)[ \t]*\(([^()]*)\)")


def compiled(code: bytes) -> Iterator[str]:
    """The words behind the name of each target that does not depend on a condition."""
    for match in _TARGET.finditer(_always(code)):
        yield from match[1].decode(errors="replace").split()[1:]


def _always(code: bytes) -> bytes:
    """A CMake file without what stands in a branch."""
    kept, depth, at = [], 0, 0
    for match in _BRANCH.finditer(code):
        if depth == 0:
            kept.append(code[at : match.start()])
        depth, at = max(depth + (-1 if match[1] else 1), 0), match.end()
    return b"".join([*kept, code[at:] if depth == 0 else b""])
