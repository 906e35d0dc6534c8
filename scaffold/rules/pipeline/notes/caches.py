"""Notes about caches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.caches import BOTH, RESTORE, SAVE
from scaffold.pipeline.docker import known_dockerfiles
from scaffold.pipeline.expressions.nodes import Call
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note


class CacheMountId(Note):
    """A cache mount of a Dockerfile belongs to one architecture.

    Why: two builds for two architectures on one builder share the folder, and the compiler cache of one
    evicts the other's.

    Fails:

        RUN --mount=type=cache,target=/root/.ccache make

    Passes:

        RUN --mount=type=cache,id=ccache-${TARGETARCH},target=/root/.ccache make

    Fix: put TARGETARCH into the id.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Cache mounts without the architecture in their id."""
        for file in known_dockerfiles(registry):
            for instruction, options in docker.cache_mounts(file):
                if not re.search(r"TARGET(?:ARCH|PLATFORM)", options.get("id", "")):
                    where = options.get("target") or options.get("dst", "")
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
        for run in registry.runs.all():
            for leg in run.using(*docker.BUILD):
                if any("cache-dance" in action for action in leg.job.actions):
                    continue
                for step in leg.using(*docker.BUILD):
                    found = docker.built(step, registry.tree) if "cache-to" in step.step.given else None
                    if found is None or found.file.path in reported:
                        continue
                    file = found.file
                    mounts = docker.cache_mounts(file)
                    if not mounts:
                        continue
                    reported.add(file.path)
                    yield self.finding(
                        file.place(mounts[0][0]),
                        "",
                        file.path,
                        f"the cache of {step.step.title!r} does not hold the cache mounts of {file.path}",
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
        for workflow in registry.pipeline.workflows:
            first: dict[str, Job] = {}
            reported: set[str] = set()
            for job in workflow.jobs.values():
                for occurrence in job.using(SAVE, RESTORE, BOTH):
                    key = "".join(occurrence.step.node.text("with", "key").split())
                    if occurrence.outer is not None or not _hashes(key):
                        continue
                    if first.setdefault(key, job) is not job and key not in reported:
                        reported.add(key)
                        yield self.finding(
                            occurrence.step.at("with", "key"),
                            "",
                            f"{job.id} {key[:60]}",
                            f"{first[key].id} and {job.id} spell out one key",
                            "compute it once",
                        )


def _hashes(key: str) -> bool:
    """Whether a key has a hash of two or more patterns."""
    return any(
        isinstance(node, Call) and node.name == "hashfiles" and len(node.arguments) > 1
        for expression in template(key).expressions
        for node in expression.walk()
    )
