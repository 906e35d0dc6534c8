"""Parts of paths that stand in one place of a build, a letter away from one that stands in several."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt
from scaffold.directory.needs import SOURCES
from scaffold.directory.text import Text, is_cmake

_RUN = re.compile(rb"(?<![\w.+${}()\"'@%*/-])[\w.+${}()\"'@%*/-]++")
_PART = re.compile(rb"[A-Za-z][\w.+-]{1,60}[\w+]")
_NOTHING = re.compile(rb"[ \t@-]*+(?:rm\b|echo\b|printf\b|\.PHONY|\$\((?:RM|info|warning|error)\b|message\b)")
"""What begins lines whose paths name nothing that has to be there."""
_ALIKE = ({b"amd64", b"arm64"}, {b"cpu", b"gpu"}, {b"llama", b"llava"}, {b"omp", b"gomp"})
"""Words that stand in one place of paths, and mean two things."""
_PIECE = re.compile(rb"(?:\Alib)?([A-Za-z0-9]+)")
_SHORT = 4
MAX_BESIDE = 300
"""Parts beside the same one that are compared."""
MAX_PARTS = 5000
"""Parts of paths that are compared; LocalAI's longest build has some hundreds."""


class _Part(NamedTuple):
    text: Text
    start: int
    word: bytes
    before: bytes
    after: bytes


def misspelt_paths(directory: Directory) -> Iterator[Misspelt]:
    """Parts of one place that a letter makes one which two places have, beside the same part."""
    own = (name for name in directory.names if name.endswith(".sh") or is_cmake(name))
    texts = tuple({text.path: text for text in (*directory.makefiles, *directory.texts(own))}.values())
    found, looped = _candidates(texts), [*_looped(directory)]
    if not found and not looped:
        return
    sources = directory.texts(name for name in directory.names if name.endswith(SOURCES))
    every = {text.path: text for text in (*texts, *directory.build_files, *sources)}.values()

    def is_once(word: bytes) -> bool:
        return sum(_count(text.data, word) for text in every) == 1

    for part, meant in found:
        if is_once(part.word) or _is_plural(part.word, meant):
            yield _misspelt(part, meant)
    for part in looped:
        if is_once(part.word):
            words = Counter(word for text in every for word in _WORD.findall(text.data))
            near = (
                one for one in sorted(words) if words[one] > 1 and is_near(part.word.decode(), one.decode())
            )
            meant = next(near, b"")
            if meant:
                yield _misspelt(part, meant)


def _misspelt(part: _Part, meant: bytes) -> Misspelt:
    spot = part.text.spot(part.start, part.start + len(part.word))
    return Misspelt(part.word.decode(), meant.decode(), spot, certain=False)


_LOOP = re.compile(rb"(?m)^[ \t]*for[ \t]+\w+[ \t]+in[ \t]+([^;\n$`*]*)")
_WORD = re.compile(rb"[A-Za-z][\w-]{5,60}(?![\w.])")
MAX_LOOPED = 50
"""Words of loops that are looked at."""


def _looped(directory: Directory) -> Iterator[_Part]:
    """The words that the loops of run.sh and package.sh go through."""
    for text in directory.texts(("run.sh", "package.sh")) if directory.lang != "python" else ():
        for loop in islice(_LOOP.finditer(text.code), MAX_LOOPED):
            for word in islice(_WORD.finditer(loop[1]), MAX_LOOPED):
                yield _Part(text, loop.start(1) + word.start(), word[0], b"", b"")


@lru_cache(maxsize=256)
def _candidates(texts: tuple[Text, ...]) -> tuple[tuple[_Part, bytes], ...]:
    """(part, what is meant) of those that the files alone make one look for."""
    parts = [part for text in texts for part in _parts(text)]
    places: dict[bytes, list[_Part]] = defaultdict(list)
    beside: dict[tuple[bool, bytes], set[bytes]] = defaultdict(set)
    for part in parts if len(parts) <= MAX_PARTS else ():
        places[part.word].append(part)
        for key in ((False, part.before), (True, part.after)):
            if key[1].strip():
                beside[key].add(part.word)
    found = []
    for word, (part, *more) in places.items():
        if not more and not _NOTHING.match(_line(part)):
            groups = (beside.get((False, part.before), ()), beside.get((True, part.after), ()))
            around = sorted(one for group in groups if len(group) <= MAX_BESIDE for one in group)
            meant = next((one for one in around if _is_meant(word, one, places)), b"")
            if meant:
                found.append((part, meant))
    return tuple(found)


def _is_meant(word: bytes, other: bytes, places: dict[bytes, list[_Part]]) -> bool:
    """Whether a part that stands in several places is meant by one of one place."""
    if len(places[other]) < 2 or len(other) < _SHORT:  # noqa: PLR2004
        return False
    if {*_PIECE.findall(word)} ^ {*_PIECE.findall(other)} in _ALIKE:
        return False
    one, two = word.decode(), other.decode()
    if not is_near(one, two) or _letters(one) == _letters(two):
        return False
    if _is_plural(word, other) and not _is_twin(places[word][0], places[other]):
        return False
    stems = one.rpartition("."), two.rpartition(".")
    same_stem = stems[0][0] == stems[1][0] != ""
    part = places[word][0]
    is_listed = not part.after and _count(_line(part), other) > 0  # files of one list may differ in a letter
    return not same_stem and not is_listed


def _is_plural(one: bytes, other: bytes) -> bool:
    return one.rstrip(b"s") == other.rstrip(b"s")


def _is_twin(part: _Part, others: Sequence[_Part]) -> bool:
    """Whether several other parts have the same before and behind them as one has."""
    alike = sum((other.before, other.after) == (part.before, part.after) for other in others)
    return bool(part.after) and alike > 1


def _letters(word: str) -> str:
    return re.sub(r"[-_]", "", word).lower()


def _line(part: _Part) -> bytes:
    """The line that a part stands in."""
    data = part.text.data
    end = data.find(b"\n", part.start)
    return data[data.rfind(b"\n", 0, part.start) + 1 : end if end >= 0 else len(data)]


def _count(data: bytes, word: bytes) -> int:
    """How often a text has a word that goes on on neither side."""
    if word not in data:
        return 0
    return len(re.findall(rb"(?<![\w+-])%s(?![\w+-])" % re.escape(word), data))


def _parts(text: Text) -> Sequence[_Part]:
    """The plain parts of the paths of a file, with those before and behind them."""
    found = []
    for run in _RUN.finditer(text.code):
        if b"/" not in run[0] or run[0].startswith(b"//"):
            continue
        at, before = run.start(), b" "
        pieces = run[0].split(b"/")
        bare = [re.sub(rb"[\"'{}()]", b"", piece) for piece in pieces]
        for number, piece in enumerate(pieces):
            word = piece.strip(b"\"'()")
            after = bare[number + 1] if number + 1 < len(bare) else b""
            if _PART.fullmatch(word):
                found.append(_Part(text, at + piece.find(word), word, before, after))
            at, before = at + len(piece) + 1, bare[number]
    for library in _LIBRARY.finditer(text.code):
        found.append(_Part(text, library.start(), library[0], b"a library", b""))
    return found


_LIBRARY = re.compile(rb"(?<![\w.$%*(){}/-])[a-z][\w+-]{5,60}\.(?:so|dylib)(?![\w.])")
