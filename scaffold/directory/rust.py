"""A Rust backend: its programs, and its implementations of the gRPC service."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from scaffold.directory.text import Text
from scaffold.syntax.rust import Implementation, RustSource
from scaffold.syntax.toml import chain

TRAIT = "Backend"
"""What tonic makes of the service; the trait has no default methods."""


def services(text: Text) -> tuple[Implementation, ...]:
    """What implements the service in a source."""
    if b"impl" not in text.data or TRAIT.encode() not in text.data:
        return ()
    return text.read(RustSource, lambda source: source.implementations(TRAIT))


def generates_stubs(build: Text | None) -> bool:
    """Whether build.rs may ask tonic for the methods that are not written."""
    method = "generate_default_stubs"
    if build is None or method.encode() not in build.data:
        return False
    return any(given != "false" for given in build.read(RustSource, lambda source: source.arguments(method)))


PROGRAM = "src/main.rs"
"""What cargo builds where a manifest names no program."""


def programs(manifest: Text) -> Iterator[str]:
    """The sources of the programs that a manifest names, below its folder; else the one that is usual.

    A package that is a library as well, or has programs in `src/bin`, may do without.
    """
    read = _read(manifest)
    named = read.get("bin")
    paths = [one.get("path") for one in named if isinstance(one, dict)] if isinstance(named, list) else []
    if not paths and "package" in read and "lib" not in read:
        paths = [PROGRAM]
    for path in paths:
        if isinstance(path, str) and re.fullmatch(r"\w[\w.-]*(?:/\w[\w.-]*)*", path):
            yield path


_NAME = re.compile(rb"(?m)^[ \t]*name[ \t]*=[ \t]*[\"']([\w-]+)[\"']")
_TABLE = re.compile(rb"(?m)^[ \t]*\[+([\w. -]+)\]+")


def program_names(manifest: Text) -> dict[str, int]:
    """The names of the programs of a manifest, and where they are written; nothing if there may be others."""
    read = _read(manifest)
    if not read or "workspace" in read:
        return {}
    tables = [(match.start(), match[1].strip()) for match in _TABLE.finditer(manifest.code)]
    of_package = b"package" if "bin" not in read and "lib" not in read else b""
    found: dict[str, int] = {}
    for match in _NAME.finditer(manifest.code):
        table = [name for start, name in tables if start < match.start()][-1:]
        if table and table[0] in (b"bin", of_package):
            found[match[1].decode()] = match.start(1)
    return found


def _read(manifest: Text) -> dict[str, Any]:
    """A manifest; nothing where it is none, or where the reader would take its time over it."""
    said = manifest.data.decode(errors="replace")
    try:
        return {} if chain(said) else tomllib.loads(said)
    except (ValueError, RecursionError):
        return {}
