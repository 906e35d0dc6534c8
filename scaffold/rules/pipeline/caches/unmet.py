"""Caches that are written and never read, or read and never written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from scaffold.pipeline import docker
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, may_equal, shown
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.caches.registry import written_by_pull_requests


class CacheNeverMet(PipelineRule):
    """What is written to a cache is read somewhere, and what is read is written somewhere.

    Why: a name that lost its architecture in `cache-from`, or its prefix in a restore, finds nothing. No
    step fails: every build is cold, for as long as nobody looks at its log.

    Fails:

        cache-from: type=registry,ref=example/cache:app
        cache-to: type=registry,ref=example/cache:app-${{ matrix.arch }}

    Passes:

        cache-from: type=registry,ref=example/cache:app-${{ matrix.arch }}
        cache-to: type=registry,ref=example/cache:app-${{ matrix.arch }}

    All workflows of the repository count. What stands in an expression may be anything. A registry's cache
    that is read may be another project's: it counts where this one writes to the same repository. What a
    pull request writes for all builds, `cache-to-on-pr` tells alone.

    Fix: let both name the same.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Caches of layers and of folders that the other side does not name."""
        steps = list(dict.fromkeys(o.step for job in registry.pipeline.jobs for o in job.occurrences))
        builds = [step for step in steps if step.action in docker.BUILD]
        if not any(_writes_elsewhere(step) for step in steps):
            yield from self._layers(builds, _Rendered(registry))
        yield from self._folders([step for step in steps if step.action in (SAVE, RESTORE, BOTH)])

    def _layers(self, builds: list[Step], rendered: _Rendered) -> Iterator[Finding]:
        written = [use for step in builds for use in _uses(step, "cache-to")]
        read = [use for step in builds for use in _uses(step, "cache-from")]
        pushed = [_Use(s, "tags", _text(t), t) for s in builds for t in lines(s.node.text("with", "tags"))]
        homes = {_home(use.name) for use in written}
        of_pull_requests = written_by_pull_requests(rendered.registry.runs)
        local = [use for use in read if use.name.startswith("gha:") or _home(use.name) in homes]
        for uses, others, told in (
            ([use for use in written if use.step not in of_pull_requests], read, "is written and never read"),
            (local, [*written, *pushed], "is read and never written"),
        ):
            alone = {use.step: use for use in uses if not _is_met(use, others, rendered)}
            for step, use in alone.items():
                yield self._told(step, use.key, use.name, told)

    def _folders(self, steps: list[Step]) -> Iterator[Finding]:
        by_action = {action: [s for s in steps if s.action == action] for action in (SAVE, RESTORE, BOTH)}
        for save in by_action[SAVE]:
            if not any(_meet(save, other) for other in (*by_action[RESTORE], *by_action[BOTH])):
                yield self._told(save, "key", _key(save), "is saved and never restored")
        for restore in by_action[RESTORE]:
            if restore.node.text("with", "fail-on-cache-miss") == "true":
                continue  # `restore-without-writer` looks at it, row by row
            if not any(_meet(other, restore) for other in (*by_action[SAVE], *by_action[BOTH])):
                yield self._told(restore, "key", _key(restore), "is restored and never saved")

    def _told(self, step: Step, key: str, name: str, told: str) -> Finding:
        return self.finding(
            step.at("with", key),
            "",
            f"{step.title} {key}",
            f"the cache {shown(name)} {told}",
            "let the writer and the reader name the same",
        )


class _Use(NamedTuple):
    """What a build step names, as its text alone tells."""

    step: Step
    key: str
    name: str
    """With a hole for each expression."""
    spelled: str


class _Rendered:
    """The names that the legs of all runs give, of steps of which every name is known."""

    def __init__(self, registry: Repository) -> None:
        self.registry = registry

    @cached_property
    def _names(self) -> dict[tuple[Step, str], set[str]]:
        found: dict[tuple[Step, str], set[str]] = {}
        vague = set()
        for flows in map(flows_of, self.registry.runs.all()):
            for key, own in (
                ("cache-to", flows.exports),
                ("cache-from", flows.imports),
                ("tags", flows.images),
            ):
                for flow in own:
                    found.setdefault((flow.at.step, key), set()).add(flow.name)
                    if not flow.at.job.known or not is_known(flow.name):
                        vague.add((flow.at.step, key))
        return {use: names for use, names in found.items() if use not in vague}

    def of(self, use: _Use) -> set[str] | None:
        """The names of a use; None where an event or a leg that nobody knows may give others."""
        of_legs = set(template(use.spelled).contexts) <= {"matrix", "inputs", "runner"}
        return self._names.get((use.step, use.key)) if of_legs else None


def _is_met(use: _Use, others: list[_Use], rendered: _Rendered) -> bool:
    """Whether one of the other side may name the same."""
    possible = [other for other in others if may_equal(use.name, other.name)]
    if not possible or any(other.spelled == use.spelled for other in possible):
        return bool(possible)
    own, theirs = rendered.of(use), [rendered.of(other) for other in possible]
    return own is None or any(names is None or own & names for names in theirs)


def _text(spelled: str) -> str:
    """A text with a hole for each expression."""
    parts = template(spelled.strip()).parts
    return "".join(part if isinstance(part, str) else f"{HOLE}{HOLE_END}" for part in parts)


def _uses(step: Step, key: str) -> Iterator[_Use]:
    """What a build step names as its cache, by its text alone."""
    spelled = step.node.text("with", key)
    text = _text(spelled)
    raw = [docker.cache_name(options) for options in docker.cache_options(spelled)] if spelled else []
    for number, options in enumerate(docker.cache_options(text) if text.strip() else ()):
        name = docker.cache_name(options)
        if name:
            yield _Use(step, key, name, raw[number] if len(raw) > number else "")
    if text.strip() and not is_known(text.split(",")[0]):
        yield _Use(step, key, f"{HOLE}{HOLE_END}", spelled)  # an expression that may name any


def _home(name: str) -> str:
    """The repository of a registry that a name belongs to."""
    return re.sub(r":[^/:]*$", "", name)


def _any_equal(name: str, others: list[str]) -> bool:
    return any(may_equal(name, other) for other in others)


def _key(step: Step) -> str:
    return _text(step.node.text("with", "key"))


def _meet(save: Step, restore: Step) -> bool:
    """Whether a restore may find what a save writes: the same paths, and a key that begins as asked."""
    saved, restored = ([_text(path) for path in lines(s.node.text("with", "path"))] for s in (save, restore))
    if len(saved) != len(restored) and all(map(is_known, saved + restored)):
        return False
    wanted = [_key(restore), *map(_text, lines(restore.node.text("with", "restore-keys")))]
    return all(_any_equal(path, restored) for path in saved) and any(
        _may_start(_key(save), start) for start in wanted
    )


def _may_start(key: str, start: str) -> bool:
    """Whether a key may begin with a text."""
    if is_known(key) and is_known(start):
        return key.startswith(start)
    heads = key.partition(HOLE)[0], start.partition(HOLE)[0]
    length = min(map(len, heads))
    return heads[0][:length] == heads[1][:length] and not (is_known(key) and len(heads[0]) < len(heads[1]))


def _writes_elsewhere(step: Step) -> bool:
    """Whether a step may write or read layers in a way that is not seen: by bake, or by a script."""
    return "bake" in step.action or "cache-to" in step.run or "cache-from" in step.run or "bake" in step.run
