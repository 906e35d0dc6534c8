"""`published`: the only command that asks the network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated

import typer

from scaffold.backend.choices import Channel
from scaffold.cli import printer
from scaffold.cli.shared import VARIANT_NAMES, RepoOption, RevOption, repository
from scaffold.errors import ShapeError
from scaffold.oci import SECONDS
from scaffold.report.formats import Kind, Summary


def published(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Only these backends.")
    ] = None,
    channel: Annotated[
        Channel | None, typer.Option(help="Only the images of releases, or only those of master.")
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(metavar="V", help=f"{VARIANT_NAMES}; repeatable.")
    ] = None,
    since: Annotated[
        int | None, typer.Option(metavar="DAYS", min=0, help="Warn of images that are older.")
    ] = None,
    registry: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[HOST=]URL",
            help="Ask this registry in the place of those that the gallery names, or of HOST; repeatable.",
        ),
    ] = None,
    timeout: Annotated[
        int, typer.Option(metavar="SECONDS", min=1, help="How long the registries may take together.")
    ] = SECONDS,
    output: Annotated[Summary, typer.Option("--format", help="How to print the result.")] = Summary.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Ask the registries whether they hold what the gallery offers and CI builds."""
    from scaffold.operations import published as operation
    from scaffold.operations.compare import states
    from scaffold.report import published as report

    scope = operation.Scope(
        tuple(names or ()), channel, tuple(variant or ()), since, tuple(registry or ()), timeout
    )
    root = repository(repo)
    with states(root, rev, None) as state, _progress() as told:
        found = operation.run(state.head, scope, rev, told=told)
    for note in found.notes:
        printer.note(note)
    printer.result(report.rendered(found, output), Kind.commands if output is Summary.github else Kind.report)
    if output is Summary.github:
        printer.job_summary(partial(report.job_summary, found), root)
    if not found.complete:
        raise typer.Exit(ShapeError.exit_code)
    if found.fails:
        raise typer.Exit(1)


@contextmanager
def _progress() -> Iterator[Callable[[int, int], object]]:
    """A bar on standard error where that is a terminal; it vanishes at the end."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("asking the registries"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)
