"""What the scripts of a backend are for, and whether they come so far."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import chain

from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.outputs import LINUX, opened
from scaffold.directory.scripts import OWN_FOLDER, run_of, without
from scaffold.directory.text import Spot, Text
from scaffold.syntax.shell_state import UNKNOWN

_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
_INSTALLS = re.compile(rb"\bpip3?\b|\binstallRequirements\b|\buv[ \t]+sync\b")
_CALLING = ("source", ".", "exec", "bash", "sh", "sudo", "env")
_LOADER = re.compile(rb"\bld\.so\b")
_LOADERS = re.compile(rb"(?:\bld-linux[\w.*-]*+|\bld\.so\b)(?![*|)])")
"""A loader, but not one that a `case` tells from other files."""
_TAKING = ("cp", "mv", "install", "ln")
_TAKING_ANY = ("find", "tar", "rsync", "xargs", "cpio")
"""Commands that take files of which they name none."""
_LONG = 5
"""Letters of names from which on they are not a letter apart by chance."""


def starts(script: Text) -> bool:
    """Whether a start script starts something."""
    words = [command.words for command in script.shell.commands if command.words]
    return any(
        word[0] in ("exec", "startBackend") or "/" in word[0] or _PYTHON.fullmatch(word[0]) for word in words
    )


_ARGUMENTS = re.compile(r"\$(?:[@*]|\{(?:[@*]|\w+\[[@*]))")
_READS = re.compile(rb"\$(?:[1-9@*]|\{[1-9@*])|\bshift\b")


def without_arguments(script: Text) -> Iterator[Spot]:
    """Where a start script starts a program of some folder, or Python's server, without its arguments.

    Nothing is said where it reads them elsewhere, or where what is given them is another program.
    """
    begun = [c for c in script.shell.commands if _program(c.words)]
    given = [c for c in begun if _ARGUMENTS.search(c.text)]
    if _READS.search(without(script.code, ((c.start_byte, c.end_byte) for c in given))):
        return
    for command in begun:
        is_same = not given or any(_program(command.words) in other.words for other in given)
        if command not in given and is_same:
            yield script.spot(command.start_byte, command.end_byte)


def _program(words: Sequence[str]) -> str:
    """What a command starts in place of the script; "" where it starts nothing."""
    if words[:1] == ("startBackend",):
        return "startBackend"
    if words[:1] != ("exec",) or "/" not in "".join(words[1:2]):
        return ""
    return next((word for word in words[1:] if "/" in word and not word.endswith("/ld.so")), words[1])


def installs(script: Text, names: Collection[str]) -> bool:
    """Whether an installing script installs packages, or calls another one of some files, which may."""
    if _INSTALLS.search(script.code):
        return True
    called = {
        posixpath.basename(path) for path in _called(command.words for command in script.shell.commands)
    }
    own = posixpath.basename(script.path)
    return any(name in called for name in names if name.endswith(".sh") and name != own)


def _called(commands: Iterable[Sequence[str]]) -> Iterator[str]:
    """The paths of the scripts that some commands run or source."""
    for words in commands:
        at = next(
            (
                n
                for n, word in enumerate(words)
                if word not in _CALLING and word[:1] != "-" and "=" not in word
            ),
            None,
        )
        if at is not None and (at or words[0].endswith(".sh")):
            yield words[at]


def serves(program: Text) -> bool:
    """Whether a Python program does something when it is run."""
    return re.search(rb"__main__|(?m:^\w*(?:serve|main|asyncio\.run)\()", program.data) is not None


def unpackaged(package: Text, run: Text) -> Iterator[str]:
    """run.sh and the programs and libraries that it takes, of which package.sh takes none on Linux."""
    steps = run_of(package, LINUX).reached
    if any(step.words[0] in _TAKING_ANY for step in steps):
        return
    patterns: dict[bool, set[str]] = {False: set(), True: set()}
    for words in (step.words for step in steps if step.words[0] in _TAKING):
        to_libraries = posixpath.basename(words[-1].rstrip("/")) == "lib"
        is_first = any(word.startswith(("-t", "--target")) for word in words)
        sources = [*chain(*map(_spelled, words[1:] if is_first else words[1:-1]))]
        names = (posixpath.basename(word) for word in (*sources, words[-1]))
        patterns[to_libraries].update(n.replace(UNKNOWN, "*") for n in names if n.strip(UNKNOWN))
        if any(not word.strip(UNKNOWN) or word.endswith("/.") for word in sources):
            patterns[to_libraries].add("*")
    code = _ASKING.sub(b"", package.code)
    named = (path for path, _, _ in opened(run, run_of(run, LINUX)) if UNKNOWN not in path)
    for path in dict.fromkeys(("run.sh", *named)):
        name = posixpath.basename(path)
        taken = patterns[False] | (patterns[True] if "lib" in path.split("/") else set())
        is_taken = any(fnmatchcase(name, pattern) for pattern in taken)
        if not is_taken and not re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])".encode(), code):
            yield name


_BRACES = re.compile(r"\{([^{},]*+,[^{}]*+)\}")
_MANY = 100


def _spelled(word: str) -> list[str]:
    """A word as the shell spells it for a command: `a.{b,c}` as a.b and a.c; of too many, any name."""
    words = [word]
    while found := _BRACES.search(words[0]):
        parts = found[1].split(",")
        if len(words) * len(parts) > _MANY:
            return ["*"]
        cut = [_BRACES.split(one, 1) for one in words]
        words = [f"{before}{part}{after}" for before, _, after in cut for part in parts]
    return words


_ASKING = re.compile(rb"(?m)^[^\n]*(?:\bldd\b|package-\w+-libs\.sh)[^\n]*$")
"""Lines that look at a program, and take what it needs."""


def lacks_loader(files: Directory, package: Text, run: Text) -> bool:
    """Whether run.sh looks for a loader of its own, and neither package.sh nor what that calls takes one."""
    if not _LOADER.search(run.code):
        return False
    scripts = [package]
    for script in scripts:
        if _LOADERS.search(script.code):
            return False
        for path in _called(step.words for step in run_of(script, LINUX).reached):
            called = files.at(_in_repository(script, path))
            if called is None:
                return False  # nobody can say what it takes
            if called not in scripts:
                scripts.append(called)
    return True


def _in_repository(script: Text, path: str) -> str:
    """A path that a script names, from the root of the repository, which an unknown folder is taken to be."""
    if UNKNOWN in path:
        return posixpath.normpath(path.rpartition(UNKNOWN)[2].lstrip("/"))
    own = posixpath.dirname(script.path)
    return posixpath.normpath(posixpath.join(own, path.removeprefix(OWN_FOLDER))).lstrip("/")


def misnamed(package: Text) -> Iterator[tuple[str, str, Spot]]:
    """(name, the other, place) of each file that is copied under a name that is a letter apart."""
    for step in run_of(package, LINUX).reached:
        if step.words[0] != "cp":
            continue
        one, other = map(posixpath.basename, ("", "", *step.words)[-2:])
        is_plain = UNKNOWN not in one + other and min(len(one), len(other)) >= _LONG
        if is_plain and is_near(one, other):
            yield one, other, package.spot(step.node.start_byte, step.node.end_byte)
