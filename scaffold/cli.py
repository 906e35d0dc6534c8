"""The command line: parses options, runs one operation, prints one report.

Nothing heavy is imported here; each command imports what it needs.
"""

from __future__ import annotations

import gc
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scaffold.errors import ScaffoldError, UsageError
from scaffold.tree import WorkTree, find_root

app = typer.Typer(
    name="scaffold",
    help="Add backends to LocalAI: the directory, and every registration that makes it exist.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # rich would take half the time of --help
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How the result is printed."""

    text = "text"
    json = "json"


class Lang(StrEnum):
    """The languages of LocalAI's backends."""

    python = "python"
    go = "go"
    cpp = "cpp"
    rust = "rust"


class Import(StrEnum):
    """How a model finds the backend."""

    auto = "auto"
    pref_only = "pref-only"
    none = "none"


RepoOption = Annotated[
    Path | None,
    typer.Option("--repo", metavar="PATH", help="The LocalAI checkout; the enclosing one by default."),
]


@app.callback()
def _root() -> None:
    """Add backends to LocalAI: the directory, and every registration that makes it exist."""


@app.command("new-backend")
def new_backend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case words joined by dashes.")],
    lang: Annotated[Lang | None, typer.Option(help="Language of the backend.")] = None,
    kind: Annotated[str, typer.Option(metavar="KIND", help="go: pure, purego; cpp: grpc, llama-fork.")] = "",
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
            help="cpu cuda12 cuda13 rocm intel sycl-f16 sycl-f32 vulkan l4t l4t-cuda13 metal; repeatable.",
        ),
    ] = None,
    upstream: Annotated[
        str, typer.Option(metavar="OWNER/REPO", help="The engine's repository on GitHub.")
    ] = "",
    branch: Annotated[str, typer.Option(help="The branch that the bump bot follows.")] = "main",
    pin: Annotated[str, typer.Option(metavar="SHA", help="Full sha of the engine's commit.")] = "",
    modality: Annotated[
        str,
        typer.Option(metavar="M", help="llm embeddings rerank tts asr vad image video detection none."),
    ] = "",
    imports: Annotated[Import | None, typer.Option("--import", help="How a model finds it.")] = None,
    description: Annotated[str, typer.Option(help="One sentence for users.")] = "",
    license_name: Annotated[str, typer.Option("--license", help="SPDX name of the engine's license.")] = "",
    url: Annotated[str, typer.Option(help="Home page; the upstream by default.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="Gallery tag; repeatable.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the diff, write nothing.")] = False,
    output: Annotated[Format, typer.Option("--format", help="How to print the result.")] = Format.text,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask.")] = False,
    repo: RepoOption = None,
) -> None:
    """Create a backend: its directory, and its registration in every place."""
    from scaffold.operations import new
    from scaffold.report import new_backend as report

    root = _repository(repo)
    _recover(root)
    if lang is None and like is None and _may_ask(no_input):
        lang = Lang(_choose("Language", [choice.value for choice in Lang]))
    if not modality and like is None and _may_ask(no_input):
        from scaffold.modalities import MODALITIES

        modality = _choose("Modality", list(MODALITIES))
    answers = {
        "name": name,
        "lang": lang.value if lang else None,
        "kind": kind,
        "variants": tuple(variant or ()),
        "upstream": upstream,
        "branch": branch,
        "pin": pin,
        "modality": modality,
        "imports": imports.value if imports else None,
        "description": description,
        "license": license_name,
        "url": url,
        "tags": tuple(tag or ()),
    }
    plan = new.plan(WorkTree(root), answers, like)
    if not dry_run:
        plan.commit(root)
    elif output is Format.text:
        typer.echo(plan.changes.diff(), nl=False)
    typer.echo(report.as_json(plan, dry_run) if output is Format.json else report.as_text(plan, dry_run))


@app.command()
def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DIR]", help="Where to put the miniature; a new temporary folder by default."
        ),
    ] = None,
) -> None:
    """Do the main job on a miniature LocalAI that ships with the tool; no clone needed."""
    from scaffold.operations import demo as operation

    for paragraph in operation.run(folder):
        typer.echo(paragraph)


def _may_ask(no_input: bool) -> bool:
    return not no_input and sys.stdin.isatty() and sys.stdout.isatty()


def _choose(question: str, choices: list[str]) -> str:
    answer = ""
    while answer not in choices:
        answer = str(typer.prompt(f"{question} ({', '.join(choices)})", default=choices[0]))
    return answer


def _repository(path: Path | None) -> Path:
    if path is not None and not path.is_dir():
        raise UsageError(f"--repo {path}: there is no such folder")
    return path.resolve() if path is not None else find_root(Path.cwd())


def _recover(root: Path) -> None:
    """Put back what a run that was killed while writing had changed."""
    from scaffold.edits import Journal

    restored = Journal(root).recover()
    if restored:
        typer.echo(f"an interrupted run was rolled back: {', '.join(restored)}", err=True)


def main() -> None:
    """Entry point of the console script."""
    gc.disable()  # a run is short, and what it parses lives to its end
    try:
        app()
    except ScaffoldError as error:
        typer.echo(f"{typer.style('error:', fg='red', bold=True)} {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
