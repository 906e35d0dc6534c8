"""`new-backend`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scaffold.backend.choices import DROP_IN, IMPORTS, KINDS, Lang
from scaffold.backend.modalities import ACCEPTS, EVERY
from scaffold.backend.variants import ENTRY_FIELDS, IMAGE
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
from scaffold.errors import UsageError
from scaffold.report.formats import Format

_KINDS = "; ".join(f"{lang}: {', '.join(kinds)}" for lang, kinds in KINDS.items() if len(kinds) > 1)
_MODALITIES = " ".join(EVERY)
_IMPORTS = f"{'|'.join(IMPORTS)}|{DROP_IN}X"


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
            help=f"{VARIANT_NAMES}; repeatable. `cpu:amd64` is built for this architecture alone.",
        ),
    ] = None,
    upstream: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="The engine's repository on GitHub, or its address.")
    ] = "",
    branch: Annotated[str, typer.Option(help="The branch that the bump bot follows; `main`.")] = "",
    pin: Annotated[
        str,
        typer.Option(
            metavar="SHA", help="Full sha of the engine's commit; HEAD asks GitHub for it and the branch."
        ),
    ] = "",
    ggml: Annotated[
        bool,
        typer.Option(
            "--ggml/--no-ggml", help="Whether the engine is on ggml: one build for each kind of CPU."
        ),
    ] = True,
    shim: Annotated[
        bool,
        typer.Option("--shim/--no-shim", help="Go: a C interface before an engine that exports none itself."),
    ] = True,
    prebuilt: Annotated[
        bool, typer.Option("--prebuilt", help="C++: CI compiles on LocalAI's image that has gRPC.")
    ] = False,
    modality: Annotated[
        list[str] | None,
        typer.Option(
            metavar="M", help=f"{_MODALITIES}, or a use case of the checkout; repeatable, the main one first."
        ),
    ] = None,
    rpc: Annotated[
        list[str] | None, typer.Option(metavar="RPC", help="An RPC that it answers besides; repeatable.")
    ] = None,
    accepts: Annotated[
        list[str] | None,
        typer.Option(metavar="WHAT", help=f"Besides text: {' '.join(ACCEPTS)}; repeatable."),
    ] = None,
    default_use: Annotated[
        list[str] | None,
        typer.Option(metavar="USECASE", help="What a model is for that does not say it; repeatable."),
    ] = None,
    imports: Annotated[
        list[str] | None,
        typer.Option("--import", metavar=_IMPORTS, help="How a model finds it; drop-in:X is repeatable."),
    ] = None,
    match: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB", help="Models of its importer: *.file, owner/repository*, tag:TAG; repeatable."
        ),
    ] = None,
    summary: Annotated[str, typer.Option(help="One sentence, for tables and lists.")] = "",
    description: Annotated[str, typer.Option(help="What users read; @FILE for several lines.")] = "",
    license_name: Annotated[str, typer.Option("--license", help="SPDX name of the engine's license.")] = "",
    url: Annotated[
        list[str] | None, typer.Option(help="Home page, the upstream by default; repeatable.")
    ] = None,
    icon: Annotated[str, typer.Option(help="Address of its icon; the owner's picture by default.")] = "",
    title: Annotated[
        str, typer.Option(help="What people call the engine, in tables; its repository's name by default.")
    ] = "",
    section: Annotated[
        str,
        typer.Option(help="Its part of the compatibility table, if not its modality's: words of a heading."),
    ] = "",
    gallery_name: Annotated[str, typer.Option(help="What users call it, if not NAME.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Gallery tag; repeatable.")] = None,
    capability: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VARIANT", help="What a kind of hardware gets, as intel=sycl-f32; repeatable."
        ),
    ] = None,
    entry: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="VARIANT.FIELD=VALUE",
            help=f"What CI builds with, if not as siblings: {' '.join((*ENTRY_FIELDS, IMAGE))}; repeatable.",
        ),
    ] = None,
    progress: Annotated[
        bool, typer.Option("--progress", help="A local build of its image prints all that it does.")
    ] = False,
    test_model: Annotated[
        str, typer.Option(metavar="URL", help="A small model, for a test of the whole image in CI.")
    ] = "",
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
        "variants": several(variant),
        "upstream": upstream,
        "branch": branch,
        "pin": pin,
        "ggml": ggml,
        "shim": shim,
        "prebuilt": prebuilt,
        "modality": several(modality),
        "rpcs": several(rpc),
        "accepts": several(accepts),
        "defaults": several(default_use),
        "imports": ",".join(imports or ()),
        "match": tuple(match or ()),
        "summary": summary,
        "description": _text(description),
        "license": license_name,
        "url": tuple(url or ()),
        "icon": icon,
        "title": title,
        "section": section,
        "gallery_name": gallery_name,
        "tags": several(tag),
        "capabilities": several(capability),
        "entries": tuple(entry or ()),
        "progress": progress,
        "test_model": test_model,
    }
    asking = can_ask(output, never=no_input)
    with writable(repo, unless=dry_run) as root:
        if asking:
            from scaffold.registry import Registry
            from scaffold.wizard import questions

            answers = questions.complete(Registry(WorkTree(root)), answers, like)
        plan = new.plan(WorkTree(root), answers, like)
        if asking and not dry_run and not plan.existing:
            questions.confirm(plan)
        if not plan.existing:
            carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(plan, dry_run, output))


def _text(given: str) -> str:
    """A text, or what the file says that `@` stands before. Raises UsageError where there is none."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{given}: {getattr(error, 'strerror', None) or 'is no text'}") from None
