"""`adopt`."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import DryRunOption, FormatOption, RepoOption, carry_out, writable
from scaffold.report.formats import Format


def adopt(
    ref: Annotated[
        str,
        typer.Option(
            metavar="REF", help="The action's commit or tag; the release of this program by default."
        ),
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take away what it wrote.")] = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Check every pull request and commit of a checkout: CI workflow, pre-commit entry, settings."""
    from scaffold.operations import adopt as operation
    from scaffold.report import lifecycle as report

    with writable(repo, unless=dry_run) as root:
        tree = WorkTree(root)
        plan = operation.removal(tree) if remove else operation.plan(tree, ref)
        changed = plan.changes.created or plan.changes.deleted or plan.changes.edits
        already = f"{'not there' if remove else 'there'} already: {', '.join(plan.already)}"
        if not changed:
            printer.result(report.rendered(f"nothing to change; {already}", plan, False, output))
            return
        carry_out(plan.changes, root, dry_run, output)
        headline = "taken scaffold out of this checkout" if remove else "adopted scaffold in this checkout"
        printer.result(report.rendered(headline, plan, dry_run, output))
        if plan.already:
            printer.note(already)
