"""Caches that are written and never read, or read and never written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline.alike import VERSIONS
from scaffold.pipeline.builds import ImageBuild, written_builds
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE, may_begin
from scaffold.pipeline.documents import local_path
from scaffold.pipeline.expressions.nodes import Node, path_of
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, may_equal, shown
from scaffold.pipeline.flows import Flow, cached, flows_of, may_find, may_hold_same
from scaffold.pipeline.outputs import makers
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import written
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.pipeline.caches.keys import save_restore_differences
from scaffold.rules.pipeline.caches.registry import written_by_pull_requests
from scaffold.syntax.source import Place


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

    Another repository may have the other side: an action that stands among its actions
    (`acme/shared/.github/actions/build`) may write what is read here, and so may a called workflow, unless
    the paths are saved here as well. An action whose output is the beginning of the key uses that cache
    itself; so do `actions/setup-go` and the like, whose keys are known.

    So it is with `restore-keys` of which none begins a key that is saved, and with a layer cache that is
    written under the name of one commit and read under a fixed one.

    Fix: let both name the same.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Caches of layers and of folders that the other side does not name."""
        legs = [written(job) for job in registry.pipeline.jobs]
        builds = written_builds(registry.pipeline)
        writing = {b.at.step for b in builds if b.exports}
        reading = {b.at.step for b in builds if b.imports}
        steps = {o.step for leg in legs for o in leg.job.occurrences}
        seen = all(_is_seen(s, s in writing, s in reading) for s in steps)
        strangers = [job for job in registry.pipeline.jobs if job.uses and job.called is None]
        seen = seen and not any("cache" in name for job in strangers for name in job.given)
        missed = list(self._layers(builds, _Rendered(registry))) if seen else []
        if missed and all(_sees_called(s, registry.tree, s in writing, s in reading) for s in steps):
            yield from missed
        differing = save_restore_differences(registry.runs)
        told = set(differing).union(*(restores for _, restores in differing.values()))
        caches = (step for leg in legs for step in leg.using(SAVE, RESTORE, BOTH))
        others = _Others(
            any("/.github/actions/" in s.action and not s.action.startswith(".") for s in steps),
            bool(strangers),
            tuple({_PREFIXES[s.action] for s in steps if s.action in _PREFIXES and _keeps(s)}),
        )
        yield from self._folders([s for s in caches if s.in_job is not False], told, others)

    def _layers(self, builds: Sequence[ImageBuild], rendered: _Rendered) -> Iterator[Finding]:
        made = [use for build in builds for use in _uses(build, "cache-to")]
        read = [use for build in builds for use in _uses(build, "cache-from")]
        pushed = [
            _Use(b.at.step, "tags", tag, b.place("tags"))
            for b in builds
            for tag in (*lines(b.at.input("tags")), *b.tags)
        ]
        homes = {_home(use.name) for use in made}
        of_pull_requests = written_by_pull_requests(rendered.registry.runs)
        local = [use for use in read if use.name.startswith("gha:") or _home(use.name) in homes]
        unread = [use for use in made if use.step not in of_pull_requests]
        yield from self._told(
            {use.step: use for use in unread if not _is_met(use, read, rendered)}.values(),
            {use.step: use for use in local if not _is_met(use, [*made, *pushed], rendered)}.values(),
        )

    def _folders(self, steps: list[StepRun], told: set[Step], others: _Others) -> Iterator[Finding]:
        saves = [cached(step, writes=True) for step in steps if step.step.action != RESTORE]
        restores = [cached(step, writes=False) for step in steps if step.step.action != SAVE]
        alone = [f for f in (*saves, *restores) if f.at.step.action != BOTH and f.at.step not in told]
        # `restore-without-writer` looks at those that must be found, row by row
        must = [r for r in restores if r.at.input("fail-on-cache-miss") == "true"]
        unmet = {
            flow.at.step: _Use(flow.at.step, "key", flow.name, flow.at.step.at("with", "key"), flow.paths)
            for flow in alone
            if not any(
                flow is r or (flow.writes and (r.name == flow.name or r.paths == flow.paths)) for r in must
            )
            if not any(_meet(flow, r) for r in restores if flow.writes)
            if not any(_meet(w, flow) for w in saves if not flow.writes)
            if not others.may_meet(flow, saves)
        }
        writes = {flow.at.step for flow in alone if flow.writes}
        yield from self._told(
            [use for step, use in unmet.items() if step in writes],
            [use for step, use in unmet.items() if step not in writes],
        )
        for restore in (r for r in restores if r.at.step not in told | unmet.keys()):
            starts = list(lines(restore.at.input("restore-keys")))
            met = any(may_begin(save.name, start) for save in saves for start in starts)
            if starts and not met and not others.may_meet(restore, saves):
                yield self.finding(
                    restore.at.step.at("with", "restore-keys"),
                    "",
                    f"{restore.at.step.title} restore-keys",
                    f"no cache is saved under a key that begins with {shown(starts[0])}",
                    "let it be the beginning of a key",
                )

    def _told(self, written: Iterable[_Use], read: Iterable[_Use]) -> Iterator[Finding]:
        """One finding for a writer and a reader that miss each other, and for each that is alone."""
        unread = list(written)
        for use in read:
            missed = next((w for w in unread if w.home == use.home or w.name == use.name), None)
            also = ""
            if missed is not None:
                unread.remove(missed)
                at = f"{missed.place.path}:{missed.place.line}"
                also = f", and {shown(missed.name)} ({at}) is written and never read"
            yield self._alone(use, f"is read and never written{also}")
        for use in unread:
            yield self._alone(use, "is written and never read")

    def _alone(self, use: _Use, told: str) -> Finding:
        return self.finding(
            use.place,
            "",
            f"{use.step.title} {use.key}",
            f"the cache {shown(use.name)} {told}",
            "let the writer and the reader name the same",
        )


