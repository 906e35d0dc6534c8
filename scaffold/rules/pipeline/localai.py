"""Rules about LocalAI's own pipeline: its cache buster, its filter's safety nets, its base packages.

What the build matrix, the path filter and the builder images have of it, the registration rules check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker, matrix
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import calls_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Instruction
from scaffold.syntax.shell import Command

REFRESH = "DEPS_REFRESH"
UNPINNED = "backend/Dockerfile.python"
"""The Dockerfile whose backends install what is not pinned."""

BASE = "backend/Dockerfile.base-grpc-builder"
BASE_SCRIPT = "install-base-deps"
FROM_SOURCE = "builder-fromsource"


class DepsRefresh(PipelineRule):
    """The layer that installs unpinned packages is built anew every week.

    Why: the packages are not pinned, and the layer that installs them depends on nothing that changes.
    With a cache that lives for ever the images stay on the versions of the day on which they were first
    built. `DEPS_REFRESH` is a build argument that holds the week: declared right before the install, it
    makes the layer new.

    Fails:

        RUN cd /${BACKEND} && make
        ARG DEPS_REFRESH=initial             # behind the install, and without effect

    Passes:

        ARG DEPS_REFRESH=initial
        RUN cd /${BACKEND} && make           # and every build step passes DEPS_REFRESH=<week>

    Fix: declare it before the install, compute it with `date` and pass it in every build step;
    `scaffold check --fix` adds the build argument where another step of the job has it.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """The declaration, the steps that do not pass it, and the step that computes it."""
        if not isinstance(registry, Registry):
            return
        file = docker.dockerfile(registry.tree, UNPINNED)
        if file is None:
            return
        yield from self._declared(file)
        for job in registry.pipeline.jobs:
            passing = [s for s in job.steps if "BACKEND=" in _build_arguments(s)]
            for step in passing:
                yield from self._passed(job, step, passing)

    def _declared(self, file: Dockerfile) -> Iterator[Finding]:
        for stage in file.stages:
            declared = inside = False
            for instruction in stage.instructions:
                if instruction.name == "ARG":
                    declared |= any(name == REFRESH for name, _ in instruction.variables)
                elif instruction.name == "WORKDIR":
                    inside = re.search(_BACKEND, instruction.written.decode(errors="replace")) is not None
                elif instruction.name == "RUN" and _installs_backend(instruction, inside):
                    if not declared:
                        yield self.finding(
                            file.place(instruction),
                            "",
                            "declaration",
                            f"packages are installed without ARG {REFRESH} before it: the layer never"
                            " changes",
                            f"declare ARG {REFRESH}=initial right before this instruction",
                        )
                    return

    def _passed(self, job: Job, step: Step, passing: list[Step]) -> Iterator[Finding]:
        text = _build_arguments(step)
        match = re.search(rf"(?m)^[ \t]*+{REFRESH}=(.*)$", text)
        if match is None:
            model = next((s for s in passing if f"{REFRESH}=" in _build_arguments(s)), None)
            yield self.finding(
                step.at("with", "build-args"),
                "",
                step.title,
                f"{step.title!r} does not pass {REFRESH}: its layers never change",
                f"add {REFRESH}=${{{{ steps.<id>.outputs.key }}}} to the build-args",
                fix=partial(_pass, step, model) if model is not None else None,
            )
            return
        source = re.search(r"steps\.([\w-]+)\.", match[1])
        maker = next((s for s in job.steps if source and s.id == source[1]), None)
        constant = "${{" not in match[1]
        if constant or (source is not None and (maker is None or not _asks_date(maker))):
            yield self.finding(
                maker.at("run") if maker is not None else step.at("with", "build-args"),
                "",
                f"{step.title} value",
                f"{REFRESH} of {step.title!r} does not come from the date: the layer never changes",
                'compute it with date: echo "key=$(date -u +%Y-W%V)" >> "$GITHUB_OUTPUT"',
            )


def _asks_date(maker: Step) -> bool:
    """Whether a step asks for the date, or names a script that may."""
    return maker.script.calls("date") or bool(maker.scripts)


_BACKEND = r"\$(?:\{BACKEND\}|BACKEND\b)"


def _installs_backend(run: Instruction, enters: bool) -> bool:
    """Whether a RUN calls make in the folder of whichever backend is built, or is there already."""
    if not enters and b"BACKEND" not in run.written:
        return False
    for command in run.commands:
        enters |= any(re.search(_BACKEND, word) for word in command.words)
        if enters and command.starts("make"):
            return True
    return False


def _build_arguments(step: Step) -> str:
    return step.spelled("build-args") if step.action in docker.BUILD else ""


