"""`check`."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from scaffold.checkout.tree import WorkTree
from scaffold.cli import printer
from scaffold.cli.shared import RepoOption, writable
from scaffold.errors import UsageError
from scaffold.report.formats import Report


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
    lenient: Annotated[
        bool, typer.Option("--lenient", help="Warnings about a backend that is new since --base do not fail.")
    ] = False,
    no_new_suppressions: Annotated[
        bool,
        typer.Option("--no-new-suppressions", help="What the change since --base silences fails."),
    ] = False,
    repo: RepoOption = None,
) -> None:
    """Verify every registration of every backend."""
    from dataclasses import replace

    from scaffold.operations import check as operation
    from scaffold.operations.compare import states
    from scaffold.report import findings
    from scaffold.report.view import View

    if no_new_suppressions and base is None:
        raise UsageError("--no-new-suppressions compares with a base: give --base REV")
    if fix and rev is not None:
        raise UsageError("--fix writes to the work tree, and --rev looks at a commit: give one of them")
    if diff and output not in {Report.text, Report.json}:
        raise UsageError("--diff goes with --format text or json; --format sarif carries the fixes by itself")
    if strict and lenient:
        raise UsageError("--strict lets warnings fail, and --lenient does not: give one of them")
    scope = operation.Scope(tuple(names or ()), tuple(select or ()), tuple(ignore or ()))
    scope.rules()  # raises where a name stands for no rule
    with (
        writable(repo, unless=diff or not fix) as root,
        states(root, rev, base) as compared,
    ):
        head = compared.head
        if fix or diff:
            from scaffold.operations import fix as fixing

            repair, broken = compared.judge(lambda tree, name: fixing.repair(head, scope, tree, name))
            view = View(repair.before, head, str(root), rev, strict, lenient, not select, broken)
            if diff:
                view = replace(view, diff=repair.changes.diff())
            else:
                if repair.fixed:
                    repair.changes.commit(root)
                view = replace(view, result=repair.result, tree=WorkTree(root))
            view = replace(view, fixed=repair.fixed, discarded=repair.discarded)
        else:
            result, broken = compared.judge(lambda tree, name: operation.run(head, scope, tree, name))
            view = View(result, head, str(root), rev, strict, lenient, not select, broken)
        view = replace(view, no_new_suppressions=no_new_suppressions)
        printed = findings.rendered(view, output)
        printer.result(printed.result, printed.kind)
        for line in printed.notes:
            printer.note(line)
        if output is Report.github:
            from scaffold.report import github

            printer.job_summary(partial(github.job_summary, view))
    if view.fails:
        raise typer.Exit(1)
