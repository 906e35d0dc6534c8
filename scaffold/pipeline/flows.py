"""What flows through a run: who writes which artifact, cache or image under which name, and who reads it.

A run happens under one event. What a rule asks of two jobs that meet in a name, it asks here.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

from scaffold.pipeline import docker
from scaffold.pipeline.alike import alike, made_of
from scaffold.pipeline.artifacts import (
    DOWNLOAD,
    FETCH,
    MERGE,
    UPLOAD,
    artifact_name,
    deleted,
    downloaded_by_script,
    is_own,
    may_delete,
    may_fit,
    taken,
)
from scaffold.pipeline.builds import ImageBuild, ImagePush, builds_of, may_build_in
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE, may_begin
from scaffold.pipeline.calls import Call, Leg
from scaffold.pipeline.expressions.values import is_known, may_equal, property_of
from scaffold.pipeline.groups import Group, groups_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun


class Kind(StrEnum):
    """What flows."""

    artifact = "artifact"
    cache = "cache"
    layers = "build cache"
    """The layers of a build, in a registry or in GitHub's cache."""
    image = "image"


class Flow(NamedTuple):
    """One thing that a step writes or reads under a name."""

    kind: Kind
    name: str
    """With holes for what is unknown; of a download perhaps a pattern."""
    at: StepRun
    writes: bool
    exact: bool = True
    """Whether it is a name, and no pattern."""
    paths: frozenset[str] = frozenset()
    """What a cache holds: another list of paths is another cache."""
    build: ImageBuild | None = None
    """What makes an image, or uses layers."""

    @property
    def what(self) -> tuple[str, frozenset[str]]:
        """What it has in common with another that writes the same."""
        paths = self.paths and frozenset(alike(path, self.at.job) for path in self.paths)
        return alike(self.called, self.at.job) + made_of(self.called, self.at), paths

    @property
    def called(self) -> str:
        """Its name, in the one spelling of all that mean the same."""
        return docker.tagged(self.name) if self.kind is Kind.image else self.name

    def may_take(self, name: str) -> bool:
        """Whether a download takes an artifact, or may."""
        return may_fit(self.name, name, exact=self.exact)


class Flows:
    """The flows of a run, each kind read when it is asked for. Steps that do not run have none."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self._taken: dict[tuple[str, bool], list[Flow]] = {}
        self._waited: dict[tuple[Call, Job], frozenset[tuple[Call, Job]]] = {}

    @cached_property
    def uploads(self) -> tuple[Flow, ...]:
        """The artifacts that it may upload."""
        steps = self.run.steps(UPLOAD, MERGE)
        return tuple(Flow(Kind.artifact, artifact_name(step), step, writes=True) for step in steps)

    def taken(self, wanted: Flow) -> list[Flow]:
        """The artifacts that a download takes, or may take."""
        key = wanted.name, wanted.exact
        if key not in self._taken:
            by_name, names, vague = self._uploads_by_name
            if is_known(wanted.name):
                found = [wanted.name] if wanted.exact else taken(wanted.name, names)
                sure = [upload for name in found for upload in by_name.get(name, ())]
                self._taken[key] = sure + [u for u in vague if wanted.may_take(u.name)]
            else:
                self._taken[key] = [u for u in self.uploads if wanted.may_take(u.name)]
        return self._taken[key]

    @cached_property
    def _uploads_by_name(self) -> tuple[dict[str, list[Flow]], list[str], list[Flow]]:
        """Known name -> its uploads; these names, sorted; the uploads of other names."""
        by_name: dict[str, list[Flow]] = {}
        for upload in self.uploads:
            by_name.setdefault(upload.name, []).append(upload)
        names = sorted(filter(is_known, by_name))
        return by_name, names, [upload for upload in self.uploads if not is_known(upload.name)]

    @cached_property
    def downloads(self) -> tuple[Flow, ...]:
        """What it downloads of its own artifacts."""
        found = []
        for step in self.run.steps(DOWNLOAD, MERGE, FETCH):
            if is_own(step):
                name = step.input("name") if step.step.action != MERGE else ""
                found.append((step, name, _without_pairs(step.input("pattern"))))
        for step in self.run.those(lambda step: "gh run download" in step.run):
            found += ((step, name, pattern) for name, pattern in downloaded_by_script(step))
        return tuple(
            Flow(Kind.artifact, name or pattern or "*", step, writes=False, exact=bool(name))
            for step, name, pattern in found
        )

    @cached_property
    def deletions(self) -> tuple[Flow, ...]:
        """The artifacts that it may delete."""
        steps = self.run.those(may_delete)
        return tuple(
            Flow(Kind.artifact, name, step, writes=False, exact=False)
            for step in steps
            for name in deleted(step)
        )

    @cached_property
    def saves(self) -> tuple[Flow, ...]:
        """The caches that it may save."""
        return tuple(cached(step, writes=True) for step in filter(may_save, self.run.steps(SAVE, BOTH)))

    @cached_property
    def restores(self) -> tuple[Flow, ...]:
        """The caches that it looks for."""
        return tuple(cached(step, writes=False) for step in self.run.steps(RESTORE, BOTH))

    @cached_property
    def builds(self) -> tuple[ImageBuild, ...]:
        """The images that its legs build."""
        return tuple(build for build in self._made if not isinstance(build, ImagePush))

    @cached_property
    def _made(self) -> tuple[ImageBuild, ...]:
        """The images that its legs build and push."""
        jobs = {job for job in self.run.every_job if may_build_in(job)}
        legs = (leg for leg in self.run.jobs if leg.job in jobs and leg.reached is not False) if jobs else ()
        return tuple(build for leg in legs for build in builds_of(leg))

    @cached_property
    def exports(self) -> tuple[Flow, ...]:
        """The layers that its builds write."""
        return tuple(self._layers(writes=True))

    @cached_property
    def imports(self) -> tuple[Flow, ...]:
        """The layers that its builds look for."""
        return tuple(self._layers(writes=False))

    def _layers(self, *, writes: bool) -> Iterator[Flow]:
        for build in self.builds:
            for name in build.cache_names("cache-to" if writes else "cache-from"):
                yield Flow(Kind.layers, name, build.at, writes, build=build)

    @cached_property
    def images(self) -> tuple[Flow, ...]:
        """The names under which it pushes images."""
        named = ((tag, build) for build in self._made for tag in build.tags)
        return tuple(Flow(Kind.image, tag, build.at, writes=True, build=build) for tag, build in named)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The concurrency groups that it is in."""
        return tuple(groups_of(self.run))

    def waits(self, leg: Leg, maker: Leg) -> bool:
        """Whether a leg starts after another one has ended, or is the same."""
        return leg is maker or not self._before(leg).isdisjoint((at.call, at.job) for at in maker.chain)

    def follows(self, step: StepRun, other: StepRun) -> bool:
        """Whether a step comes to its turn after another one: later in its leg, or in a leg that waits."""
        if step.job is not other.job:
            return self.waits(step.job, other.job)
        order = step.job.job.occurrences
        return order.index(step.occurrence) > order.index(other.occurrence)

    def _before(self, leg: Leg) -> frozenset[tuple[Call, Job]]:
        """The jobs of each call that a leg starts after: those of its own, and of the jobs that call it."""
        key = leg.call, leg.job
        if key not in self._waited:
            own = frozenset((leg.call, job) for job in leg.call.workflow.upstream(leg.job).values())
            caller = leg.call.caller
            self._waited[key] = own | self._before(caller) if caller is not None else own
        return self._waited[key]

    @property
    def every(self) -> tuple[Flow, ...]:
        """All that its steps write and read."""
        written = (*self.uploads, *self.saves, *self.exports, *self.images)
        return (*written, *self.downloads, *self.restores, *self.imports)


