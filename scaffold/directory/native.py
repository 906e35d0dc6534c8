"""What decides how a native backend is built: build types and CMake options."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from scaffold.directory.text import Spot, Text
from scaffold.syntax import dockerfile
from scaffold.syntax.make import Call
from scaffold.syntax.make_lines import BLANK, Kind, Line
from scaffold.syntax.shell import Command, ShellSource

RUNTIME_SCRIPTS = ("run.sh", "test.sh", "package.sh")
"""Scripts that build nothing: the start, the tests, and what copies a finished build together."""


def is_build_script(name: str) -> bool:
    """Whether a file of this name is a script that may build or fetch something."""
    return name.endswith(".sh") and name not in RUNTIME_SCRIPTS


def docker_scripts(text: Text) -> list[str]:
    """The paths of the scripts below `.docker/` that a Dockerfile takes."""
    file = dockerfile.read(text.path, text.data)
    paths = {posixpath.normpath(taken.path) for taken in file.inputs} if file else set()
    return sorted(path for path in paths if path.startswith(".docker/") and path.endswith(".sh"))


@cache
def build_type_word(build_type: str) -> re.Pattern[bytes]:
    """A build type as a word, or a pattern that matches it: `sycl_f16`, `sycl_%`, `sycl*`, `sycl`."""
    family, _, rest = map(re.escape, build_type.partition("_"))
    tail = rf"(?:_{rest}|_?[%*]|(?!\w))" if rest else r"(?!\w)"
    return re.compile(rf"{family}(?<![\w./-]{family}){tail}".encode())


_OPTION = re.compile(r"-D[A-Z]")


def _compiles(script: ShellSource) -> bool:
    """Whether a script builds something with make or CMake, or says how."""
    return any(
        command.starts("cmake") or Call.of(command) is not None or any(map(_OPTION.match, command.words))
        for command in script.commands
    ) or any(
        assignment.name == "CMAKE_ARGS" or _OPTION.search(assignment.value or "")
        for assignment in script.assignments
    )


def build_code(text: Text) -> bytes:
    """The code of a build file that can tell build types apart."""
    if text.path.startswith("backend/Dockerfile"):
        file = dockerfile.read(text.path, text.data)
        return b"\n".join(_building(shell) for shell in (file.shells(b"cmake") if file else ()))
    if text.path.endswith("/Makefile") and _GGML.search(text.data):
        return _without_void_branches(text)
    return text.joined if not text.path.endswith(".sh") or _compiles(text.shell) else b""


_GGML = re.compile(rb"-D\w*GGML_(?:CUDA|HIP|VULKAN|SYCL|METAL)=")
_OPTION_OF = {
    kind: re.compile(rb"-D\w*(?:%s)(?::\w+)?=(?!OFF\b|0)" % words, re.IGNORECASE)
    for kind, words in (
        (b"cublas", b"CUDA|CUBLAS"),
        (b"l4t", b"CUDA|CUBLAS"),
        (b"hipblas", b"HIP|HIPBLAS|ROCM"),
        (b"vulkan", b"VULKAN"),
        (b"sycl", b"SYCL"),
        (b"metal", b"METAL"),
    )
}
"""Build type -> the option without which an engine does nothing for it."""
_TYPE = re.compile(rb"\b(?:%s)" % b"|".join(_OPTION_OF))


@lru_cache(maxsize=256)
def _without_void_branches(makefile: Text) -> bytes:
    """The code of a Makefile without conditions on a build type behind which no option is for it.

    Told by a file that gives ggml's options in branches; those that only add other things are void.
    """
    code = bytearray(makefile.joined)
    lines = makefile.lines
    for number, line in enumerate(lines):
        is_branch = line.kind is Kind.condition and line.head == b"ifeq"
        found = _TYPE.search(line.text.partition(b"BUILD_TYPE")[2]) if is_branch else None
        if found is None:
            continue
        depth, end = 1, number + 1
        while end < len(lines) and depth:
            inner = lines[end]
            word = inner.text.split(None, 1)[0] if inner.kind is Kind.condition else b""
            depth += (
                1 if word[:2] == b"if" else -1 if word == b"endif" or (word == b"else" and depth == 1) else 0
            )
            end += 1
        body = b"".join(one.text for one in lines[number + 1 : end - 1])
        if not _OPTION_OF[found[0]].search(body):
            span = slice(line.start_byte, line.end_byte)
            code[span] = code[span].translate(BLANK)
    return bytes(code)


def _building(shell: ShellSource) -> bytes:
    """The statements of a script that call CMake, without comments."""
    parts = (shell.bare[node.start_byte : node.end_byte] for node in shell.root.children)
    return b"\n".join(part for part in parts if b"cmake" in part)


def tells_build_types(makefile: Text) -> bool:
    """Whether a Makefile has a branch for some build type."""
    return any(True for _ in _branches(makefile))


def last_build_type(makefile: Text) -> int:
    """Offset of the last place that tells build types apart, or gives one; 0 where there is none."""
    given = (line.start_byte for line in makefile.lines if line.head == b"BUILD_TYPE")
    return max((*given, *_branches(makefile)), default=0)


def _branches(makefile: Text) -> Iterator[int]:
    """Offsets of the conditions on the build type: make's own, and those of recipes."""
    naming = [line for line in makefile.lines if b"BUILD_TYPE" in line.text]
    yield from (line.start_byte for line in naming if line.kind is Kind.condition)
    if any(line.kind is Kind.recipe for line in naming):
        for test in makefile.recipes.nodes("test_command"):
            if "BUILD_TYPE" in makefile.recipes.text(test):
                yield test.start_byte


