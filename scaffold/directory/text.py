"""One file of a directory as text: its code without comments, its lines, a few bytes of it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar

from scaffold.errors import ShapeError
from scaffold.syntax import dockerfile, make_lines
from scaffold.syntax.make_lines import Kind
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, Source, line_starts, parsed

S = TypeVar("S", bound=Source)
T = TypeVar("T")

MAX_NESTING = 40
MAX_BYTES = 1 << 20
"""No script or source that a person wrote is longer; a longer one is taken to be absent."""

_HASH_COMMENT = re.compile(rb"[\s;]#[^\n]*")
_CONTINUATION = re.compile(rb"\\\r?\n")


_STATEMENTS = ("command", "declaration_command", "variable_assignment", "test_command")


class Spot(NamedTuple):
    """A few bytes of a file."""

    path: str
    line: int
    start: int
    end: int
    text: str


def is_cmake(name: str) -> bool:
    """Whether a file of this name, or at this path, is read by CMake."""
    return name.rpartition("/")[2] == "CMakeLists.txt" or name.endswith(".cmake")


class Text:
    """One file. `code` is its content with what does nothing blanked: offsets are the same in both."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data
        self._above: dict[int, str] = {}

    @cached_property
    def shell(self) -> ShellSource:
        """The file as a shell script."""
        source: ShellSource = parsed(ShellSource, self.path, self.data)
        return source

    @cached_property
    def recipes(self) -> ShellSource:
        """The recipes of a Makefile as a script."""
        return ShellSource(self.path, self.data, make_lines.recipes(self.data))

    @property
    def lines(self) -> tuple[make_lines.Line, ...]:
        """The lines of a Makefile."""
        return make_lines.lines(self.data)

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
        if is_cmake(self.path):
            padded = b"\n" + self.data
            return _HASH_COMMENT.sub(lambda found: found[0][:1] + b" " * (len(found[0]) - 1), padded)[1:]
        in_recipes = any(line.kind is Kind.recipe and b"#" in line.text for line in self.lines)
        code = bytearray(self.recipes.bare if in_recipes else self.data)
        for line in self.lines:
            if line.comment_byte < line.end_byte:
                comment = slice(line.comment_byte, line.end_byte)
                code[comment] = code[comment].translate(make_lines.BLANK)
        return bytes(code)

    @cached_property
    def joined(self) -> bytes:
        """`code` with continued lines as one; the offsets stay."""
        return _CONTINUATION.sub(lambda found: b" " * len(found[0]), self.code)

    def statement(self, start: int, end: int) -> bytes:
        """What is done at a place: a command, a test or an assignment of a script; else the line."""
        if self.path.endswith(".sh"):
            node = self.shell.root.descendant_for_byte_range(start, end)
            while node is not None and node.type not in _STATEMENTS:
                node = node.parent
            if node is not None:
                return self.joined[node.start_byte : node.end_byte]
        first, last = self.joined.rfind(b"\n", 0, start) + 1, self.joined.find(b"\n", end)
        return self.joined[first : last if last >= 0 else len(self.joined)]

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

    @cached_property
    def _starts(self) -> list[int]:
        return line_starts(self.data)

    def place(self, offset: int) -> Place:
        """The line of an offset."""
        return Place(self.path, bisect_right(self._starts, offset))

    def spot(self, start: int, end: int) -> Spot:
        """The bytes between two offsets."""
        line = bisect_right(self._starts, start)
        return Spot(self.path, line, start, end, self.data[start:end].decode(errors="replace"))

    def comment_above(self, offset: int) -> str:
        """The comment on the line of `offset` and the comment lines right above it."""
        line = self.data.rfind(b"\n", 0, offset) + 1
        if line not in self._above:
            self._above[line] = self._comment_above(line)
        return self._above[line]

    def _comment_above(self, start: int) -> str:
        lines = [self._comment(start)[1]]
        while start:
            start = self.data.rfind(b"\n", 0, start - 1) + 1
            is_alone, comment = self._comment(start)
            if not is_alone:
                break
            lines.append(comment)
        return b" ".join(reversed(lines)).decode(errors="replace")

    def _comment(self, start: int) -> tuple[bool, bytes]:
        """Whether a line is a comment; the comment that it has."""
        bare = self.shell.bare if self.path.endswith(".sh") else self.code
        end = self.data.find(b"\n", start)
        at = range(start, end if end >= 0 else len(self.data))
        begin = next((n for n in at if self.data[n] != bare[n]), at.stop)
        comment = self.data[begin : at.stop]
        return bool(comment) and not self.data[start:begin].strip(), comment.strip(b"# \r")


@lru_cache(maxsize=1024)
def text_of(path: str, data: bytes) -> Text:
    """One text per content: two states of a repository share what was read of a file that both have."""
    return Text(path, data)
