"""The ways in which a command ends without doing its work, and their exit codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

INTERRUPTED = 130
"""Exit code of what Ctrl-C ended: 128 and the number of the signal, as shells have it."""


class ScaffoldError(Exception):
    """Base of every error that the command line reports without a traceback."""

    exit_code = 1
    kind = "error"
    """What programs are told that it is."""


class UsageError(ScaffoldError):
    """Wrong options or answers; nothing was changed."""

    exit_code = 2
    kind = "usage"


class ShapeError(ScaffoldError):
    """The repository cannot be read, or a file has a shape that the tool does not know."""

    exit_code = 3
    kind = "shape"

    def __init__(self, path: str, line: int | None, problem: str) -> None:
        """`line` counts from 1; None is for a file as a whole, told of at its beginning, 0 for no file.

        `problem` says what was found and what was expected.
        """
        self.path = path
        self.line = 1 if line is None else line
        self.problem = problem
        super().__init__(f"{path}:{self.line}: {problem}" if self.line else f"{path}: {problem}")


class BrokenError(ShapeError):
    """A file is none of its language, or half merged: no reader has to learn anything."""


class WriteError(ScaffoldError):
    """The repository cannot be written; the message says what was changed, which is nothing if it can be."""

    exit_code = 3
    kind = "write"


class BusyError(ScaffoldError):
    """Another process writes there: the same command may succeed later (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75
    kind = "busy"


class BugError(ScaffoldError):
    """The program itself is at fault (EX_SOFTWARE of sysexits.h)."""

    exit_code = 70
    kind = "bug"


class Stopped(ScaffoldError):  # noqa: N818 - it is no error of the program
    """A person said no, or pressed Ctrl-C or Ctrl-D where they were asked; nothing was written.

    That is no error of theirs: a "no" is an answer, exit code 0, and what Ctrl-C ends has 130 everywhere.
    """

    def __init__(self, *, interrupted: bool) -> None:
        self.exit_code = INTERRUPTED if interrupted else 0
        super().__init__("nothing was written")


def told_beside(error: object) -> list[str]:
    """What was noted about an error."""
    return [*getattr(error, "__notes__", ())]


def meant(name: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """What may have been meant with a name that is not known, as a question; "" where nothing is near.

    `known` holds the names that somebody may use, and may map each to the name to use instead.
    """
    from difflib import get_close_matches

    names = known if isinstance(known, Mapping) else {word: word for word in known}
    near = get_close_matches(name.lower(), names, n=3, cutoff=0.5)
    near += [word for word in names if name and name.lower() in word]
    *others, last = [*dict.fromkeys(names[word] for word in near)][:3] or [""]
    return (
        f"did you mean {', '.join(others)} or {last}?" if others else f"did you mean {last}?" if last else ""
    )


def unknown(what: str, name: str, known: Mapping[str, str], listed_by: str) -> UsageError:
    """Nothing of a kind has a name: says what may have been meant, else which command lists what there is.

    `known` is as `meant` takes it.
    """
    hint = meant(name, known) or f"`{listed_by}` lists them"
    return UsageError(f"no {what} is called {name!r}; {hint}")
