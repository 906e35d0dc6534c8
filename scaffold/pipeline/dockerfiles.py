"""The Dockerfiles of a repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.pipeline import docker
from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.syntax.dockerfile import Dockerfile


@lru_cache(maxsize=2)
def known_dockerfiles(repository: Repository) -> tuple[Dockerfile, ...]:
    """The Dockerfiles at the usual places, and those that a workflow builds."""
    tree = repository.tree
    found = {file.path: file for file in docker.dockerfiles(tree, ("", "backend", "docker"))}
    steps = (o.step for job in repository.pipeline.jobs for o in job.using(*docker.BUILD))
    spelled = {(step.spelled("context"), step.spelled("file")) for step in steps}
    named: dict[str, list[ImageBuild]] = {}
    for build in (build for run in repository.runs.all() for build in flows_of(run).builds):
        named.setdefault(build.input("file"), []).append(build)
    built = {
        b.image for name, builds in named.items() if posixpath.normpath(name) not in found for b in builds
    }
    for place in (docker.source_of(*image) for image in dict.fromkeys([*sorted(spelled), *sorted(built)])):
        file = docker.dockerfile(tree, place[1]) if place is not None and place[1] not in found else None
        if file is not None:
            found[file.path] = file
    scripts = dict.fromkeys(o.step for job in repository.pipeline.jobs for o in job.occurrences)
    templates = {path for step in scripts for path in _templates(step)}
    return tuple(file for path, file in found.items() if path not in templates)


def _templates(step: Step) -> Iterator[str]:
    """The files of which a step's script makes Dockerfiles: `envsubst < Dockerfile | docker build -f - .`."""
    words = re.findall(_FILLED, step.run) if "envsubst" in step.run else []
    for command in step.containers if "|" in step.run else ():
        around = command.source.parent(command.node)
        if not _INPUT.isdisjoint(command.bare) and around is not None and around.type == "pipeline":
            before = command.source.slice(around.start_byte, command.start_byte)
            words += re.findall(r"[\w./-]+", before) if not re.fullmatch(_AS_IT_IS, before) else ()
    folder = step.node.text("working-directory")
    yield from (posixpath.normpath(posixpath.join(folder, word)) for word in words)


_FILLED = r"\benvsubst\b[^\n|;&<]{0,200}+<\s*[\"']?([\w./-]+)"
_AS_IT_IS = r"cat\s++\S++\s*+\|\s*+"
_INPUT = frozenset({"-", "-f-", "--file=-"})
"""What tells docker to read the Dockerfile from its input."""
