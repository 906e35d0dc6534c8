"""Words of a backend's scripts that stand for nothing, and are a letter away from one that does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import NamedTuple

from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.needs import SOURCES
from scaffold.directory.python import COMMON_INSTALLER
from scaffold.directory.scripts import shared_scripts
from scaffold.directory.text import Spot, Text

_COMMANDS = ("exec", "export", "install", "mkdir", "source", "realpath", "dirname", "chmod")
"""Those that scripts of backends run; shorter ones have others a letter away."""
_BRIEF = ("cp", "mv", "ln", "rm", "cd")
"""Short commands that take a path last."""
_OTHERS = frozenset(
    {
        "ar", "as", "at", "cc", "ci", "co", "cpp", "cmp", "cut", "dd", "ed", "fd", "gcp", "go", "id", "in",
        "ip", "ld", "lp", "ls", "m4", "mc", "mvn", "nc", "nl", "nm", "op", "pm", "pr", "rcp", "rg", "rpm",
        "rmt", "scp", "up", "uv", "vm",
    }
)  # fmt: skip
"""Programs that are a letter away from one of those."""
_SHORT = 4
"""Letters from which on a word may be meant by another one."""
_LONG = 8
"""Letters from which on a function of a script is: no program of a system is called nearly so."""
_OF_SYSTEM = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH")
"""Variables that the system reads, whoever sets them."""
_OF_BUILDS = ("CMAKE_ARGS", "MAX_JOBS", "TORCH_CUDA_ARCH_LIST", "UV_INDEX_STRATEGY")
"""Variables that what installs Python packages reads, whoever sets them."""
_NAME = re.compile(r"[A-Za-z_]\w+")
_MAY_BE_UNSET = re.compile(r"\$\{\w+:?[-+?=]")
"""A variable with what is taken in its place."""


class Misspelt(NamedTuple):
    """A word, and what is meant."""

    word: str
    meant: str
    spot: Spot
    how: str = ""
    """What asks for what is meant, where that is not what is defined."""
    certain: bool = True
    """Whether it cannot be meant as it is written."""


def times(texts: Iterable[Text], word: bytes) -> int:
    """How often texts have a word, not as a part of another one."""
    named = re.compile(rb"(?<![\w.-])%s(?![\w.-])" % re.escape(word))
    return sum(len(named.findall(text.code)) for text in texts)


def misspelt(directory: Directory, dockerfiles: Iterable[str]) -> Iterator[Misspelt]:
    """The variables and commands of its scripts that nothing defines.

    What one of some Dockerfiles names may be a variable that the build has.
    """
    images = [*filter(None, map(directory.at, dockerfiles))]
    common = directory.at(COMMON_INSTALLER) if directory.lang == "python" else None
    scripts = [*directory.texts(name for name in directory.names if name.endswith(".sh"))]
    beside = {text.path: text for text in (common, *directory.build_files, *scripts) if text}
    found: list[Misspelt] = []
    for script in scripts:
        shared = {path for path, _ in shared_scripts(script)}
        others = [text for path, text in beside.items() if path != script.path]
        others += filter(None, map(directory.at, sorted(shared)))
        found += _variables(script, [*others, *images])
        found += _commands(script, [text for text in others if text.path.endswith(".sh")])
        found += _paths(script, _OF_PYTHON if common else _OF_ALL, others)
    yield from (*found, *_files(directory), *_packaged(directory), *_started(directory))


def misspelt_in_shared(script: Text) -> Iterator[Misspelt]:
    """The same of a script that builds or packages for many backends."""
    yield from _variables(script, [])
    yield from _paths(script, _OF_ALL, ())


_OF_ALL = ("ld.so", "lib")
"""The loader that an image brings, and the folder of its libraries."""
_OF_PYTHON = (*_OF_ALL, "common", "libbackend.sh")
"""With what all Python backends share."""
_PART = re.compile(rb"/(\.?[a-z][\w.-]+)")
_BELOW = re.compile(rb"(?:\$\{?\w+\}?\"?|/package)\Z")
"""What comes before a folder of its own."""


@lru_cache(maxsize=4096)
def _part(word: bytes, known: tuple[str, ...]) -> str:
    """The part of a path that is meant by one that is a letter away; "" where none is."""
    name = word.decode(errors="replace")
    return "" if name in known else next((other for other in known if is_near(name, other)), "")


def _paths(script: Text, known: tuple[str, ...], others: Iterable[Text]) -> Iterator[Misspelt]:
    """Parts of paths that are a letter away from one that every backend has, and named nowhere else."""
    for word in sorted({*_PART.findall(script.code)}):
        meant = _part(word, known)
        path = re.compile(rb"/%s(?![\w.-])" % re.escape(word)) if meant else None
        named = path and any(b"/" + word in text.data and path.search(text.code) for text in others)
        for match in _PART.finditer(script.code) if meant and not named else ():
            start = match.start()
            is_own = _BELOW.search(script.code, max(start - MAX_NAMES, 0), start) is not None
            if match[1] == word and (meant != "lib" or is_own):
                yield Misspelt(word.decode(errors="replace"), meant, script.spot(*match.span(1)))
                break


_FILE = re.compile(rb"(?:(?<=[/}])|(?<=[/}]\")|(?<![\w-])(?=lib))([A-Za-z][\w+-]{5,60})(?=[.\"'\s]|\Z)")
"""The name of a file, behind a folder, or of a library; without its ending."""
MAX_NAMES = 500
"""Names of files that are compared; the longest scripts of LocalAI have 60."""


def _files(directory: Directory) -> Iterator[Misspelt]:
    """Names of files that run.sh or package.sh alone has, and once, a letter away from one of many places."""
    scripts = [*directory.texts(("run.sh", "package.sh"))] if directory.lang != "python" else []
    if not scripts:
        return
    sources = directory.texts(name for name in directory.names if name.endswith(SOURCES))
    texts = {text.path: text for text in (*directory.build_files, *scripts, *sources)}
    beside = {script.path: script for script in (*directory.build_files, *scripts)}
    every = b"\n".join(text.data for text in texts.values())

    def is_often(name: bytes) -> bool:
        return every.find(name, every.find(name) + 1) >= 0

    found = [(script, match) for script in scripts for match in _FILE.finditer(script.code)]
    once = [(script, match) for script, match in found if len(found) <= MAX_NAMES and not is_often(match[1])]
    files = {word for text in beside.values() if once for word in _FILE.findall(text.code)}
    for script, match in once if len(files) <= MAX_NAMES else ():
        word = match[1].decode()
        meant = (other for other in sorted(files) if is_near(word, other.decode()) and is_often(other))
        if other := next(meant, b""):
            yield Misspelt(word, other.decode(), script.spot(*match.span(1)))


_WORD = re.compile(rb"(?<![\w.+-])([A-Za-z][\w+-]{5,60})(?![\w+-])")


def _started(directory: Directory) -> Iterator[Misspelt]:
    """Names of files that run.sh alone has, a letter away from one that the build has and run.sh has not."""
    run = directory.run_script if directory.lang != "python" else None
    own = {*_FILE.findall(run.code)} if run else set()
    if run is None or not 0 < len(own) <= MAX_NAMES:
        return
    beside = {text.path: text for text in directory.build_files if text.path != run.path}
    built = {word for text in beside.values() for word in _WORD.findall(text.code)}
    every = b"\n".join(text.data for text in beside.values())
    left = sorted(word.decode() for word in built if word not in run.code) if len(built) <= MAX_BUILT else ()
    for word in sorted(own):
        meant = nearest(word.decode(), left) if word not in every else ""
        if meant:
            start = run.code.find(word)
            yield Misspelt(word.decode(), meant, run.spot(start, start + len(word)), "the build has", False)


MAX_BUILT = 3000
"""Words of a build that are compared."""
_BESIDE_SCRIPT = re.compile(rb"\$\{?CURDIR\}?[\"']?/([\w-]{4,60})(?=[/\"'\s]|\Z)")


def _packaged(directory: Directory) -> Iterator[Misspelt]:
    """Folders and files beside run.sh that nobody puts there, and are nearly called as one of package.sh.

    A letter makes the difference, or a part of the name where run.sh does not name what is put there.
    """
    run, package = directory.run_script, directory.text("package.sh")
    if run is None or package is None:
        return
    packed, used = {*_BESIDE_SCRIPT.findall(package.code)}, {*_BESIDE_SCRIPT.findall(run.code)}
    left = [name.decode() for name in sorted(packed - used)]
    for word in map(bytes.decode, sorted(used - packed)):
        near = (other for other in map(bytes.decode, sorted(packed)) if is_near(word, other))
        meant = next(near, "") or next(iter(get_close_matches(word, left, 1, _LIKE)), "")
        named = re.compile(rb"(?<![\w-])%s(?![\w-])" % re.escape(word.encode()))
        if meant and not any(named.search(text.code) for text in (package, *directory.build_files)):
            start = run.code.find(b"/" + word.encode()) + 1
            yield Misspelt(word, meant, run.spot(start, start + len(word)))


_LIKE = 0.85
"""How much of two names is the same where one is meant by the other, of 1."""


def _variables(script: Text, others: list[Text]) -> Iterator[Misspelt]:
    shell = script.shell
    named = {assignment.name for assignment in shell.assignments} | shell.given
    given = set(filter(_NAME.fullmatch, named))
    seen = {*_OF_SYSTEM, *_OF_BUILDS}
    known = (_OF_SYSTEM if b"LD_" in script.data else ()) + (_OF_BUILDS if b"export" in script.data else ())
    for assignment in shell.assignments if known else ():
        word = assignment.name
        meant = nearest(word, known) if word not in seen and not word.endswith("S") else ""
        if meant in _OF_BUILDS and script.code.count(word.encode()) > 1:
            continue  # the script uses it itself
        if meant and not any(word.encode() in text.code for text in others):
            seen.add(word)
            yield Misspelt(word, meant, script.spot(assignment.start_byte, assignment.end_byte))
    for node in shell.nodes("simple_expansion", "expansion") if given else ():
        word = shell.variable(node)
        if (
            word in given
            or word in seen
            or not _NAME.fullmatch(word)
            or _MAY_BE_UNSET.match(shell.text(node))
        ):
            continue
        seen.add(word)
        meant = nearest(word, (name for name in given if name.rstrip("sS") != word.rstrip("sS")))
        if meant and not _is_named(word, (script, *others)):
            yield Misspelt(word, meant, script.spot(node.start_byte, node.end_byte))


def _is_named(variable: str, texts: Iterable[Text]) -> bool:
    """Whether a variable stands somewhere without a sign that takes its value."""
    named = re.compile(rb"(?<![$\w{])%s\b" % re.escape(variable.encode()))
    return any(named.search(text.code) for text in texts)


def _commands(script: Text, others: list[Text]) -> Iterator[Misspelt]:
    defined = dict.fromkeys(_COMMANDS)
    defined |= {name: None for text in (script, *others) for name in text.shell.functions}
    known = [name for name in defined if name in _COMMANDS or len(name) >= _LONG]
    seen: set[str] = set()
    for command in script.shell.commands:
        name = command.node.child_by_field_name("name")
        word = script.shell.text(name) if name is not None else ""
        if word in seen or word in defined or not _NAME.fullmatch(word):
            continue
        seen.add(word)
        meant = command.words[0] == word and (nearest(word, known) or _brief(command.words))
        if meant:
            yield Misspelt(word, meant, script.spot(command.start_byte, command.end_byte))


def _brief(words: Sequence[str]) -> str:
    """The short command that another one is a letter away from, if a path is last; "" where there is none."""
    is_meant = len(words) > 1 and ("/" in words[-1] or words[-1].startswith("$"))
    is_known = words[0] in _BRIEF or words[0] in _OTHERS
    return next((one for one in _BRIEF if is_near(words[0], one)), "") if is_meant and not is_known else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The first word among some that is a letter away; "" where none is."""
    ends, short = (word[:1], word[-1:]), len(word) < _SHORT
    near = (o for o in known if not short and (o[:1] == ends[0] or o[-1:] == ends[1]) and is_near(word, o))
    return next((other for other in near if len(other) >= _SHORT), "")
