"""Platforms of an image, and the runners that build for them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.builders import has_other_nodes, tries_emulator
from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runners import ARCHES, native
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity


class QemuLeg(PipelineRule):
    """A leg that builds for amd64 or arm64 alone runs on a runner of that architecture.

    Why: GitHub has runners of both. A leg of the other architecture compiles under emulation, many times
    as slowly, and with some compilers not at all. An image of LocalAI for arm64 boards was built on an
    arm64 runner with `platforms: linux/amd64`, which was nothing that the boards could start.

    Fails:

        strategy:
          matrix: {platform: [linux/amd64, linux/arm64]}
        runs-on: ubuntu-latest

    Passes:

        runs-on: ${{ matrix.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}

    A Dockerfile that compiles for the target on the build platform (`BUILDPLATFORM`) emulates nothing, and
    one that only installs packages nothing worth the trouble. A leg that installs an emulator from an image
    which it has built itself emulates to try that; and where a step before it decides whether the leg builds
    at all, it may be another leg.

    Fix: choose the runner by the platform.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps of a leg whose one platform is not the runner's."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for build in flows_of(run).builds:
                step = build.at
                if step.step in reported or (step.runs is None and _is_decided_before(step)):
                    continue
                arch = emulated(build)
                found = docker.built(build, registry.tree) if arch else None
                if arch and found is not None and docker.compiles(found.file, found.target):
                    reported.add(step.step)
                    yield self.finding(
                        build.place("platforms"),
                        "",
                        step.step.title,
                        f"a leg builds for {arch} on {step.job.runs_on}: everything in it is emulated",
                        "run the leg on a runner of its architecture",
                    )


def _is_decided_before(step: StepRun) -> bool:
    """Whether a step of the job says whether one of them runs."""
    condition = step.step.condition
    return condition is not None and "steps" in condition.contexts


def emulated(build: ImageBuild) -> str:
    """The one platform of a build that its runner must emulate; "" where there is none."""
    system, arch = native(build.job.runs_on)
    asked = build.platforms if system == "Linux" and arch and build.gives("platforms") else ()
    platform = next(iter(asked), "") if len(asked) == 1 else ""
    native_only = ARCHES.get(platform, arch) == arch or has_other_nodes(build.job)
    return "" if native_only or tries_emulator(build.job) else platform
