"""The Dockerfiles of a repository."""

from __future__ import annotations

from functools import lru_cache

from scaffold.pipeline import docker
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.syntax.dockerfile import Dockerfile


@lru_cache(maxsize=2)
def known_dockerfiles(repository: Repository) -> tuple[Dockerfile, ...]:
    """The Dockerfiles at the usual places, and those that a workflow builds."""
    tree = repository.tree
    found = {file.path: file for file in docker.dockerfiles(tree, ("", "backend", "docker"))}
    steps = (o.step for job in repository.pipeline.jobs for o in job.using(*docker.BUILD))
    spelled = {(step.spelled("context"), step.spelled("file")) for step in steps}
    built = {build.image for run in repository.runs.all() for build in flows_of(run).builds}
    for place in (docker.source_of(*image) for image in dict.fromkeys([*sorted(spelled), *sorted(built)])):
        file = docker.dockerfile(tree, place[1]) if place is not None and place[1] not in found else None
        if file is not None:
            found[file.path] = file
    return tuple(found.values())
