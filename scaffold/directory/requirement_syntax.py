"""What pip and uv refuse of a requirements file, line by line.

Judged is what one of them refuses. How one of them takes an option, and the other does not, is left alone.
"""

from __future__ import annotations

import re
import shlex
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.directory.text import Text

ADDRESSED = ("-i", "--index-url", "--pypi-url", "--extra-index-url")
LOCAL = ("-r", "--requirement", "-c", "--constraint", "-f", "--find-links")
EDITABLE = ("-e", "--editable")
OF_ONE = ("--hash", "-C", "--config-setting", "--config-settings")
VALUED = (
    *(*ADDRESSED, *LOCAL, *EDITABLE, *OF_ONE, "--no-binary", "--only-binary", "--trusted-host"),
    *("--use-feature", "--all-releases", "--only-final"),
)
FLAGS = ("--no-index", "--pre", "--prefer-binary", "--require-hashes", "--no-require-hashes")
"""The options that pip 26 takes in a requirements file (pip, src/pip/_internal/req/req_file.py).

Those whose value is an address; a file, a folder or an address; a folder or repository; those that stand
behind a requirement; all that have a value; those that have none.
"""

HELP = "write `NAME`, or `NAME==VERSION`, on a line of its own"
HELP_OPTION = "write an option that pip has, on a line of its own, with its value"
HELP_ADDRESS = "write the whole address: `https://HOST/PATH`, or `git+https://HOST/PATH@TAG`"
HELP_MARKER = 'write what is compared in quotes: `; python_version < "3.12"`'
HELP_REPOSITORY = "write {}: without `git+` it is a web page"
HELP_WHEEL = "write the name of the wheel in full: `NAME-VERSION-PYTHON-ABI-PLATFORM.whl`"

_LINE = re.compile(rb"(?m)^[ \t]*([^\s#][^\r\n]*)")
_CONTINUED = re.compile(rb"\\\r?\n")
_BOM = b"\xef\xbb\xbf"
_COMMENT = re.compile(r"\s#.*")
_OPTIONS = re.compile(r"(?:^|\s)-")
_EXPANDED = re.compile(r"\$\{[A-Z0-9_]+\}")
"""What is replaced by a variable of the environment."""
_EDITED = re.compile(r"(?:-e|--editable)(?:\s*=\s*|\s+)(.*)")
_DIRECT = re.compile(r"[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\]\s*)?@\s*(.*)")
"""`NAME @ ADDRESS`."""
_MEANS_ADDRESS = re.compile(r".*://|file:|\w+\+|https?[:/]")
_OF_REPOSITORY = (
    r"(?i:git\+(?:https?|ssh|git)|hg\+(?:https?|ssh|static-http)|svn\+(?:https?|ssh|svn)|bzr\+\w+)"
)
"""How pip takes the address of a repository (pip, src/pip/_internal/vcs)."""
_ADDRESS = re.compile(rf"(?:(?:https?|ftp|{_OF_REPOSITORY})://[^/\s;]|(?:\w+\+)?file:)[^\s;]*")
_PATH = re.compile(r"[^\s;/\\]*+[/\\][^\s;]*+|[^\s;<>=@]+\.(?:whl|zip|tar\.gz)|\.{1,2}")
_REPOSITORY = re.compile(
    r"(?i:https?://(?:www\.)?github\.com)/[\w.-]+/"
    r"(?![^/@#?]+\.(?:git|whl|zip|tgz|gz|bz2|xz|zst|tar)/?(?:[#?]|\Z))[\w.-]+(?:@[^#?]*|/)?(?:[#?].*)?"
)
"""The page of a repository; one that ends in `.git` uv takes for the repository."""
_WHEEL_PARTS = (5, 6)
_HASH = re.compile(r"sha(?:256|384|512):[0-9a-fA-F]+")

_GLUED = re.compile(r"[=<>~!]=|--[a-z]|\.(?:whl|zip|tar\.gz)(?![#?&])[\w-]")
"""In an address: what begins another requirement, or an option."""
_SIGNS_OF_TWO = (
    re.compile(r"[\w.\])]--(?:extra-)?[a-z]+-[a-z]+\b"),
    re.compile(r"^[A-Za-z][\w-]*\d(?:\.\d+){2,}$"),
    re.compile(r"\+(?:cpu|xpu|rocm\d[\d.]*|cu\d{3})[a-z-]"),
)
"""What is read, and not as it is meant: an option with no blank before it, a version with no operator."""


class Judged(NamedTuple):
    """What is to be said of a line."""

    help: str = ""
    """How to write it; "" where it is read."""
    path: str = ""
    """The file or folder that it names, as it is written there."""


class Refused(NamedTuple):
    """A line that is not read."""

    line: str
    offset: int
    help: str


