"""The command line: parses options, runs one operation, prints one report.

Nothing heavy is imported here; each command imports what it needs.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.checkout.tree import WorkTree, find_root
from scaffold.errors import ScaffoldError, UsageError

if TYPE_CHECKING:
    from scaffold.operations.remove import LifecyclePlan

if TYPE_CHECKING:
    from scaffold.report.view import View

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


class Report(StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    sarif = "sarif"
    github = "github"
    markdown = "markdown"


class Table(StrEnum):
    """How a table is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


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

RevOption = Annotated[
    str | None,
    typer.Option("--rev", metavar="REV", help="Read a commit, not the work tree; nothing is checked out."),
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
    answers: dict[str, object] = {
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
    asking = output is Format.text and _may_ask(no_input)
    if asking:
        from scaffold import wizard
        from scaffold.registry import Registry

        answers = wizard.complete(Registry(WorkTree(root)), answers, like)
    plan = new.plan(WorkTree(root), answers, like)
    if asking and not dry_run and not plan.existing and not wizard.confirm(plan):
        raise UsageError("stopped; nothing was written")
    if not dry_run:
        plan.commit(root)
    elif output is Format.text:
        typer.echo(plan.changes.diff(), nl=False)
    typer.echo(report.as_json(plan, dry_run) if output is Format.json else report.as_text(plan, dry_run))


@app.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Only these backends.")
    ] = None,
    base: Annotated[
        str | None, typer.Option(metavar="REV", help="Fail only for what was introduced since REV.")
    ] = None,
    rev: Annotated[
        str | None, typer.Option(metavar="REV", help="Check a commit, not the work tree; no checkout.")
    ] = None,
    output: Annotated[Report, typer.Option("--format", help="How to print the findings.")] = Report.text,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired safely.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Print the fixes as a diff, write nothing.")] = False,
    select: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Only this rule or group; repeatable.")
    ] = None,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="Not this rule or group; repeatable.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    repo: RepoOption = None,
) -> None:
    """Verify every registration of every backend."""
    from scaffold.operations import check as operation
    from scaffold.operations.compare import states
    from scaffold.report.view import View

    if fix and rev is not None:
        raise UsageError("--fix writes to the work tree, and --rev looks at a commit: give one of them")
    if diff and output not in {Report.text, Report.json}:
        raise UsageError("--diff goes with --format text or json; --format sarif carries the fixes by itself")
    for name in (*(select or ()), *(ignore or ())):
        _known_rule(name, groups=True)
    scope = operation.Scope(tuple(names or ()), tuple(select or ()), tuple(ignore or ()))
    root = _repository(repo)
    if fix and not diff:
        _recover(root)
    with states(root, rev, base) as compared:
        head = compared.head
        if fix or diff:
            from dataclasses import replace

            from scaffold.operations import fix as fixing

            repair, broken = compared.judge(lambda tree, name: fixing.repair(head, scope, tree, name))
            view = View(repair.before, head, str(root), rev, strict, brief=not select, broken_base=broken)
            if diff:
                view = replace(view, diff=repair.changes.diff())
            else:
                if repair.fixed:
                    repair.changes.commit(root)
                view = replace(view, result=repair.result, tree=WorkTree(root))
            view = replace(view, fixed=repair.fixed, discarded=repair.discarded)
        else:
            result, broken = compared.judge(lambda tree, name: operation.run(head, scope, tree, name))
            view = View(result, head, str(root), rev, strict, brief=not select, broken_base=broken)
        _print_findings(view, output)
    if view.fails:
        raise typer.Exit(1)


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A backend, or what the gallery calls it.")],
    output: Annotated[Table, typer.Option("--format", help="How to print the places.")] = Table.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Show where a backend is registered, file and line, and what is missing."""
    from scaffold.operations import overview
    from scaffold.operations.compare import states
    from scaffold.report import overview as report

    with states(_repository(repo), rev, None) as state:
        found = overview.show(state.head, name, rev)
    if output is Table.markdown:
        _print(report.show_markdown(found), nl=False)
    else:
        _print(report.show_json(found) if output is Table.json else report.show_text(found))


@app.command()
def status(
    output: Annotated[Table, typer.Option("--format", help="How to print the tables.")] = Table.text,
    rev: RevOption = None,
    repo: RepoOption = None,
) -> None:
    """Print the coverage: which backend is registered where, and is built for what."""
    from scaffold.operations import overview
    from scaffold.operations.compare import states
    from scaffold.report import overview as report

    with states(_repository(repo), rev, None) as state:
        found = overview.status(state.head, rev)
    if output is Table.markdown:
        _print(report.status_markdown(found))
    else:
        _print(report.status_json(found) if output is Table.json else report.status_text(found))


@app.command()
def affected(
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE...]", help="The changed files or folders; what git says by default."),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REV",
            help="What the change starts from; by default HEAD for the work tree, the parent for --rev.",
        ),
    ] = None,
    rev: RevOption = None,
    output: Annotated[Format, typer.Option("--format", help="How to print the jobs.")] = Format.text,
    repo: RepoOption = None,
) -> None:
    """Tell which image builds a change starts in LocalAI's CI, and why each.

    LocalAI's own script decides: it is run as it is, in a sandbox, with the change as a pull request.
    """
    from scaffold.operations import affected as operation
    from scaffold.operations.changes import change
    from scaffold.report import affected as report

    with change(_repository(repo), rev, base, files or ()) as changed:
        found = operation.run(changed)
    _print(report.as_json(found) if output is Format.json else report.as_text(found))


@app.command()
def rules(
    output: Annotated[Format, typer.Option("--format", help="How to print the catalogue.")] = Format.text,
) -> None:
    """List the rules of `check`."""
    from scaffold.report import catalogue
    from scaffold.rules import all_rules

    _print(catalogue.as_json(all_rules()) if output is Format.json else catalogue.as_text(all_rules()))


@app.command()
def explain(rule: Annotated[str, typer.Argument(metavar="RULE", help="A rule of `scaffold rules`.")]) -> None:
    """Print the page of a rule: what it wants, why, an example, how to repair."""
    from scaffold.report import catalogue
    from scaffold.rules import all_rules

    _known_rule(rule)
    _print(next(catalogue.explained(known) for known in all_rules() if known.slug == rule))


DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Print the diff, write nothing.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How to print the result.")]


@app.command("remove-backend")
def remove_backend(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to remove.")],
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Remove a backend: its directory, and its registration in every place."""
    from scaffold.operations import remove

    _change(repo, f"removed {name}", lambda tree: remove.plan(tree, name), dry_run, output)


