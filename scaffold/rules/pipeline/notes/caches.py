"""Notes about caches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.pipeline import docker
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.dockerfiles import known_dockerfiles
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import cached, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import written
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note
from scaffold.syntax.yaml import YamlSource


class CacheMountId(Note):
    """A cache mount of a Dockerfile belongs to one architecture.

    Why: two builds for two architectures on one builder share the folder, and the compiler cache of one
    evicts the other's.

    Fails:

        RUN --mount=type=cache,target=/root/.ccache make

    Passes:

        RUN --mount=type=cache,id=ccache-${TARGETARCH},target=/root/.ccache make

    A mount without an id has the name of its target.

    Fix: put TARGETARCH into the id.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Cache mounts without the architecture in their id."""
        for file in known_dockerfiles(registry):
            for instruction, options in docker.cache_mounts(file):
                where = options.get("target") or options.get("dst", "")
                if not re.search(r"TARGET(?:ARCH|PLATFORM)", options.get("id") or where):
                    yield self.finding(
                        file.place(instruction),
                        "",
                        where,
                        f"the cache mount {where} is shared by all architectures",
                        "give it an id with ${TARGETARCH}",
                    )


class CacheMountNotExported(Note):
    """What a cache mount holds survives the job.

    Why: a registry cache holds layers, not cache mounts. On a fresh runner the mount is always empty,
    and the compiler cache in it never hits.

    Fails:

        RUN --mount=type=cache,target=/root/.ccache make     # built with cache-to: type=registry

    Passes:

        # a step saves and restores the mount, for instance with a cache dance

    Fix: export the mount, or do not count on it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Dockerfiles with cache mounts that a step builds with an exported cache."""
        reported: set[str] = set()
        for build in (build for run in registry.runs.all() for build in flows_of(run).builds):
            if not build.exports or any("cache-dance" in action for action in build.job.job.actions):
                continue
            found = docker.built(build, registry.tree)
            mounts = docker.cache_mounts(found.file) if found is not None else []
            if found is not None and mounts and found.file.path not in reported:
                path = found.file.path
                reported.add(path)
                yield self.finding(
                    found.file.place(mounts[0][0]),
                    "",
                    path,
                    f"the cache of {build.at.step.title!r} does not hold the cache mounts of {path}",
                    "export them, or expect them to be empty",
                )


class KeySpelledTwice(Note):
    """A long cache key stands in one place.

    Why: a file that is added to the hash in one job and not in the other makes two keys, and the second
    job never finds what the first one saved.

    Fails:

        # in two jobs
        key: build-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}

    Passes:

        # one job computes it, the others take its output
        key: ${{ needs.keys.outputs.build }}

    Fix: compute the key in one job, or put the step into a composite action.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Keys with a hash of two or more patterns that several jobs spell out."""
        first: dict[object, tuple[Job, Step]] = {}
        reported: set[object] = set()
        for job in registry.pipeline.jobs:
            uses = job.using(SAVE, RESTORE, BOTH)
            sources = {job.workflow.source, *(o.step.source for o in uses)}
            for occurrence in uses if any(map(_hashes, sources)) else ():
                step = occurrence.step
                flow = cached(written(job).bind(occurrence), writes=False)
                hashes = tuple(re.findall(r"\bhashfiles\([^()]*\)", flow.name))
                if sum(hashed.count(",") + 1 for hashed in hashes) <= 1:
                    continue
                for own in (flow.name, (hashes, flow.paths)):
                    other, spelled = first.setdefault(own, (job, step))
                    apart = other is not job and spelled is not step
                    if apart and reported.isdisjoint((flow.name, (hashes, flow.paths))):
                        reported.add(own)
                        where = f" of {other.path}" if other.path != job.path else ""
                        yield self.finding(
                            step.at("with", "key"),
                            "",
                            f"{job.id} {shown(flow.name)[:60]}",
                            f"{other.id}{where} and {job.id} spell out one key",
                            "compute it once",
                        )


@lru_cache(maxsize=512)
def _hashes(source: YamlSource) -> bool:
    """Whether an expression of a file hashes others."""
    return b"hashfiles(" in source.data.lower()
