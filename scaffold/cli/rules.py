"""`rules` and `explain`: the catalogue."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.cli import printer
from scaffold.report.formats import Format


def rules(
    output: Annotated[Format, typer.Option("--format", help="How to print the catalogue.")] = Format.text,
) -> None:
    """List the rules of `check`."""
    from scaffold.report import catalogue
    from scaffold.rules import all_rules

    printer.result(catalogue.rendered(all_rules(), output))


def explain(
    rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule of `scaffold rules`.")],
    output: Annotated[Format, typer.Option("--format", help="How to print the page.")] = Format.text,
) -> None:
    """Print the page of a rule: what it wants, why, an example, how to repair."""
    from scaffold.report import catalogue
    from scaffold.rules import rule_called

    printer.result(catalogue.explained(rule_called(rule), output))
