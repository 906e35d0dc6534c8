"""Artifacts: their names, and which of them a pattern takes."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache, lru_cache

from scaffold.pipeline.commands import given, said
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, last_part, text_of, without_holes
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.syntax.options import apart
from scaffold.syntax.shell_branches import is_certain

UPLOAD = "actions/upload-artifact"
MERGE = "actions/upload-artifact/merge"
DOWNLOAD = "actions/download-artifact"
FETCH = "dawidd6/action-download-artifact"
"""An action that takes the artifacts of any run."""

FOREIGN = frozenset({"run-id", "repository", "artifact-ids", "github-token"})
"""What a download is given that takes the artifacts of another run, or ones that a number names."""


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern takes a name: `*`, `?`, `{a,b}`, and unknown parts that may be anything."""
    found = alternatives(pattern) if "{" in pattern else ()
    if len(found) > 1:
        return any(fits(other, name) for other in found)
    return _fits(pattern, name)


@cache
def alternatives(pattern: str) -> tuple[str, ...]:
    """The patterns that one with `{a,b}` stands for: itself where it has none, or more than are looked at."""
    found = [pattern]
    while len(found) < _MAX_ALTERNATIVES:
        match = re.search(r"\{([^{},]*(?:,[^{},]*)+)\}", found[0])
        if match is None:
            return tuple(found)
        one, *rest = found
        found = [
            *rest,
            *(f"{one[: match.start()]}{part}{one[match.end() :]}" for part in match[1].split(",")),
        ]
    return (pattern,)


_MAX_ALTERNATIVES = 32


def _fits(pattern: str, name: str) -> bool:
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
    return tuple(plain(pattern if is_known(pattern) else without_holes(pattern, "*")).split("*"))


@cache
def plain(pattern: str) -> str:
    """A pattern without `!(a)`, `{a,b}` and `[ab]`: what they take may be anything."""
    if _CLOSING.isdisjoint(pattern):
        return pattern
    return re.sub(r"[!?*+@]\([^()]*\)|\{[^{}]*\}|\[[^\[\]]*\]", "*", pattern)


_CLOSING = frozenset(")}]")


def _same(piece: str, text: str) -> bool:
    if "?" not in piece:
        return piece == text
    return len(piece) == len(text) and all(p in ("?", t) for p, t in zip(piece, text, strict=True))


def artifact_name(step: StepRun) -> str:
    """The name of the artifact that a step makes; one that is no archive is named after its file.

    Of files that a pattern takes, or that a folder has, only a run knows the name.
    """
    if step.step.action == MERGE:
        return step.input("name") or "merged-artifacts"
    if step.input("archive") == "false":
        path = step.input("path").strip().replace("\\", "/")
        file = last_part(path)
        if file and not re.search(r"[*?\[\n]", file):
            return file
        plain = path.replace(HOLE, "<").replace(HOLE_END, ">")
        return f"{HOLE}files@{step.job.label} {plain}{HOLE_END}"
    return step.input("name") or "artifact"


def may_delete(step: Step) -> bool:
    """Whether a step may delete artifacts: by an action that is called so, or by the interface of GitHub."""
    if step.uses and re.search(r"(?:delete|purge|remove)-artifact", step.action):
        return True
    text = step.run or step.spelled("script")
    return "deleteArtifact" in text or ("DELETE" in text and "artifacts" in text)


def deleted(step: StepRun) -> list[str]:
    """The patterns of the names that such a step deletes, as far as they are known."""
    return [*lines(step.input("name"))] or ["*"]


def is_own(step: StepRun) -> bool:
    """Whether a download takes artifacts of its own run."""
    if step.step.action == FETCH:
        return step.input("run_id") == step.context("github").get("run_id") and "repo" not in step.step.given
    return FOREIGN.isdisjoint(step.step.given)


def downloaded_by_script(step: StepRun) -> Iterator[tuple[str, str]]:
    """The names, and the patterns, of what `gh run download` takes of the run that it is part of."""
    own = text_of(step.context("github").get("run_id"))
    repository = {text_of(step.context("github").get("repository")), "$GITHUB_REPOSITORY"}
    for one in said(step, "gh"):
        if one.words[1:3] != ("run", "download") or not is_certain(one.command):
            continue
        words = [*apart(one.words[3:], "DRnp")]
        if {*given(words, "-R", "--repo")} - repository or {
            own,
            "$GITHUB_RUN_ID",
            "${GITHUB_RUN_ID}",
        }.isdisjoint(words):
            continue
        names, patterns = given(words, "-n", "--name"), given(words, "-p", "--pattern")
        if not any("$" in value for value in names + patterns):
            yield from ((name, "") for name in names)
            yield from (("", pattern) for pattern in patterns if not names)
            yield from [] if names or patterns else [("", "")]


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


def is_plain(pattern: str) -> bool:
    """Whether a pattern is known, and says exactly which names it takes."""
    return is_known(pattern) and all(plain(one) == one for one in alternatives(pattern))


@lru_cache(maxsize=64)
def has_strangers(run: Run) -> bool:
    """Whether something may upload artifacts that is not in the repository."""
    for job in run.every_job:
        if job.uses and not job.uses.startswith(("./", "$/")):
            return True
        for occurrence in job.occurrences:
            step = occurrence.step
            if step.action not in (UPLOAD, MERGE, DOWNLOAD) and _may_upload(step.action):
                return True
            if "artifact" in step.run and b"artifact" in step.script.bare:
                return True
            if step.action.startswith("actions/github-script"):
                return True
    return False


def _may_upload(action: str) -> bool:
    """Whether an action may upload artifacts."""
    return "artifact" in action or action.startswith(_UPLOADING)


_UPLOADING = ("anchore/sbom-action", "hynek/build-and-inspect-python-package", "tauri-apps/tauri-action")


def taken(pattern: str, names: list[str]) -> Iterator[str]:
    """The names that a pattern takes, of a sorted list."""
    if "{" in pattern and len(alternatives(pattern)) > 1:
        yield from dict.fromkeys(name for other in alternatives(pattern) for name in taken(other, names))
        return
    prefix = plain(pattern).partition("*")[0].partition("?")[0]
    start = bisect_left(names, prefix)
    end = bisect_left(names, f"{prefix}\U0010ffff")
    yield from (name for name in names[start:end] if fits(pattern, name))
