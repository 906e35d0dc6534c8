"""What a pin is, and where a backend's files hold one: Makefile, scripts, CMake files."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.directory.text import Spot, Text, text_of
from scaffold.syntax.make_lines import Kind
from scaffold.syntax.shell import ShellSource, Word

SHA = re.compile(r"[0-9a-f]{40}")


class Pin(NamedTuple):
    """A commit, a version or a branch of an upstream, at a place of a file."""

    text: Text
    start: int
    end: int
    variable: str = ""
    """The variable that holds it; "" where a command names it itself."""
    repository: str = ""
    """The URL of the upstream; "" where the file does not say it beside the pin."""

    @property
    def spot(self) -> Spot:
        """The commit, the version or the branch."""
        return self.text.spot(self.start, self.end)

    @property
    def is_commit(self) -> bool:
        """Whether it is a full sha."""
        return SHA.fullmatch(self.spot.text) is not None

    @property
    def held(self) -> bool:
        """Whether a comment at it says why it stays."""
        return is_reason(self.text.comment_above(self.start))

    @property
    def by_hand(self) -> bool:
        """Whether a comment above it, variables between them, says that people move it or hold it."""
        data = self.text.data
        top = data.rfind(b"\n", 0, self.start) + 1
        while above := _ASSIGNMENT.fullmatch(data, data.rfind(b"\n", 0, max(top - 1, 0)) + 1, top):
            top = above.start()
        said = self.text.comment_above(top)
        return _holds(said) or _BY_HAND.search(said) is not None


def is_reason(said: str) -> bool:
    """Whether a comment says why something is as it is: by its words, or by more than a name."""
    return _holds(said) or len(said.split()) > LABEL


LABEL = 6
"""Words up to which a comment only says whose version it is."""

_MOVES = re.compile(r"(?i)\bauto(?:matically)?[- ]?bump|\bbumped\s+by\s+\S*bump_deps\b")
_IF = re.compile(r"(?i)\bif you\b")
_HELD = re.compile(
    r"(?i)\b(?:held|hold|deliberate\w*|on purpose|intentional\w*|(?:do not|don't|never) bump)\b"
)

_WHY = re.compile(
    r"(?i)\b(?:because|until|last|newer|later|br[eo]ak\w*|broken?|incompatib\w*|regress\w*|known|work(?:s|ing)"
    r"|frozen|stays?|(?:keep|kept)(?=\s+(?:at|back|here|in|it|on|this|to)\b)|needs?|requires?|fails?|hangs?)\b"
)
"""Words of a sentence that says what is wrong with others."""


def _holds(said: str) -> bool:
    """Whether a comment says why a pin stays as it is: not that the bot moves it, nor what one might do."""
    if _HELD.search(said):
        return True
    if _MOVES.search(said):
        return False
    sentences = re.split(r"[.;:](?=\s)", said)
    reasons = (one for one in sentences if len(re.findall(r"\w+", one)) >= SENTENCE and not _IF.search(one))
    return any(map(_WHY.search, reasons))


SENTENCE = 3
"""Words from which on a comment is more than a heading."""

_BY_HAND = re.compile(
    r"(?i)\bbump\w*\b[^.]{0,80}\b(?:when|manual\w*|by hand)\b|\b(?:manual\w*|by hand)[^.]{0,20}\bbump"
)
_ASSIGNMENT = re.compile(rb"\w+[ \t]*[?:]?=[^\n]*\n")


# --- Makefile ------------------------------------------------------------------------------------

_VARIABLE = re.compile(rb"(?m)^(\w+_VERSION)[ \t]*\?=[ \t]*(\S+)")


def makefile_pins(text: Text) -> Iterator[Pin]:
    """The pins of a Makefile, which hold a commit, a version or a branch: `<NAME>_VERSION?=<value>`."""
    if b"_VERSION" in text.data:
        for match in _VARIABLE.finditer(text.data):
            yield Pin(text, *match.span(2), match[1].decode())


def bumped(tree: Tree, path: str, variable: str) -> str | None:
    """What the bump bot takes for the value of a variable of a file; None where it finds none.

    `bump_deps.sh` greps for `^<variable>?=`.
    """
    return _defaults(tree.read(path) or b"").get(variable)


@lru_cache(maxsize=64)
def _defaults(data: bytes) -> dict[str, str]:
    """Variable -> its first value."""
    lines = re.findall(r"(?m)^([^=\n]+)\?=(.*+)", data.decode(errors="replace"))
    return {variable: value.strip() for variable, value in reversed(lines)}


def upstreams(tree: Tree, path: str) -> tuple[str, ...]:
    """The GitHub repositories that variables of a Makefile hold, as `owner/name`, each once."""
    text = text_of(path, tree.read(path) or b"")
    lines = text.lines if b"github.com" in text.data else ()
    found = (_ON_GITHUB.match(line.rest) for line in lines if line.kind is Kind.assignment)
    return tuple(dict.fromkeys(match[1].decode().removesuffix(".git") for match in found if match))


_ON_GITHUB = re.compile(rb"(?:https://|git@)github\.com[/:]([\w.-]+/[\w.-]+)")


# --- scripts -------------------------------------------------------------------------------------

# A script is parsed where it may fetch something fixed: that tells from its bytes in most cases.
_FETCHES = re.compile(rb"\s(?:-b\s|--branch|checkout\s|reset\s|fetch\s)")
_FIXED = re.compile(rb"(?:[^=<>~!]=|:-|\s)[\"']?v?\d+\.\d")
_COMMIT = re.compile(rb"[0-9a-f]{40}")
_VERSION = re.compile(r"v?\d+\.\d+(?:\.\d+)*(?:[-.+]?[A-Za-z][\w.]*)?|[0-9a-f]{40}")
_DEFAULT = re.compile(r"\$\{\w+:?[-=](.*)\}")
_OF_COMMIT = re.compile(r"VERSION|COMMIT|REVISION|(?:^|_)(?:SHA|REV|REF|TAG|PIN)(?:$|_)")
_URL = re.compile(r"https?://[^$]+")
_REFERENCE = re.compile(r"v?\$\{?(\w+)\}?")
_ARCHIVE = re.compile(r"(https?://[^$]+)/(?:archive|tarball|zipball)/([0-9a-f]{40})")


def shell_pins(text: Text) -> tuple[Pin, ...]:
    """What a script clones by version, checks out by version or downloads by commit."""
    data = text.data
    fixed = b"git" in data and (_COMMIT.search(data) or (_FETCHES.search(data) and _FIXED.search(data)))
    return text.read(ShellSource, lambda source: _pins_of(text, source)) if fixed else ()


def _pins_of(text: Text, source: ShellSource) -> Iterator[Pin]:
    versions: dict[str, Word] = {}
    for assignment in source.assignments:
        value = assignment.value or Word()
        default = _DEFAULT.fullmatch(value)
        version = default[1] if default else value
        if _VERSION.fullmatch(version):
            versions[assignment.name] = _part(source, value, version)
    found: dict[int, Pin] = {}

    def add(word: Word, variable: str, repository: str) -> None:
        found.setdefault(word.start_byte, Pin(text, word.start_byte, word.end_byte, variable, repository))

    repository = ""
    for command in source.commands:
        written = source.data[command.start_byte : command.end_byte]
        if b"git" not in written and b"://" not in written:
            continue
        words = command.bare
        urls = filter(None, map(_URL.match, words if command.starts("git") else ()))
        repository = next((url[0] for url in urls), repository)
        for word in _states(source, words):
            reference = _REFERENCE.fullmatch(word)
            if reference and reference[1] in versions:
                add(versions[reference[1]], reference[1], repository)
            elif _VERSION.fullmatch(word):
                add(_part(source, word, word), "", repository)
        for word in words:
            archive = _ARCHIVE.match(word)
            if archive:
                add(_part(source, word, archive[2]), "", archive[1])
    for variable, version in versions.items():
        if SHA.fullmatch(version) and _OF_COMMIT.search(variable):
            add(version, variable, "")
    yield from found.values()


def _states(source: ShellSource, words: Sequence[Word]) -> Iterator[Word]:
    """The words that may name a state of an upstream in a command of git: a branch, a tag, a commit."""
    does = next((word for word in words[1:] if word in _DOES), "") if words[:1] == ("git",) else ""
    if does != "clone":
        yield from words[words.index(does) + 1 :] if does else ()
        return
    for option, value in pairwise(words):
        if option in ("-b", "--branch"):
            yield value
        elif value.startswith("--branch="):
            yield _part(source, value, value.partition("=")[2])


_DOES = ("clone", "checkout", "reset", "fetch")


def _part(source: ShellSource, word: Word, part: str) -> Word:
    """A part of a word with its place, without the quotes."""
    start = source.data.find(part.encode(), word.start_byte, word.end_byte)
    return Word.at(start, start + len(part.encode()), part) if start >= 0 else word


# --- CMake ---------------------------------------------------------------------------------------

MAX_STATEMENT = 4096
"""Bytes before a tag in which its statement begins."""

_GIT_TAG = re.compile(rb"""\bGIT_TAG\s+["']?([^\s"')]+)""")
_GIT_REPOSITORY = re.compile(rb"""\bGIT_REPOSITORY\s+["']?([^\s"')]+)""")


def cmake_pins(text: Text) -> Iterator[Pin]:
    """What `FetchContent` and `ExternalProject` fetch at a fixed version."""
    repositories = [*_GIT_REPOSITORY.finditer(text.code)]
    starts = [repository.start() for repository in repositories]
    for tag in _GIT_TAG.finditer(text.code):
        if _VERSION.fullmatch(tag[1].decode(errors="replace")):
            begin = max(tag.start() - MAX_STATEMENT, 0)
            start = max(text.code.rfind(b"(", begin, tag.start()), begin)
            nearest = next(iter(repositories[(at := bisect_left(starts, start)) : at + 1]), None)
            repository = nearest[1] if nearest and nearest.end() <= tag.end() + 400 else b""
            yield Pin(text, *tag.span(1), "", repository.decode(errors="replace"))
