"""Digests in artifacts: images that wait for their tag."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.artifacts import UPLOAD, has_strangers
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.words import some


class DigestNeverMerged(PipelineRule):
    """An image that is pushed by digest alone is given its tag by a later job.

    Why: a digest without a tag is invisible, and the registry deletes it after some days. LocalAI built
    199 images this way and merged only those with two architectures: no release tag of the others was
    ever there.

    Fails:

        # build pushes by digest and uploads digests-cuda; the merge downloads digests-cpu-* only

    Passes:

        # one merge for every image, with one architecture or two

    Fix: let the merge matrix contain every image that is built.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Artifacts of jobs that push by digest which no job downloads."""
        for run in registry.runs.all():
            if not run.uses(UPLOAD) or not run.uses(*docker.BUILD) or has_strangers(run):
                continue
            flows = flows_of(run)
            served = {upload.name for wanted in flows.downloads for upload in flows.taken(wanted)}
            by_leg: dict[JobRun, list[str]] = {}
            for upload in flows.uploads:
                if upload.at.job.complete and any(map(_is_by_digest, upload.at.job.job.using(*docker.BUILD))):
                    by_leg.setdefault(upload.at.job, []).append(upload.name)
            missing: dict[Step, list[str]] = {}
            for leg, own in by_leg.items():
                if served.isdisjoint(own) and _pushes_by_digest(leg):
                    step = next(leg.using(UPLOAD)).step
                    missing.setdefault(step, []).append(own[0])
            for step, names in missing.items():
                yield self.finding(
                    step,
                    "",
                    step.title,
                    f"the digest in {some([*map(shown, names)], 1)} is downloaded by no job:"
                    " that image gets no tag",
                    "let a later job download the artifact and tag the image",
                )


def _is_by_digest(occurrence: Occurrence) -> bool:
    return "push-by-digest=true" in occurrence.step.node.text("with", "outputs")


def _pushes_by_digest(leg: JobRun) -> bool:
    steps = (leg.bind(o) for o in leg.job.using(*docker.BUILD) if _is_by_digest(o))
    return any(step.runs is not False and docker.pushes(step) is True for step in steps)
