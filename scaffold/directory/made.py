"""The names that the build of a native backend may give to files.

No build is run: a name is taken to be given where a word of a build file may stand for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple

from scaffold.directory import makefile
from scaffold.directory.directory import Directory
from scaffold.directory.make_system import on_darwin
from scaffold.directory.text import Text, is_cmake
from scaffold.syntax import cmake, dockerfile
from scaffold.syntax.make_lines import Kind, Line, unprefixed, without_references
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.shell_state import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

MAX_WORD = 200
"""Letters of a word in a build file that may name a file."""


class Made(NamedTuple):
    """The names that the build may give to files."""

    plain: frozenset[str]
    open: frozenset[str]
    """Patterns, with `*` for what is open."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Made:
        """Names and patterns."""
        given = frozenset(names)
        patterns = frozenset(name for name in given if "*" in name or "?" in name)
        return cls(given - patterns, patterns)

    def may_be(self, pattern: str) -> bool:
        """Whether a name, or some name of a pattern, may be one of them."""
        if pattern in self.plain:
            return True
        others = {*self.plain, *self.open} if "*" in pattern or "?" in pattern else self.open
        return any(_meet(pattern, name) for name in others)


@lru_cache(maxsize=1 << 14)
def _meet(one: str, other: str) -> bool:
    """Whether some name fits both patterns, in which `*` stands for any letters and `?` for one."""
    if _SIGNS.search(one + other) is None:
        return one == other
    if one[:1] != other[:1] and one[:1] not in ("*", "?") and other[:1] not in ("*", "?"):
        return False
    places = _past_stars({0}, other)
    for letter in one:
        if letter == "*":
            places = {*range(min(places), len(other) + 1)} if places else places
            continue
        fits = {at for at in places if at < len(other)}
        stepped = {at + 1 for at in fits if other[at] == letter or "?" in (letter, other[at])}
        places = _past_stars(stepped | {at for at in fits if other[at] == "*"}, other)
    return len(other) in places


def _past_stars(places: set[int], pattern: str) -> set[int]:
    """Places in a pattern, with those behind stars that stand for nothing."""
    found = set(places)
    for place in places:
        at = place
        while at < len(pattern) and pattern[at] == "*":
            at += 1
            found.add(at)
    return found


# --- builds ------------------------------------------------------------------------------------------

_COMPUTED = re.compile(rb"\$[({](?:add(?:prefix|suffix)|join|(?:pat)?subst)\b")


class Build:
    """What the build files of a backend say of the names of files."""

    def __init__(self, texts: tuple[Text, ...]) -> None:
        self._texts = texts
        self._asked: dict[tuple[str, bool], bool] = {}

    @classmethod
    def of(cls, directory: Directory, is_darwin: bool = False) -> Build | None:
        """The build of a backend on a system; None where nobody can say which names it gives."""
        texts = [text for one in (directory, *directory.borrowed) for text in one.build_files]
        if is_darwin:
            texts = [on_darwin(text) if text.path.endswith("/Makefile") else text for text in texts]
        makefiles = [text for text in texts if text.path.endswith("/Makefile")]
        if not makefiles or any(map(_has_unknown, makefiles)):
            return None
        return _build(tuple(texts))

    def may_make(self, pattern: str, *, spelled: bool = False) -> bool:
        """Whether it may give this name, or some name of a pattern, to a file; `spelled`: in full."""
        asked = pattern, spelled
        if asked not in self._asked:
            names = self._spelled(pattern)
            self._asked[asked] = (
                pattern in names
                if spelled
                else any(_meet(pattern, name) for name in names) or self._open.may_be(pattern)
            )
        return self._asked[asked]

    def _spelled(self, pattern: str) -> Iterator[str]:
        """The names in the parts where the longest piece of a pattern stands."""
        piece = max(_SIGNS.split(pattern), key=len).encode(errors="replace")
        texts = (text for text in self._texts if piece in text.data)
        return (name for text in texts for part in _parts(text, piece) for name in part.names)

    @cached_property
    def _open(self) -> Made:
        """Names that are not spelled in full, or not by themselves."""
        parts = (part for text in self._texts for part in _parts(text) if part.is_open)
        return Made.of(name for part in parts for name in part.names)


_build = lru_cache(maxsize=256)(Build)
"""One for the same files: two states of a repository share what is found in them."""

