"""Words of a backend's build files that stand for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt, nearest, times
from scaffold.directory.text import Text, is_cmake
from scaffold.syntax.make_lines import Kind, Line

_REFERENCE = re.compile(rb"\$[({]([A-Za-z_]\w{3,})[)}]")
_PLAIN = re.compile(r"[A-Za-z][\w-]+")
_NAMED = rb"(?<![\w$({])%s\b"


def misspelt_in_builds(directory: Directory, around: Sequence[Text]) -> Iterator[Misspelt]:
    """Variables of its Makefiles that nothing sets, and targets of CMake that nothing adds; each word once.

    What a Dockerfile around them gives may be meant; what that or the root's Makefile names is set there.
    """
    yield from _variables(directory, around)
    yield from _programs(directory.makefiles)
    yield from _copied(directory)
    for text in directory.texts(filter(is_cmake, directory.names)):
        yield from _targets(text)
        yield from _target(directory, text)


_GIVES = re.compile(rb"\n[ \t]*(?:ARG|ENV)[ \t]+([A-Za-z_]\w+)")
_OF_MAKE = frozenset({b"CURDIR", b"MAKEFILE_LIST", b"MAKEFLAGS", b"MAKECMDGOALS"})
"""Variables that make sets itself, and that may be meant."""
_NEVER_MISSPELT = _OF_MAKE | frozenset(
    b"""
    MAKE MAKEFILE MAKEFILES MAKEINFO MAKELEVEL MAKEOVERRIDES MAKESHELL MAKE_COMMAND MAKE_HOST MAKE_RESTARTS
    MAKE_TERMERR MAKE_TERMOUT MAKE_VERSION MFLAGS GNUMAKEFLAGS SHELL VPATH GPATH SUFFIXES
    ARFLAGS ASFLAGS CFLAGS COFLAGS CPPFLAGS CTANGLE CWEAVE CXXFLAGS F77FLAGS FFLAGS GFLAGS LDFLAGS LDLIBS
    LFLAGS LINT LINTFLAGS LOADLIBES OBJC OBJCFLAGS OUTPUT_OPTION PFLAGS RFLAGS TANGLE TARGET_ARCH TARGET_MACH
    TEXI2DVI WEAVE YACC YFLAGS
    """.split()
)
"""Those that make or its implicit rules know; shorter ones are not looked at."""


@lru_cache(maxsize=256)
def _set_by(text: Text) -> frozenset[bytes]:
    """The variables that a Makefile sets, or that a Dockerfile gives."""
    if not text.path.endswith("Makefile"):
        return frozenset(_GIVES.findall(text.data))
    return frozenset(line.head for line in text.lines if line.kind is Kind.assignment)


def _variables(directory: Directory, around: Sequence[Text]) -> Iterator[Misspelt]:
    makefiles = directory.makefiles
    known = _OF_MAKE.union(*map(_set_by, (*makefiles, *around)))
    seen = {*known, *_NEVER_MISSPELT}
    for text in makefiles:
        for match in _REFERENCE.finditer(text.data):
            if match[1] in seen:
                continue
            seen.add(match[1])
            word = match[1].decode()
            meant = nearest(word, (name.decode() for name in known))
            is_code = bool(meant) and text.code.startswith(match[0], match.start())
            if is_code and meant.rstrip("S") != word.rstrip("S"):
                named = re.compile(_NAMED % re.escape(match[1]))
                root = filter(None, [directory.at("Makefile")])
                if not any(named.search(other.data) for other in (*makefiles, *around, *root)):
                    yield Misspelt(word, meant, text.spot(*match.span(1)))


_OUTPUT = re.compile(rb"(?<![\w-])-o[ \t]+(?:\./)?([\w.-]+)")


def _programs(makefiles: Sequence[Text]) -> Iterator[Misspelt]:
    """Programs that a recipe writes under another name than its rule has."""
    for text in makefiles:
        targets: list[str] = []
        if b" -o " not in text.data:
            continue
        for line in text.lines:
            if line.kind is Kind.rule:
                targets = line.head.decode(errors="replace").split()
            for match in _OUTPUT.finditer(line.text) if line.kind is Kind.recipe else ():
                word = match[1].decode()
                meant = nearest(word, targets) if word not in targets else ""
                if meant:
                    yield Misspelt(word, meant, text.spot(*(line.start_byte + at for at in match.span(1))))


_COPY = re.compile(
    rb"[\t @-]*(?:cp|mv|ln)[ \t](?:[^;&|]*[ \t/(])?([\w.-]*)[)}]*[ \t]{1,9}(?:\./)?([A-Za-z][\w.-]*)\s*\Z"
)
_BESIDE = re.compile(rb"\$\{?CURDIR\}?[\"']?/([\w.-]+)(?![\w./*-])")


def _copied(directory: Directory) -> Iterator[Misspelt]:
    """Files that a recipe copies to a name which nothing else has, and which is not that of the file taken.

    The name that was meant is a letter away from the rule's, or that of the file before, where the rule has
    it or a script takes it from beside itself and nothing else puts it there.
    """
    scripts = [*directory.texts(name for name in directory.names if name.endswith(".sh"))]
    around = {text.path: text for text in (*directory.build_files, *scripts)}
    copies = [
        (text, line, match, targets) for text in directory.makefiles for line, match, targets in _copies(text)
    ]
    taken = {name for text in scripts if copies for name in _BESIDE.findall(text.code)}
    made = {match[2] for _, _, match, _ in copies}
    for text, line, match, targets in copies:
        word, before = match[2].decode(), match[1]
        if word in targets or line.text.find(b"$@") >= 0:
            continue
        kept = (before.decode() in targets or before in taken) and before not in made
        kept = kept and line.text.find(b"/" + before) >= 0 and not _is_made(directory, before)
        meant = nearest(word, targets) or (before.decode() if kept else "")
        if meant and times(around.values(), match[2]) == 1:
            spot = text.spot(*(line.start_byte + at for at in match.span(2)))
            yield Misspelt(word, meant, spot, "" if is_near(word, meant) else "the build takes")


def _is_made(directory: Directory, name: bytes) -> bool:
    """Whether a step of its Makefiles but `rm` names a file by itself, without a folder."""
    named = re.compile(rb"(?<![\w./-])(?:\./)?%s(?![\w./-])" % re.escape(name))
    steps = (line.text for text in directory.makefiles for line in text.lines if line.kind is Kind.recipe)
    return any(named.search(_ASKS.sub(b"", step)) and not _REMOVES.match(step) for step in steps)


_ASKS = re.compile(rb"--target[ \t=]+[\w.-]+")
_REMOVES = re.compile(rb"[\t @-]*(?:rm|\$\(RM\))[ \t]")


_PLACES = re.compile(rb"\b(?:cp|mv|ln) ")


def _copies(text: Text) -> Iterator[tuple[Line, re.Match[bytes], list[str]]]:
    """The steps of a Makefile that copy a file to a plain name, with the targets of their rule."""
    targets: list[str] = []
    for line in text.lines if _PLACES.search(text.data) else ():
        if line.kind is Kind.rule:
            targets = line.head.decode(errors="replace").split()
        match = _COPY.match(line.text) if line.kind is Kind.recipe else None
        if match:
            yield line, match, targets


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


_TARGET = re.compile(rb"(?i)\bset\s*\(\s*TARGET\s+([\w-]{4,60})\s*\)")


_ASKED = re.compile(rb"(?:/|--target[ =]{1,9})([A-Za-z][\w-]{3,60})(?=[\s;&|\"']|\Z)")


def _target(directory: Directory, text: Text) -> Iterator[Misspelt]:
    """The program of a CMake file that has its name in TARGET, where scripts take one nearly called so."""
    match = _TARGET.search(text.code) if b"TARGET" in text.data else None
    scripts = [*directory.texts(("run.sh", "package.sh"))] if match else []
    taken = {name.decode() for script in scripts for name in _BESIDE.findall(script.code)}
    taken |= {name.decode() for one in directory.makefiles if match for name in _ASKED.findall(one.code)}
    if match:
        word = match[1].decode()
        meant = nearest(word, taken - {word}) if word not in taken else ""
        if meant and not any(match[1] in other.code for other in directory.build_files if other != text):
            yield Misspelt(word, meant, text.spot(*match.span(1)), "the scripts take")
