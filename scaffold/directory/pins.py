"""Upstreams that a Makefile, a script or a CMake file fetches at a fixed version."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.directory.text import Spot, Text


class Version(NamedTuple):
    """A `<NAME>_VERSION?=<value>` line of a Makefile, with its place."""

    variable: str
    value: str
    path: str
    line: int

    @property
    def is_commit(self) -> bool:
        """Whether it is a full sha."""
        return re.fullmatch(r"[0-9a-f]{40}", self.value) is not None


def versions(tree: Tree, path: str) -> Iterator[Version]:
    """The versions that a Makefile pins."""
    data = tree.read(path) or b""
    for match in re.finditer(rb"(?m)^(\w+_VERSION)\s*\?=[ \t]*(\S+)", data):
        variable, value = (group.decode(errors="replace") for group in match.groups())
        yield Version(variable, value, path, data.count(b"\n", 0, match.start()) + 1)


def upstreams(tree: Tree, path: str) -> tuple[str, ...]:
    """The GitHub repositories that variables of a Makefile hold, as `owner/name`, each once."""
    data = tree.read(path) or b""
    found = re.findall(rb"(?m)^\w+\s*[:?]?=\s*(?:https://|git@)github\.com[/:]([\w.-]+/[\w.-]+)", data)
    return tuple(dict.fromkeys(name.decode().removesuffix(".git") for name in found))


class Pin(NamedTuple):
    """A commit or version of an upstream, written into a script or a CMake file."""

    spot: Spot
    variable: str
    """The variable that holds it; "" where the command names it itself."""
    repository: str
    """The URL of the upstream; "" where the file does not say it beside the pin."""
    held: bool
    """Whether a comment at the pin says that it stays on purpose."""


_SHA = re.compile(rb"(?<![0-9a-zA-Z])[0-9a-f]{40}(?![0-9a-zA-Z])")
_VERSION = re.compile(rb"v?\d+\.\d+(?:\.\d+)*(?:[-.+]?[A-Za-z][\w.]*)?|[0-9a-f]{40}")
_VERSION_NAME = re.compile(rb"VERSION|COMMIT|REVISION|(?:^|_)(?:SHA|REV|REF|TAG|PIN)(?:$|_)")
_ASSIGNMENT = re.compile(
    rb"""(?m)^[ \t]*(?:export[ \t]+|local[ \t]+)?(\w+)=["']?"""
    rb"""(?:\$\{\w+:[-=])?([^\s"'}]+)\}?["']?[ \t]*(?=[;\n#]|$)"""
)
_CLONE = re.compile(rb"\bgit[ \t]+clone\b([^\n;|]*)")
_BRANCH = re.compile(rb"""(?:--branch[= \t]|-b[ \t])[ \t]*["']?([^\s"']+)""")
_CHECKOUT = re.compile(rb"""\bgit\b[^\n;|&]{0,80}?\b(?:checkout|reset|fetch)\b([^\n;|&]*)""")
_URL = re.compile(rb"https?://[^\s\"'$]+")
_ARCHIVE = re.compile(rb"https?://[^\s\"'$]{1,200}?/(?:archive|tarball|zipball)/([0-9a-f]{40})")


def shell_pins(text: Text) -> Iterator[Pin]:
    """The pins of a shell script: what it clones by version, checks out or downloads by commit."""
    if b"git" not in text.code:
        return
    values = {m[1]: m for m in _ASSIGNMENT.finditer(text.code) if _VERSION.fullmatch(m[2].removeprefix(b"v"))}
    taken: set[int] = set()

    def pin(word: bytes, start: int, repository: bytes) -> Iterator[Pin]:
        variable = re.fullmatch(rb"v?\$\{?(\w+)\}?", word)
        held = values.get(variable[1]) if variable else None
        name = held[1].decode() if held else ""
        if held:
            start, word = held.start(2), held[2]
        if _VERSION.fullmatch(word) and start not in taken:
            taken.add(start)
            spot = text.spot(start, start + len(word))
            yield Pin(spot, name, repository.decode(errors="replace"), _is_held(text, start))

    nearest = b""
    for match in sorted(
        (*_CLONE.finditer(text.joined), *_CHECKOUT.finditer(text.joined)), key=lambda m: m.start()
    ):
        url = _URL.search(match[1])
        nearest = url[0] if url else nearest
        if match.re is _CLONE:
            branch = _BRANCH.search(match[1])
            if branch:
                yield from pin(branch[1], match.start(1) + branch.start(1), nearest)
            continue
        for word in re.finditer(rb"[^\s\"']+", match[1]):
            variable = word[0].startswith(b"$")
            if variable or _SHA.fullmatch(word[0]):
                yield from pin(word[0], match.start(1) + word.start(), nearest)
    for match in _ARCHIVE.finditer(text.code):
        yield from pin(match[1], match.start(1), match[0].rpartition(b"/")[0])
    for name, match in values.items():
        if _SHA.fullmatch(match[2]) and _VERSION_NAME.search(name):
            yield from pin(b"$" + name, match.start(2), b"")


_GIT_TAG = re.compile(rb"""\bGIT_TAG\s+["']?([^\s"')]+)""")
_GIT_REPOSITORY = re.compile(rb"""\bGIT_REPOSITORY\s+["']?([^\s"')]+)""")


def cmake_pins(text: Text) -> Iterator[Pin]:
    """What `FetchContent` and `ExternalProject` fetch at a fixed version."""
    for match in _GIT_TAG.finditer(text.code):
        if _VERSION.fullmatch(match[1]):
            start = text.code.rfind(b"(", 0, match.start())
            repository = _GIT_REPOSITORY.search(text.code, max(start, 0), match.end() + 400)
            yield Pin(
                text.spot(match.start(1), match.end(1)),
                "",
                repository[1].decode(errors="replace") if repository else "",
                _is_held(text, match.start(1)),
            )


_HELD = re.compile(
    r"(?i)\b(?:held|hold|deliberate\w*|on purpose|intentional\w*|(?:do not|don't|never) bump)\b"
)


def _is_held(text: Text, offset: int) -> bool:
    return _HELD.search(text.comment_above(offset)) is not None
