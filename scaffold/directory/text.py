"""One file of a directory as text: its code without comments, its lines, a few bytes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from scaffold.errors import ShapeError
from scaffold.syntax import dockerfile, make
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, Source, parsed

S = TypeVar("S", bound=Source)
T = TypeVar("T")

MAX_NESTING = 40
MAX_BYTES = 1 << 20
"""No script or source that a person wrote is longer; a longer one is taken to be absent."""

_HASH_COMMENT = re.compile(rb"[\s;]#[^\n]*")
_CONTINUATION = re.compile(rb"\\\r?\n")


class Spot(NamedTuple):
    """A few bytes of a file."""

    path: str
    line: int
    start: int
    end: int
    text: str


class Text:
    """One file. `code` is its content with what does nothing blanked: offsets are the same in both."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def shell(self) -> ShellSource:
        """The file as a shell script."""
        source: ShellSource = parsed(ShellSource, self.path, self.data)
        return source

    @cached_property
    def recipes(self) -> ShellSource:
        """The recipes of a Makefile as a script."""
        return ShellSource(self.path, self.data, make.recipes(self.data))

    @cached_property
    def code(self) -> bytes:
        """The content without `#` comments; of a shell script also without what it prints for people."""
        if self.path.endswith(".sh"):
            return self.shell.silent
        if b"#" not in self.data:
            return self.data
        if self.path.startswith("backend/Dockerfile"):
            file = dockerfile.read(self.path, self.data)
            return file.bare if file else self.data
        blank = _HASH_COMMENT.sub(lambda found: found[0][:1] + b" " * (len(found[0]) - 1), b"\n" + self.data)
        return blank[1:]

    @cached_property
    def joined(self) -> bytes:
        """`code` with continued lines as one; the offsets stay."""
        return _CONTINUATION.sub(lambda found: b" " * len(found[0]), self.code)

    @cached_property
    def is_utf8(self) -> bool:
        """Whether it can be edited as text."""
        try:
            self.data.decode()
        except UnicodeDecodeError:
            return False
        return True

    def read(self, kind: Callable[[str, bytes], S], reader: Callable[[S], Iterable[T]]) -> tuple[T, ...]:
        """What a reader of a language finds; nothing in what is no text or no parser should be given."""
        try:
            return tuple(reader(parsed(kind, self.path, self.data)))
        except ShapeError:
            return ()

    def place(self, offset: int) -> Place:
        """The line of an offset."""
        return Place(self.path, self.data.count(b"\n", 0, offset) + 1)

    def spot(self, start: int, end: int) -> Spot:
        """The bytes between two offsets."""
        line = self.data.count(b"\n", 0, start) + 1
        return Spot(self.path, line, start, end, self.data[start:end].decode(errors="replace"))

    def first(self, pattern: re.Pattern[bytes]) -> Spot | None:
        """The first match in the code."""
        found = pattern.search(self.code)
        return self.spot(found.start(), found.end()) if found else None

    def comment_above(self, offset: int) -> str:
        """The comment on the line of `offset` and the comment lines right above it."""
        start = self.data.rfind(b"\n", 0, offset) + 1
        end = self.data.find(b"\n", offset)
        lines = [self.data[offset : end if end >= 0 else len(self.data)].partition(b"#")[2]]
        while start:
            above = self.data.rfind(b"\n", 0, start - 1) + 1
            line = self.data[above:start].strip()
            if not line.startswith(b"#"):
                break
            lines.insert(0, line.lstrip(b"# "))
            start = above
        return b" ".join(lines).decode(errors="replace")


@lru_cache(maxsize=1024)
def text_of(path: str, data: bytes) -> Text:
    """One text per content: two states of a repository share what was read of a file that both have."""
    return Text(path, data)
