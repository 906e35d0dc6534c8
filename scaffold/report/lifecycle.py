"""What the commands print that change a backend which is there: remove, rename, variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from typer import style

from scaffold.checkout.changes import ChangeSet
from scaffold.operations.mentions import GROUPS, Named
from scaffold.operations.remove import LifecyclePlan
from scaffold.report import formats
from scaffold.report.formats import Format
from scaffold.text import one_line

NAMED_LINES = 10
"""How many lines people get of the files that go on naming a backend."""


def rendered(headline: str, plan: LifecyclePlan, dry_run: bool, output: Format, *, files: bool = True) -> str:
    """A change in one format; `headline` says in the past tense what it is.

    People have seen its `files` already where they agreed to it.
    """
    if output is Format.json:
        return _as_json(headline, plan, dry_run)
    return as_text(headline, plan, dry_run, files=files)


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
            {"path": m.path, "group": m.group, "line": m.line, "count": m.count, "lines": m.lines}
            for m in plan.mentions
        ],
        "unsaved": [{"path": lost.path, "why": lost.why} for lost in plan.unsaved],
    }
    if dry_run:
        result["diff"] = changes.diff()
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


def as_text(headline: str, plan: LifecyclePlan, dry_run: bool, *, files: bool = True) -> str:
    """For people: what happened, where, and what remains."""
    lines = [style(one_line(f"{'would have ' if dry_run else ''}{headline}"), bold=True)]
    lines += _files(plan.changes) if files else ()
    if plan.unsaved and files:
        lines += ["", style("git does not have all of it" if dry_run else "git did not have", bold=True)]
        lines += [item("!", "red", f"{lost.path} {lost.why}") for lost in plan.unsaved]
    if plan.manual:
        lines += ["", style("left for you", bold=True)]
        lines += [item("-", "cyan", f"{m.path}: {m.what}") for m in plan.manual]
    if plan.mentions:
        lines += ["", style("still named in", bold=True), *_named(plan.mentions)]
    return "\n".join(lines)


def _files(changes: ChangeSet) -> Iterator[str]:
    for path in sorted(changes.created):
        yield item("+", "green", path)
    for path in sorted(changes.deleted):
        yield item("-", "red", path)
    for path in changes.edited_paths():
        added, removed = changes.line_counts(path)
        yield item("~", "yellow", f"{path}:{changes.lines(path)[0]}", f"  (+{added} -{removed})")


def _named(mentions: Sequence[Named]) -> Iterator[str]:
    """A line for each of some files, taken in turn from every group, and one for the rest."""
    groups = [[m for m in mentions if m.group == group] for group in GROUPS]
    in_turn = [m for turn in zip_longest(*groups) for m in turn if m is not None]
    shown = in_turn if len(in_turn) <= NAMED_LINES else in_turn[: NAMED_LINES - 1]
    for m in sorted(shown, key=lambda m: (GROUPS.index(m.group), m.path)):
        times = f"  ({m.count} times)" if m.count > 1 else ""
        yield f"  {m.group:<{max(map(len, GROUPS))}}  {one_line(m.path)}:{m.line}{times}"
    if rest := len(in_turn) - len(shown):
        yield f"  and {rest} more files: `--dry-run --format json` lists them"
