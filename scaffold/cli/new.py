"""`new-backend`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from scaffold.errors import Stopped, UsageError
from scaffold.report.formats import Format

if TYPE_CHECKING:
    from scaffold.operations.new import NewBackend
    from scaffold.operations.started import Started

Answers = dict[str, Any]

_KINDS = "; ".join(f"{lang}: {', '.join(kinds)}" for lang, kinds in KINDS.items() if len(kinds) > 1)
_MODALITIES = " ".join(EVERY)
_IMPORTS = f"{'|'.join(IMPORTS)}|{DROP_IN}X"


def new_backend(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words joined by dashes.")] = "",
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
        bool | None,
        typer.Option(
            "--ggml/--no-ggml", help="Whether the engine is on ggml: one build for each kind of CPU."
        ),
    ] = None,
    shim: Annotated[
        bool | None,
        typer.Option("--shim/--no-shim", help="Go: a C interface before an engine that exports none itself."),
    ] = None,
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
    answers: Answers = {
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
        "match": several(match),
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
    if not (asking or name):
        context.fail("Missing argument 'NAME'.")
    more = {"--like": like, "--repo": repo}
    told = _repeatable(answers, more, description) if asking else nullcontext()
    _make(answers, like, told, asking, dry_run, output, repo)


def _make(
    answers: Answers,
    like: str | None,
    told: AbstractContextManager[None],
    asking: bool,
    dry_run: bool,
    output: Format,
    repo: Path | None,
) -> None:
    """Plan a backend from the answers, and write it once somebody agrees who can be asked.

    Until then `told` is what they learn where they stop.
    """
    from scaffold.operations import new, started
    from scaffold.report import new_backend as report

    with writable(repo, unless=dry_run) as root:
        with told:
            if asking:
                from scaffold.registry import Registry
                from scaffold.wizard import questions

                questions.complete(Registry(WorkTree(root)), answers, like)
            plan = new.plan(WorkTree(root), answers, like)
            starts = None
            if (asking or dry_run) and not plan.existing:
                starts = started.of(plan.changes, plan.backend.name)
            if asking and not dry_run and not plan.existing:
                _agree(plan, starts)
        if not plan.existing:
            carry_out(plan.changes, root, dry_run, output)
    printer.result(report.rendered(plan, dry_run, output, starts))


def _agree(plan: NewBackend, starts: Started | None) -> None:
    """Show a plan and what CI would do, and ask. Raises Stopped for a no."""
    from scaffold.report import plan as report
    from scaffold.wizard import asking

    printer.result(report.as_text(plan, starts))
    asking.agree("Write it?", plan.changes.diff)


OPTIONS = {
    "lang": "--lang", "kind": "--kind", "variants": "--variant", "upstream": "--upstream",
    "branch": "--branch", "pin": "--pin", "ggml": "--ggml", "shim": "--shim", "prebuilt": "--prebuilt",
    "modality": "--modality", "rpcs": "--rpc", "accepts": "--accepts", "defaults": "--default-use",
    "imports": "--import", "match": "--match", "summary": "--summary", "description": "--description",
    "license": "--license", "url": "--url", "icon": "--icon", "title": "--title",
    "section": "--section",
    "gallery_name": "--gallery-name", "tags": "--tag", "capabilities": "--capability", "entries": "--set",
    "progress": "--progress", "test_model": "--test-model",
}  # fmt: skip
"""Answer -> the option that gives it."""


def command_line(answers: Answers, more: Mapping[str, object]) -> str:
    """The command that gives some answers, and `more` options, as a shell reads it."""
    words = ["scaffold", "new-backend", *filter(None, [str(answers["name"])])]
    given = {option: answers.get(key) for key, option in OPTIONS.items()}
    given["--import"] = tuple(filter(None, str(answers.get("imports") or "").split(",")))
    for option, value in {**given, **more}.items():
        if isinstance(value, bool):
            words += (
                [option if value else option.replace("--", "--no-")] if value or option in TWOFOLD else []
            )
        elif isinstance(value, tuple):
            words += [word for each in value for word in _option(option, str(each))]
        elif value:
            words += _option(option, str(value))
    return shlex.join(words)


TWOFOLD = ("--ggml", "--shim")
"""Options of which there is a `--no-` one, too."""


def _option(option: str, value: str) -> list[str]:
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


@contextmanager
def _repeatable(answers: Answers, more: Mapping[str, object], description: str) -> Iterator[None]:
    """Who stops is told the command line that repeats their answers; a `description` may name a file."""
    try:
        try:
            yield
        except KeyboardInterrupt:
            raise Stopped(interrupted=True) from None
    except Stopped as stopped:
        stopped.add_note(command_line({**answers, "description": description}, more))
        raise


def _text(given: str) -> str:
    """A text, or what the file says that `@` stands before. Raises UsageError where there is none."""
    if not given.startswith("@"):
        return given
    try:
        return Path(given[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{given}: {getattr(error, 'strerror', None) or 'is no text'}") from None
