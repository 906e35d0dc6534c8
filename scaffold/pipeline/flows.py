"""What flows through a run: who writes which artifact, cache or image under which name, and who reads it.

A run happens under one event. What a rule asks of two jobs that meet in a name, it asks here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

from scaffold.pipeline import docker
from scaffold.pipeline.artifacts import DOWNLOAD, MERGE, UPLOAD, artifact_name, may_fit, taken
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.groups import Group, groups_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import Call, JobRun, StepRun

FOREIGN = frozenset({"run-id", "repository", "artifact-ids", "github-token"})
"""What a download is given that takes the artifacts of another run, or ones that a number names."""


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
    platforms: frozenset[str] = frozenset()
    """What an image is built for; none where that is not known."""

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
        for step in self.run.steps(DOWNLOAD, MERGE):
            if FOREIGN.isdisjoint(step.step.given):
                name = step.input("name") if step.step.action == DOWNLOAD else ""
                wanted = name or step.input("pattern") or "*"
                found.append(Flow(Kind.artifact, wanted, step, writes=False, exact=bool(name)))
        return tuple(found)

    @cached_property
    def saves(self) -> tuple[Flow, ...]:
        """The caches that it may save."""
        return tuple(cached(step, writes=True) for step in self.run.steps(SAVE, BOTH))

    @cached_property
    def restores(self) -> tuple[Flow, ...]:
        """The caches that it looks for."""
        return tuple(cached(step, writes=False) for step in self.run.steps(RESTORE, BOTH))

    @cached_property
    def exports(self) -> tuple[Flow, ...]:
        """The layers that its builds write."""
        return self._layers("cache-to")

    @cached_property
    def imports(self) -> tuple[Flow, ...]:
        """The layers that its builds look for."""
        return self._layers("cache-from")

    def _layers(self, key: str) -> tuple[Flow, ...]:
        writes = key == "cache-to"
        read = docker.cache_exports if writes else docker.cache_imports
        return tuple(
            Flow(Kind.layers, name, step, writes)
            for step in self.run.steps(*docker.BUILD)
            if key in step.step.given
            for name in map(docker.cache_name, read(step))
            if name
        )

    @cached_property
    def images(self) -> tuple[Flow, ...]:
        """The names under which it pushes images."""
        found = []
        for step in self.run.steps(*docker.BUILD):
            tags = list(docker.tags(step))
            platforms = docker.platforms(step) if tags else frozenset()
            found += [Flow(Kind.image, tag, step, writes=True, platforms=platforms) for tag in tags]
        for step in self.run.those(docker.pushes_in_script):
            pushed = docker.pushed_by_script(step)
            found += [Flow(Kind.image, tag, step, writes=True, platforms=own) for tag, own in pushed]
        return tuple(found)

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The concurrency groups that it is in."""
        return tuple(groups_of(self.run))

    def waits(self, leg: JobRun, maker: JobRun) -> bool:
        """Whether a leg starts after another one has ended, or is the same."""
        return leg is maker or not self._before(leg).isdisjoint((at.call, at.job) for at in maker.chain)

    def _before(self, leg: JobRun) -> frozenset[tuple[Call, Job]]:
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


@lru_cache(maxsize=64)
def flows_of(run: Run) -> Flows:
    """The flows of a run."""
    return Flows(run)


def cached(step: StepRun, *, writes: bool) -> Flow:
    """The use that a step makes of a cache."""
    paths = frozenset(lines(step.input("path")))
    return Flow(Kind.cache, step.input("key"), step, writes, paths=paths)


def restores_of(leg: JobRun) -> list[Flow]:
    """The caches that one leg looks for."""
    return [cached(step, writes=False) for step in leg.using(RESTORE, BOTH)]


def clashes(written: Iterable[Flow]) -> Iterator[tuple[Flow, Flow]]:
    """What two legs of a run write under one name, each with one that does before; of legs that are known."""
    alone: dict[tuple[str, frozenset[str]], list[Flow]] = {}
    for flow in written:
        if flow.at.job.known:
            others = alone.setdefault((flow.name, flow.paths), [])
            earlier = next((one for one in others if together(one.at, flow.at)), None)
            if earlier is None:
                others.append(flow)
            elif earlier.at.job is not flow.at.job:
                yield earlier, flow


def together(one: StepRun, other: StepRun) -> bool:
    """Whether one run certainly has both steps, if it has the first."""
    same = [leg.job for leg in one.job.chain] == [leg.job for leg in other.job.chain]
    if one.step is other.step and same:
        return one.runs == other.runs
    return bool(one.runs and other.runs)
