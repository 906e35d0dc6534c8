"""The ways in which a command ends without doing its work, and their exit codes."""

from __future__ import annotations


class ScaffoldError(Exception):
    """Base of every error that the command line reports without a traceback."""

    exit_code = 1


class UsageError(ScaffoldError):
    """Wrong options or answers; nothing was changed."""

    exit_code = 2


class ShapeError(ScaffoldError):
    """The repository cannot be read, or a file has a shape that the tool does not know."""

    exit_code = 3

    def __init__(self, path: str, line: int | None, problem: str) -> None:
        """`line` counts from 1; `problem` says what was found and what was expected."""
        self.path = path
        self.line = line
        self.problem = problem
        super().__init__(f"{path}:{line}: {problem}" if line else f"{path}: {problem}")