_MESSAGES = ("echo", "printf", "test")
_NOT_EMPTY = re.compile(rb"\([ \t]*\$[({]BUILD_TYPE[)}][ \t]*,[ \t]*\)")
_ASKED = re.compile(rb"\$[({](?:if|info|warning|error)[ \t]")
_BUILD_TYPE = re.compile(r"-DBUILD_TYPE\b|\$[({]BUILD_TYPE\b")


def hands_on_build_type(makefile: Text) -> bool:
    """Whether a Makefile gives the build type, whatever it is, to what is not read here."""
    if b"BUILD_TYPE" not in makefile.data and b"sources/" not in makefile.data:
        return False
    recipes = makefile.recipes
    return (
        any(map(_gives_build_type, makefile.lines))
        or any(map(_hands_on, recipes.commands))
        or any(_BUILD_TYPE.search(assignment.value or "") for assignment in recipes.assignments)
    )


def _gives_build_type(line: Line) -> bool:
    """Whether a line of make's own hands the build type on, or does something for whichever is given."""
    if line.kind is Kind.condition:
        return line.head == b"ifneq" and _NOT_EMPTY.match(line.rest) is not None
    own = line.kind is not Kind.recipe and b"BUILD_TYPE" in line.text and not _ASKED.search(line.text)
    return own and _BUILD_TYPE.search(line.text.decode(errors="replace")) is not None


def _hands_on(command: Command) -> bool:
    """Whether a command of a recipe gets the build type, or builds the sources of an upstream by make."""
    made = Call.of(command)
    if made is not None and posixpath.normpath(made.folder).startswith("sources/"):
        return True
    return not any(map(command.starts, _MESSAGES)) and any(map(_BUILD_TYPE.search, command.words))


_GATED = re.compile(rb"-D([A-Z0-9]+_GGML_(?:CUDA|HIP|HIPBLAS|VULKAN))=")


def gated_options(makefile: Text) -> frozenset[str]:
    """The options that the engine has of its own in front of ggml's."""
    found = _GATED.findall(makefile.joined) if b"_GGML_" in makefile.data else ()
    return frozenset(name.decode() for name in found)


class Flag(NamedTuple):
    """One `-DNAME=...` (or `set(NAME ...)`) of a build file."""

    spot: Spot
    """The name alone."""
    text: Text
    beside: frozenset[str]
    """The names of the other flags that the same statement sets."""
    is_off: bool
    """Whether its value says no."""

    @property
    def compiles_hip(self) -> bool:
        """Whether a build with HIP needs nothing more: a compiler in the file, targets beside the flag."""
        targets = {"AMDGPU_TARGETS", "GPU_TARGETS", "CMAKE_HIP_ARCHITECTURES"}
        return bool(targets & self.beside) and _HIP_COMPILER.search(self.text.code) is not None


_HIP_COMPILER = re.compile(rb"llvm/bin/clang|hipcc|CMAKE_HIP_COMPILER|amdclang")
_SETS = re.compile(rb"(?:-D|set(?<!\wset)[ \t]*\()[ \t]*(\w+)")
_DEFINE = re.compile(rb"-D[ \t]*(\w+)(?=[=:])")
_OFF = re.compile(rb"(?:(?::\w+)?=|[ \t]+)\"?(?:off|no|false|n|0)(?!\w)", re.IGNORECASE)


def flags(texts: Iterable[Text], names: Collection[str]) -> Iterator[Flag]:
    """Every place where a build file sets one of some CMake options."""
    projects = {name.partition("_")[0].encode() for name in names}
    for text in texts:
        for match in _SETS.finditer(text.data if any(p in text.data for p in projects) else b""):
            name = match[1].decode(errors="replace")
            if name in names and text.code.startswith(match[0], match.start()):
                line = text.statement(*match.span())
                beside = {m[1].decode(errors="replace") for m in _DEFINE.finditer(line)}
                is_off = _OFF.match(text.data, match.end()) is not None
                yield Flag(text.spot(*match.span(1)), text, frozenset(beside - {name}), is_off)


_ARG = re.compile(rb"(?m)^[ \t]*ARG[ \t]+(?!(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)\b)(\w+)[ \t]*\r?$")
"""One that BuildKit does not give itself."""
_DEFAULT = re.compile(rb"(?m)^[ \t]*ARG[ \t]+(\w+)=")
_ENV = re.compile(rb"(?m)^[ \t]*ENV[ \t]+(\w+)=\$\{?\1\}?[ \t]*\r?$")


def emptied(text: Text) -> Iterator[tuple[str, int]]:
    """(variable, offset) of every `ENV` that takes its value from an `ARG` without one."""
    plain = {*_ARG.findall(text.data)} - {*_DEFAULT.findall(text.data)}
    for match in _ENV.finditer(text.data):
        if match[1] in plain:
            yield match[1].decode(), match.start(1)


def default_of(texts: Iterable[Text], variable: str) -> str:
    """What a Makefile gives a variable that is not set yet; "" for nothing."""
    pattern = re.compile(rb"(?m)^[ \t]*(?:export[ \t]+)?%s[ \t]*\?=[ \t]*([^\s#][^\n#]*)" % variable.encode())
    found = next(filter(None, (pattern.search(text.code) for text in texts)), None)
    return found[1].decode(errors="replace").strip() if found else ""
