"""`remove-backend`, `rename-backend`, `add-variant` and `remove-variant`."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import VARIANT_NAMES, DryRunOption, FormatOption, RepoOption, carry_out, writable
from scaffold.report.formats import Format

VariantsArgument = Annotated[
    list[str],
    typer.Argument(metavar="V...", help=f"{VARIANT_NAMES}."),
]


def remove_backend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to remove.")],
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Remove a backend: its directory, and its registration in every place."""
    from scaffold.operations import remove
    from scaffold.report import lifecycle as report

    with writable(repo, unless=dry_run) as root:
        plan = remove.plan(WorkTree(root), name)
        carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(f"removed {name}", plan, dry_run, output))


def rename_backend(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The backend to rename.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Lower-case words joined by dashes.")],
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Rename a backend: its directory, and its registration in every place."""
    from scaffold.operations import rename
    from scaffold.report import lifecycle as report

    with writable(repo, unless=dry_run) as root:
        plan = rename.plan(WorkTree(root), old, new)
        carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(f"renamed {old} to {new}", plan, dry_run, output))


def add_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for more platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one more platform."""
    from scaffold.operations import variants as operation
    from scaffold.report import lifecycle as report

    with writable(repo, unless=dry_run) as root:
        plan = operation.add(WorkTree(root), name, variants)
        carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(f"added {' '.join(variants)} to {name}", plan, dry_run, output))


def remove_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for fewer platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one platform less."""
    from scaffold.operations import variants as operation
    from scaffold.report import lifecycle as report

    with writable(repo, unless=dry_run) as root:
        plan = operation.remove(WorkTree(root), name, variants)
        carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(f"removed {' '.join(variants)} from {name}", plan, dry_run, output))
