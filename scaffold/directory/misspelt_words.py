"""Words of a build that others decide: commands of programs, folders of the system, goals of make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from scaffold.backend.near import is_near, nearest
from scaffold.directory import makefile
from scaffold.directory.directory import Directory
from scaffold.directory.misspelt import Misspelt, times
from scaffold.directory.scripts import BUILD_SCRIPTS
from scaffold.directory.text import Text, is_cmake
from scaffold.syntax.make_lines import Kind

MAX_WORDS = 1000
"""Words of a kind that are looked at in a file."""
_GOES = re.compile(rb"\bcd[ \t]")
_SAYS = re.compile(rb"(?m)^[ \t@-]*+(?:echo|printf|message|\$\((?:info|warning|error))\b")


def misspelt_words(directory: Directory) -> Iterator[Misspelt]:
    """Those that a letter makes one that there is."""
    scripts = [*directory.texts(name for name in directory.names if name.endswith(".sh"))]
    lists = [*directory.texts(filter(is_cmake, directory.names))]
    for text in (*directory.makefiles, *scripts, *lists):
        yield from _commands(text)
        yield from _roots(text)
        yield from _entered(text)
    for text in directory.makefiles:
        yield from _run(directory, text)
    for text in scripts:
        yield from _shared(directory, text)
        yield from _asked(directory, text)
    yield from _endings(directory.run_script)
    yield from _goals(directory)
    for text in lists:
        yield from _sources(directory, text)


_PIP = frozenset(
    {
        "cache", "check", "compile", "config", "debug", "download", "freeze", "hash", "help", "index",
        "inspect", "install", "list", "lock", "search", "show", "sync", "tree", "uninstall", "wheel",
    }
)  # fmt: skip
_GO = frozenset(
    {
        "bug", "build", "clean", "doc", "env", "fix", "fmt", "generate", "get", "help", "install",
        "list", "mod", "run", "telemetry", "test", "tool", "version", "vet", "work",
    }
)  # fmt: skip
_CARGO = frozenset(
    {
        "add", "bench", "build", "check", "clean", "clippy", "doc", "fetch", "fix", "fmt", "generate",
        "help", "info", "init", "install", "locate", "locate-project", "login", "metadata", "miri",
        "new", "nextest", "owner", "package", "pkgid", "publish", "read-manifest", "remove", "report",
        "run", "rustc", "rustdoc", "search", "test", "tree", "uninstall", "update", "vendor",
        "verify-project", "version", "yank",
    }
)  # fmt: skip
_KNOWN = {b"pip": _PIP, b"pip3": _PIP, b"go": _GO, b"$(GOCMD)": _GO, b"${GOCMD}": _GO, b"cargo": _CARGO}
_COMMAND = re.compile(
    rb"(?<![\w./$\"'`-])(pip3?|go|\$\(GOCMD\)|\$\{GOCMD\}|cargo)[ \t]+([a-z-]{3,20})(?![\w./=:,!'-])"
)
_SHORT = 4


def _commands(text: Text) -> Iterator[Misspelt]:
    """What pip, go and cargo are told to do, and do not know.

    Cargo runs a program for what it does not know: those of cargo-c are its own commands behind a `c`.
    """
    for match in islice(_COMMAND.finditer(text.code), MAX_WORDS):
        known, word = _KNOWN[match[1]], match[2].decode()
        meant = "" if word in known else nearest(word, (one for one in known if len(one) >= _SHORT))
        takes_any = match[1] == b"cargo"
        if meant and not (takes_any and word[1:] in known) and not _is_said(text, match.start()):
            yield Misspelt(word, meant, text.spot(*match.span(2)), certain=not takes_any)


def _is_said(text: Text, at: int) -> bool:
    """Whether a place stands in a line that is a message, or in a text of it."""
    start = text.code.rfind(b"\n", 0, at) + 1
    return _SAYS.match(text.code, start) is not None or text.code.count(b'"', start, at) % 2 == 1


def _is_elsewhere(text: Text, at: int) -> bool:
    """Whether the line of a place goes to another folder before it."""
    return _GOES.search(text.code, text.code.rfind(b"\n", 0, at) + 1, at) is not None


_BELOW = {
    "dev": {"dri", "kfd", "null", "shm", "stderr", "stdout", "tty", "zero"},
    "etc": {"apt", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "os-release", "ssl"},
    "lib": {"aarch64-linux-gnu", "ld-linux-aarch64.so.1", "x86_64-linux-gnu"},
    "lib64": {"ld-linux-x86-64.so.2"},
    "opt": {"homebrew", "intel", "nvidia", "rocm"},
    "proc": {"cpuinfo", "meminfo", "self", "version"},
    "sys": {"class", "devices", "module"},
    "usr": {"bin", "include", "lib", "lib64", "local", "sbin", "share", "src"},
    "var": {"cache", "lib", "log"},
}
"""Folder of a system -> what is in it, whatever is installed."""
_ROOT = re.compile(rb"(?<![\w.$(){}\"'/*@%~+-])[\"']?/([a-z]{2,6}\d{0,2})/([\w.-]{3,24})")


def _roots(text: Text) -> Iterator[Misspelt]:
    """Folders of the system by a name that no system has."""
    for match in islice(_ROOT.finditer(text.code), MAX_WORDS):
        word, inner = match[1].decode(), match[2].decode()
        meant = next((one for one, has in _BELOW.items() if inner in has and is_near(word, one)), "")
        if (
            meant
            and word not in _BELOW
            and word not in ("bin", "libs", "out", "user")
            and not _is_said(text, match.start())
        ):
            yield Misspelt(word, meant, text.spot(*match.span(1)))


_ENTERED = re.compile(
    rb"\bmkdir[ \t]+-p[ \t]+([\w./-]{3,80})[ \t]*&&[ \t]*cd[ \t]+([\w./-]{3,80})(?![\w./$-])"
)


def _entered(text: Text) -> Iterator[Misspelt]:
    """Folders that a step makes and enters by another name."""
    for match in islice(_ENTERED.finditer(text.code), MAX_WORDS):
        made, word = (match[group].decode().rstrip("/") for group in (1, 2))
        if is_near(made, word):
            yield Misspelt(word, made, text.spot(match.start(2), match.start(2) + len(word)))


_BELOW_ROOT = re.compile(rb"ROOT\}?\"?/([\w-]{4,20}/[\w-]{3,20}/[\w.-]{3,60}\.sh)(?![\w.-])")


def _shared(directory: Directory, text: Text) -> Iterator[Misspelt]:
    """Scripts of the repository that are looked for in a folder which it does not have."""
    for match in islice(_BELOW_ROOT.finditer(text.code), MAX_WORDS):
        word = match[1].decode()
        there = (f"{BUILD_SCRIPTS}/{name}" for name in directory.tree.list(BUILD_SCRIPTS))
        meant = "" if word.startswith(f"{BUILD_SCRIPTS}/") else nearest(word, there)
        if meant:
            yield Misspelt(word, meant, text.spot(*match.span(1)))


_OWN = rb"\"?\$\{?\w+\}?\"?/"
_ASKED = re.compile(
    rb"\[ -[def] %s([\w./+-]{4,80})\"? \][^\n]{0,100}; then\n(?=((?:(?!\s*(?:fi|else|elif)\b)[^\n]*\n){1,6}))"
    % _OWN
)
_TAKEN = re.compile(rb"(%s|(?<![\w./$-]))([\w.+-][\w./+-]{3,80})" % _OWN)

_LIBRARY = re.compile(r"\.(?:so|dylib)(?![a-z])")


def _asked(directory: Directory, text: Text) -> Iterator[Misspelt]:
    """Files that a script looks for, to take another one that is nearly called so, or lies elsewhere.

    Which of the two names is meant is told by the files around it.
    """
    for match in islice(_ASKED.finditer(text.code), MAX_WORDS):
        asked = _Named(match[1].decode().strip("/."), match.start(1))
        found = _TAKEN.finditer(match[2])
        taken = {m[2].decode().strip("/."): (m[1] != b"", match.start(2) + m.start(2)) for m in found}
        if asked.path in taken or any(not own and path == asked.name for path, (own, _) in taken.items()):
            continue
        others = [_Named(path, at) for path, (_, at) in sorted(taken.items())]
        same = next((one for one in others if one.name == asked.name and taken[one.path][0]), None)
        near = next((one for one in others if _is_almost(asked.name, one.name)), None)
        if same is not None:
            spot = text.spot(asked.start, asked.start + len(asked.path))
            yield Misspelt(asked.path, same.path, spot, "the branch takes", certain=False)
        elif near is not None and not any(one.name == asked.name for one in others):
            scripts = directory.texts(name for name in directory.names if name.endswith(".sh"))
            around = {one.path: one for one in (*directory.build_files, *scripts)}.values()
            is_right = times(around, asked.name.encode()) > 1 and times(around, near.name.encode()) == 1
            wrong, right = (near, asked) if is_right else (asked, near)
            start = wrong.start + len(wrong.path) - len(wrong.name)
            how = "what the branch looks for is" if is_right else "the branch takes"
            spot = text.spot(start, start + len(wrong.name))
            yield Misspelt(wrong.name, right.name, spot, how, certain=False)


class _Named(NamedTuple):
    """A path that stands somewhere in a file."""

    path: str
    start: int

    @property
    def name(self) -> str:
        """Its last part."""
        return self.path.rpartition("/")[2]


def _is_almost(name: str, other: str) -> bool:
    """Whether a letter or digits alone keep two names of files apart, or the ending those of a library."""
    if len(name) < _SHORT - 1:
        return False
    if is_near(name, other) or re.sub(r"\d", "", name) == re.sub(r"\d", "", other):
        return True
    same_stem = name.partition(".")[0] == other.partition(".")[0]
    return same_stem and "." in name and "." in other and bool(_LIBRARY.search(f"{name} {other}"))


_LIKE_SO = ("dll", "o", "os", "s", "so", "sos")
_ENDING = re.compile(rb"(?<![\w.-])(lib[\w+-]{2,60}\.)([a-z]{1,8})(?![\w.*])")


def _endings(run: Text | None) -> Iterator[Misspelt]:
    """Libraries that run.sh names by an ending that none has."""
    for match in islice(_ENDING.finditer(run.code), MAX_WORDS) if run else ():
        word, ending = match[0].decode(), match[2].decode()
        meant = nearest(ending, ("dylib",)) or ("so" if ending in _LIKE_SO else "")
        if run and meant not in ("", ending):
            yield Misspelt(
                word, match[1].decode() + meant, run.spot(*match.span()), "what a library is called is"
            )


_BASH = re.compile(rb"(?<![\w./-])bash[ \t]+(?:\./)?([\w.-]{4,60})(?![\w./$%({-])")


def _run(directory: Directory, text: Text) -> Iterator[Misspelt]:
    """Scripts that a recipe runs and that are not there, beside one that is."""
    for match in islice(_BASH.finditer(text.code), MAX_WORDS):
        word = match[1].decode()
        scripts = (name for name in directory.names if name.endswith(".sh"))
        meant = "" if directory.has(word) or directory.has_make_rule(word) else nearest(word, scripts)
        if meant and not _is_said(text, match.start()) and not _is_elsewhere(text, match.start()):
            yield Misspelt(word, meant, text.spot(*match.span(1)))


_GOAL = re.compile(
    rb"\$[({]MAKE[)}](?P<options>[^\n;&|]{0,300}?)[ \t](?P<goal>[A-Za-z][\w.-]{3,80})[ \t]*(?=[\n;&|\\]|\Z)"
)


def _goals(directory: Directory) -> Iterator[Misspelt]:
    """Goals for which the Makefile calls itself, and targets, without a partner but one a letter away."""
    targets = frozenset[str]().union(*map(makefile.targets, directory.makefiles))
    for text in directory.makefiles:
        for match in islice(_GOAL.finditer(text.code), MAX_WORDS):
            goal = match["goal"].decode()
            if goal in targets or directory.has_make_rule(goal) or b"-C" in match["options"]:
                continue
            if _is_elsewhere(text, match.start()):
                continue
            meant = nearest(goal, (one for one in targets if len(one) >= _SHORT))
            alone = meant and times(directory.makefiles, meant.encode()) == 1
            if meant and alone:
                yield from _target(directory, meant, goal)
            elif meant and not _is_said(text, match.start()):
                yield Misspelt(goal, meant, text.spot(*match.span("goal")))


def _target(directory: Directory, target: str, goal: str) -> Iterator[Misspelt]:
    """The rule that was meant for a goal."""
    for text in directory.makefiles:
        for line in text.lines:
            if line.kind is Kind.rule and line.head.strip() == target.encode():
                start = line.start_byte + line.text.find(target.encode())
                yield Misspelt(target, goal, text.spot(start, start + len(target)), "make is called for")
                return


_SOURCE = re.compile(rb"(?<![\w./${}\"'<>-])([A-Za-z][\w-]{2,60}\.(?:cpp|cc|c|cu|h|hpp|m|mm))(?![\w./-])")
_GENERATED = ("backend.grpc.pb.cc", "backend.grpc.pb.h", "backend.pb.cc", "backend.pb.h")
"""What gRPC makes of LocalAI's service."""
_MADE = re.compile(rb"\}/([a-z.]{10,20})(?=[\"'\s)])")


def _sources(directory: Directory, text: Text) -> Iterator[Misspelt]:
    """Sources that are not there beside one that is, and those by no name that the compiler of gRPC gives."""
    for match in islice(_SOURCE.finditer(text.code), MAX_WORDS):
        word = match[1].decode()
        meant = "" if directory.has(word) else nearest(word, directory.names)
        if meant and meant.rpartition(".")[0] != word.rpartition(".")[0]:
            yield Misspelt(word, meant, text.spot(*match.span(1)))
    for match in islice(_MADE.finditer(text.code), MAX_WORDS):
        word = match[1].decode()
        meant = "" if word in _GENERATED else nearest(word, _GENERATED)
        if meant:
            yield Misspelt(word, meant, text.spot(*match.span(1)))
