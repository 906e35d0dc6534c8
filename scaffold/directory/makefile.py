"""The Makefile of a directory: its rules, what it includes, the neighbours that it builds from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from scaffold.directory.text import Text

_RULE = re.compile(rb"(?m)^([^\t\n#:=][^\n#:=]*):(?![=:]*=)")


def targets(text: Text) -> frozenset[str]:
    """The words that a Makefile's rules are for."""
    rules = _RULE.finditer(text.data.replace(b"\\\n", b" "))
    return frozenset(word for rule in rules for word in rule[1].decode(errors="replace").split())


_INCLUDE = re.compile(rb"(?m)^ *-?s?include[ \t]+([^\n]*)")


def includes(text: Text) -> Iterator[str]:
    """The files that a Makefile includes by a plain relative path, from the root of the repository."""
    for match in _INCLUDE.finditer(text.code if b"include" in text.data else b""):
        for word in match[1].decode(errors="replace").split():
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


_UNKNOWN = re.compile(rb"(?m)^ *-?s?include[ \t]+[^\n]*\$|\$[({]eval\b")


def has_unknown(text: Text) -> bool:
    """Whether a Makefile includes what only make can name, or makes rules of what it computes."""
    return any(word in text.data for word in (b"include", b"eval")) and _UNKNOWN.search(text.code) is not None


_BESIDE = re.compile(rb"\.\./([A-Za-z0-9][\w.-]*)")


def beside(text: Text) -> Iterator[str]:
    """The names of the folders next to its own that a Makefile names (`../llama-cpp`)."""
    for match in _BESIDE.finditer(text.code if b"../" in text.data else b""):
        yield match[1].decode(errors="replace")


_NEIGHBOUR = re.compile(rb"(?m)^\w+[ \t]*[:?]?=.*/\.\./([A-Za-z0-9][\w.-]*)[ \t]*$")


def neighbours(text: Text) -> Iterator[str]:
    """Of these folders, those that a variable holds."""
    for match in _NEIGHBOUR.finditer(text.code if b"/../" in text.data else b""):
        yield match[1].decode(errors="replace")
