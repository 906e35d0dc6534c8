"""Notes about runners."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.builders import SETUP, has_other_nodes
from scaffold.pipeline.builds import PUSH, ImagePush, builds_of, may_build
from scaffold.pipeline.expressions.nodes import Binary, Literal
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.image_commands import KO
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runners import ARCHES, native
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Step
from scaffold.registry import Registry
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place


class QemuUnneeded(Note):
    """QEMU is set up where something is emulated.

    Why: it costs a download for each job, and hides that a leg has come to the wrong runner.

    Fails:

        runs-on: ubuntu-24.04-arm
        steps:
          - uses: docker/setup-qemu-action@v3
          - uses: docker/build-push-action@v6
            with: {platforms: linux/arm64}

    Passes:

        runs-on: ubuntu-24.04-arm
        steps:
          - uses: docker/build-push-action@v6
            with: {platforms: linux/arm64}

    Fix: delete the step.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Steps that set up QEMU in a job all of whose legs build for their runner."""
        found: dict[Step, list[bool]] = {}
        for run in registry.runs.all():
            for step in run.steps("docker/setup-qemu-action"):
                made = [build.platforms for build in builds_of(step.job) if not isinstance(build, ImagePush)]
                arch = native(step.job.runs_on)[1]
                native_only = all(own and {ARCHES.get(p) for p in own} == {arch} for own in made)
                others = any(
                    "--platform" in o.step.run and "build" not in o.step.run for o in step.job.job.occurrences
                )
                found.setdefault(step.step, []).append(bool(made and arch) and native_only and not others)
        for at, legs in found.items():
            if all(legs):
                yield self.finding(
                    at, "", at.title, f"no leg ({len(legs)}) emulates anything", "delete the step"
                )


class RunnerAllowList(Note):
    """LocalAI's jobs run on GitHub's own runners.

    Why: a label of a self-hosted runner that is gone keeps the job waiting for a day, and then it fails.

    Fails:

        runs-on: arc-runner-set

    Passes:

        runs-on: ubuntu-latest

    What stands in `runs-on` itself, actionlint tells too; it reads neither the rows of the build matrix nor
    what expressions make.

    Fix: use a runner that is there, or say which one is meant in a suppression.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Matrix entries and jobs with another label."""
        if not isinstance(registry, Registry):
            return
        told = set()
        for entry in (*registry.matrix.linux, *registry.matrix.darwin):
            label = entry.fields.get("runs-on", "")
            told.add(label)
            if label and not _is_hosted(label):
                yield self.finding(
                    entry.at("runs-on"),
                    entry.backend,
                    f"{entry.tag_suffix} {label}",
                    f"{entry.tag_suffix} runs on {label}, which is no runner of GitHub's",
                    "use a hosted runner, or suppress with the reason",
                )
        for job, label in sorted(_labels(registry, told), key=lambda found: (found[0].path, found[0].line)):
            yield self.finding(
                job.at("runs-on"),
                "",
                f"{job.id} {label}",
                f"{job.id} runs on {label}, which is no runner of GitHub's",
                "use a hosted runner, or suppress with the reason",
            )


def _labels(registry: Registry, told: set[str]) -> dict[tuple[Job, str], None]:
    """The labels of other runners, each with its job; those that were `told` only where they stand there."""
    found: dict[tuple[Job, str], None] = {}
    for job in registry.pipeline.jobs:
        for scalar in yaml.scalars(job.node.get("runs-on")):
            if "${{" not in scalar.text and not _is_hosted(scalar.text):
                found[job, scalar.text] = None
        group = job.node.text("runs-on", "group")
        if group:
            found[job, f"the group {group}"] = None
    for run in registry.runs.all():
        if not any("${{" in s.text for job in run.every_job for s in yaml.scalars(job.node.get("runs-on"))):
            continue
        for leg in run.jobs:
            for label in (leg.runs_on,) if is_known(leg.runs_on) else _alternatives(leg):
                if label and label not in told and not _is_hosted(label):
                    found[leg.job, label] = None
    return found


def _alternatives(leg: JobRun) -> Iterator[str]:
    """What `runs-on` may be where only a run knows: the texts between which an expression chooses."""
    for scalar in yaml.scalars(leg.job.node.get("runs-on")):
        pending = [*template(scalar.text).expressions]
        while pending:
            node = pending.pop()
            if isinstance(node, Binary) and node.operator == "||":
                pending += node.children()
            elif isinstance(node, Binary) and node.operator == "&&":
                pending.append(node.right)
            elif isinstance(node, Literal) and isinstance(node.content, str):
                yield node.content


def _is_hosted(label: str) -> bool:
    pattern = r"(?i)ubuntu-(?:latest|slim|\d\d\.\d\d)(?:-arm)?|macos-(?:latest|\d\d)(?:-\w+)?|windows-[\w.-]+"
    return re.fullmatch(pattern, label) is not None


class DiskBeforeBuildx(Note):
    """The disk is prepared before the builder is.

    Why: the builder keeps its state where Docker's data is when it starts. What is moved or freed later
    does not serve it.

    Fails:

        - uses: docker/setup-buildx-action@v3
        - uses: jlumbroso/free-disk-space@main

    Passes:

        - uses: jlumbroso/free-disk-space@main
        - uses: docker/setup-buildx-action@v3

    Fix: move the step up.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Disk steps behind the set-up of buildx or a build."""
        for job in registry.pipeline.jobs:
            building, told = set[str](), set[Step]()
            for occurrence in job.occurrences:
                step, own = occurrence.step, list(occurrence.chain)[-1]
                if step.action == SETUP or _builds(step):
                    building.add(own.node.text("if"))
                if building & {"", own.node.text("if")} and own not in told and _frees_disk(step):
                    told.add(own)
                    yield self.finding(
                        own,
                        "",
                        f"{job.id} {own.title}",
                        "the disk is prepared after the builder was set up",
                        "move this step before it",
                    )


def _builds(step: Step) -> bool:
    """Whether a step builds an image, or makes a builder."""
    if not step.run:
        return may_build(step) and step.action != PUSH
    return any({"build", "bake", "create"} & {*c.bare[1:3]} for c in step.containers)


def _frees_disk(step: Step) -> bool:
    """Whether a step makes room for builds: by its action, or by removing what the runner came with."""
    if not step.run:
        return re.search(r"disk-space|build-disk|maximize", step.action) is not None
    return any(
        c.starts("rm") or c.starts("mv") for c in step.script.commands if re.search(_COME_WITH, c.text)
    )


_COME_WITH = r"/usr/local/lib/android|/usr/share/dotnet|/opt/ghc|/opt/hostedtoolcache|/var/lib/docker\b"
"""Folders of GitHub's runners."""


