"""Files that say what is part of a build: what never enters an image, a commit or another backend's tests.

A C++ backend's Makefile takes its clone for a target: a host checkout copied into the image would
be compiled instead of the pin, and a CMake cache stops cmake. The unit-test script of the C++
backends compiles every `*_test.cpp` that it finds, upstream's included. A bare `go build` at the
root drops a Go backend's binary there. An engine that is a git submodule is part of the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, Registration, Removal, Surface
from scaffold.surfaces.parts import OPTIONAL, Part
from scaffold.syntax.shell import ShellSource, Word
from scaffold.syntax.source import Source

DOCKERIGNORE = ".dockerignore"
GITIGNORE = ".gitignore"
GITMODULES = ".gitmodules"
UNIT_TESTS = "backend/cpp/run-unit-tests.sh"


class _Patterns(Source):
    """A file of patterns, in whatever encoding: git and docker compare bytes."""

    def require_text(self) -> None:
        """Any bytes will do."""

    @property
    def readable(self) -> str:
        """Its text, with a sign for each byte that is none."""
        return self.data.decode(errors="replace")


def _matched(pattern: str) -> str:
    """A pattern of docker as an expression for the paths that it, or a folder that it names, matches."""
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    words = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.removeprefix("./"))
    return "".join(parts.get(word) or re.escape(word) for word in words) + "(?:/.*)?"


class BuildContextSurface(Surface):
    """`.dockerignore`, `.gitignore`, `.gitmodules` and `backend/cpp/run-unit-tests.sh`."""

    name = "build context"

    @property
    def parts(self) -> Iterable[Part]:
        for path in (DOCKERIGNORE, GITIGNORE):
            source = self.load(_Patterns, path)
            lines = source.data.splitlines() if source else ()
            patterns = sum(line.strip()[:1] not in (b"", b"#") for line in lines)
            yield Part(path, f"pattern in {path}", patterns)
        modules = self.load(Source, GITMODULES)
        yield Part(GITMODULES, "submodule", modules.data.count(b"[submodule ") if modules else 0, OPTIONAL)
        script = self.load(ShellSource, UNIT_TESTS)
        excluded = [script.line(option.start_byte) for option, _ in _excluded(script)] if script else []
        line = excluded[0] if excluded else 0
        yield Part(UNIT_TESTS, "folder that find leaves out", len(excluded), OPTIONAL, line=line)

    def registrations(self, name: str) -> Iterable[Registration]:
        pattern = re.compile(
            rf"^(?:backend/(?:cpp|go|python|rust)/{re.escape(name)}(?:/.*|-\*-build)?|/{re.escape(name)})$"
        )
        for path in (DOCKERIGNORE, GITIGNORE):
            source = self.load(_Patterns, path)
            for number, line in enumerate(source.readable.split("\n") if source else (), 1):
                if pattern.match(line.strip()):
                    yield Registration(self.name, path, number, line.strip())
        for folder, first, last in self._submodules:
            if re.match(rf"backend/(?:cpp|go|python|rust)/{re.escape(name)}/", folder):
                yield Registration(self.name, GITMODULES, first, f"submodule {folder}", last)

    def left_out(self, path: str) -> int:
        """The line of the pattern that keeps a file out of what docker builds from; 0 where none does."""
        line = 0
        if not self._either.fullmatch(path):
            return 0
        for number, keeps, pattern in self._patterns:
            if bool(line) is keeps and re.fullmatch(pattern, path):
                line = 0 if keeps else number
        return line

    @cached_property
    def _either(self) -> re.Pattern[str]:
        """Whatever one of the patterns of `.dockerignore` matches."""
        return re.compile("|".join(pattern for _, _, pattern in self._patterns))

    @cached_property
    def _patterns(self) -> list[tuple[int, bool, str]]:
        """Line, whether what matches is taken in again, and the pattern, of `.dockerignore`."""
        source = self.load(_Patterns, DOCKERIGNORE)
        found = []
        for number, line in enumerate(source.readable.split("\n") if source else (), 1):
            text = line.strip()
            pattern = text.removeprefix("!").strip().strip("/")
            if pattern and not text.startswith("#"):
                found.append((number, text.startswith("!"), _matched(pattern)))
        return found

    def kept_out(self, name: str, source_folder: str) -> Iterator[Registration]:
        """What keeps a backend's build out of images and commits, and its engine out of unit tests."""
        yield from (place for place in self.registrations(name) if place.path != GITMODULES)
        script = self.load(ShellSource, UNIT_TESTS) if source_folder else None
        for option, pattern in _excluded(script) if script else ():
            if script and pattern.endswith(f"/{source_folder}/*"):
                yield Registration(
                    self.name, UNIT_TESTS, script.line(option.start_byte), f"-not -path {pattern}"
                )

    def submodules(self, directory: str) -> list[str]:
        """The folders of git submodules below a directory: engines, where it is a backend's."""
        below = f"{directory}/" if directory else ""
        return [folder for folder, _, _ in self._submodules if folder.startswith(below)]

    @cached_property
    def _submodules(self) -> list[tuple[str, int, int]]:
        """Folder, first and last line of each section of `.gitmodules`."""
        source = self.load(Source, GITMODULES)
        found = []
        for section in re.finditer(
            r"(?m)^\[submodule.*\n(?:(?!\[).*\n?)*", source.data.decode() if source else ""
        ):
            assert source is not None
            folder = re.search(r"(?m)^[ \t]*path[ \t]*=[ \t]*(\S+)", section[0])
            first = section.string.count("\n", 0, section.start()) + 1
            if folder:
                found.append((folder[1], first, first + len(section[0].splitlines()) - 1))
        return found

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        if backend.kind == "grpc":
            built = (backend.source_folder, "build", "grpc-server", "package")
            self._append(
                addition,
                DOCKERIGNORE,
                [f"{backend.directory}/{entry}" for entry in built],
                "backend/cpp/",
            )
            self._exclude_upstream_tests(addition)
        if backend.kind == "llama-fork":
            self._append(addition, DOCKERIGNORE, [f"backend/cpp/{backend.name}-*-build"], "backend/cpp/")
        every = self.tree.list("backend/go")
        if backend.lang == "go" and any(self._are_ignored(names) for names in (addition.alike, every)):
            beside = [f"/{name}\n" for name in every if self._is_ignored(name)]
            self._append(addition, GITIGNORE, [f"/{backend.name}"], *beside)

    def _are_ignored(self, names: Collection[str]) -> bool:
        """Whether git ignores what a bare `go build` drops at the root of most of several backends."""
        return 2 * sum(map(self._is_ignored, names)) > len(names) > 1

    def _is_ignored(self, name: str) -> bool:
        """Whether git ignores what a bare `go build` of a backend drops at the root."""
        return any(place.path == GITIGNORE for place in self.registrations(name))

    def remove(self, removal: Removal) -> None:
        for place in self.registrations(removal.name):
            source = self.load(_Patterns, place.path)
            assert source is not None
            first, last = place.lines[0], place.lines[-1]
            end = source.line_end(source.offset(last))
            removal.changes.delete_lines(place.path, source.offset(first), end)
        script = self.load(ShellSource, UNIT_TESTS) if removal.source_folder else None
        for option, pattern in _excluded(script) if script else ():
            if script and pattern == f"*/{removal.source_folder}/*":
                start, end = script.line_start(option.start_byte), script.line_end(pattern.end_byte)
                if _is_alone(script, option, pattern):
                    removal.changes.delete_lines(UNIT_TESTS, start, end)
                else:
                    removal.changes.add(Edit(UNIT_TESTS, option.start_byte, pattern.end_byte, ""))

    def _append(self, addition: Addition, path: str, lines: list[str], *beside: str) -> None:
        """Add lines behind the last present line that starts with one of `beside`, else at the end."""
        source = self.load(_Patterns, path)
        if source is None:
            return
        offset = position = 0
        for line in source.data.splitlines(keepends=True):
            position += len(line)
            if f"{line.decode(errors='replace').rstrip()}\n".startswith(beside):
                offset = position
        offset = offset or len(source.data)
        addition.insert(path, offset, "".join(f"{line}\n" for line in lines))

    def _exclude_upstream_tests(self, addition: Addition) -> None:
        script = self.load(ShellSource, UNIT_TESTS)
        if script is None:
            return
        folder = addition.backend.source_folder
        excluded = list(_excluded(script))
        if any(pattern == f"*/{folder}/*" for _, pattern in excluded):
            return
        alone = [(option, pattern) for option, pattern in excluded if _is_alone(script, option, pattern)]
        if not alone:
            addition.ask(
                UNIT_TESTS,
                f"keep {folder}/ out of the C++ unit tests: its find has no -not -path line",
            )
            return
        option, pattern = alone[0]
        indent = script.slice(script.line_start(option.start_byte), option.start_byte)
        offset = script.line_end(pattern.end_byte)
        addition.insert(UNIT_TESTS, offset, f"{indent}-not -path '*/{folder}/*' \\\n")


def _excluded(script: ShellSource) -> Iterator[tuple[Word, Word]]:
    """Every `-not -path PATTERN` of a script's `find`: the first word and the pattern."""
    for command in script.commands:
        words = command.words if command.starts("find") else ()
        for option, path, pattern in zip(words, words[1:], words[2:], strict=False):
            if (option, path) == ("-not", "-path"):
                yield option, pattern


def _is_alone(script: ShellSource, option: Word, pattern: Word) -> bool:
    """Whether a continued line has nothing else."""
    before = script.slice(script.line_start(option.start_byte), option.start_byte)
    behind = script.slice(pattern.end_byte, script.line_end(pattern.end_byte))
    return not before.strip() and behind.strip() == "\\"
