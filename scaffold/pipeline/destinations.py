"""Where a job publishes: what stays in a registry of its own machine is published to nobody."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from scaffold.pipeline import docker
from scaffold.pipeline.commands import given
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, text_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.outputs import makers
from scaffold.pipeline.publishing import IMAGE_TOOLS
from scaffold.pipeline.scopes import StepRun
from scaffold.syntax import yaml_values as yaml


def stays(name: str, job: Job) -> bool:
    """Whether an image is in a registry on a job's machine; of one that nobody knows, whether it has any."""
    if "://" in name:
        registry = name.partition("://")[2].partition("/")[0]
        return has_registry(job) if begins_unknown(registry) else docker.is_own_registry(registry)
    return has_registry(job) if begins_unknown(name) else docker.is_local_name(name)


def begins_unknown(name: str) -> bool:
    """Whether nobody knows the registry of an image, or whether it has one."""
    registry = name.partition("/")[0]
    return HOLE in registry or "$" in registry


@lru_cache(maxsize=1024)
def has_registry(job: Job) -> bool:
    """Whether a registry runs beside the steps of a job: a service, or a container or a cluster of a step."""
    services = job.node.mapping("services").values.values()
    images = [s.text("image") if isinstance(s, yaml.Mapping) else "" for s in services]
    commands = (command for o in job.occurrences for command in o.step.containers)
    images += (word for command in commands if "run" in command.bare for word in command.bare)
    asked = any(o.step.spelled("registry") == "true" for o in job.occurrences)
    return asked or any(re.search(_REGISTRY, image) for image in images)


_REGISTRY = r"(?:^|/)(?:registry|distribution|zot(?:-[\w-]+)?)(?:[:@]|$)"
"""The images of registries."""


def names_behind(step: StepRun, text: str) -> list[str]:
    """The images that actions are given which make the names in a text, as `docker/metadata-action` does."""
    paths = template(text).reads if "${{" in text else ()
    made = (one for path in paths for one in makers(step.job.job, path, step.occurrence.outer))
    lists = (text_of(template(one.step.spelled("images")).value(step)) for one in made)
    parts = (part.strip().removeprefix("name=") for images in lists for part in re.split(r"[,\n]", images))
    return [part for part in parts if part and not re.match(r"#|enable=", part)]


def publishes_here(words: Sequence[str], job: Job) -> bool:
    """Whether a command that publishes does it on the machine of its job."""
    names = list(_targets(words))
    return bool(names) and all(stays(name, job) for name in names)


def _targets(words: Sequence[str]) -> Iterator[str]:
    """The images, registries and indexes to which a command publishes, as far as it names them."""
    operands = [word for word in words if not word.startswith("-")]
    if words[0] == "make":
        values = (f"{value}/it" for word in words if (value := word.partition("=")[2]))
        yield next(filter(docker.is_local_name, values), "$")
    elif words[0] in IMAGE_TOOLS or words[0] == "helm":
        settings = (word.partition(".tags=")[2] for word in given(words, "--set"))
        tags = [*given(words, "-t", "--tag"), *filter(None, settings)]
        yield from tags or (operands[2:3] if words[0] == "oras" else operands[-1:])
    else:
        yield from given(words, "--registry", "--repository-url", "--source", "--host")
