"""The Dockerfiles of a repository."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.builds import BUILDAH, ImageBuild
from scaffold.pipeline.called_scripts import all_called
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step, containers
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
    running = {o.step: job for job in repository.pipeline.jobs for o in job.occurrences if o.step.run}
    templates = {path for step, job in running.items() for path in _templates(job, step)}
    return tuple(file for path, file in found.items() if path not in templates)


@lru_cache(maxsize=2)
def built_by_buildah(repository: Repository) -> frozenset[str]:
    """The Dockerfiles that buildah builds, alone or as podman, and nothing else does."""
    found: dict[bool, set[str]] = {True: set(), False: set()}
    for run in repository.runs.all():
        for build in flows_of(run).builds:
            found[build.by_buildah].add(_path(_image(build, repository.tree)))
        for step in run.steps(BUILDAH):
            files = step.input("containerfiles") or step.input("dockerfiles")
            found[True].update(_path((".", file)) for file in lines(files))
    return frozenset(found[True] - found[False])


def _path(image: tuple[str, str]) -> str:
    """The Dockerfile of a build; "" where it is not of the repository, or not known."""
    place = docker.source_of(*image)
    return place[1] if place is not None else ""


def _image(build: ImageBuild, tree: Tree) -> tuple[str, str]:
    """The context and the Dockerfile of a build: buildah takes a Containerfile where no file is named."""
    context, file = build.image
    names = ("Containerfile", "Dockerfile") if build.by_buildah and not file else ()
    paths = (posixpath.normpath(posixpath.join(context, name)) for name in names)
    return context, next((path for path in paths if tree.read(path) is not None), file)


def _templates(job: Job, step: Step) -> Iterator[str]:
    """The files of which scripts make Dockerfiles: `envsubst < Dockerfile | docker build -f - .`."""
    folder = step.node.text("working-directory")
    for script in (step.script, *all_called(job, step)):
        text = script.bare.decode(errors="replace") if b"envsubst" in script.data else ""
        words = re.findall(_FILLED, text)
        for command in containers(script) if b"|" in script.data else ():
            around = script.parent(command.node)
            if not _INPUT.isdisjoint(command.bare) and around is not None and around.type == "pipeline":
                before = script.slice(around.start_byte, command.start_byte)
                words += re.findall(r"[\w./-]+", before) if not re.fullmatch(_AS_IT_IS, before) else ()
        yield from (posixpath.normpath(posixpath.join(folder, word)) for word in words)


_FILLED = r"\benvsubst\b[^\n|;&<]{0,200}+<\s*[\"']?([\w./-]+)"
_AS_IT_IS = r"cat\s++\S++\s*+\|\s*+"
_INPUT = frozenset({"-", "-f-", "--file=-"})
"""What tells docker to read the Dockerfile from its input."""
