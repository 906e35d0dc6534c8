"""Files that their language cannot read, most of them because their end is missing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from functools import lru_cache

from scaffold.directory.text import MAX_BYTES, Text, is_cmake, text_of
from scaffold.errors import ShapeError
from scaffold.syntax.cpp_blocks import open_block
from scaffold.syntax.golang import GoSource
from scaffold.syntax.make_lines import Kind, Line
from scaffold.syntax.python import PythonSource
from scaffold.syntax.rust import RustSource
from scaffold.syntax.shell_blocks import Flaw
from scaffold.syntax.shell_blocks import flaw as open_in_shell
from scaffold.syntax.source import ParsedSource, parsed
from scaffold.syntax.toml import chain

CPP = (".c", ".cc", ".cpp", ".cxx", ".cu", ".h", ".hpp")


def is_read(path: str) -> bool:
    """Whether a file is in one of the languages."""
    return _reader(path) is not None


@lru_cache(maxsize=4096)
def flaw(path: str, data: bytes) -> Flaw | None:
    """Why nothing can run or build a file; None where it is whole, and where nobody can say."""
    reader = _reader(path)
    if reader is None or len(data) > MAX_BYTES or not (data.strip() or path.endswith(".go")):
        return None
    shared = path.endswith((".sh", "Makefile"))  # which others ask more
    try:
        return reader(text_of(path, data) if shared else Text(path, data))
    except ShapeError:
        return None


def _reader(path: str) -> Callable[[Text], Flaw | None] | None:
    name = path.rpartition("/")[2]
    return _cmake if is_cmake(name) else _READERS.get(name) or _READERS.get(name[name.rfind(".") :])


_REMARK = re.compile(rb"(?m)(?:^|[ \t])#[^\n]*")


def _shell(text: Text) -> Flaw | None:
    """What does not end in a script, by its words, or by the grammar, which misreads some, and its signs."""
    if not text.shell.root.has_error:
        return None
    code = _REMARK.sub(b"", text.data)
    signs = ((b"{", b"}"),) if b"case" in code else ((b"{", b"}"), (b"(", b")"))
    quotes = code.count(b'"') - code.count(b'\\"'), code.count(b"'"), code.count(b"`")
    is_even = all(code.count(one) == code.count(other) for one, other in signs)
    is_even = is_even and not any(number % 2 for number in quotes)
    return open_in_shell(text.data) or (None if is_even else _parsed(text, text.shell))


def _parsed(text: Text, source: ParsedSource) -> Flaw | None:
    """What a grammar cannot read up to the end of a file: what it misreads in the middle it gets over."""
    if not source.root.has_error:
        return None
    end = len(text.data.rstrip())
    open_at = next((node for node in source.errors() if node.end_byte >= end), None)
    return Flaw(open_at.start_byte, "what begins here does not end") if open_at is not None else None


_PACKAGE = re.compile(rb"(?m)^package[ \t]+\w")


def _go(text: Text) -> Flaw | None:
    if not _PACKAGE.search(text.data):
        return Flaw(0, "it has no `package` clause")
    found = parsed(GoSource, text.path, text.data).flaw()
    return Flaw(*found) if found else None


def _is_even(data: bytes) -> bool:
    """Whether as many brackets and comments seem to end as begin: then nobody need look closer."""
    pairs = ((b"{", b"}"), (b"(", b")"), (b"/*", b"*/"))
    return all(data.count(one) == data.count(other) for one, other in pairs) and data.count(b"`") % 2 == 0


def _python(text: Text) -> Flaw | None:
    error = PythonSource(text.path, text.data).error
    return Flaw(*error) if error else None


_WORDS = re.compile(rb" *[!-#%-~][^$]*+")
_ALONE = (b"export", b"unexport", b"override", b"private")
_BEGINS = (b"ifeq", b"ifneq", b"ifdef", b"ifndef")


def _make(text: Text) -> Flaw | None:
    """A condition or a definition of a Makefile that does not end, or a line at which make stops.

    What a reference makes of its line only make knows, and what stands below a condition that names none
    may be meant for nobody.
    """
    opened: list[Line] = []
    defined: list[Line] = []
    is_known = b".RECIPEPREFIX" not in text.data
    for line in text.lines:
        word = line.text.split(None, 1)[0] if line.text.strip() else b""
        if line.head == b"define":
            defined.append(line)
        elif defined:
            if line.head == b"endef":
                defined.pop()
        elif line.kind is Kind.condition:
            if word in _BEGINS:
                opened.append(line)
            elif not opened:
                return Flaw(line.start_byte, f"this `{word.decode()}` belongs to no condition")
            elif word == b"endif":
                opened.pop()
        elif is_known and all(map(_asks, opened)) and (problem := _unknown(line, word)):
            return Flaw(line.start_byte, problem)
    left = defined or opened
    return Flaw(left[-1].start_byte, "what begins here does not end") if left else None


def _asks(condition: Line) -> bool:
    return b"$" in condition.text or condition.head in (b"ifdef", b"ifndef")


def _unknown(line: Line, word: bytes) -> str:
    """Why make stops at a line that is no recipe; "" where it goes on."""
    if line.head == b"endef":
        return "this `endef` belongs to no `define`"
    if line.kind is Kind.other and word not in _ALONE:
        return "make knows no such line" if _WORDS.fullmatch(line.text.rstrip()) else ""
    if line.kind is not Kind.assignment or b"$" in line.head:
        return ""
    if not line.head and word[:1] in b":=?+!":
        return "make looks for a name before the sign"
    return "make knows no name of several words" if line.head.split(None, 1)[1:] else ""


_SIGN = re.compile(
    rb'"(?:[^"\\]|\\(?s:.))*+("?)|#?\[(=*)\[|#[^\n]*|\\(?s:.)'
    rb"|(?i:\b(end)?(if|foreach|while|function|macro|block)[ \t]*)?(\()|\)"
)


def _cmake(text: Text) -> Flaw | None:
    """A command, a word in quotes or a block of a CMake file that does not end."""
    calls: list[int] = []
    blocks: list[int] = []
    at = 0
    while found := _SIGN.search(text.data, at):
        start, at = found.span()
        if found[2] is not None:
            at = text.data.find(b"]" + found[2] + b"]", at) + 1
        if at == 0 or found[1] == b"":
            return Flaw(start, "what begins here does not end")
        if found[4] is not None and not calls:
            if not found[3]:
                blocks.append(start)
            elif blocks:
                blocks.pop()
        if found[5] is not None:
            calls.append(start)
        elif found[0] == b")" and calls:
            calls.pop()
    return Flaw((calls or blocks)[-1], "what begins here does not end") if calls or blocks else None


def _toml(text: Text) -> Flaw | None:
    """What the reader says of a manifest; of keys that it takes too long over nobody can say."""
    said = text.data.decode(errors="replace")
    if chain(said):
        return None
    try:
        tomllib.loads(said)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Flaw(len(text.data), str(error)) if isinstance(error, ValueError) else None
    return None


_CONDITION = re.compile(rb"(?m)^[ \t]*#[ \t]*(?:(if)|endif)")


def _cpp(text: Text) -> Flaw | None:
    conditions = _CONDITION.findall(text.data)
    is_even = 2 * conditions.count(b"if") == len(conditions) and _is_even(text.data)
    at = None if is_even else open_block(text.data)
    return Flaw(at, "what begins here does not end") if at is not None else None


_READERS: dict[str, Callable[[Text], Flaw | None]] = {
    ".sh": _shell,
    ".rs": lambda text: _parsed(text, parsed(RustSource, text.path, text.data)),
    ".py": _python,
    ".go": _go,
    "Makefile": _make,
    "Cargo.toml": _toml,
    **dict.fromkeys(CPP, _cpp),
}
