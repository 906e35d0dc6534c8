"""`show`, `status`, `affected` and `flows`: what a checkout is, and what an event or a change starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.backend.choices import Lang
from scaffold.cli import printer
from scaffold.cli.shared import RepoOption, RevOption, repository
from scaffold.report.formats import Format, Table

if TYPE_CHECKING:
    from scaffold.checkout.tree import Tree


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backend, or what the gallery calls it.")],
    output: Annotated[Table, typer.Option("--format", help="How to print the places.")] = Table.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Show where a backend is registered, file and line, and what is missing."""
    from scaffold.operations import overview
    from scaffold.operations.compare import states
    from scaffold.report import overview as report

    with states(repository(repo), rev, None) as state:
        found = overview.show(state.head, name, rev)
        _note_unread(state.head)
    printer.result(report.show(found, output))


def status(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Only these backends.")
    ] = None,
    lang: Annotated[Lang | None, typer.Option(help="Only backends of this language.")] = None,
    problems: Annotated[
        bool, typer.Option("--problems", help="Only backends of which something is wrong.")
    ] = False,
    output: Annotated[Table, typer.Option("--format", help="How to print the tables.")] = Table.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Print the coverage: which backend is registered where, and is built for what."""
    from scaffold.operations import overview
    from scaffold.operations.compare import states
    from scaffold.report import overview as report

    with states(repository(repo), rev, None) as state:
        found = overview.status(state.head, rev, names or (), lang, problems)
        _note_unread(state.head)
    printer.result(report.status(found, output))


def affected(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="The changed files or folders; what git says by default."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REV",
            help="What the change starts from: HEAD, or the parent of --rev; auto: the CI event's base.",
        ),
    ] = None,
    rev: RevOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the jobs.")] = Format.text,
    repo: RepoOption = None,
) -> None:
    """Tell which image builds a change starts in LocalAI's CI, and why each.

    LocalAI's own script decides: it is run as it is, in a sandbox, with the change as a pull request.
    """
    from scaffold.operations import affected as operation
    from scaffold.operations.changes import change
    from scaffold.operations.events import base_named
    from scaffold.report import affected as report

    root = repository(repo)
    with change(root, rev, base_named(base, root), files or ()) as changed:
        found = operation.run(changed)
        _note_unread(changed.head)
    printer.result(report.rendered(found, output))


def flows(
    event: Annotated[
        str, typer.Option("--event", metavar="EVENT", help="What starts the workflows: push, pull_request...")
    ] = "push",
    output: Annotated[Format, typer.Option("--format", help="How to print the flows.")] = Format.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Tell which job writes and reads which artifact, cache and image, under one event; any repository."""
    from scaffold.operations import flows as operation
    from scaffold.operations.compare import states
    from scaffold.report import flows as report

    with states(repository(repo), rev, None) as state:
        found = operation.run(state.head, event)
        _note_unread(state.head)
    for unread in found.unread:
        printer.note(unread.told)
    printer.result(report.rendered(found, output))


def _note_unread(tree: Tree) -> None:
    from scaffold.operations.refusals import unread

    for told in unread(tree):
        printer.note(told)
