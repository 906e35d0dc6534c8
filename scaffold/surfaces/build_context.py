"""Files that say what is part of a build: what never enters an image, a commit or another backend's tests.

A C++ backend's Makefile takes its clone for a target: a host checkout copied into the image would
be compiled instead of the pin, and a CMake cache stops cmake. The unit-test script of the C++
backends compiles every `*_test.cpp` that it finds, upstream's included. A bare `go build` at the
root drops a Go backend's binary there. An engine that is a git submodule is part of the checkout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property

from scaffold.surfaces.base import Addition, Registration, Removal, Surface
from scaffold.syntax.source import Source

DOCKERIGNORE = ".dockerignore"
GITIGNORE = ".gitignore"
GITMODULES = ".gitmodules"
UNIT_TESTS = "backend/cpp/run-unit-tests.sh"


class BuildContextSurface(Surface):
    """`.dockerignore`, `.gitignore`, `.gitmodules` and `backend/cpp/run-unit-tests.sh`."""

    name = "build context"

    def registrations(self, name: str) -> Iterable[Registration]:
        pattern = re.compile(
            rf"^(?:backend/(?:cpp|go|python|rust)/{re.escape(name)}(?:/.*|-\*-build)?|/{re.escape(name)})$"
        )
        for path in (DOCKERIGNORE, GITIGNORE):
            source = self.load(Source, path)
            for number, line in enumerate(source.data.decode().splitlines() if source else (), 1):
                if pattern.match(line.strip()):
                    yield Registration(self.name, path, number, line.strip())
        for folder, first, last in self._submodules:
            if re.match(rf"backend/(?:cpp|go|python|rust)/{re.escape(name)}/", folder):
                yield Registration(self.name, GITMODULES, first, f"submodule {folder}", last)

    def submodules(self, directory: str) -> list[str]:
        """The folders of the engines that are git submodules below a backend's directory."""
        return [folder for folder, _, _ in self._submodules if folder.startswith(f"{directory}/")]

    @cached_property
    def _submodules(self) -> list[tuple[str, int, int]]:
        """Folder, first and last line of each section of `.gitmodules`."""
        source = self.load(Source, GITMODULES)
        found = []
        for section in re.finditer(
            r"(?m)^\[submodule.*\n(?:(?!\[).*\n?)*", source.data.decode() if source else ""
        ):
            assert source is not None
            folder = re.search(r"(?m)^\s*path\s*=\s*(\S+)", section[0])
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
        if backend.lang == "go":
            self._append(addition, GITIGNORE, [f"/{backend.name}"], "/cloud-proxy\n", "/local-store\n")

    def remove(self, removal: Removal) -> None:
        for place in self.registrations(removal.name):
            source = self.load(Source, place.path)
            assert source is not None
            first, last = place.lines[0], place.lines[-1]
            end = source.line_end(source.offset(last))
            removal.changes.delete_lines(place.path, source.offset(first), end)
        tests = self.load(Source, UNIT_TESTS)
        excluded = rf"(?m)^[ \t]*-not -path '\*/{re.escape(removal.source_folder)}/\*' \\\r?\n"
        for match in re.finditer(excluded.encode(), tests.data if tests and removal.source_folder else b""):
            removal.changes.delete_lines(UNIT_TESTS, match.start(), match.end())

    def _append(self, addition: Addition, path: str, lines: list[str], *beside: str) -> None:
        """Add lines behind the last present line that starts with one of `beside`, else at the end."""
        source = self.load(Source, path)
        if source is None:
            return
        offset = position = 0
        for line in source.data.splitlines(keepends=True):
            position += len(line)
            if f"{line.decode().rstrip()}\n".startswith(beside):
                offset = position
        offset = offset or len(source.data)
        addition.insert(path, offset, "".join(f"{line}\n" for line in lines))

    def _exclude_upstream_tests(self, addition: Addition) -> None:
        source = self.load(Source, UNIT_TESTS)
        if source is None:
            return
        folder = addition.backend.source_folder
        excluded = [*re.finditer(rb"^[ \t]*-not -path '\*/[^']+' \\\r?\n", source.data, re.MULTILINE)]
        if f"-not -path '*/{folder}/*'".encode() in source.data:
            return
        if not excluded:
            addition.ask(
                UNIT_TESTS,
                f"keep {folder}/ out of the C++ unit tests: its find has no -not -path line",
            )
            return
        line = excluded[0]
        indent = line[0][: len(line[0]) - len(line[0].lstrip())].decode()
        addition.insert(UNIT_TESTS, line.end(), f"{indent}-not -path '*/{folder}/*' \\\n")
