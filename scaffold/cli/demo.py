"""`demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaffold.cli import printer


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Where to put the miniature; a new temporary folder by default."
        ),
    ] = None,
    registry: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this registry, too, what it has of the new backend."),
    ] = None,
) -> None:
    """Do the main job on a miniature LocalAI that ships with the tool; no clone needed."""
    from scaffold import demo as operation

    for paragraph in operation.run(folder, registry):
        printer.result(f"{paragraph}\n")
