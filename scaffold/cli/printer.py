"""The one printer: results to standard output, what is said beside them to standard error."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from pathlib import Path

import typer

from scaffold import cage
from scaffold.errors import UsageError, WriteError, told_beside
from scaffold.report.formats import Kind
from scaffold.text import harmless, plain, shown


class Colour(StrEnum):
    """When to print colours."""

    auto = "auto"
    always = "always"
    never = "never"


def choose_colours(arguments: list[str]) -> list[str]:
    """Take `--color WHEN` from a command line, wherever it stands. Raises UsageError for another word."""
    global _colour  # noqa: PLW0603 - one process has one terminal
    end = arguments.index("--") if "--" in arguments else len(arguments)
    left: list[str] = []
    words = iter(arguments[:end])
    for word in words:
        name, given, value = word.partition("=")
        if name != "--color":
            left.append(word)
            continue
        value = value if given else next(words, "")
        if value not in set(Colour):
            raise UsageError(f"--color {value}: give auto, always or never")
        _colour = Colour(value)
    return left + arguments[end:]


def result(text: str, kind: Kind = Kind.report, file: str = "", root: Path = Path()) -> None:
    """Print lines to standard output or into a file. The last line gets its newline.

    Nothing is printed where there are none; the file is made even then. Raises WriteError where it cannot.
    In the checkout at `root` no link leads to the file.
    Whatever a checkout has put into them acts neither on a terminal nor in the log of a CI job. Of a
    diff every byte counts (for `git apply`) unless one of these shows it.
    """
    if kind is Kind.report:
        text = shown(text)
    elif kind is Kind.diff and (sys.stdout.isatty() or "GITHUB_ACTIONS" in os.environ):
        text = harmless(text)
    if file:
        _write(file, text, root)
    elif text:
        with cage.waiting():  # for who reads it, page by page
            typer.echo(text, nl=not text.endswith("\n"), color=_colours())


def _write(name: str, text: str, root: Path) -> None:
    ended = text if not text or text.endswith("\n") else f"{text}\n"
    opened = partial(_opened, root)
    try:
        with open(name, "w", encoding="utf-8", errors="backslashreplace", opener=opened) as file:
            file.write(plain(ended))
    except OSError as problem:
        raise WriteError(f"{name} cannot be written: {problem.strerror}") from None


def note(text: str) -> None:
    """Print a line to standard error; where that is full, nobody can be told."""
    try:
        typer.echo(shown(text), err=True, color=_colours())
    except BrokenPipeError:
        raise
    except OSError:
        pass


def error(problem: object) -> None:
    """Print to standard error why nothing was done, and what was noted about it."""
    _told(f"{typer.style('error:', fg='red', bold=True)} {harmless(str(problem))}", problem)


def stopped(end: object) -> None:
    """Print to standard error that a person ended it, and what was noted about it."""
    _told(str(end), end)


def _told(headline: str, problem: object) -> None:
    note(headline)
    for told in told_beside(problem):
        note(f"  {told}")


def job_summary(rendered: Callable[[int], str], root: Path) -> None:
    """Add to the file that GitHub shows as the summary of the job, if a job runs.

    `rendered` makes the text from the number of bytes that the file has already. In the checkout at `root`
    no link leads to the file.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    opened = partial(_opened, root)
    try:
        with open(name, "a", encoding="utf-8", errors="backslashreplace", opener=opened) as file:
            file.write(rendered(file.tell()))
    except OSError as error:
        note(f"the job summary cannot be written: {error.strerror}")


def _opened(root: Path, name: str, flags: int) -> int:
    """A descriptor of a regular file, which nobody has to be waited for and no other name leads to.

    Outside of the checkout at `root` the folders of a path are its user's own, and may be links.
    """
    from scaffold.checkout.door import Door, below

    wanted = flags & ~os.O_TRUNC | os.O_NONBLOCK | os.O_NOFOLLOW
    inside = below(root, name)
    if inside is None:
        descriptor = os.open(name, wanted, 0o666)
    else:
        with Door(root).holding(inside) as (folder, last):
            descriptor = os.open(last, wanted, 0o666, dir_fd=folder)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it has another name" if found.st_nlink > 1 else "it is no file")
    if flags & os.O_TRUNC:
        os.ftruncate(descriptor, 0)
    return descriptor


def _colours() -> bool | None:
    """Colours as they were asked for, else on a terminal whose user did not refuse them; None: it decides."""
    if _colour is not Colour.auto:
        return _colour is Colour.always
    return False if os.environ.get("NO_COLOR") else None


_colour = Colour.auto
