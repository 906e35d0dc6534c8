"""Arguments that recipes of a Makefile give to the builds of images."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

from scaffold.syntax.make_lines import Kind, lines

GIVEN_BY_DOCKER = re.compile(
    r"(?i:(?:https?|ftp|no|all)_proxy)|BUILDKIT_\w+|SOURCE_DATE_EPOCH|(?:TARGET|BUILD)(?:PLATFORM|OS|ARCH|VARIANT)"
)
"""What every build may be given, or has: proxies, and what BuildKit reads itself."""

_BUILDS = re.compile(rb"\bdocker[ \t]+(?:buildx[ \t]+)?build[ \t]")
_ARGUMENT = re.compile(rb"--build-arg[ =]\"?([A-Za-z_]\w*)=")
_FILE = re.compile(rb"[ \t](?:-f|--file)[ =]\"?([^\s\"]+)")
_REFERENCE = re.compile(r"\$\([^()]*\)|\$\{[^{}]*\}|\$.")
_DECLARED = re.compile(rb"(?mi)^[ \t]*ARG[ \t]+([^\n]*)")
_CONTINUED = re.compile(rb"\\\r?\n")


def undeclared(
    makefile: bytes, dockerfiles: Sequence[str], read: Callable[[str], bytes | None]
) -> Iterator[tuple[str, str, int]]:
    """(argument, Dockerfile, offset) of what is given to a build whose Dockerfile has no such ARG.

    A name that make puts together stands for every Dockerfile that it fits.
    """
    declared: dict[str, tuple[str, ...]] = {}
    for line in lines(makefile) if b"--build-arg" in makefile else ():
        if line.kind is not Kind.recipe or not _BUILDS.search(line.text):
            continue
        text = _CONTINUED.sub(lambda found: b" " * len(found[0]), line.text)
        named = _FILE.search(text)
        pattern = _REFERENCE.sub("*", named[1].decode(errors="replace") if named else "Dockerfile")
        pattern = posixpath.normpath(pattern)
        files = [path for path in dockerfiles if fnmatchcase(path, pattern)]
        for path in files:
            if path not in declared:
                declared[path] = arguments(read(path) or b"")
        for argument in _ARGUMENT.finditer(text) if files and pattern != "*" else ():
            name = argument[1].decode()
            if not GIVEN_BY_DOCKER.fullmatch(name) and not any(name in declared[path] for path in files):
                shown = files[0] if len(files) == 1 else pattern.replace("*", "<name>")
                yield name, shown, line.start_byte + argument.start(1)


def arguments(data: bytes) -> tuple[str, ...]:
    """The arguments that a Dockerfile declares, in file order."""
    words = (word for found in _DECLARED.findall(_CONTINUED.sub(b" ", data)) for word in found.split())
    return tuple(word.partition(b"=")[0].decode(errors="replace") for word in words)