_SIGNS = re.compile(r"[*?]+")
_OPEN = re.compile(rb"[*?%$]|[\w.-][\"']*\0|\0[\"']*[\w.-]")


def _has_unknown(text: Text) -> bool:
    """Whether a Makefile has names that only make can tell."""
    return makefile.has_unknown(text) or bool(_COMPUTED.search(text.data) and _COMPUTED.search(text.code))


class _Part:
    """A part of a build file that is read alone."""

    def __init__(self, data: bytes, read: Callable[[], Iterable[str]], is_template: bool = False) -> None:
        self.data = data
        self._read = read
        self._is_template = is_template

    @property
    def is_open(self) -> bool:
        """Whether it may give names that are not spelled in it."""
        return self._is_template or _OPEN.search(without_references(self.data, b"\0")) is not None

    @property
    def names(self) -> Iterable[str]:
        """The names that it may give."""
        return self._read()


def _parts(text: Text, piece: bytes = b"") -> Iterator[_Part]:
    """The parts of a build file that hold a piece of text."""
    if text.path.endswith(".sh"):
        yield _Part(text.data, partial(_of_shell, text.shell))
    elif text.path.startswith("backend/Dockerfile"):
        file = dockerfile.read(text.path, text.data)
        for instruction in file.instructions if file else ():
            if piece in instruction.written:
                for shell in instruction.shells:
                    yield _Part(shell.data, partial(_of_shell, shell))
                for path in (path.encode() for path, _ in instruction.paths):
                    yield _Part(path, partial(_of_line, path))
    elif is_cmake(text.path):
        yield from _cmake_parts(text, piece)
    else:
        belied, cloned = _belied(text), _cloned(text)
        for line in text.lines:
            if line.kind is Kind.recipe and piece in line.text and not _MESSAGE.match(line.text.lstrip()):
                yield from _instances(text, cloned.sub(b"", line.text) if cloned else line.text, _of_recipe)
            elif piece in line.text:
                for data in _of_make(line):
                    kept = cloned.sub(b"", data) if cloned else data
                    kept = b" ".join(word for word in kept.split() if word not in belied) if belied else kept
                    yield from _instances(text, kept, _of_line)


def _cmake_parts(text: Text, piece: bytes) -> Iterator[_Part]:
    for command in cmake.commands(text.code):
        for words, is_library in cmake.made(command, text.code) if piece in command.arguments else ():
            yield _Part(words, partial(_of_cmake, words, is_library), is_template=True)


_CLONE = re.compile(rb"\bgit clone\b([^\n;|&\\]*+)")
_BELOW = re.compile(rb"[\w.-]++(?:/[\w.-]++)++")


_REPOSITORY = rb"https://[\w.-]+/[\w.-]+/[\w.-]+(?![\w./-])"


@lru_cache(maxsize=256)
def _cloned(text: Text) -> re.Pattern[bytes] | None:
    """What a Makefile clones, and the folders below others that it puts that in: no names of programs."""
    clones = _CLONE.findall(text.code) if b"git clone" in text.data else []
    last = {words[-1].strip(b"\"'") for found in clones if (words := found.split())}
    folders = sorted(filter(_BELOW.fullmatch, last))
    either = b"|".join(map(re.escape, folders))
    return (
        re.compile(rb"%s|(?<![\w./-])(?:\.\./)*(?:%s)(?![\w./-])" % (_REPOSITORY, either))
        if folders
        else None
    )


@lru_cache(maxsize=256)
def _belied(text: Text) -> frozenset[bytes]:
    """The targets that their recipes do not make: all that those do is to build a file of another name."""
    recipes: dict[bytes, list[bytes]] = {}
    target = b""
    for line in text.lines if b" build " in text.data else ():
        if line.kind is Kind.rule:
            target = line.head.strip()
        elif line.kind is Kind.recipe and not _MAKES_NOTHING.match(line.text):
            recipes.setdefault(target, []).append(line.text)
    built = {target: _built(steps[0]) for target, steps in recipes.items() if len(steps) == 1}
    return frozenset(target for target, name in built.items() if name and name != target)


_MAKES_NOTHING = re.compile(
    rb"\s*@?(?:#[^\n]*\n?\Z|(?:(?:\$\(GOCMD\)|\$\{GOCMD\}|go)[ \t]+mod|echo|mkdir|\$[({]info)\b)"
)


