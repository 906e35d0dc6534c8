"""What a Makefile takes of a build by CMake, and the backend's own CMake file makes under another name."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.native import is_build_script
from scaffold.directory.text import Spot, Text, is_cmake
from scaffold.syntax import cmake

MAX_TARGETS = 100
"""Of more targets nothing is said: the largest backend adds ten."""


class Untargeted(NamedTuple):
    """The name of a target, or of the library that it makes, that nobody adds."""

    name: str
    target: str
    """The target that is added."""
    spot: Spot


def untargeted(directory: Directory) -> Iterator[Untargeted]:
    """What a Makefile takes of a build by CMake that no CMake file has; each target that is meant once.

    A target is meant where nothing else takes it, for then it is made in vain, or where a letter that is
    not the first makes the difference. Others may be the upstream's.
    """
    lists = [*directory.texts(filter(is_cmake, directory.names))]
    own = directory.text("CMakeLists.txt")
    if own is None or any(cmake.changes_names(text.code) for text in lists) or _takes_all(directory):
        return
    added = [*itertools.islice(cmake.targets(own.code), MAX_TARGETS + 1)]
    if len(added) > MAX_TARGETS:
        return
    known = {name for text in lists for name in _names(text)}
    linked = {word for text in lists for c in cmake.commands(text.code) if c.links for word in c.words[1:]}
    taken = [
        (name, is_library, text.spot(*span))
        for text in directory.makefiles
        for name, is_library, span in _taken(text)
        if name not in known and f"lib{name}" not in known
    ]
    times = Counter(name for name, _, _ in taken)
    for target in added if taken else ():
        of_kind = [one for one in taken if one[1] in (None, target.is_library)]
        meant = [one for one in of_kind if one[0][0] == target.name[0] and is_near(one[0], target.name)]
        if not (meant or target.name in linked or _is_named(directory, target.name)):
            meant = sorted(of_kind, key=lambda one: -times[one[0]])
        if meant:
            yield Untargeted(meant[0][0], target.name, meant[0][2])


def _names(text: Text) -> Iterator[str]:
    """Whatever may be a target in a CMake file, its own or one that it links with."""
    for command in cmake.commands(text.code):
        for words, _ in cmake.made(command, text.code):
            yield from re.findall(r"[^\s\"'()]+", words.decode(errors="replace"))


_ASKED = re.compile(rb"--target[ =]+([\w.+-]+)")
_LIBRARY = re.compile(rb"/lib([\w+-]+)\.(?:so|dylib)\b")
_PROGRAM = re.compile(rb"(?i)build[\w.-]{0,80}+[)}]?/(?:bin/)?([\w+-]{1,80}+)(?=[\s;&|]|\Z)")
_MOVES = re.compile(rb"\b(?:mv|cp)[ \t]")
_OF_CMAKE = frozenset({"all", "clean", "help", "install", "package", "test"})


def _taken(text: Text) -> Iterator[tuple[str, bool | None, tuple[int, int]]]:
    """(target, whether it is a library or None, span) of what a Makefile takes of builds by CMake."""
    if b"cmake" not in text.data:
        return
    for match in _ASKED.finditer(text.code):
        if (name := match[1].decode()) not in _OF_CMAKE:
            yield name, None, match.span(1)
    for pattern, is_library in ((_LIBRARY, True), (_PROGRAM, False)):
        for match in pattern.finditer(text.code):
            line = text.code.rfind(b"\n", 0, match.start()) + 1
            if _MOVES.search(text.code, line, match.start()):
                yield match[1].decode(), is_library, match.span(1)


_ALL = re.compile(rb"build[^\s/]{0,80}+/[^\s;&|*]{0,200}+\*")


def _takes_all(directory: Directory) -> bool:
    """Whether something takes whatever a build has made."""
    texts = (*directory.build_files, *directory.texts(["package.sh"]))
    return any(_ALL.search(text.code) for text in texts if not is_cmake(text.path))


def _is_named(directory: Directory, target: str) -> bool:
    """Whether a file of the backend that is not CMake's names a target, or its library."""
    word = re.compile(rb"(?<![\w-])(?:lib)?%s(?![\w-])" % re.escape(target.encode()))
    names = (n for n in directory.names if n.endswith((".go", ".sh")) or is_build_script(n))
    texts = (*directory.build_files, *directory.texts(names))
    return any(word.search(text.code) for text in texts if not is_cmake(text.path))
