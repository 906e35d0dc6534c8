"""Mutants of the files of backends: requirement lines, words of scripts, files cut off, emptied or gone."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from evidence.mutants import Mutation, corrupted
from scaffold.directory.python import installer_of
from scaffold.registry import Registry

IMPORTERS = "core/gallery/importers"
_PIN = re.compile(rb"(?m)^([A-Za-z][\w.-]*(?:\[[\w,.-]+\])?)(==)([\w.+!-]+)")
_GIT = re.compile(rb"(?m)^[^#\n]*git\+https://[^@\n#]+(@[^\s#]+)")
_INDEX = re.compile(rb"(?m)^--(?:extra-)?index-url.*\n")
_NAME = re.compile(rb"(?m)^([A-Za-z][\w.-]{3,})(?=[\[=<>~!; \t\n]|\Z)")
_STEPS = re.compile(rb"(?m)^([^\s#-][^\n#]*)(\n)(?=[^\s#])")


def file_mutations(registry: Registry) -> Iterator[Mutation]:
    """Every fault of a file of a backend, of those that some image takes."""
    for name, lang in registry.backends.items():
        if registry.matrix.entries_of(name):
            if lang == "python":
                yield from _requirement_lines(registry, name)
            yield from _scripts(registry, name)
            yield from _cut(registry, name)
    yield from _importers(registry)


def installed(registry: Registry) -> dict[str, set[str]]:
    """Python backend -> the requirements files that its images install."""
    installer = installer_of(registry.tree)
    found: dict[str, set[str]] = defaultdict(set)
    for entry in (*registry.matrix.linux, *registry.matrix.darwin):
        kind, cuda = (entry.fields.get(field, "") for field in ("build-type", "cuda-major-version"))
        build = installer.build(kind, cuda, entry.linux)
        found[entry.backend].update(installer.common, installer.specific(build))
    return found


def _requirement_lines(registry: Registry, name: str) -> Iterator[Mutation]:
    """Lines joined, names misspelt, operators, versions, refs and indexes gone; whole files emptied."""
    folder = registry.directory(name)
    names = installed(registry)[name]
    for number, file in enumerate(sorted(names.intersection(registry.tree.list(folder)))):
        path = f"{folder}/{file}"
        data = registry.tree.read(path) or b""
        if re.search(rb"(?m)^[^\s#]", data):
            yield Mutation("requirements emptied", f"empty {path}", name, path, 0, len(data))
        steps = [*_STEPS.finditer(data)]
        for match in steps[number % 2 :: 2]:
            what = f"join {match[1].decode()!r} with the next in {path}"
            yield Mutation("requirements joined", what, name, path, *match.span(2))
        for at, match in enumerate(_PIN.finditer(data)):
            for text in (" ", "=", "=>", "")[(number + at) % 4 :][:1]:
                what = f"{match[1].decode()}{text}{match[3].decode()} in {path}"
                yield Mutation("requirement operators", what, name, path, *match.span(2), text)
            text = (">=" + match[3].decode(), "")[(number + at) % 2]
            what = f"{match[1].decode()}{text} for {match[0].decode()} in {path}"
            yield Mutation("requirement pins", what, name, path, match.start(2), match.end(3), text)
        for match in _INDEX.finditer(data):
            what = f"delete {match[0].decode().strip()} of {path}"
            yield Mutation("requirement indexes", what, name, path, *match.span())
        for match in _GIT.finditer(data):
            what = f"delete {match[1].decode()} in {path}"
            yield Mutation("requirement refs", what, name, path, *match.span(1))
            for text in ("@main", "@dev")[number % 2 :][:1]:
                what = f"{text} for {match[1].decode()} in {path}"
                yield Mutation("requirement refs", what, name, path, *match.span(1), text)
        words = [*_NAME.finditer(data)]
        for at, match in enumerate(words[number % 2 :: 2]):
            text = corrupted(match[1].decode(), number + at + 1)
            what = f"{text} for {match[1].decode()} in {path}"
            yield Mutation("requirement names", what, name, path, *match.span(1), text)


_COMMAND = re.compile(
    rb"(?m)^[ \t]*(cp|mkdir|chmod|source|bash|exec|export|cd|ln|install|\w*[a-z][A-Z]\w*)[ \t]+(?=[^\n=])"
)
_TARGET = re.compile(rb"(?m)^[ \t]*cp[ \t][^\n|&;]*\$\w*/([\w./-]*\w)/?\"?(?=[ \t]*(?:$|[|&;2]))")
_TAKEN = re.compile(rb"(?m)^[ \t]*cp[ \t](?:-\w+[ \t])*\"?\$\{?\w*\}?\"?/([\w./-]*\w)\"?[ \t]")


def _scripts(registry: Registry, name: str) -> Iterator[Mutation]:
    """Commands and the paths of `cp` misspelt, in the scripts that build and start."""
    folder = registry.directory(name)
    for script in ("run.sh", "package.sh", "install.sh"):
        path = f"{folder}/{script}"
        data = registry.tree.read(path) or b""
        for number, match in enumerate(_COMMAND.finditer(data)):
            text = _misspelt(match[1].decode(), number)
            yield Mutation("script commands", f"{text} in {path}", name, path, *match.span(1), text)
        for kind, expression in (("script targets", _TARGET), ("script sources", _TAKEN)):
            for number, match in enumerate(expression.finditer(data)):
                text = corrupted(match[1].decode(), number + 2)
                what = f"cp: {text} for {match[1].decode()} in {path}"
                yield Mutation(kind, what, name, path, *match.span(1), text)


def _misspelt(word: str, number: int) -> str:
    """A letter twice, one less, or another one."""
    at = number % len(word)
    return (word[:at] + word[at:][:1] + word[at:], word[:at] + "q" + word[at + 1 :])[number % 2]


_PARTS = re.compile(
    r"(?:.*\.(?:sh|py|go|cpp|rs)|Makefile|CMakeLists\.txt|Cargo\.toml|requirements[\w.-]*\.txt)"
)
_GONE = re.compile(
    r"run\.sh|package\.sh|install\.sh|Makefile|CMakeLists\.txt|Cargo\.toml|backend\.py|main\.go"
)


def _cut(registry: Registry, name: str) -> Iterator[Mutation]:
    """Files cut off in the middle: at the end of a line and within one; emptied; deleted."""
    folder = registry.directory(name)
    names = installed(registry)[name]
    for file in registry.tree.list(folder):
        path = f"{folder}/{file}"
        data = registry.tree.read(path) or b""
        is_listed = file.startswith("requirements")
        if not _PARTS.fullmatch(file) or not data.strip() or (is_listed and file not in names):
            continue
        middle = len(data) // 2
        line = data.find(b"\n", middle) + 1
        if 0 < line < len(data):
            yield Mutation(
                f"cut {_kind(file)}", f"end {path} at line end {line}", name, path, line, len(data)
            )
        if line != middle:
            yield Mutation(f"cut {_kind(file)}", f"end {path} at {middle}", name, path, middle, len(data))
        if not is_listed:
            yield Mutation(f"emptied {_kind(file)}", f"empty {path}", name, path, 0, len(data))
        if _GONE.fullmatch(file):
            yield Mutation("gone", f"delete {path}", name, path, 0, 0, gone=True)


def _kind(file: str) -> str:
    if file.startswith("requirements"):
        return "requirements"
    ending = file.rpartition(".")[2]
    return file if ending in ("sh", "txt", "toml") or file == "Makefile" else f"*.{ending}"


def _importers(registry: Registry) -> Iterator[Mutation]:
    """Files of importers emptied and cut."""
    for file in registry.tree.list(IMPORTERS):
        path = f"{IMPORTERS}/{file}"
        data = registry.tree.read(path) or b""
        if file.endswith(".go") and not file.endswith("_test.go"):
            yield Mutation("importer files", f"empty {path}", "", path, 0, len(data))
            yield Mutation("importer files", f"cut {path}", "", path, len(data) // 2, len(data))
            yield Mutation("importer files", f"delete {path}", "", path, 0, 0, gone=True)
