"""Caches that are written and never read, or read and never written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
from scaffold.rules.pipeline.caches.keys import save_restore_differences
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
        differing = save_restore_differences(registry.runs)
        told = set(differing).union(*(restores for _, restores in differing.values()))
        yield from self._folders([step for step in steps if step.action in (SAVE, RESTORE, BOTH)], told)

    def _layers(self, builds: list[Step], rendered: _Rendered) -> Iterator[Finding]:
        written = [use for step in builds for use in _uses(step, "cache-to")]
        read = [use for step in builds for use in _uses(step, "cache-from")]
        pushed = [_Use(s, "tags", _text(t), t) for s in builds for t in lines(s.node.text("with", "tags"))]
        homes = {_home(use.name) for use in written}
        of_pull_requests = written_by_pull_requests(rendered.registry.runs)
        local = [use for use in read if use.name.startswith("gha:") or _home(use.name) in homes]
        unread = [use for use in written if use.step not in of_pull_requests]
        yield from self._told(
            {use.step: use for use in unread if not _is_met(use, read, rendered)}.values(),
            {use.step: use for use in local if not _is_met(use, [*written, *pushed], rendered)}.values(),
        )

    def _folders(self, steps: list[Step], told: set[Step]) -> Iterator[Finding]:
        by_action = {action: [s for s in steps if s.action == action] for action in (SAVE, RESTORE, BOTH)}
        readers, writers = ([*by_action[own], *by_action[BOTH]] for own in (RESTORE, SAVE))
        yield from self._told(
            [_folder(s) for s in by_action[SAVE] if s not in told and not any(_meet(s, r) for r in readers)],
            [
                _folder(s)
                for s in by_action[RESTORE]
                # `restore-without-writer` looks at those that must be found, row by row
                if s not in told and s.node.text("with", "fail-on-cache-miss") != "true"
                if not any(_meet(w, s) for w in writers)
            ],
        )

    def _told(self, written: Iterable[_Use], read: Iterable[_Use]) -> Iterator[Finding]:
        """One finding for a writer and a reader that miss each other, and for each that is alone."""
        unread = list(written)
        for use in read:
            missed = next((w for w in unread if w.home == use.home or w.name == use.name), None)
            also = ""
            if missed is not None:
                unread.remove(missed)
                at = missed.step.at("with", missed.key)
                also = f", and {shown(missed.name)} ({at.path}:{at.line}) is written and never read"
            yield self._alone(use, f"is read and never written{also}")
        for use in unread:
            yield self._alone(use, "is written and never read")

    def _alone(self, use: _Use, told: str) -> Finding:
        return self.finding(
            use.step.at("with", use.key),
            "",
            f"{use.step.title} {use.key}",
            f"the cache {shown(use.name)} {told}",
            "let the writer and the reader name the same",
        )


class _Use(NamedTuple):
    """What a step names, as its text alone tells."""

    step: Step
    key: str
    name: str
    """With a hole for each expression."""
    spelled: str
    paths: str = ""
    """What a cache of folders holds."""

    @property
    def home(self) -> str:
        """Where a writer and a reader may miss each other."""
        return self.paths or _home(self.name)


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


def _folder(step: Step) -> _Use:
    """What a step names as its cache of folders."""
    spelled = step.node.text("with", "key")
    return _Use(step, "key", _text(spelled), spelled, step.node.text("with", "path").strip())


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
