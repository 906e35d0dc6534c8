"""What `flows` prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from typer import style

from scaffold.operations.flows import Flowing, Found, Held, Named, User
from scaffold.report import formats
from scaffold.report.formats import Format
from scaffold.report.view import counted
from scaffold.text import one_line

MANY = 3
"""Of names and jobs that are used alike, this many are named."""


def rendered(found: Found, output: Format) -> str:
    """The flows of the workflows that an event starts, in one format."""
    return (_as_json if output is Format.json else _as_text)(found)


def _as_json(found: Found) -> str:
    """Version 1 of the machine-readable result."""
    return formats.as_json({"version": 1, "event": found.workflows[0].event, **asdict(found)})


def _as_text(found: Found) -> str:
    """For people: by workflow and kind, with one entry for all that the same steps write and read."""
    lines: list[str] = []
    for flowing in found.workflows:
        if flowing.named or flowing.groups:
            lines += [style(f"{flowing.workflow} on {flowing.event}", bold=True), *_body(flowing), ""]
    quiet = sum(not flowing.named and not flowing.groups for flowing in found.workflows)
    told = f"{counted(len(found.workflows), 'workflow')} on {found.workflows[0].event}"
    rest = f", {quiet} of them without artifact, cache, image or group" if quiet else ""
    return "\n".join([*lines, style(f"{told}{rest}.", bold=True)])


def _body(flowing: Flowing) -> Iterator[str]:
    alike: dict[tuple[object, ...], list[Named]] = {}
    for named in flowing.named:
        alike.setdefault((named.kind, _places(named.writers), _places(named.readers)), []).append(named)
    for same in sorted(alike.values(), key=lambda group: (group[0].kind, group[0].name)):
        names = _some([named.name for named in same])
        yield f"  {same[0].kind.value}  {names}"
        yield from _users("written", [user for named in same for user in named.writers])
        yield from _users("read", [user for named in same for user in named.readers])
    groups: dict[str, list[Held]] = {}
    for held in flowing.groups:
        groups.setdefault(held.name, []).append(held)
    for name, each in groups.items():
        yield f"  group  {one_line(name)}"
        for held in each:
            holders = _some(held.holders) if any(held.holders) else "the workflow"
            yield f"    held by  {holders}  {held.path}:{held.line}  ({_effect(held)})"


def _users(verb: str, users: list[User]) -> Iterator[str]:
    by_step: dict[tuple[str, int], list[User]] = {}
    for user in users:
        by_step.setdefault((user.path, user.line), []).append(user)
    for (path, line), same in by_step.items():
        jobs = list(dict.fromkeys(user.job for user in same))
        perhaps = "" if all(user.certain for user in same) else ", perhaps"
        yield f"    {verb} by{perhaps}  {_some(jobs)}  {path}:{line}"
    if not users:
        yield f"    {verb} by  nobody in this run"


def _places(users: tuple[User, ...]) -> frozenset[tuple[str, int]]:
    return frozenset((user.path, user.line) for user in users)


def _some(words: list[str] | tuple[str, ...]) -> str:
    rest = len(words) - MANY
    return one_line(", ".join(words[:MANY]) + (f" and {rest} more" if rest > 0 else ""))


def _effect(held: Held) -> str:
    return {True: "cancels", False: "waits", None: "cancels or waits"}[held.cancels]
