"""What the commands have in common: the options that many take, and the checkout that they ask for."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol

import typer

from scaffold.backend.variants import VARIANTS
from scaffold.checkout.tree import find_root
from scaffold.cli import printer
from scaffold.errors import UsageError
from scaffold.report.formats import Format, Kind

RepoOption = Annotated[
    Path | None,
    typer.Option("--repo", metavar="PATH", help="The LocalAI checkout; the enclosing one by default."),
]
RevOption = Annotated[
    str | None,
    typer.Option("--rev", metavar="REV", help="Read a commit, not the work tree; nothing is checked out."),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the diff, write nothing.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]

VARIANT_NAMES = " ".join(VARIANTS)
"""The variants that there are, as `--help` lists them."""


def repository(path: Path | None) -> Path:
    """Root of the checkout: the one that `--repo` names, else the enclosing one.

    Says so where a change of it is not complete. Raises UsageError where there is no such folder,
    ShapeError where the folder is in no checkout.
    """
    from scaffold.checkout.journal import unfinished

    root = _root(path)
    if told := unfinished(root):
        printer.note(told)
    return root


@contextmanager
def writable(path: Path | None, *, unless: bool = False) -> Iterator[Path]:
    """Root of the checkout for a command that writes, and nobody else writes to it meanwhile.

    What a killed run had changed is put back first; `unless` the command only shows what it would do.
    Raises what `repository` raises, BusyError where another process writes.
    """
    if unless:
        yield repository(path)
        return
    from scaffold.checkout.journal import writing

    root = _root(path)
    with writing(root) as journal:
        restored = journal.recover()
        if restored:
            printer.note(f"an interrupted run was rolled back: {', '.join(restored)}")
        yield root


def _root(path: Path | None) -> Path:
    if path is not None and not path.is_dir():
        raise UsageError(f"--repo {path}: there is no such folder")
    return path.resolve() if path is not None else find_root(Path.cwd())


def several(given: Iterable[str] | None) -> tuple[str, ...]:
    """The values of an option that may be repeated, and may have several between commas."""
    return tuple(word for each in given or () for word in map(str.strip, each.split(",")) if word)


def can_ask(output: Format, *, never: bool) -> bool:
    """Whether somebody sits at a terminal to be asked, and wants to be."""
    return output is Format.text and not never and sys.stdin.isatty() and sys.stdout.isatty()


class Planned(Protocol):
    """Edits that nobody has written yet: a ChangeSet, which takes a while to import."""

    def commit(self, root: Path) -> None: ...
    def diff(self) -> str: ...


def carry_out(changes: Planned, root: Path, dry_run: bool, output: Format) -> None:
    """Write a planned change below `root`; a dry run shows people its diff."""
    if not dry_run:
        changes.commit(root)
    elif output is Format.text:
        printer.result(changes.diff(), Kind.diff)
