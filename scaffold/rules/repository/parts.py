"""The lists of registrations that a checkout has: what is empty, and what a change has emptied."""

from __future__ import annotations

from collections import Counter

from scaffold.pipeline.image_builds import SPLIT_SCRIPT, WORKFLOWS
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.surfaces.base import Part


def parts(registry: Registry) -> tuple[Part, ...]:
    """The lists, in the order of the surfaces, and what CI needs to read them."""
    jobs = Counter(caller.path for caller in registry.builds.callers)
    return (
        *(part for surface in registry.surfaces for part in surface.parts),
        Part(WORKFLOWS[0], "job that builds images", jobs[WORKFLOWS[0]]),
        Part(WORKFLOWS[1], "job that builds images of a pull request", jobs[WORKFLOWS[1]]),
        Part(SPLIT_SCRIPT, "statement", int(registry.builds.has_script)),
    )


def missing(registry: Registry) -> list[Part]:
    """Those that are empty though a checkout of this age has them."""
    found = parts(registry)
    age = max(part.age for part in found)
    return [part for part in found if not part.size and part.since <= age]


def lost(before: Repository, after: Repository) -> list[Part]:
    """Those that had something and are empty now, as they were before; none of what is no LocalAI."""
    if not (isinstance(before, Registry) and isinstance(after, Registry)):
        return []
    kept = {part.what for part in parts(after) if part.size}
    return [part for part in parts(before) if part.size and part.what not in kept]
