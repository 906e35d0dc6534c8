"""Digests in artifacts: images that wait for their tag."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline import docker
from scaffold.pipeline.artifacts import UPLOAD, has_strangers, taken
from scaffold.pipeline.expressions.values import is_known, shown
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.repository import Repository
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

    Fix: let the merge matrix contain every image that is built.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Artifacts of jobs that push by digest which no job downloads."""
        for run in registry.runs.all():
            if not run.uses(UPLOAD) or not run.uses(*docker.BUILD) or has_strangers(run):
                continue
            uploads, wanted = flows_of(run).uploads, flows_of(run).downloads
            exact = {d.name for d in wanted if d.exact and is_known(d.name)}
            vague = [d for d in wanted if not is_known(d.name)]
            patterns = {d.name for d in wanted if not d.exact and is_known(d.name)}
            made = sorted({upload.name for upload in uploads if is_known(upload.name)})
            served = exact.union(*(taken(pattern, made) for pattern in patterns))
            by_leg: dict[JobRun, list[Flow]] = {}
            for upload in uploads:
                by_leg.setdefault(upload.at.job, []).append(upload)
            missing: dict[Step, list[str]] = {}
            for leg, own in by_leg.items():
                if (
                    leg.complete
                    and _pushes_by_digest(leg)
                    and not any(
                        u.name in served
                        or any(d.may_take(u.name) for d in (vague if is_known(u.name) else wanted))
                        for u in own
                    )
                ):
                    missing.setdefault(own[0].at.step, []).append(own[0].name)
            for step, names in missing.items():
                yield self.finding(
                    step,
                    "",
                    step.title,
                    f"the digest in {some([*map(shown, names)], 1)} is downloaded by no job:"
                    " that image gets no tag",
                    "let a later job download the artifact and tag the image",
                )


def _pushes_by_digest(leg: JobRun) -> bool:
    return any(
        "push-by-digest=true" in step.step.node.text("with", "outputs")
        and step.runs is not False
        and docker.pushes(step) is True
        for step in leg.using(*docker.BUILD)
    )
