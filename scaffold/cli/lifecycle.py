"""`remove-backend`, `rename-backend`, `add-variant` and `remove-variant`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import (
    VARIANT_NAMES,
    DryRunOption,
    FormatOption,
    RepoOption,
    can_ask,
    carry_out,
    several,
    writable,
)
from scaffold.report.formats import Format

if TYPE_CHECKING:
    from scaffold.operations.remove import LifecyclePlan

VariantsArgument = Annotated[
    list[str],
    typer.Argument(metavar="V...", help=f"{VARIANT_NAMES}; `cpu:amd64` is one architecture alone."),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Also where git does not have all of it.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", "--no-input", help="Never ask.")]


def remove_backend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to remove.")],
    force: ForceOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Remove a backend: its directory, and its registration in every place."""
    from scaffold.operations import remove

    with writable(repo, unless=dry_run) as root:
        plan = remove.plan(WorkTree(root), name)
        words = ("Remove it?", "n", "deleted")
        _take_away(plan, words, f"removed {name}", root, force, yes, dry_run, output)


def rename_backend(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The backend to rename.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Lower-case words joined by dashes.")],
    force: ForceOption = False,
    yes: YesOption = False,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Rename a backend: its directory, and its registration in every place."""
    from scaffold.operations import rename

    with writable(repo, unless=dry_run) as root:
        plan = rename.plan(WorkTree(root), old, new)
        headline = f"renamed {old} to {new}"
        _take_away(plan, ("Rename it?", "y", "moved"), headline, root, force, yes, dry_run, output)


def _take_away(
    plan: LifecyclePlan,
    words: tuple[str, str, str],
    headline: str,
    root: Path,
    force: bool,
    yes: bool,
    dry_run: bool,
    output: Format,
) -> None:
    """Carry out a plan that deletes or moves files, once it is agreed to where somebody can be asked.

    `words` are the question, what Enter says to it, and what happens to the files. Raises UsageError where
    git does not have all of them and nobody has said `force`, Stopped for a no.
    """
    from scaffold.operations import unsaved
    from scaffold.report import lifecycle as report

    asked = can_ask(output, never=yes or dry_run)
    if not (force or dry_run):
        unsaved.refuse(plan.unsaved, words[2])
    if asked:
        from scaffold.wizard import asking

        printer.result(report.as_text(headline, plan, dry_run=True))
        asking.agree(words[0], plan.changes.diff, usual=words[1])
    carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(headline, plan, dry_run, output, files=not asked))


def add_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for more platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one more platform."""
    from scaffold.operations import variants as operation

    with writable(repo, unless=dry_run) as root:
        plan = operation.add(WorkTree(root), name, several(variants))
        _ship(plan, several(variants), ("added {} to", "is built for"), name, root, dry_run, output)


def remove_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for fewer platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one platform less."""
    from scaffold.operations import variants as operation

    with writable(repo, unless=dry_run) as root:
        plan = operation.remove(WorkTree(root), name, several(variants))
        _ship(plan, several(variants), ("removed {} from", "is not built for"), name, root, dry_run, output)


def _ship(
    plan: LifecyclePlan,
    variants: tuple[str, ...],
    words: tuple[str, str],
    name: str,
    root: Path,
    dry_run: bool,
    output: Format,
) -> None:
    """Carry out a plan for some variants, if there is anything to do.

    `words` are what is done with variants, and what a backend is where that is so already.
    """
    from scaffold.report import lifecycle as report

    changed = " ".join(variant for variant in variants if variant.partition(":")[0] not in plan.already)
    already = f"{name} {words[1]} {', '.join(plan.already)}" if plan.already else ""
    if not changed:
        printer.result(report.rendered(f"{already}: nothing to change", plan, False, output))
        return
    carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(f"{words[0].format(changed)} {name}", plan, dry_run, output))
    if already:
        printer.note(f"{already} already")
