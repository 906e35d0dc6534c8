"""What `new-backend` prints."""

from __future__ import annotations

from typing import Any

from typer import style

from scaffold.operations.new import NewBackend
from scaffold.report import formats
from scaffold.report.formats import Format
from scaffold.report.lifecycle import edited, item
from scaffold.text import one_line


def rendered(plan: NewBackend, dry_run: bool, output: Format) -> str:
    """A new backend in one format."""
    return (as_json if output is Format.json else as_text)(plan, dry_run)


def as_json(plan: NewBackend, dry_run: bool) -> str:
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
    return formats.as_json(result)


def as_text(plan: NewBackend, dry_run: bool) -> str:
    """For people: what was made, where the edits are, what remains, what to run next."""
    return "\n".join(_there(plan) if plan.existing or not plan.changes.created else _made(plan, dry_run))


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


def _made(plan: NewBackend, dry_run: bool) -> list[str]:
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
    if not dry_run:
        fork = backend.kind == "llama-fork"  # which has no tests of its own
        goal = f"docker-build-{backend.name}" if fork else f"-C {backend.directory} test"
        lines += [
            "",
            f"next: `make {goal}`",
            f"what is left, whenever you come back: `scaffold guide {backend.name}`",
            f"after the first merge: `scaffold published {backend.name} --channel master`",
        ]
    return lines
