"""Artifacts: their names, and which of them a pattern takes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from scaffold.pipeline.expressions.values import HOLE, is_known, last_part, without_holes
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import StepRun

UPLOAD = "actions/upload-artifact"
MERGE = "actions/upload-artifact/merge"
DOWNLOAD = "actions/download-artifact"


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern takes a name: `*`, `?`, and unknown parts that may be anything."""
    first, *rest = _pieces(pattern)
    if not rest:
        return _same(first, name)
    *middle, last = rest
    end = len(name) - len(last)
    at = len(first)
    if at > end or not (_same(first, name[:at]) and _same(last, name[end:])):
        return False
    for piece in middle:
        at = _find(piece, name, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _find(piece: str, name: str, start: int, end: int) -> int:
    if "?" not in piece:
        return name.find(piece, start, end)
    starts = range(start, end - len(piece) + 1)
    return next((n for n in starts if _same(piece, name[n : n + len(piece)])), -1)


@cache
def _pieces(pattern: str) -> tuple[str, ...]:
    """The fixed pieces of a pattern, with anything between two of them."""
    return tuple(plain(without_holes(pattern, "*")).split("*"))


@cache
def plain(pattern: str) -> str:
    """A pattern without `!(a)`, `{a,b}` and `[ab]`: what they take may be anything."""
    return re.sub(r"[!?*+@]\([^()]*\)|\{[^{}]*\}|\[[^\[\]]*\]", "*", pattern)


def _same(piece: str, text: str) -> bool:
    if "?" not in piece:
        return piece == text
    return len(piece) == len(text) and all(p in ("?", t) for p, t in zip(piece, text, strict=True))


def artifact_name(step: StepRun) -> str:
    """The name of the artifact that a step makes; one that is no archive is named after its file."""
    if step.step.action == MERGE:
        return step.input("name") or "merged-artifacts"
    if step.input("archive") == "false":
        return last_part(step.input("path").strip())
    return step.input("name") or "artifact"


def may_fit(wanted: str, name: str, *, exact: bool) -> bool:
    """Whether a name or a pattern takes an artifact, or may: what is unknown may be anything."""
    if exact and is_known(name) and is_known(wanted):
        return name == wanted
    if is_known(name):
        return fits(wanted, name)
    if is_known(wanted) and exact:
        return fits(name, wanted)
    length = min(len(part) for part in (name.partition(HOLE)[0], re.split(f"[*?{HOLE}]", wanted)[0]))
    return name[:length] == wanted[:length]


def has_strangers(run: Run) -> bool:
    """Whether something may upload artifacts that is not in the repository."""
    for job in run.every_job:
        if job.uses and not job.uses.startswith(("./", "$/")):
            return True
        for occurrence in job.occurrences:
            step = occurrence.step
            if step.action not in (UPLOAD, MERGE, DOWNLOAD) and "artifact" in step.action:
                return True
            if "artifact" in step.run and b"artifact" in step.script.bare:
                return True
            if step.action.startswith("actions/github-script"):
                return True
    return False


def taken(pattern: str, names: list[str]) -> Iterator[str]:
    """The names that a pattern takes, of a sorted list."""
    prefix = re.split(r"[*?]", plain(pattern), maxsplit=1)[0]
    start = bisect_left(names, prefix)
    end = bisect_left(names, f"{prefix}\U0010ffff")
    return (name for name in names[start:end] if fits(pattern, name))