class _Others(NamedTuple):
    """Who may use caches beside the steps that are seen."""

    actions: bool
    """Those among the actions of another repository."""
    workflows: bool
    """Called workflows of another repository."""
    prefixes: tuple[str, ...]
    """What the keys begin with of actions that have caches of their own."""

    def may_meet(self, flow: Flow, saves: Iterable[Flow]) -> bool:
        """Whether one of them may be the other side of a cache of folders."""
        if flow.name.startswith(self.prefixes) or _is_of_action(flow):
            return True
        if flow.writes:
            return False
        return self.actions or (self.workflows and all(save.paths != flow.paths for save in saves))


_PREFIXES = {
    "actions/setup-dotnet": "dotnet-cache-",
    "actions/setup-go": "setup-go-",
    "actions/setup-java": "setup-java-",
    "actions/setup-node": "node-cache-",
    "actions/setup-python": "setup-python-",
    "aquasecurity/trivy-action": "cache-trivy-",
    "astral-sh/setup-uv": "setup-uv-",
    "ruby/setup-ruby": "setup-ruby-",
    "swatinem/rust-cache": "v0-rust-",
}
"""Action that has a cache of its own -> what its key begins with."""


def _keeps(step: Step) -> bool:
    """Whether such an action uses its cache, at its own place."""
    return step.spelled("cache") != "false" and "cache-dir" not in step.given


def _is_of_action(flow: Flow) -> bool:
    """Whether an output of another repository's action, beside a version, is the beginning of a key."""
    at = flow.at
    start = template(at.step.spelled("key")).parts[:1]
    path = path_of(start[0]) if start and isinstance(start[0], Node) else ()
    made = (output.step for output in makers(at.job.job, path, at.occurrence.outer))
    return any(step.uses and not local_path(step.uses) and step.action not in _SEEN for step in made)


_SEEN = VERSIONS | {SAVE, RESTORE, BOTH}


class _Use(NamedTuple):
    """What a step names, as the files alone tell."""

    step: Step
    key: str
    name: str
    """With a hole for what only a run knows."""
    place: Place
    paths: frozenset[str] = frozenset()
    """What a cache of folders holds."""

    @property
    def home(self) -> frozenset[str] | str:
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
        return self._names.get((use.step, use.key)) if not re.search(_OF_RUNS, use.name) else None


_OF_RUNS = r"\b(?:github|vars|secrets|hashfiles)\b|\b(?:needs|steps|env|strategy|job)@"
"""A part of a name that is not of the row and of what a caller gives."""


def _is_met(use: _Use, others: list[_Use], rendered: _Rendered) -> bool:
    """Whether one of the other side may name the same."""
    possible = [other for other in others if _may_name(use.name, other.name)]
    if not possible or any(other.name == use.name for other in possible):
        return bool(possible)
    own, theirs = rendered.of(use), [rendered.of(other) for other in possible]
    return own is None or any(names is None or own & names for names in theirs)


def _may_name(one: str, other: str) -> bool:
    """Whether two names may be one: that of a commit or a run is no fixed name."""
    if not may_equal(one, other) or is_known(one) == is_known(other):
        return may_equal(one, other)
    known, vague = (one, other) if is_known(one) else (other, one)
    fixed, *others = re.split(f"{HOLE}github\\.(?:sha|run_id|run_number){HOLE_END}", vague)
    if not others or not all(map(is_known, (fixed, *others))):
        return True
    return re.fullmatch("[0-9a-f]+".join(map(re.escape, (fixed, *others))), known) is not None


def _uses(build: ImageBuild, key: str) -> Iterator[_Use]:
    """What a build names as its cache, as the files alone tell."""
    step = build.at.step
    for name in build.cache_names(key):
        hole = f"{HOLE}a variable of {step.path}:{step.line}{HOLE_END}"
        yield _Use(step, key, re.sub(_VARIABLE, hole, name), build.place(key))
    text = build.at.input(key).strip()
    if text and not is_known(text.split(",")[0]):
        yield _Use(step, key, text, build.place(key))  # an expression that may name any


_VARIABLE = r"\$(?:\w++|\{[^${}]*+\})|`[^`]*+`|\$\([^$()]*+\)"


def _home(name: str) -> str:
    """The repository of a registry that a name belongs to."""
    return re.sub(r":[^/:]*$", "", name)


def _meet(save: Flow, restore: Flow) -> bool:
    """Whether a restore may find what a save writes: the same paths, and a key that begins as asked."""
    return may_hold_same(save, restore) and may_find(restore, save._replace(paths=restore.paths))


def _sees_called(step: Step, tree: Tree, writes: bool, reads: bool) -> bool:
    """Whether all layers that the files which a step runs may write or read are seen."""
    paths = (*step.scripts, *(("Makefile",) if re.search(r"\bmake\b", step.run) else ()))
    texts = [tree.read(path) or b"" for path in paths]
    unseen = [rb"\bbake\b", *([] if writes else [b"cache-to"]), *([] if reads else [b"cache-from"])]
    return not any(re.search(sign, text) for text in texts for sign in unseen)


def _is_seen(step: Step, writes: bool, reads: bool) -> bool:
    """Whether all layers that a step may write or read are seen: none of a file of bake, or of a variable."""
    if "bake" in step.action or "bake" in step.run:
        return writes and reads
    return (writes or "cache-to" not in step.run) and (reads or "cache-from" not in step.run)
