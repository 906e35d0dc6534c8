"""`doctor`."""

from __future__ import annotations

import typer

from scaffold.cli import printer
from scaffold.cli.shared import FormatOption, RepoOption, RevOption, repository
from scaffold.errors import ShapeError
from scaffold.report.formats import Format


def doctor(output: FormatOption = Format.text, rev: RevOption = None, repo: RepoOption = None) -> None:
    """Tell what of this checkout is recognised, file and line, and which expectation failed.

    Exit code 3 where one failed: LocalAI has moved or renamed something, and the module that is named
    has to learn it.
    """
    from scaffold.operations import doctor as operation
    from scaffold.operations.compare import states
    from scaffold.report import doctor as report

    with states(repository(repo), rev, None) as state:
        found = operation.run(state.head, rev)
    printer.result(report.rendered(found, output))
    if found.failed:
        raise typer.Exit(ShapeError.exit_code)
