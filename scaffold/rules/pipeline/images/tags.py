"""Tags of images: what they depend on, and who else pushes them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.pipeline import docker, tags
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import clashes, flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity


class TagCoversInputs(PipelineRule):
    """A tag that is computed from the inputs of an image is computed from all of them.

    Why: the image is built only where its tag is missing. An input that the script does not look at may
    change, the tag stays, and everyone goes on with the old image. The tag of reilabs/lampe's CI image
    named three toolchain versions, and neither its Dockerfile nor the requirements that it copies.

    Fails:

        - id: versions
          run: python3 scripts/tag.py        # hashes rust-toolchain.toml, and not docker/ci/Dockerfile
        - uses: docker/build-push-action@v6
          with:
            file: docker/ci/Dockerfile
            tags: example/ci:${{ steps.versions.outputs.tag }}

    Passes:

        # scripts/tag.py hashes docker/ci/Dockerfile too

    The tag may be made by a script, by commands in `run`, by `hashFiles()`, and in another job. Checked where
    the build asks a step or a job before it, which looks whether the tag is there already. A folder that is
    hashed as a whole covers what is below it.

    Fix: let the script hash the Dockerfile and every source that it copies.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Inputs that nothing of which the tag is made mentions."""
        tree = registry.tree
        for job in registry.pipeline.jobs:
            for step in (o.step for o in job.using(*docker.BUILD)):
                made = tags.made_of(tree, job, step) if tags.is_looked_up(job, step) else None
                file = docker.dockerfile(tree, _dockerfile(step)) if made is not None else None
                if made is None or file is None or "$" in _context(step):
                    continue
                arguments = docker.build_arguments(step.node.text("with", "build-args"))
                for source in docker.Build(file, _context(step), arguments).inputs:
                    if not made.covers(tree, source):
                        yield self.finding(
                            made.place,
                            "",
                            source,
                            f"the tag of {step.title!r} does not depend on {source}, which goes into"
                            " the image",
                            f"let {'hashFiles()' if made.globs and not made.text else 'the script'} hash"
                            f" {source} too",
                        )


def _context(step: Step) -> str:
    return posixpath.normpath(step.node.text("with", "context") or ".")


def _dockerfile(step: Step) -> str:
    return posixpath.normpath(step.node.text("with", "file") or posixpath.join(_context(step), "Dockerfile"))


class LegsPushOneTag(PipelineRule):
    """Builds for different platforms do not push one tag.

    Why: a tag names one image, or one list of images for several platforms. Two legs that each push their
    own image under it leave the last one: whoever pulls on the other architecture gets nothing that starts.
    lf-edge/eve (PR #5646) and tunarr (#648) published images of one architecture for weeks this way.

    Fails:

        strategy:
          matrix: {platform: [linux/amd64, linux/arm64]}
        steps:
          - uses: docker/build-push-action@v6
            with: {platforms: "${{ matrix.platform }}", push: true, tags: example/app:latest}

    Passes:

        with:
          platforms: ${{ matrix.platform }}
          outputs: type=image,name=example/app,push-by-digest=true,push=true
        # and a job that needs all legs makes the tag: docker buildx imagetools create

    `docker/metadata-action` adds `latest` to the image of a tag, without its suffix unless that says
    `onlatest=true`: this counts where a tag or a release starts the workflow.

    Fix: push by digest and let a later job make the tag, or put the platform into it; or build all
    platforms in one step.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Tags that two legs push for platforms of which they have none in common."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for one, other in clashes(flows_of(run).images):
                mine, theirs = other.platforms, one.platforms
                step = other.at.step
                if step in reported or not mine or not theirs or mine & theirs:
                    continue
                reported.add(step)
                yield self.finding(
                    step.at("with", "tags") if step.uses else step.line_of("push"),
                    "",
                    step.title,
                    f"{one.at.job.title} pushes {shown(other.name)} for {', '.join(sorted(theirs))}, and"
                    f" {other.at.job.title} for {', '.join(sorted(mine))}: the last one is all that is left",
                    "push by digest and tag in a later job, or put the platform into the tag",
                )
