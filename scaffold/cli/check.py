"""`check`."""

from __future__ import annotations

import os
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import RepoOption, writable
from scaffold.errors import UsageError
from scaffold.report.formats import Report
from scaffold.severity import Severity

if TYPE_CHECKING:
    from scaffold.operations.check import Scope


def check(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME...]", help="Only these backends.")
    ] = None,
    base: Annotated[
        str | None,
        typer.Option(
            metavar="REV", help="Fail only for what was introduced since REV; auto: the CI event's base."
        ),
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
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Warnings about a backend that is new since --base do not fail.")
    ] = False,
    no_new_suppressions: Annotated[
        bool,
        typer.Option("--no-new-suppressions", help="What the change since --base silences fails."),
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="Everything in full, and what the base of --base has too.")
    ] = False,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Only how many findings each rule has.")
    ] = False,
    least: Annotated[
        Severity, typer.Option("--min-severity", help="Nothing that is less severe.")
    ] = Severity.info,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the findings, no totals.")] = False,
    output_file: Annotated[
        str, typer.Option(metavar="FILE", help="Write the report there, not to standard output.")
    ] = "",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Findings are no failure: exit 0.")] = False,
    repo: RepoOption = None,
) -> None:
    """Verify every registration of every backend."""
    from dataclasses import replace

    from scaffold.operations import check as operation
    from scaffold.operations.compare import states
    from scaffold.operations.events import base_named
    from scaffold.operations.sources import Sources
    from scaffold.report import findings
    from scaffold.report.view import View

    for problem, is_so in {
        "--no-new-suppressions compares with a base: give --base REV": no_new_suppressions and base is None,
        "--fix writes to the work tree, and --rev looks at a commit: give one of them": fix
        and rev is not None,
        "--diff goes with --format text or json; --format sarif carries the fixes by itself": diff
        and output not in {Report.text, Report.json},
        "--statistics goes with --format text, json or markdown, and without --diff": statistics
        and (diff or output in {Report.sarif, Report.github}),
        "--strict lets warnings fail, and --lenient does not: give one of them": strict and lenient,
    }.items():
        if is_so:
            raise UsageError(problem)
    scope = operation.Scope(tuple(names or ()), tuple(select or ()), tuple(ignore or ()), least)
    scope.rules()  # raises where a name stands for no rule
    with (
        writable(repo, unless=diff or not fix) as root,
        states(root, rev, base_named(base, root)) as compared,
    ):
        head, shown = compared.head, os.path.relpath(root)
        if fix or diff:
            from scaffold.operations import fix as fixing

            repair, broken = compared.judge(lambda tree, name: fixing.repair(head, scope, tree, name))
            view = View(repair.before, head, shown, rev, strict, lenient, not select, broken)
            if diff:
                view = replace(view, diff=repair.changes.diff())
            else:
                if repair.fixed:
                    repair.changes.commit(root)
                view = replace(view, result=repair.result, tree=WorkTree(root))
            view = replace(view, fixed=repair.fixed, discarded=repair.discarded)
        else:
            result, broken = compared.judge(lambda tree, name: operation.run(head, scope, tree, name))
            view = View(result, head, shown, rev, strict, lenient, not select, broken)
        view = replace(
            view,
            no_new_suppressions=no_new_suppressions,
            everything=everything,
            quiet=quiet,
            statistics=statistics,
            repairing=_repairing(scope, base, repo),
            sources=Sources(root, rev) if output in {Report.markdown, Report.github} else None,
        )
        printed = findings.rendered(view, output)
        printer.result(printed.result, printed.kind, output_file, root)
        for line in printed.notes:
            printer.note(line)
        if output is Report.github:
            from scaffold.report import github

            printer.job_summary(partial(github.job_summary, view), root)
    if view.fails and not exit_zero:
        raise typer.Exit(1)


def _repairing(scope: Scope, base: str | None, repo: Path | None) -> str:
    """The command that repairs what a check found, with all that says what it looks at."""
    words = ["scaffold", "check", *scope.backends]
    words += [] if base is None else ["--base", base]
    words += [word for rule in scope.select for word in ("--select", rule)]
    words += [word for rule in scope.ignore for word in ("--ignore", rule)]
    words += [] if scope.least is Severity.info else ["--min-severity", scope.least.value]
    words += [] if repo is None else ["--repo", str(repo)]
    return shlex.join([*words, "--fix"])
