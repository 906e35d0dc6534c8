"""Where else a repository names a backend: the places that no surface knows.

A surface registers; a mention is whatever remains. `mentions` finds those that work with a backend:
another workflow, a script, the Makefile of a fork, a Go file that asks for the backend by name, a row
of a table for readers; comments, prose and tests are left out, and so are the backend's own files.
`find_named` finds every line that has the name in it, whatever it says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.checkout import git
from scaffold.checkout.tree import Tree, WorkTree
from scaffold.surfaces.base import Registration

if TYPE_CHECKING:
    from scaffold.registry import Registry

SURFACE = "mentions"

_FOLDERS = (".github", ".docker", "scripts", "core", "pkg")
_IN_FOLDERS = re.compile(r".*\.(ya?ml|m?js|jsx|sh|go|py|json|toml)|.*/[\w.-]*compile[\w.-]*")
_LEFT_OUT = re.compile(r".*[._](test|spec)\.\w+|core/http/(react-ui/(?!src/)|static/).*|.*/node_modules/.*")
_OF_BACKENDS = re.compile(r"Makefile|CMakeLists\.txt|.*\.sh")
_COMMENT = re.compile(r"\s*(#|//|\*|/\*|<!--|--\s)")
_TABLES = ("README.md", "backend/README.md", "docs/content")


def mentions(
    tree: Tree,
    name: str,
    called: Collection[str],
    longer: Collection[str],
    own: Collection[str],
    known: Collection[tuple[str, int]],
) -> list[Registration]:
    """The places that name a backend, in file order, without the lines that are known.

    `called` are its other names and addresses, which count in tables; `longer` are backends whose names
    hold its own; `own` are its files and folders.
    """
    code, row = _code(name), _row({name, *called})
    others = re.compile("|".join(map(re.escape, sorted(longer, key=len, reverse=True))) or "(?!)")
    found = []
    for path in sorted(set(_paths(tree))):
        table = path.endswith(".md")
        data = b"" if path.startswith(tuple(own)) else tree.read(path) or b""
        if not any(needle.encode() in data for needle in ({name, *called} if table else {name})):
            continue
        for number, line in enumerate(data.decode(errors="replace").split("\n"), 1):
            if table:
                named = line.startswith("|") and row.search(line.split("|")[1]) is not None
            else:
                named = code.search(others.sub("", line)) is not None and not _COMMENT.match(line)
            if named and (path, number) not in known:
                found.append(Registration(SURFACE, path, number, " ".join(line.split())))
    return found


def _paths(tree: Tree) -> Iterator[str]:
    for name in tree.list(""):
        if not tree.is_dir(name) and not name.endswith((".md", ".sum", ".lock")):
            yield name
    for folder in _FOLDERS:
        yield from (p for p in tree.files(folder) if _IN_FOLDERS.fullmatch(p) and not _LEFT_OUT.fullmatch(p))
    for table in _TABLES:
        yield from (tree.files(table) if tree.is_dir(table) else [table])
    for lang in tree.list("backend"):
        if not tree.is_dir(f"backend/{lang}"):
            yield f"backend/{lang}"
            continue
        for backend in tree.list(f"backend/{lang}"):
            for file in tree.list(f"backend/{lang}/{backend}"):
                if _OF_BACKENDS.fullmatch(file):
                    yield f"backend/{lang}/{backend}/{file}"


def _code(name: str) -> re.Pattern[str]:
    """How code names a backend: as a path, a target, an image, or a string of its own."""
    n = re.escape(name)
    return re.compile(
        rf"backend/\w+/{n}(?![\w.-])|\.\./{n}(?![\w.-])|\bbackends/{n}(?:-darwin)?(?![\w.-])|docker-(?:build|save)-{n}(?![\w.-])"
        rf"|local-ai-backend:{n}(?![\w.-])|local-ai-backends:[\w.-]+-{n}(?![\w.-])|Dockerfile\.{n}(?![\w.-])|scripts/build/{n}-darwin"
        rf"|(['\"`]){n}\1|\b[Bb][Aa][Cc][Kk][Ee][Nn][Dd]\s*[:=]+\s*{n}(?![\w.-])|outputs\.{n}(?![\w-])"
        rf"|test-extra-backend-{n}(?![\w.-])|/{n}-(?:build|compile|darwin)\b"
    )


def _row(names: Collection[str]) -> re.Pattern[str]:
    """How a table for readers names a backend: by one of its names, as a word, or by an address."""
    words = (re.escape(re.sub(r"^https?://|\.git$", "", name)) for name in sorted(names))
    return re.compile(rf"(?i)(?<![\w.-])({'|'.join(words)})(?![\w-]|\.\w)")


GROUPS = ("CI", "code", "docs")
"""What builds and tests, what runs, and what is read."""
_BUILDS = re.compile(r"\.|scripts/|tests/|(?:.*/)?(?:Makefile|Dockerfile[\w.-]*)$")


@dataclass(frozen=True, slots=True)
class Named:
    """A file that names a backend, and the line of each time."""

    path: str
    lines: tuple[int, ...]

    @property
    def line(self) -> int:
        """The first one."""
        return self.lines[0]

    @property
    def count(self) -> int:
        """How often it is named."""
        return len(self.lines)

    @property
    def group(self) -> str:
        """One of GROUPS."""
        if self.path.endswith((".md", ".txt", ".rst")) or self.path.startswith("docs/"):
            return "docs"
        return "CI" if _BUILDS.match(self.path) else "code"


def find_named(registry: Registry, after: Tree, name: str, *also_known: str) -> Iterator[Named]:
    """Files that name a backend after a change, alone or in a longer word such as `latest-cpu-NAME`.

    The names of others, and those that are `also_known`, mean these also where they hold this one.
    """
    own = re.compile(spelled(name))
    known = {alias for other in {*registry.names} - {name} for alias in registry.aliases_of(other)}
    longer = {other for other in known.union(also_known) if own.search(other.encode()) and other != name}
    others = sorted(longer, key=len, reverse=True)
    # As it is registered, a name is itself; only in another spelling it may be a part of another one's.
    words = [_word(name, others, exactly) for exactly in (True, False)]
    for path in files_with(registry.tree, name):
        data = after.content(path)
        if data and b"\0" not in data and own.search(data):
            found = {m.start("own") for word in words for m in word.finditer(data) if m["own"]}
            lines = []
            line, counted = 1, 0
            for start in sorted(found):
                line += data.count(b"\n", counted, start)
                counted = start
                lines.append(line)
            if lines:
                yield Named(path, tuple(lines))


def _word(name: str, others: Iterable[str], exactly: bool) -> re.Pattern[bytes]:
    """What names a backend, as the group `own`, or one of the others whose names hold its own."""
    spell = _exactly if exactly else spelled
    longer = b"|".join(map(spell, others)) or rb"(?!)"
    return whole_word(longer + rb"|(?P<own>" + spell(name) + rb")")


def whole_word(pattern: bytes) -> re.Pattern[bytes]:
    """What matches a pattern and is no part of a longer word."""
    return re.compile(rb"(?<![A-Za-z0-9])(?:" + pattern + rb")(?![A-Za-z0-9])")


def spelled(name: str) -> bytes:
    """A pattern for a name as people write it, as an identifier of code and as a Make variable."""
    return rb"(?i:" + rb"[-_]?".join(re.escape(part.encode()) for part in name.split("-")) + rb")"


def _exactly(name: str) -> bytes:
    """A pattern for a name as it is registered, or as an identifier of code."""
    return re.escape(name.encode()).replace(rb"\-", b"[-_]")


def files_with(tree: Tree, name: str) -> list[str]:
    """The files that a search for a name would find, or more of them."""
    if isinstance(tree, WorkTree) and (tree.root / ".git").exists():
        pattern = "[-_]?".join(re.escape(part) for part in name.split("-"))
        found = git.run(tree.root, "grep", "-z", "-l", "-I", "-i", "-E", "--untracked", "-e", pattern)
        if found.returncode <= 1:  # 1: there is none
            return sorted(path for path in os.fsdecode(found.stdout).split("\0") if path)
    return list(tree.files(""))
