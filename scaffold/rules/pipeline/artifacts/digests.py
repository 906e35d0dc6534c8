"""Digests in artifacts: images that wait for their tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.pipeline.artifacts import DOWNLOAD, FETCH, has_strangers
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import Flow, Flows, flows_of
from scaffold.pipeline.merging import hands_on, names_images
from scaffold.pipeline.model import Job, Pipeline
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Step
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

    A job merges that makes a list of manifests or a tag, or runs what nobody can see into; one that lists,
    inspects, signs or attests what it downloads does not, itself or by a shell script of the repository.

    A registry of the machine itself needs no tag, and a workflow that `workflow_run` starts may be the one
    that merges.

    Fix: let the merge matrix contain every image that is built.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Artifacts of jobs that push by digest which no job downloads, and digests that leave no trace."""
        for run in registry.runs.all():
            for step, names in untagged(run).items():
                held = f"the digest in {some([*map(shown, names)], 1)} is downloaded by no job that merges"
                yield self.finding(
                    step,
                    "",
                    step.title,
                    f"{held if names else 'the digest is handed to no job'}: that image gets no tag",
                    "let a later job download the artifact and tag the image",
                )


@lru_cache(maxsize=64)
def untagged(run: Run) -> dict[Step, list[str]]:
    """The steps that upload a digest which no job downloads, and what; those that tell it to nobody."""
    flows = flows_of(run)
    builds = (build for build in flows.builds if build.by_digest and build.at.job.complete)
    legs = {build.at.job: build.at for build in builds if not build.is_local}
    if not legs or has_strangers(run) or _goes_on(run.pipeline):
        return {}
    served = _served(flows)
    by_leg: dict[JobRun, list[Flow]] = {}
    for upload in flows.uploads:
        by_leg.setdefault(upload.at.job, []).append(upload)
    missing: dict[Step, list[str]] = {}
    for leg, build in legs.items():
        own = by_leg.get(leg, [])
        if own and served.isdisjoint(upload.name for upload in own):
            missing.setdefault(own[0].at.step, []).append(own[0].name)
        elif not own and not _tells(leg.job):
            missing.setdefault(build.step, [])
    return missing


def _served(flows: Flows) -> set[str]:
    """The artifacts that reach a job which gives images names, also by an artifact of a job between."""
    merging = {wanted.at.job.job for wanted in flows.downloads if names_images(wanted.at.job.job)}
    while True:
        wanted = (wanted for wanted in flows.downloads if wanted.at.job.job in merging)
        served = {upload.name for one in wanted for upload in flows.taken(one)}
        before = {upload.at.job.job for upload in flows.uploads if upload.name in served}
        if before <= merging:
            return served
        merging |= before


@lru_cache(maxsize=4)
def _goes_on(pipeline: Pipeline) -> bool:
    """Whether a workflow takes artifacts of another one's run, once that has ended."""
    after = (workflow for workflow in pipeline.workflows if "workflow_run" in workflow.events)
    jobs = [job for workflow in after for job in workflow.jobs.values() if job.uses or names_images(job)]
    scripts = (o.step.run for job in jobs for o in job.occurrences)
    return any(job.actions & {DOWNLOAD, FETCH} for job in jobs) or any("run download" in s for s in scripts)


def _tells(job: Job) -> bool:
    """Whether a job that pushes by digest hands the digest on, or does something with it itself."""
    for step in (occurrence.step for occurrence in job.occurrences):
        env = step.node.mapping("env")
        text = " ".join((step.run, *map(step.spelled, step.given), *map(env.text, env.values)))
        if re.search(r"imagetools create|manifest (?:create|push)", text):
            return True
        told = "push-by-digest" not in text and re.search(r"digest|imagetools|metadata", text)
        if told and hands_on(job, step):
            return True
    return "outputs" in job.node.values
