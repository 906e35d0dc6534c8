"""`guide`: how far a backend is."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.cli import printer
from scaffold.cli.shared import FormatOption, RepoOption, repository
from scaffold.report.formats import Format


def guide(
    name: Annotated[
        str, typer.Argument(metavar="[NAME]", help="A backend; by default those that the change touches.")
    ] = "",
    base: Annotated[
        str | None,
        typer.Option(metavar="REV", help="What the change started from, as master; HEAD by default."),
    ] = None,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Tell what is left of a backend: what is to be written, what is registered, what CI and reviewers do."""
    from scaffold.operations import guide as operation
    from scaffold.operations.changes import change
    from scaffold.report import guide as report

    with change(repository(repo), None, base, ()) as changed:
        names = [name] if name else operation.under_way(changed)
        guides = [operation.run(changed, one) for one in names]
    printer.result(report.rendered(guides, output))