class PlatformsUnsplit(Note):
    """An image for several platforms is built on a runner of each.

    Why: one step for two platforms emulates all but its runner's. What compiles in it takes many times as
    long, and both are built again where one of them fails. GitHub has runners of both architectures.

    Fails:

        runs-on: ubuntu-latest
        steps:
          - uses: docker/build-push-action@v6
            with: {platforms: "linux/amd64,linux/arm64"}

    Passes:

        strategy:
          matrix:
            include:
              - {platform: linux/amd64, runner: ubuntu-latest}
              - {platform: linux/arm64, runner: ubuntu-24.04-arm}

    A Dockerfile that compiles for the target on the build platform (`BUILDPLATFORM`), or that runs nothing,
    emulates nothing worth the trouble.

    Fix: give each platform a leg, push by digest, and merge the digests in a job behind.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps for several platforms of which one is emulated, and rows that name several."""
        reported: set[Step | Job] = set()
        for run in registry.runs.all():
            for build in flows_of(run).builds:
                step = build.at
                if step.step in reported or build.image[0].startswith(KO):
                    continue
                platforms = build.platforms
                arch = native(step.job.runs_on)[1]
                emulated = sorted(p for p in platforms if arch and ARCHES.get(p, arch) != arch)
                if len(platforms) < 2 or not emulated or has_other_nodes(step.job):  # noqa: PLR2004 - several
                    continue
                found = docker.built(build, registry.tree)
                if found is None or docker.compiles(found.file, found.target):
                    reported |= {step.step, step.job.job, step.job.root.job}
                    at = build.place("platforms")
                    yield self._told(at, step.step.title, platforms)
            texts = {job.workflow.source for job in run.every_job}
            for leg in run.jobs if any(b"linux/" in text.data for text in texts) else ():
                rows = (str(value) for value in leg.row.values())
                several = next((value for value in rows if re.fullmatch(_SEVERAL, value)), "")
                builds = leg.job in reported or leg.job.using(*docker.BUILD)
                if several and not builds and not has_other_nodes(leg):
                    reported.add(leg.job)
                    place = leg.job.at("strategy", "matrix")
                    yield self._told(place, f"{leg.job.id} {several}", frozenset(several.split(",")))

    def _told(self, place: Place, subject: str, platforms: frozenset[str]) -> Finding:
        return self.finding(
            place,
            "",
            subject,
            f"one job builds for {' and '.join(sorted(platforms))}, and emulates what its runner is not",
            "give each platform a leg on a runner of its own",
        )


_SEVERAL = r"linux/[\w/]+(?:,\s*linux/[\w/]+)+"
