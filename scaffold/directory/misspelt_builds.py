"""Words of a backend's build files that stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt, nearest
from scaffold.directory.text import Text, is_cmake
from scaffold.syntax.make_lines import Kind

_REFERENCE = re.compile(rb"\$[({]([A-Za-z_]\w{3,})[)}]")
_PLAIN = re.compile(r"[A-Za-z][\w-]+")
_NAMED = rb"(?<![\w$({])%s\b"


def misspelt_in_builds(directory: Directory, around: Iterable[Text]) -> Iterator[Misspelt]:
    """Variables of its Makefiles that nothing sets, and targets of CMake that nothing adds; each word once.

    What a file around them names may be set there.
    """
    texts = [*directory.build_files, *around]
    yield from _variables(directory.makefiles, texts)
    yield from _programs(directory.makefiles)
    for text in directory.texts(filter(is_cmake, directory.names)):
        yield from _targets(text)


_SETS = re.compile(rb"(?<![\w$({-])([A-Za-z_]\w+)[ \t]*(?:[:?+!]{0,3}=|\Z)")
_GIVES = re.compile(rb"(?m)^[ \t]*(?:ARG|ENV|define|export)[ \t]+([A-Za-z_]\w+)")
_OF_MAKE = ("CURDIR", "MAKEFILE_LIST", "MAKEFLAGS", "MAKECMDGOALS")
"""Variables that make sets itself."""


def _variables(makefiles: Iterable[Text], around: Iterable[Text]) -> Iterator[Misspelt]:
    files, others = [*makefiles], [*around]
    used = {match[1]: (text, match) for text in files for match in _REFERENCE.finditer(text.code)}
    defined = {name for text in files for name in (*_SETS.findall(text.code), *_GIVES.findall(text.code))}
    defined |= {name for text in others for name in _GIVES.findall(text.data)}
    known = [*_OF_MAKE, *(name.decode() for name in defined)]
    for name, (text, match) in used.items():
        word = name.decode()
        meant = nearest(word, known) if word not in known else ""
        named = re.compile(_NAMED % re.escape(name)) if meant else None
        if named and meant.rstrip("S") != word.rstrip("S") and not any(named.search(o.data) for o in others):
            yield Misspelt(word, meant, text.spot(*match.span(1)))


_OUTPUT = re.compile(rb"(?<![\w-])-o[ \t]+(?:\./)?([\w.-]+)")


def _programs(makefiles: Iterable[Text]) -> Iterator[Misspelt]:
    """Programs that a recipe writes under another name than its rule has."""
    for text in makefiles:
        targets: list[str] = []
        for line in text.lines:
            if line.kind is Kind.rule:
                targets = line.head.decode(errors="replace").split()
            for match in _OUTPUT.finditer(line.text) if line.kind is Kind.recipe else ():
                word = match[1].decode()
                meant = nearest(word, targets) if word not in targets else ""
                if meant:
                    yield Misspelt(word, meant, text.spot(*(line.start_byte + at for at in match.span(1))))


_ADDS = re.compile(
    rb"(?i)\b(?:add_(?:executable|library)|\w*_add_(?:executable|library|module))\s*\(\s*([^\s()]+)"
)
_TAKES = re.compile(rb"(?i)\b(?:target_\w+|add_dependencies|set_target_properties)\s*\(\s*([^\s()]+)")


_LINKS = re.compile(rb"(?i)\btarget_link_libraries\s*\(([^()]*)\)")


def _targets(text: Text) -> Iterator[Misspelt]:
    """Targets that nothing adds, of what is done with them, and of what they are linked with."""
    added = {name.decode(errors="replace") for name in _ADDS.findall(text.code)}
    taken = [(match[1], match.start(1)) for match in _TAKES.finditer(text.code)]
    for match in _LINKS.finditer(text.code):
        taken += [(word[0], match.start(1) + word.start()) for word in re.finditer(rb"\S+", match[1])]
    seen = {*added}
    for name, offset in taken:
        word = name.decode(errors="replace")
        meant = nearest(word, added) if word not in seen and _PLAIN.fullmatch(word) else ""
        seen.add(word)
        if meant:
            yield Misspelt(word, meant, text.spot(offset, offset + len(name)))