@app.command("rename-backend")
def rename_backend(
    old: Annotated[str, typer.Argument(metavar="OLD", help="The backend to rename.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Lower-case words joined by dashes.")],
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Rename a backend: its directory, and its registration in every place."""
    from scaffold.operations import rename

    _change(repo, f"renamed {old} to {new}", lambda tree: rename.plan(tree, old, new), dry_run, output)


VariantsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="V...", help="cpu cuda12 cuda13 rocm intel sycl-f16 sycl-f32 vulkan l4t l4t-cuda13 metal."
    ),
]


@app.command("add-variant")
def add_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for more platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one more platform."""
    from scaffold.operations import variants as operation

    what = f"added {' '.join(variants)} to {name}"
    _change(repo, what, lambda tree: operation.add(tree, name, variants), dry_run, output)


@app.command("remove-variant")
def remove_variant(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The backend to ship for fewer platforms.")],
    variants: VariantsArgument,
    dry_run: DryRunOption = False,
    output: FormatOption = Format.text,
    repo: RepoOption = None,
) -> None:
    """Ship an existing backend for one platform less."""
    from scaffold.operations import variants as operation

    what = f"removed {' '.join(variants)} from {name}"
    _change(repo, what, lambda tree: operation.remove(tree, name, variants), dry_run, output)


def _change(
    repo: Path | None,
    headline: str,
    planned: Callable[[WorkTree], LifecyclePlan],
    dry_run: bool,
    output: Format,
) -> None:
    """Plan a change of an existing backend, write it or show it, and print what happened."""
    from scaffold.report import lifecycle

    root = _repository(repo)
    _recover(root)
    plan = planned(WorkTree(root))
    if not dry_run:
        plan.changes.commit(root)
    elif output is Format.text:
        typer.echo(plan.changes.diff(), nl=False)
    printed = lifecycle.as_json if output is Format.json else lifecycle.as_text
    typer.echo(printed(headline, plan.changes, plan.manual, plan.mentions, dry_run))


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
    from scaffold import demo as operation

    for paragraph in operation.run(folder):
        typer.echo(paragraph)


def _print_findings(view: View, output: Report) -> None:
    from scaffold.report import findings_text

    if output not in {Report.text, Report.json}:
        for line in findings_text.fixes(view):
            _print(line, err=True)
    if output is Report.json:
        from scaffold.report import findings_json

        _print(findings_json.render(view))
    elif output is Report.sarif:
        from scaffold.report import sarif

        _print(sarif.render(view))
    elif output is Report.github:
        from scaffold.report import github

        _print(github.render(view))
        _add_to_job_summary(view)
    elif output is Report.markdown:
        from scaffold.report import markdown

        _print(markdown.render(view), nl=False)
    elif view.diff is not None:  # so that `git apply` can read it
        _print(view.diff, nl=False)
        _print("\n".join(findings_text.summary(view)), err=True)
    else:
        _print(findings_text.render(view))


def _add_to_job_summary(view: View) -> None:
    """Append the whole table to the file that GitHub shows as the summary of the job."""
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    from scaffold.report import markdown

    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace") as file:
            room = markdown.SUMMARY_LIMIT - file.tell()
            if room >= markdown.LEAST:
                file.write(markdown.render(view, room))
    except OSError as error:
        _print(f"the job summary cannot be written: {error.strerror}", err=True)


def _print(text: str, *, nl: bool = True, err: bool = False) -> None:
    """Print; colours only on a terminal whose user did not refuse them."""
    typer.echo(text, nl=nl, err=err, color=False if os.environ.get("NO_COLOR") else None)


def _known_rule(name: str, *, groups: bool = False) -> None:
    """Raises UsageError with what may have been meant, where no rule (or group of rules) has the name."""
    from scaffold.rules import all_rules

    known = [rule.slug for rule in all_rules()]
    if groups:
        known += dict.fromkeys(rule.group for rule in all_rules())
    if name in known:
        return
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3) or [slug for slug in known if name and name in slug][:3]
    hint = f"did you mean {_alternatives(near)}?" if near else "`scaffold rules` lists them"
    raise UsageError(f"no rule is called {name!r}; {hint}")


def _alternatives(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _may_ask(no_input: bool) -> bool:
    return not no_input and sys.stdin.isatty() and sys.stdout.isatty()


def _repository(path: Path | None) -> Path:
    if path is not None and not path.is_dir():
        raise UsageError(f"--repo {path}: there is no such folder")
    return path.resolve() if path is not None else find_root(Path.cwd())


def _recover(root: Path) -> None:
    """Put back what a run that was killed while writing had changed."""
    from scaffold.checkout.journal import Journal

    restored = Journal(root).recover()
    if restored:
        typer.echo(f"an interrupted run was rolled back: {', '.join(restored)}", err=True)


def main() -> None:
    """Run the command that the program was called with; raises SystemExit."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a report may hold what the terminal cannot show
    try:
        _call(sys.argv[1:])
    except ScaffoldError as error:
        typer.echo(f"{typer.style('error:', fg='red', bold=True)} {error}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _call(arguments: Sequence[str]) -> None:
    """Run the command that the arguments name; typer inspects the signature of every one that it holds."""
    everything = app.registered_commands
    called = [c for c in everything if c.callback and arguments[:1] == [c.name or c.callback.__name__]]
    app.registered_commands = called or everything
    try:
        app()
    finally:
        app.registered_commands = everything
