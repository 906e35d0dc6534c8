"""`new-backend`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scaffold.backend.choices import KINDS, Imports, Lang
from scaffold.backend.modalities import MODALITIES
from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import VARIANT_NAMES, DryRunOption, FormatOption, RepoOption, carry_out, writable
from scaffold.errors import UsageError
from scaffold.report.formats import Format

_KINDS = "; ".join(f"{lang}: {', '.join(kinds)}" for lang, kinds in KINDS.items() if len(kinds) > 1)
_MODALITIES = " ".join(MODALITIES)


def new_backend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words joined by dashes.")],
    lang: Annotated[Lang | None, typer.Option(help="Language of the backend.")] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help=f"{_KINDS}.")] = "",
    like: Annotated[
        str | None,
        typer.Option(
            metavar="BACKEND", help="Take kind, modality and variants from it, and stand beside it."
        ),
    ] = None,
    variant: Annotated[
        list[str] | None,
        typer.Option(
            metavar="V",
            help=f"{VARIANT_NAMES}; repeatable.",
        ),
    ] = None,
    upstream: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="The engine's repository on GitHub.")
    ] = "",
    branch: Annotated[str, typer.Option(help="The branch that the bump bot follows.")] = "main",
    pin: Annotated[str, typer.Option(metavar="SHA", help="Full sha of the engine's commit.")] = "",
    modality: Annotated[
        str,
        typer.Option(metavar="M", help=f"{_MODALITIES}."),
    ] = "",
    imports: Annotated[Imports | None, typer.Option("--import", help="How a model finds it.")] = None,
    description: Annotated[str, typer.Option(help="One sentence for users.")] = "",
    license_name: Annotated[str, typer.Option("--license", help="SPDX name of the engine's license.")] = "",
    url: Annotated[str, typer.Option(help="Home page; the upstream by default.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Gallery tag; repeatable.")] = None,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    repo: RepoOption = None,
) -> None:
    """Create a backend: its directory, and its registration in every place."""
    from scaffold.operations import new
    from scaffold.report import new_backend as report

    answers: dict[str, object] = {
        "name": name,
        "lang": lang,
        "kind": kind,
        "variants": tuple(variant or ()),
        "upstream": upstream,
        "branch": branch,
        "pin": pin,
        "modality": modality,
        "imports": imports,
        "description": description,
        "license": license_name,
        "url": url,
        "tags": tuple(tag or ()),
    }
    asking = output is Format.text and not no_input and sys.stdin.isatty() and sys.stdout.isatty()
    with writable(repo, unless=dry_run) as root:
        if asking:
            from scaffold import wizard
            from scaffold.registry import Registry

            answers = wizard.complete(Registry(WorkTree(root)), answers, like)
        plan = new.plan(WorkTree(root), answers, like)
        if asking and not dry_run and not plan.existing and not wizard.confirm(plan):
            raise UsageError("stopped; nothing was written")
        if not plan.existing:
            carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(plan, dry_run, output))
