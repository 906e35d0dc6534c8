"""What `new-backend` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer import style

from scaffold.operations.new import NewBackend, next_commands
from scaffold.operations.started import Started
from scaffold.report import formats
from scaffold.report.formats import Format
from scaffold.report.lifecycle import edited, item
from scaffold.report.view import counted
from scaffold.text import one_line

SYSTEMS = {"linux": "Linux", "darwin": "macOS"}


def rendered(plan: NewBackend, dry_run: bool, output: Format, started: Started | None = None) -> str:
    """A new backend in one format; `started` is what CI would do with one that is only planned."""
    return (as_json if output is Format.json else as_text)(plan, dry_run, started)


def as_json(plan: NewBackend, dry_run: bool, started: Started | None = None) -> str:
    """Version 1 of the machine-readable result."""
    changes = plan.changes
    result: dict[str, Any] = {
        "version": 1,
        "backend": plan.backend.name,
        "directory": plan.backend.directory,
        "relative": plan.relative,
        "dry_run": dry_run,
        "created": sorted(changes.created),
        "edited": edited(changes),
        "manual": [{"path": m.path, "what": m.what} for m in plan.manual],
        "existing": [
            {"surface": r.surface, "path": r.path, "line": r.line, "what": r.what} for r in plan.existing
        ],
    }
    if dry_run:
        result["diff"] = changes.diff()
    if started:
        result["starts"] = {
            "own": dict(started.own),
            "others": [
                {"reason": reason, "os": system, "jobs": jobs, "backends": backends}
                for (reason, system), (jobs, backends) in started.others.items()
            ],
            "tests": started.tests,
        }
    return formats.as_json(result)


def as_text(plan: NewBackend, dry_run: bool, started: Started | None = None) -> str:
    """For people: what was made, where the edits are, what remains, what to run next."""
    there = plan.existing or not plan.changes.created
    return "\n".join(_there(plan) if there else _made(plan, dry_run, started))


def _there(plan: NewBackend) -> list[str]:
    lines = [f"{plan.backend.name} is a backend already; nothing was changed. It is registered in:"]
    return lines + [f"  {one_line(r.path)}:{r.line}  {one_line(r.what)}" for r in plan.existing]


def headline(plan: NewBackend, dry_run: bool) -> str:
    """What is made, in one line."""
    backend = plan.backend
    what = f"{backend.lang}, {backend.kind}, {', '.join(backend.modalities)}; {' '.join(backend.variants)}"
    return (
        style(f"{'would create' if dry_run else 'created'} {backend.directory}/", bold=True) + f"  ({what})"
    )


def _made(plan: NewBackend, dry_run: bool, started: Started | None) -> list[str]:
    backend, changes = plan.backend, plan.changes
    lines = [headline(plan, dry_run)]
    for path, new in sorted(changes.created.items()):
        lines.append(
            f"  {style('+', fg='green')} {one_line(path)}{'  (executable)' if new.executable else ''}"
        )
    lines += ["", style("would register it in" if dry_run else "registered it in", bold=True)]
    for path in changes.edited_paths():
        added, removed = changes.line_counts(path)
        grown = f", {removed} grown" if removed else ""
        place = f"{path}:{changes.lines(path)[0]}"
        lines.append(item("~", "yellow", place, f"  (+{added - removed}{grown})"))
    if plan.relative:
        lines += [
            "",
            f"placed beside {one_line(plan.relative)}, its nearest relative; choose another with --like",
        ]
    lines += ["", style("left for you", bold=True)]
    lines += [item("-", "cyan", f"{m.path}: {m.what}") for m in plan.manual]
    if dry_run:
        return [*lines, *(started_lines(backend.name, started) if started else ())]
    first, *others = next_commands(plan)
    lines += ["", f"next: `{first}`", *(f"      `{command}`" for command in others)]
    return [*lines, f"after the first merge: `scaffold published {backend.name} --channel master`"]


def started_lines(name: str, started: Started) -> Iterator[str]:
    """What CI would do with a plan."""
    own = [f"{count} on {SYSTEMS[system]}" for system, count in sorted(started.own.items(), reverse=True)]
    yield ""
    yield style("a pull request with it starts in CI", bold=True)
    builds = counted(started.own.total(), "image build")
    yield f"  {builds} of {one_line(name)}" + (f": {', '.join(own)}" if own else "")
    for (reason, system), (jobs, backends) in started.others.items():
        builds = f"{counted(jobs, 'image build')} of {counted(backends, 'other backend')}"
        yield f"  {style(builds, fg='yellow')} on {SYSTEMS[system]}, for {one_line(reason)}"
    if started.tests:
        yield f"  {counted(started.tests, 'job')} of the extra tests"
