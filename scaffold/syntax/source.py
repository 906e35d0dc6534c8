"""A file's bytes with what every language needs of them: lines, spans, errors that say where."""

from __future__ import annotations

import re
import time
from bisect import bisect_right
from functools import cached_property, lru_cache
from itertools import accumulate, count
from operator import add
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from scaffold import cage
from scaffold.errors import BrokenError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tree_sitter import Node, Parser


S = TypeVar("S", bound="Source")

MAX_BYTES = 2 << 20
"""No registration file, workflow or script comes near this size."""
MAX_LINES = 100_000
"""Nor does one have as many lines: the longest has 9,000."""
MAX_TOKENS = 200_000
"""Words and signs that a parser is given; the longest source has 40,000. Each takes memory of its own."""
FEW_BYTES = 400 << 10
"""What is no longer is not counted."""
MAX_NESTING = 1000
CHUNK_BYTES = 1 << 16

_TOKEN = rb"[\w\x80-\xff]++|[^\w\s]"
_BRACKET = re.compile(rb"[(\[{]|[)\]}]")


def numbered(
    text: str, found: Iterable[re.Match[str]], group: int = 0
) -> Iterator[tuple[re.Match[str], int]]:
    """Matches in the order of a text, each with the line where it, or its group of that number, begins."""
    line, counted = 1, 0
    for match in found:
        line, counted = line + text.count("\n", counted, match.start(group)), match.start(group)
        yield match, line


def line_starts(data: bytes) -> list[int]:
    """Offset of the first byte of every line."""
    lengths = map(len, data.split(b"\n"))
    return [0, *map(add, accumulate(lengths), count(1))][:-1]


class Span(Protocol):
    """Anything with a place in a file, counted in bytes."""

    @property
    def start_byte(self) -> int: ...
    @property
    def end_byte(self) -> int: ...


class Place(NamedTuple):
    """A line of a file."""

    path: str
    line: int = 1


class Word(NamedTuple):
    """A piece of a file's text."""

    text: str
    start_byte: int
    end_byte: int


class Type(NamedTuple):
    """A class, or what stands for one: what it inherits or embeds, and what it defines itself."""

    name: str
    bases: tuple[str, ...]
    """With the module or package before them, as they are written: `base.SingleThread`."""
    methods: frozenset[str]


class Source:
    """One file as bytes. Offsets count bytes from 0, lines count from 1."""

    def __init__(self, path: str, data: bytes) -> None:
        """Raises ShapeError where `data` is not UTF-8 text, or more of it than any such file has."""
        cage.note(path, len(data))
        self.path = path
        self.data = data
        if len(data) > MAX_BYTES:
            raise ShapeError(path, None, f"is larger than {MAX_BYTES >> 20} MiB, more than any such file")
        if len(data) > FEW_BYTES and data.count(b"\n") > MAX_LINES:
            raise ShapeError(path, None, f"has more than {MAX_LINES:,} lines, more than any such file")
        self.require_text()

    def require_text(self) -> None:
        """Raises ShapeError where it is no UTF-8 text."""
        data = self.data
        if b"\0" in data:
            line = data[: data.index(b"\0")].count(b"\n") + 1
            raise ShapeError(self.path, line, "is binary, expected text")
        try:
            data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise ShapeError(self.path, line, "is not UTF-8 text") from error

    def line(self, offset: int) -> int:
        """Number of the line that holds `offset`."""
        return bisect_right(self._starts, offset)

    @cached_property
    def _starts(self) -> list[int]:
        """Offset of the first byte of every line."""
        return line_starts(self.data)

    def offset(self, line: int) -> int:
        """Offset of the first byte of a line."""
        return self._starts[line - 1]

    def place(self, at: Span | int) -> Place:
        """The line of a span or an offset."""
        return Place(self.path, self.line(at if isinstance(at, int) else at.start_byte))

    def line_start(self, offset: int) -> int:
        """Offset of the first byte of the line that holds `offset`."""
        return self.data.rfind(b"\n", 0, offset) + 1

    def comment_start(self, offset: int, marker: str) -> int:
        """Offset of the first of the comment lines right above the line of `offset`; that line's, if none."""
        start = self.line_start(offset)
        while start:
            above = self.line_start(start - 1)
            if not self.data[above:start].lstrip().startswith(marker.encode()):
                break
            start = above
        return start

    def blank_start(self, offset: int) -> int:
        """Offset of the blank line right above the line of `offset`; of that line, if there is none."""
        start = self.line_start(offset)
        above = self.line_start(start - 1) if start else 0
        return above if start and not self.data[above:start].strip() else start

    def line_end(self, offset: int) -> int:
        """Offset just after the newline of the line that holds `offset`."""
        end = self.data.find(b"\n", offset)
        return len(self.data) if end < 0 else end + 1

    def last_line_end(self, start: int, end: int) -> int:
        """Offset just after the last line of `start..end` that has text."""
        return self.line_end(start + max(len(self.data[start:end].rstrip()), 1) - 1)

    def text(self, span: Span) -> str:
        """The text of a span."""
        return self.data[span.start_byte : span.end_byte].decode()

    def slice(self, start: int, end: int) -> str:
        """The text between two offsets."""
        return self.data[start:end].decode()

    def shape_error(self, at: Span | int | None, problem: str) -> ShapeError:
        """An error that points at a span or an offset of this file."""
        if at is None:
            return ShapeError(self.path, None, problem)
        offset = at if isinstance(at, int) else at.start_byte
        return ShapeError(self.path, self.line(offset), problem)


