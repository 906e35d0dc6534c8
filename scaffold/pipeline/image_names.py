"""The names under which a step pushes images, as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scaffold.pipeline import docker
from scaffold.pipeline.commands import given
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.outputs import makers
from scaffold.pipeline.patterns import uncommented
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.syntax.shell import Command
from scaffold.syntax.shell_branches import is_certain


def image_names(step: StepRun) -> Iterator[str]:
    """The names or tags that a step certainly gives to the images that it pushes in this run."""
    own = step.step
    for command in own.containers:
        if is_certain(command):
            yield from _of_command(command)
    settings = (line for line in own.spelled("set").split("\n") if ".tags=" in line)
    for line in (*own.spelled("tags").split("\n"), *settings):
        paths = template(line).reads if "${{" in line else ()
        made = (one.step for path in paths for one in makers(step.job.job, path, step.occurrence.outer))
        asked = [maker for maker in made if maker.action == docker.METADATA]
        for maker in asked:
            yield from _asked_for(step, maker)
        yield from () if asked else re.findall(r"(?:\$\{\{[^{}]*+\}\}|[^\s,])+", line)


def _of_command(command: Command) -> Iterator[str]:
    words = command.bare
    if "push" in words:
        yield from (word for word in command.operands[-1:] if word != "push")
    elif "--push" in words or "imagetools" in words or any("push=true" in word for word in words):
        yield from given(words, "-t", "--tag")


def _asked_for(step: StepRun, maker: Step) -> Iterator[str]:
    """The tags that `docker/metadata-action` makes of a push to a branch."""
    flavor: dict[str, str] = {}
    for line in uncommented(maker.spelled("flavor")):
        flavor |= docker.options_of(line)
    if flavor.get("latest") == "true":
        yield "latest"
    for line in uncommented(maker.spelled("tags")) or ["type=ref,event=branch"]:
        value = _tag(step, docker.options_of(line if "type=" in line else f"type=raw,value={line}"))
        if value:
            options = flavor | docker.options_of(line)
            yield f"{options.get('prefix', '')}{value}{options.get('suffix', '')}"


def _tag(step: StepRun, options: Mapping[str, str]) -> str:
    """What one line of `tags` makes of a push to a branch; "" where it makes nothing, or nobody knows."""
    github = step.context("github")
    branch, default = github["ref_name"], github["event"]["repository"]["default_branch"]
    enabled = text_of(template(options.get("enable", "true")).value(step))
    if re.sub(r"\{\{\s*is_default_branch\s*\}\}", text_of(branch == default), enabled) != "true":
        return ""
    match options.get("type"):
        case "raw":
            return options.get("value", "")
        case "ref":
            return "${{ github.ref_name }}" if options.get("event") == "branch" else ""
        case "edge":
            return "edge" if options.get("branch", default) == branch else ""
    return ""
