"""What run.sh needs beside itself and package.sh leaves behind."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from scaffold.backend.names import PACKAGE
from scaffold.backend.near import is_near
from scaffold.directory.directory import Directory
from scaffold.directory.made import Build, Made
from scaffold.directory.outputs import LINUX, PLACING, Taken, data_of, only_copies, opened
from scaffold.directory.scripts import run_of
from scaffold.directory.text import Text
from scaffold.syntax import dockerfile
from scaffold.syntax.shell_state import UNKNOWN


def unpackaged(directory: Directory, dockerfiles: Iterable[Text]) -> Iterator[Taken]:
    """What run.sh takes on Linux and package.sh does not bring along; each once.

    Of programs and libraries those beside it, for others fill the folders below; of data what the build
    makes, or what a letter tells from something packaged: the rest a backend may make itself. Only where
    package.sh does nothing but copy, and the image has what that copies and nothing else.
    """
    script, package, build = directory.run_script, directory.text("package.sh"), Build.of(directory)
    if script is None or package is None or build is None or not only_copies(package):
        return
    makefiles = (text for text in directory.build_files if text != package)
    if any(_PACKS.search(text.code) for text in makefiles) or not all(map(_takes_package, dockerfiles)):
        return
    placed, run = _placed(package), run_of(script, LINUX)
    taken = [(path, spot, True) for path, spot, _ in opened(script, run) if "/" not in path]
    taken += [(path.partition("/")[0], spot, False) for path, spot in data_of(script, run)]
    seen = set()
    for name, spot, is_needed in taken:
        if name not in seen and not name.endswith(_WRITTEN) and not placed.may_be(name):
            seen.add(name)
            if is_needed or build.may_make(name, spelled=True) or _near(name, placed.plain):
                yield Taken(name, spot)


_PACKS = re.compile(rb"(?m)^(?![^\n]*\brm\b)[^\n]*(?:\bpackage/|/package\b(?!\.sh)|=[ \t]*package[ \t]*$)")
_WRITTEN = (".lock", ".log", ".pid", ".sock", ".tmp")
"""How what run.sh writes itself is named."""


def _takes_package(text: Text) -> bool:
    """Whether the image of a Dockerfile has what is packaged, and nothing that the build left elsewhere."""
    file = dockerfile.read(text.path, text.data)
    if file is None or not file.stages:
        return False
    taking = (i for i in file.stages[-1].instructions if i.name in ("COPY", "ADD"))
    sources = [path for instruction in taking for path, _ in instruction.paths[:-1]]
    return bool(sources) and all("/package/" in f"{path}/" for path in sources)


def _near(name: str, others: Iterable[str]) -> str | None:
    """One of some names that a letter makes another one."""
    return next((other for other in sorted(others) if is_near(name, other)), None)


def packaged_instead(directory: Directory, name: str) -> str | None:
    """A name that package.sh gives to something and that is a letter from another one."""
    package = directory.text("package.sh")
    return _near(name, _placed(package).plain) if package is not None else None


@lru_cache(maxsize=1)
def _placed(package: Text) -> Made:
    """The names that package.sh may give to what it puts right into the package on Linux."""
    names: set[str] = set()
    for step in run_of(package, LINUX).reached:
        words = [word for word in step.words[1:] if not word.startswith("-")]
        if step.words[0] == "mkdir":
            targets, sources = words, []
        elif step.words[0] in PLACING:
            targets, sources = words[-1:], words[:-1]
        else:
            continue
        if len(words) + 1 < len(step.words) and any(map(_TARGET.match, step.words[1:])):
            return Made.of(["*"])
        for target in targets:
            above, is_below, inside = f"{target}/".partition(f"{PACKAGE}/")
            if inside.strip("/."):
                names.add(inside.strip("/").partition("/")[0])
            elif is_below or UNKNOWN in above:
                names.update(posixpath.basename(source.rstrip("/")) or "*" for source in sources)
    return Made.of("*" if name in (".", "..") else name.replace(UNKNOWN, "*") for name in names)


_TARGET = re.compile(r"-[a-zA-Z]*[tT]|--(?:no-)?target|--parents")
