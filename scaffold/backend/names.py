"""A backend's name, and what LocalAI makes of it."""

from __future__ import annotations

import re

from scaffold.backend.choices import KINDS
from scaffold.errors import UsageError

FOLDER = rf"backend/(?:{'|'.join(KINDS)})/"
"""A pattern for what stands before a backend's name in the path of its directory."""

PACKAGE = "package"
"""The folder of a backend that package.sh alone makes, and that its image takes."""

RESERVED = (
    "common", "grpc", "llm", "python", "golang", "backends", "test", "build", "package",
    "clean", "purge", "all", "install", "run", "engine", "sources", "shim",
    "vendor", "make", "cmake", "ubuntu",
)  # fmt: skip
"""Directories that LocalAI shares between backends, targets and folders of generated backends, and
names whose `<NAME>_VERSION` means something to make or to a Dockerfile already."""

CHANNEL_WORDS = (
    "latest", "main", "master", "release", "development", "meta", "backend", "model", "models", "gallery",
)  # fmt: skip
"""What tags of images begin with, and what the gallery calls its own things."""

FILE_TYPES = (
    "c", "cc", "cpp", "cxx", "dockerignore", "f", "for", "go", "h", "hh", "hpp", "hxx", "js", "json", "m",
    "md", "mjs", "py", "rs", "s", "sh", "swig", "swigcxx", "sx", "syso", "toml", "ts", "txt", "yaml", "yml",
)  # fmt: skip
"""What `backend/Dockerfile.<name>` must not end in: it would be a source for Go, or for other tools."""

_PREFIX = "BACKEND_"


def require_name(name: str) -> None:
    """Raises UsageError for what is no name of a backend, whatever a checkout has.

    A name of an existing one may be spelled as no new one would be. It is looked for in paths and in
    patterns, so it is never one itself; and what backends share is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9](?:[\w.-]*\w)?", name, re.ASCII) or ".." in name:
        raise UsageError(f"{name!r} is no name of a backend: one has letters and digits, with - . _ between")
    if name in RESERVED:
        raise UsageError(f"{name!r} is no name of a backend: what has it, several backends share")


def is_name(name: str) -> bool:
    """Whether `require_name` takes it."""
    try:
        require_name(name)
    except UsageError:
        return False
    return True


def identifier(name: str) -> str:
    """`MY_BACKEND`, the stem of its make variables."""
    return name.upper().replace("-", "_")


def make_variable(name: str) -> str:
    """`BACKEND_MY_BACKEND`, which defines it in LocalAI's Makefile."""
    return f"{_PREFIX}{identifier(name)}"


def defined_by(variable: str) -> str:
    """The name that a variable of LocalAI's Makefile stands for: `make_variable` backwards."""
    return variable.removeprefix(_PREFIX).lower().replace("_", "-")
