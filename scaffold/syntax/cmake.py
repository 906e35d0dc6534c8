"""What a CMake file says: its commands, what it compiles, and the names that it may give to files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

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


# --- commands ----------------------------------------------------------------------------------------

_COMMAND = re.compile(rb"(?m)^[ \t]*(\w+)[ \t]*\(")
_WORD = re.compile(rb"[^\s\"'()]+")


class Command(NamedTuple):
    """A command, up to the next one."""

    name: str
    """In small letters."""
    start: int
    arguments: bytes

    @property
    def words(self) -> list[str]:
        """Its arguments, without quotes and brackets."""
        return [word.decode(errors="replace") for word in _WORD.findall(self.arguments)]

    @property
    def links(self) -> bool:
        """Whether it says what a target, its first word, is linked with."""
        return self.name == "target_link_libraries"


@lru_cache(maxsize=256)
def commands(code: bytes) -> tuple[Command, ...]:
    """The commands of a file without comments."""
    starts = [*_COMMAND.finditer(code)]
    ends = [*(match.start() for match in starts[1:]), len(code)]
    return tuple(
        Command(match[1].decode().lower(), match.start(1), code[match.end() : end])
        for match, end in zip(starts, ends, strict=False)
    )


_SAYING = re.compile(
    r"project|find_\w+|include\w*|link_\w+|add_dependencies|add_definitions|add_compile_\w+|message|option"
    r"|cmake_\w+|target_(?!link_libraries)\w+|(?:else)?if|else|endif|enable_\w+"
)
"""Commands that make nothing: what they name is there, or is a target of another one."""
_CHANGES_NAMES = re.compile(rb"OUTPUT_NAME|\bPREFIX\b|\bSUFFIX\b")


def changes_names(code: bytes) -> bool:
    """Whether a file may say that what a target makes is called otherwise than the target."""
    return _CHANGES_NAMES.search(code) is not None


def made(command: Command, code: bytes) -> Iterator[tuple[bytes, bool]]:
    """(words, whether they name libraries alone) of what a command may make, in a file with some code.

    A library has a file of another name than its own, if the file does not say what files are called; so has
    what others are linked with.
    """
    if command.name == "add_library" and not changes_names(code):
        name, *rest = command.arguments.split(None, 1) or [b""]
        yield name, True
        yield from ((words, False) for words in rest)
    elif command.links:
        yield from ((words, True) for words in command.arguments.split(None, 1)[1:])
    elif command.name in ("set_target_properties", "set_property"):
        yield command.arguments.partition(b"PROPERT")[2], False
    elif not _SAYING.fullmatch(command.name):
        yield command.arguments, False


# --- targets -----------------------------------------------------------------------------------------


class Target(NamedTuple):
    """A program, or a library that is loaded."""

    name: str
    is_library: bool


_WITHOUT = frozenset({"STATIC", "OBJECT", "INTERFACE", "IMPORTED", "ALIAS"})
"""Libraries that are not loaded."""
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_PLAIN = re.compile(r"[\w.+-]+")


def targets(code: bytes) -> list[Target]:
    """What a file makes in any case; nothing where the name of a target is unknown."""
    values: dict[str, set[str]] = {}
    for command in commands(code):
        words = command.words
        if command.name == "set" and words:
            values.setdefault(words[0], set()).add(" ".join(words[1:]))
        elif command.name == "project" and words:
            values.setdefault("PROJECT_NAME", set()).add(words[0])

    def value(found: re.Match[str]) -> str:
        given = values.get(found[1], set())
        return next(iter(given)) if len(given) == 1 else found[0]

    added = [c for c in commands(_always(code)) if c.name in ("add_executable", "add_library") and c.words]
    kept = [command for command in added if _WITHOUT.isdisjoint(command.words)]
    found = [Target(_REFERENCE.sub(value, c.words[0]), c.name == "add_library") for c in kept]
    return found if all(_PLAIN.fullmatch(target.name) for target in found) else []
