"""The Makefile of a directory: its rules, what it includes, the neighbours that it builds from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from scaffold.directory.text import Text
from scaffold.syntax.make_lines import Kind


def targets(text: Text) -> frozenset[str]:
    """The words that a Makefile's rules are for."""
    heads = (line.head for line in text.lines if line.kind is Kind.rule)
    return frozenset(word for head in heads for word in head.decode(errors="replace").split())


_INCLUDE = (b"include", b"-include", b"sinclude")
_MAY_INCLUDE = re.compile(rb"include[ \t]")


def includes(text: Text) -> Iterator[str]:
    """The files that a Makefile includes by a plain relative path, from the root of the repository."""
    for line in text.lines if _MAY_INCLUDE.search(text.data) else ():
        for word in line.rest.decode(errors="replace").split() if line.head in _INCLUDE else ():
            if "$" not in word and not word.startswith("/"):
                yield _normal(f"{PurePosixPath(text.path).parent}/{word}")


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def has_unknown(text: Text) -> bool:
    """Whether a Makefile includes what only make can name, or makes rules of what it computes."""
    if not _MAY_INCLUDE.search(text.data) and not _EVAL.search(text.data):
        return False
    return any(
        (b"$" in line.rest and line.head in _INCLUDE) or _EVAL.search(line.text) for line in text.lines
    )


_EVAL = re.compile(rb"\$[({]eval\b")

_BESIDE = re.compile(rb"\.\./([A-Za-z0-9][\w.-]*)")


def beside(text: Text) -> Iterator[str]:
    """The names of the folders next to its own that a Makefile names (`../llama-cpp`)."""
    for match in _BESIDE.finditer(text.code if b"../" in text.data else b""):
        yield match[1].decode(errors="replace")


_NEIGHBOUR = re.compile(rb"/\.\./([A-Za-z0-9][\w.-]*)\Z")


def neighbours(text: Text) -> Iterator[str]:
    """Of these folders, those that a variable holds."""
    for line in text.lines if b"/../" in text.data else ():
        found = _NEIGHBOUR.search(line.rest) if line.kind is Kind.assignment else None
        if found:
            yield found[1].decode(errors="replace")
