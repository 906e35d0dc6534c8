"""Tags of images: what they depend on, and who else pushes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline import docker, tags
from scaffold.pipeline.builds import ImageBuild, may_build, written_builds
from scaffold.pipeline.calls import titles
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import clashes, flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.source import Place


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
    hashed as a whole covers what is below it. What a job mounts over that of the image is of today anyway.

    Fix: let the script hash the Dockerfile and every source that it copies.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Inputs that nothing of which the tag is made mentions."""
        tree = registry.tree
        reported: set[tuple[Place, str]] = set()
        for job in registry.pipeline.jobs:
            for occurrence in (o for o in job.occurrences if may_build(o.step)):
                step = occurrence.step
                made = tags.made_of(tree, job, occurrence) if tags.is_looked_up(job, occurrence) else None
                if made is None:
                    continue
                images = (b for b in written_builds(registry.pipeline) if b.at.occurrence is occurrence)
                images = (image for image in images if image.is_pushed or not step.run)
                sources = (path for image in images if (b := docker.built(image, tree)) for path in b.inputs)
                for source in dict.fromkeys(sources):
                    if (made.place, source) in reported or made.covers(tree, source):
                        continue
                    reported.add((made.place, source))
                    if not _is_mounted(registry, source):
                        yield self.finding(
                            made.place,
                            "",
                            source,
                            f"the tag of {step.title!r} does not depend on {source}, which goes into"
                            " the image",
                            f"let {'hashFiles()' if made.globs and not made.text else 'the script'} hash"
                            f" {source} too",
                        )


def _is_mounted(registry: Repository, source: str) -> bool:
    """Whether a job mounts an input over the one that the image has."""
    steps = (o.step for job in registry.pipeline.jobs for o in job.occurrences if o.step.run)
    mount = re.compile(rf"(?:-v|--volume)[ =][^\n]*/{re.escape(source)}:/")
    return any(mount.search(step.run) for step in steps)


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

    Two images that one run pushes under one tag are told as a warning. Builds for different platforms may
    stand in two workflows that a push starts. `x/a`, `x/a:latest` and `docker.io/x/a:latest` are one tag.

    `docker/metadata-action` adds `latest` to the image of a tag, without its suffix unless that says
    `onlatest=true`: this counts where a tag or a release starts the workflow.

    Fix: push by digest and let a later job make the tag, or put the platform into it; or build all
    platforms in one step.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Tags that two legs push for platforms of which they have none in common, or of two images."""
        reported: set[Step] = set()
        runs = [(run.event.name, flows_of(run).images) for run in registry.runs.all()]
        pushed = [flow for event, images in runs if event == "push" for flow in images]
        for images in (*(images for _, images in runs), pushed):
            for one, other in clashes(images):
                assert one.build is not None
                assert other.build is not None
                mine, theirs = other.build.platforms, one.build.platforms
                apart = bool(mine and theirs) and not mine & theirs
                step = other.at.step
                if step in reported or docker.is_local_name(other.name):
                    continue
                one_run = one.at.job.call.run is other.at.job.call.run
                if not apart and not (one_run and _is_another(one.build, other.build)):
                    continue
                reported.add(step)
                name, makers = shown(other.name), titles(one.at.job, other.at.job)
                told = f"{makers[0]} and {makers[1]} push two images as {name}"
                if one.at.job is other.at.job:
                    told = f"{makers[0]} pushes two images as {name}"
                if apart:
                    first, last = (", ".join(sorted(own)) for own in (theirs, mine))
                    told = f"{makers[0]} pushes {name} for {first}, and {makers[1]} for {last}"
                yield self.finding(
                    other.build.place("tags"),
                    "",
                    step.title,
                    f"{told}: the last one is all that is left",
                    "push by digest and tag in a later job, or put the platform into the tag"
                    if apart
                    else "put what tells them apart into the tag",
                    severity=self.severity if apart else Severity.warning,
                )


def _is_another(one: ImageBuild, other: ImageBuild) -> bool:
    """Whether two builds make two images: of other files, another stage, in two legs with other arguments."""
    if one.image != other.image or one.input("target") != other.input("target"):
        return one.gives("context") or one.gives("file")
    return one.job is not other.job and one.input("build-args") != other.input("build-args")
