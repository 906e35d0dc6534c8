"""What the commands print that change a backend which is there: remove, rename, variants."""

from __future__ import annotations

from typing import Any

from typer import style

from scaffold.checkout.changes import ChangeSet
from scaffold.operations.remove import LifecyclePlan
from scaffold.report import formats
from scaffold.report.formats import Format
from scaffold.text import one_line


def rendered(headline: str, plan: LifecyclePlan, dry_run: bool, output: Format) -> str:
    """A change in one format; `headline` says in the past tense what it is."""
    return (_as_json if output is Format.json else _as_text)(headline, plan, dry_run)


def _as_json(headline: str, plan: LifecyclePlan, dry_run: bool) -> str:
    """Version 1 of the machine-readable result."""
    changes = plan.changes
    result: dict[str, Any] = {
        "version": 1,
        "what": headline,
        "dry_run": dry_run,
        "created": sorted(changes.created),
        "deleted": sorted(changes.deleted),
        "edited": edited(changes),
        "manual": [{"path": m.path, "what": m.what} for m in plan.manual],
        "mentions": [
            {"path": m.path, "line": m.line, "count": m.count, "lines": m.lines} for m in plan.mentions
        ],
    }
    return formats.as_json(result)


def edited(changes: ChangeSet) -> list[dict[str, Any]]:
    """The existing files that a change edits, and the lines where."""
    files = []
    for path in changes.edited_paths():
        added, removed = changes.line_counts(path)
        files.append({"path": path, "added": added, "removed": removed, "lines": changes.lines(path)})
    return files


def item(mark: str, colour: str, text: str, aside: str = "") -> str:
    """A line of a list."""
    return f"  {style(mark, fg=colour)} {one_line(text)}{aside}"


def _as_text(headline: str, plan: LifecyclePlan, dry_run: bool) -> str:
    """For people: what happened, where, and what remains."""
    changes = plan.changes
    lines = [style(one_line(f"{'would have ' if dry_run else ''}{headline}"), bold=True)]
    lines += [item("+", "green", path) for path in sorted(changes.created)]
    lines += [item("-", "red", path) for path in sorted(changes.deleted)]
    for path in changes.edited_paths():
        added, removed = changes.line_counts(path)
        lines.append(item("~", "yellow", f"{path}:{changes.lines(path)[0]}", f"  (+{added} -{removed})"))
    if plan.manual:
        lines += ["", style("left for you", bold=True)]
        lines += [item("-", "cyan", f"{m.path}: {m.what}") for m in plan.manual]
    named = [
        f"  {one_line(m.path)}:{m.line}" + (f"  ({m.count} times)" if m.count > 1 else "")
        for m in plan.mentions
    ]
    if named:
        lines += ["", style("still named in", bold=True), *named]
    return "\n".join(lines)