class ParsedSource(Source):
    """A Source with its tree-sitter syntax tree."""

    quick_bytes = FEW_BYTES
    """Up to this size even garbage is parsed within the limit, so nobody needs to watch."""

    parse_seconds: float = 2

    def __init__(self, path: str, data: bytes, parser: Callable[[], Parser]) -> None:
        super().__init__(path, data)
        self._parser = parser

    @cached_property
    def root(self) -> Node:
        """The root node of the syntax tree. Raises ShapeError as `is_parsable` does."""
        return self.parse(self.data)

    def parse(self, code: bytes) -> Node:
        """The syntax tree of `code`, which has the length of the file. Raises ShapeError as `root` does."""
        _ = self.is_parsable
        cage.note(self.path)
        parser = self._parser()
        if len(code) <= self.quick_bytes:
            return parser.parse(code).root_node
        end = time.process_time() + self.parse_seconds
        try:
            tree = parser.parse(
                lambda offset, _: code[offset : offset + CHUNK_BYTES],
                progress_callback=lambda *_: time.process_time() > end,
            )
        except ValueError:  # the callback has stopped it
            parser.reset()
            raise ShapeError(self.path, None, "takes too long to parse: it is no such file") from None
        return tree.root_node

    @cached_property
    def is_parsable(self) -> bool:
        """True. Raises ShapeError for what no parser should be given."""
        self.require_parsable()
        return True

    def require_parsable(self) -> None:
        """Raises ShapeError where a parser, C code, would be lost: in a deep nesting, in too many words."""
        self.require_shallow(0, len(self.data))
        if len(self.data) > FEW_BYTES and sum(1 for _ in re.finditer(_TOKEN, self.data)) > MAX_TOKENS:
            raise ShapeError(self.path, None, f"has more than {MAX_TOKENS:,} words, more than any such file")

    def require_shallow(self, start: int, end: int) -> None:
        """Raises ShapeError where what stands between two offsets is nested too deeply for a parser."""
        if sum(self.data.count(bracket, start, end) for bracket in (b"(", b"[", b"{")) <= MAX_NESTING:
            return
        depth = 0
        for bracket in _BRACKET.finditer(self.data, start, end):
            depth = depth + 1 if bracket[0] in b"([{" else max(depth - 1, 0)
            if depth > MAX_NESTING:
                raise self.shape_error(bracket.start(), "is nested too deeply")

    def require_valid(self, what: str) -> None:
        """Raises BrokenError with its first error where the file is no valid `what`."""
        if self.root.has_error:
            first = next(self.errors(), self.root)
            raise BrokenError(self.path, self.line(first.start_byte), f"is no valid {what}")

    def error_count(self) -> int:
        """Number of ERROR and missing nodes."""
        return sum(1 for _ in self.errors())

    def errors(self) -> Iterator[Node]:
        """The outermost ERROR and missing nodes, in file order."""
        pending = [self.root]
        while pending:
            node = pending.pop()
            if node.is_error or node.is_missing:
                yield node
            elif node.has_error:
                pending.extend(reversed(node.children))

    def require_clean(self, node: Node, what: str) -> Node:
        """`node` itself. Raises ShapeError where its text did not parse."""
        if node.has_error:
            first = next((e for e in self.errors() if e.start_byte >= node.start_byte), node)
            raise self.shape_error(first, f"{what} does not parse")
        return node


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything below it, in file order."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        pending.extend(reversed(node.named_children))


@lru_cache(maxsize=256)
def parsed(kind: Callable[[str, bytes], S], path: str, data: bytes) -> S:
    """One source per content: its readers share it, and so do two states of a repository."""
    return kind(path, data)