def _pass(step: Step, model: Step, changes: ChangeSet) -> None:
    line = next(ln for ln in _build_arguments(model).split("\n") if f"{REFRESH}=" in ln).strip()
    node = step.node.get("with", "build-args")
    assert isinstance(node, yaml.Scalar)
    offset = step.source.data.find(b"BACKEND=", node.start, node.end)
    start = step.source.line_start(offset)
    indent = step.source.slice(start, offset)
    if not indent.strip():
        end = step.source.line_end(offset)
        changes.add(Edit(step.path, end, end, f"{indent}{line}\n"))


def _runs_filter(step: Step) -> bool:
    """Whether a step runs the script that decides what is built."""
    commands = step.script.commands if "changed-backends" in step.run else ()
    return any("changed-backends" in word for command in commands for word in command.words)


class FilterSafetyNets(PipelineRule):
    """A workflow that builds only what changed builds everything now and then.

    Why: a backend that nobody touches is never built again, and stays on the packages of its last
    change. The weekly schedule builds all; `FORCE_ALL` builds all for a release, which has no diff.

    Fails:

        on:
          push: {branches: [master], tags: ['*']}     # no schedule

    Passes:

        on:
          push: {branches: [master], tags: ['*']}
          schedule: [{cron: '0 6 * * 0'}]
        # and FORCE_ALL in the env of the step that filters

    Fix: add both.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Filtered workflows of pushes without a schedule or without FORCE_ALL."""
        if not isinstance(registry, Registry):
            return
        for workflow in registry.pipeline.workflows:
            if "push" not in workflow.events:
                continue
            for name in sorted(matrix.generators(workflow)):
                job = workflow.jobs[name]
                filtering = next((s for s in job.steps if _runs_filter(s)), None)
                if filtering is None:
                    continue
                if "schedule" not in workflow.events:
                    yield self.finding(
                        workflow.at("on"),
                        "",
                        "schedule",
                        "only what changed is built, and no schedule ever builds the rest",
                        "add a weekly schedule",
                    )
                if b"FORCE_ALL" not in filtering.script.bare and not _forces_all(job, filtering):
                    yield self.finding(
                        filtering,
                        "",
                        "FORCE_ALL",
                        "a release builds only what its last commit changed: FORCE_ALL is not set",
                        "set FORCE_ALL for tags in the env of this step",
                    )


def _forces_all(job: Job, step: Step) -> bool:
    """Whether a tag may set FORCE_ALL for a step."""
    for holder in (step.node, job.node, job.workflow.node):
        value = holder.get("env", "FORCE_ALL")
        if value is not None:
            tagged = (c for c in calls_of(job.workflow) if c.run.event.github.get("ref_type") == "tag")
            return any(call.scope(job).text(value) not in ("", "false", "0") for call in tagged)
    return False


class BaseDepsSingleSource(PipelineRule):
    r"""The packages of the builder images are installed by one script.

    Why: a Dockerfile builds on the prebuilt builder image in CI and from source elsewhere. A package
    that is installed in one of the two only is there for some and missing for others.

    Fails:

        FROM ${BASE_IMAGE} AS builder-fromsource
        RUN apt-get install -y ninja-build

    Passes:

        RUN --mount=type=bind,source=.docker/install-base-deps.sh,target=/usr/local/sbin/install-base-deps \
            bash /usr/local/sbin/install-base-deps

    Fix: move the package into `.docker/install-base-deps.sh`.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Stages of the base Dockerfile and of builds from source that install by themselves."""
        if not isinstance(registry, Registry) or registry.tree.read(BASE) is None:
            return
        for file in docker.dockerfiles(registry.tree, ("backend",)):
            stages = [stage for stage in file.stages if file.path == BASE or stage.alias == FROM_SOURCE]
            provided = False
            for instruction in (i for stage in stages for i in stage.instructions if i.name == "RUN"):
                if b"apt" not in instruction.written and BASE_SCRIPT.encode() not in instruction.written:
                    continue
                if any(BASE_SCRIPT in word for command in instruction.commands for word in command.words):
                    provided = True
                if any(map(_installs_packages, instruction.commands)):
                    provided = True
                    yield self.finding(
                        file.place(instruction),
                        "",
                        f"{file.path} apt",
                        f"{file.path} installs packages of its own in {FROM_SOURCE}",
                        f"install them in .docker/{BASE_SCRIPT}.sh, for both ways to build",
                    )
            if stages and not provided:
                yield self.finding(
                    file.place(stages[0].instructions[0]),
                    "",
                    f"{file.path} script",
                    f"{FROM_SOURCE} of {file.path} does not run {BASE_SCRIPT}",
                    f"run .docker/{BASE_SCRIPT}.sh in it",
                )


def _installs_packages(command: Command) -> bool:
    return command.bare[:1] in (("apt",), ("apt-get",), ("aptitude",)) and "install" in command.bare
