"""A backend's name, and what LocalAI makes of it."""

from __future__ import annotations

from scaffold.backend.choices import KINDS

FOLDER = rf"backend/(?:{'|'.join(KINDS)})/"
"""A pattern for what stands before a backend's name in the path of its directory."""

_PREFIX = "BACKEND_"


def identifier(name: str) -> str:
    """`MY_BACKEND`, the stem of its make variables."""
    return name.upper().replace("-", "_")


def make_variable(name: str) -> str:
    """`BACKEND_MY_BACKEND`, which defines it in LocalAI's Makefile."""
    return f"{_PREFIX}{identifier(name)}"


def defined_by(variable: str) -> str:
    """The name that a variable of LocalAI's Makefile stands for: `make_variable` backwards."""
    return variable.removeprefix(_PREFIX).lower().replace("_", "-")