def _built(step: bytes) -> bytes:
    """The name that `go build -o name` gives, in whatever way `go` is written; b"" for more than that."""
    words = step.split()
    if b"build" not in words[1:] or words.count(b"-o") != 1 or re.search(rb"[;|&]", step):
        return b""
    name = b"".join(words[words.index(b"-o") + 1 :][:1]).removeprefix(b"./")
    return name if re.fullmatch(rb"[\w.-]+", name) else b""


def _instances(text: Text, data: bytes, read: Callable[[bytes], Iterable[str]]) -> Iterator[_Part]:
    """A line of a Makefile; of a template one with each argument with which it is called."""
    if b"$(1)" not in data:
        yield _Part(data, partial(read, data))
    else:
        for argument in sorted({*_ARGUMENT.findall(text.code)}):
            given = data.replace(b"$(1)", argument)
            yield _Part(given, partial(read, given), is_template=True)


_ARGUMENT = re.compile(rb"\$[({]call[ \t]+[\w.-]+,[ \t]*([\w.-]+)")
_MESSAGE = re.compile(rb"\$[({](?:info|warning|error)\b")


def _of_make(line: Line) -> Iterator[bytes]:
    """What a line of make's own says of files: the words of a rule, a value, a template."""
    if line.kind is Kind.rule:
        yield line.head
    if line.kind in (Kind.rule, Kind.assignment):
        yield line.rest
    elif line.kind is Kind.other and not _MESSAGE.match(line.text.lstrip()):
        yield line.text


# --- words -------------------------------------------------------------------------------------------

_SAYING = ("rm", "echo", "printf", "sed", "grep")
"""Commands whose words name nothing that is made."""

_EXPANSIONS = frozenset(
    {"simple_expansion", "expansion", "command_substitution", "process_substitution", "arithmetic_expansion"}
)
_WORDS = frozenset(
    {"word", "concatenation", "string", "raw_string", "ansi_c_string", "extglob_pattern", "heredoc_body"}
)
_HERE = re.compile(r"\0|(?:\.++/?)++$")
_PIECE = re.compile(r"[^\s\"'`=,:;&|()<>{}\[\]]+")
_LETTER = re.compile(r"\w")
_UNKNOWN = re.compile(f"{UNKNOWN}+")


def _of_recipe(line: bytes) -> Iterator[str]:
    """The names that a line of a recipe may give."""
    seen = unprefixed(line)
    yield from _of_shell(ShellSource("", without_references(seen, b"\0"), without_references(seen)))


def _of_shell(shell: ShellSource) -> Iterator[str]:
    """The names that a script may give: words of commands, and all other words that it has."""
    leaves = shell.calls("cd") or shell.calls("pushd")
    pending = [shell.root]
    while pending:
        node = pending.pop()
        words: list[str] = []
        if node.type == "command":
            words = [_open(shell, word) for word in shell.words_of(node)]
            if words[:1] and words[0] in _SAYING:
                continue
        elif node.type in _WORDS:
            words = [_open(shell, node)]
        goes_here = bool(words) and _HERE.match(words[-1]) and (words[-1][:2] == ".." or not leaves)
        for word in words:
            yield from _last_parts(word, bool(goes_here))
        if not words or shell.has_command(node):
            pending.extend(node.named_children)


def _open(shell: ShellSource, node: Node) -> str:
    """A word, with UNKNOWN for what is replaced in it."""
    if node.type in _EXPANSIONS:
        return UNKNOWN
    if node.type in ("string", "concatenation", "heredoc_body"):
        return shell.joined(node, partial(_open, shell))
    return shell.plain(node)


def _of_line(line: bytes) -> Iterator[str]:
    """The names in a line of words."""
    words = without_references(line, b"\0").replace(b"%", b"\0").decode(errors="replace")
    yield from _last_parts(words, goes_here=False)


def _of_cmake(words: bytes, is_library: bool) -> Iterator[str]:
    """The names in words of a CMake file, and the libraries of its targets."""
    for name in _of_line(words):
        yield f"lib{name}.so"
        if not is_library:
            yield name


def _last_parts(word: str, goes_here: bool) -> Iterator[str]:
    """The last parts of the paths in a word."""
    for piece in _PIECE.findall(word):
        name = piece.rstrip("/").rpartition("/")[2]
        if (_LETTER.search(name) or ("*" in name and goes_here)) and len(name) <= MAX_WORD:
            yield _UNKNOWN.sub("*", name)