def _without_pairs(pattern: str) -> str:
    """A pattern in which two stars are one."""
    return re.sub(r"\*+", "*", pattern) if "**" in pattern else pattern


@lru_cache(maxsize=64)
def flows_of(run: Run) -> Flows:
    """The flows of a run."""
    return Flows(run)


def cached(step: StepRun, *, writes: bool) -> Flow:
    """The use that a step makes of a cache."""
    paths = frozenset(lines(step.input("path")))
    return Flow(Kind.cache, step.input("key"), step, writes, paths=paths)


def may_save(step: StepRun) -> bool:
    """Whether a step that uses a cache may write one: one that must find its key never has it to write."""
    return step.input("fail-on-cache-miss") != "true" or "restore-keys" in step.step.given


def may_find(restore: Flow, saved: Flow) -> bool:
    """Whether a restore may find what another step saves: of the same paths, by its key or a part of it."""
    wanted = [restore.name, *lines(restore.at.input("restore-keys"))]
    github = restore.at.job.call.run.event.github
    before = property_of(github.get("event", {}), "before")
    if isinstance(before, str):  # the next push looks for what this one saves
        wanted += [name.replace(before, github["sha"]) for name in wanted]
    return restore.paths == saved.paths and any(may_begin(saved.name, start) for start in wanted)


def may_hold_same(one: Flow, other: Flow) -> bool:
    """Whether two caches may be of the same paths: what only a run knows of one may be the other's."""
    mine, theirs = one.paths, other.paths
    if mine == theirs:
        return True
    if len(mine) != len(theirs) and all(map(is_known, mine | theirs)):
        return False
    return all(any(may_equal(path, asked) for asked in theirs) for path in mine)


def restores_of(leg: JobRun) -> list[Flow]:
    """The caches that one leg looks for."""
    return [cached(step, writes=False) for step in leg.using(RESTORE, BOTH)]


def clashes(written: Iterable[Flow]) -> Iterator[tuple[Flow, Flow]]:
    """What a run writes twice under one name, each with what does so before; of legs that are known."""
    flows = [(flow, flow.called) for flow in written]
    named = Counter([called for _, called in flows])
    alone: dict[tuple[str, frozenset[str]], list[Flow]] = {}
    for flow, called in flows:
        if (named[called] > 1 or not is_known(called)) and flow.at.job.known:
            others = alone.setdefault(flow.what, [])
            earlier = next((one for one in others if together(one.at, flow.at)), None)
            if earlier is None:
                others.append(flow)
            else:
                yield earlier, flow


def together(one: StepRun, other: StepRun) -> bool:
    """Whether one run certainly has both steps, if it has the first."""
    if not (one.sure and other.sure):
        return False
    same = [leg.job for leg in one.job.chain] == [leg.job for leg in other.job.chain]
    if one.step is other.step and same and one.job is not other.job:
        return one.runs == other.runs
    return bool(one.runs and other.runs)
