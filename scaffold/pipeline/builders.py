"""The builders of a job: whether another machine than its runner builds, or an emulator of its own making."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from scaffold.pipeline import docker
from scaffold.pipeline.builds import builds_of
from scaffold.pipeline.called_scripts import all_called
from scaffold.pipeline.commands import said
from scaffold.pipeline.model import Job
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import CONTAINERS, Step
from scaffold.syntax.shell import Command

SETUP = "docker/setup-buildx-action"
_LOCAL = ("", "docker", "docker-container")
"""Drivers of buildx that build on the machine itself."""
_SERVICES = r"depot/(?:use|build-push|bake)-action|namespacelabs/nscloud-setup-buildx\b.*"
"""Actions of services that have machines of every architecture."""
_VARIABLES = frozenset({"BUILDKIT_HOST", "BUILDX_BUILDER", "DOCKER_CONTEXT", "DOCKER_HOST"})
"""What tells docker where to build."""
_SWITCHES = frozenset({"--append", "--bootstrap", "--debug", "-D", "--leave", "--use"})
"""Options of `docker buildx create` that take no value."""


def has_other_nodes(leg: JobRun) -> bool:
    """Whether the builder of a leg has machines beside its runner: then that need not emulate."""
    asked = (step.input("driver") for step in leg.using(SETUP))
    return _may_have_other_nodes(leg.job) or any(driver not in _LOCAL for driver in asked)


def tries_emulator(leg: JobRun) -> bool:
    """Whether a leg installs an emulator from an image that it has built: then it builds to try that."""
    tags = (tag for build in builds_of(leg) for tag in re.split(r"[,\n]", build.input("tags")))
    made = {docker.tagged(tag.strip()) for tag in tags if tag.strip()}
    installed = [step.input("image") for step in leg.using("docker/setup-qemu-action")]
    for step in leg.steps if made else ():
        for one in said(step, *CONTAINERS) if "privileged" in step.step.run else ():
            installs = "run" in one.words and not _INSTALLS.isdisjoint(one.words)
            installed += one.words if installs else ()
    return any(docker.tagged(image) in made for image in installed)


_INSTALLS = frozenset({"--install", "--reset"})
"""What the images of emulators are told to do."""


@lru_cache(maxsize=1024)
def _may_have_other_nodes(job: Job) -> bool:
    """Whether a job asks for other machines, as its steps stand there."""
    named = not _VARIABLES.isdisjoint(job.variables)
    return named or any(_asks_for_others(job, occurrence.step) for occurrence in job.occurrences)


def _asks_for_others(job: Job, step: Step) -> bool:
    """Whether a step makes a builder of other machines, or chooses one."""
    if step.run:
        scripts = (step.script, *all_called(job, step))
        return any(_makes_others(command) for script in scripts for command in script.commands)
    service = re.match(_SERVICES, step.uses.partition("@")[0].lower())
    set_up = step.action.endswith("setup-buildx-action")
    return service is not None or (set_up and not step.given.keys().isdisjoint({"append", "endpoint"}))


def _makes_others(command: Command) -> bool:
    """Whether a command makes a builder of other machines, or chooses one: `docker buildx create ssh://x`."""
    match command.bare:
        case ("docker", "buildx", "create", *words) | ("docker-buildx", "create", *words):
            return _is_elsewhere(words)
        case ("docker", "context", "use", *_) | ("depot", "configure-docker", *_):
            return True
        case ("nsc", "docker", "buildx", "setup", *_):
            return True
    return False


def _is_elsewhere(words: Sequence[str]) -> bool:
    """Whether the words behind `create` name another machine, or a driver that has some."""
    pending = iter(words)
    for word in pending:
        flag, sign, value = word.partition("=")
        if not word.startswith("-"):
            return True
        if flag not in _SWITCHES:
            value = value if sign else next(pending, "")
            if flag == "--driver" and value not in _LOCAL:
                return True
    return False