def refused(text: Text) -> Iterator[Refused]:
    """Every line of a file that pip or uv does not read."""
    for line, offset in _lines(text):
        advice = _judged(line).help
        if advice:
            yield Refused(line, offset, advice)


def local(text: Text) -> Iterator[tuple[str, int]]:
    """(path, offset) of every file or folder that a line names, as it is written there."""
    for line, offset in _lines(text):
        path = _judged(line).path
        if path:
            yield path, offset


def _lines(text: Text) -> Iterator[tuple[str, int]]:
    """The lines without comments, those that go on as one."""
    data = _CONTINUED.sub(lambda found: b" " * len(found[0]), text.data)
    if data.startswith(_BOM):
        data = b" " * len(_BOM) + data[len(_BOM) :]
    for found in _LINE.finditer(data):
        yield _COMMENT.sub("", found[1].decode(errors="replace")).rstrip(), found.start(1)


@lru_cache(maxsize=4096)
def _judged(line: str) -> Judged:
    edited = _EDITED.fullmatch(line)
    start = _OPTIONS.search(line)
    if _EXPANDED.search(line):  # nobody knows what it says then
        return Judged()
    if edited:
        judged = _requirement(edited[1])
        return judged if judged != Judged() or "://" in line else Judged(path=edited[1])
    if start is None:
        return _requirement(line)
    said = line[: start.start()].rstrip()
    judged = _requirement(said) if said else Judged()
    try:
        words = deque(shlex.split(line[start.start() :]))
    except ValueError:  # a quotation without an end
        return Judged(HELP_OPTION)
    return judged if judged.help else _options(words, judged.path, is_behind=bool(said))


def _options(words: deque[str], path: str, *, is_behind: bool) -> Judged:
    """What is to be said of options, behind a requirement or on a line of their own."""
    while words:
        word, equals, value = words.popleft().partition("=")
        name, attached = _option(word)
        if not name or (name in OF_ONE) != is_behind or (name in FLAGS and equals):
            return Judged(HELP_OPTION)
        if name in FLAGS:
            continue
        value = attached or value or (words.popleft() if words else "")
        alone = not words or words[0].startswith("-")
        if not value or value.startswith("-") or not alone or (name == "--hash" and not _HASH.match(value)):
            return Judged(HELP_OPTION)
        if name in ADDRESSED and (not _ADDRESS.fullmatch(value) or _GLUED.search(value)):
            return Judged(HELP_ADDRESS)
        if name in LOCAL and "://" not in value:
            path = value
    return Judged(path=path)


def _option(word: str) -> tuple[str, str]:
    """The option that a word is, and the value in it: at a letter; uv refuses a name that is cut short."""
    every = (*VALUED, *FLAGS)
    if word in every:
        return word, ""
    short = word[:2]
    is_attached = short != "--" and short in every and short not in EDITABLE
    return (short, word[2:]) if is_attached else ("", "")


def _requirement(line: str) -> Judged:
    """What is to be said of a requirement: a name, an address or a path."""
    direct = _DIRECT.fullmatch(line)
    where = direct[1] if direct else line
    place, semicolon, marker = where.partition(";")
    place = place.rstrip()
    bare = place.rpartition("[")[0] if place.endswith("]") and "[" in place else place
    path = "" if _MEANS_ADDRESS.match(place) else bare
    if not path:
        if not _ADDRESS.fullmatch(place) or _GLUED.search(place):
            return Judged(HELP_ADDRESS)
        if _REPOSITORY.fullmatch(bare):
            return Judged(HELP_REPOSITORY.format(f"git+{bare}"))
    elif not _PATH.fullmatch(path):
        return Judged(_of_name(line))
    file = re.split(r"[#?]", bare)[0].rpartition("/")[2]
    if file.endswith(".whl") and file.count("-") + 1 not in _WHEEL_PARTS:
        return Judged(HELP_WHEEL)
    return Judged(HELP_MARKER if semicolon and not _is_marker(marker) else "", path)


def _of_name(line: str) -> str:
    """How to write a requirement of a name, with what holds it; "" where it is read."""
    from packaging.requirements import InvalidRequirement, Requirement  # most files have no need of it

    try:
        Requirement(line)
    except InvalidRequirement:
        before, semicolon, _ = line.partition(";")
        return HELP_MARKER if semicolon and not _of_name(before) else HELP
    return HELP if any(sign.search(line) for sign in _SIGNS_OF_TWO) else ""


def _is_marker(text: str) -> bool:
    """Whether what stands behind a semicolon says where a requirement is meant for."""
    from packaging.markers import InvalidMarker, Marker

    try:
        Marker(text)
    except InvalidMarker:
        return False
    return True
