"""Notes about jobs and what they hand on."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scaffold.pipeline.artifacts import DOWNLOAD, UPLOAD, fits
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.notes.note import Note


class ReduceWaitsForStrangers(Note):
    """A job that merges artifacts waits only for the legs that make them.

    Why: it starts when the slowest leg of the matrix is done, its own or not. A registry that deletes
    untagged digests after a while may be faster.

    Fails:

        merge: {needs: build}          # and takes 2 of the 40 artifacts that build makes

    Passes:

        merge: {needs: build-of-two-architectures}

    Fix: split the matrix by what is merged.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Needed matrices of whose uploads a job takes less than half, or none where it takes their like."""
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD) or not run.uses(UPLOAD):
                continue
            made: dict[str, list[Flow]] = {}
            for upload in flows_of(run).uploads:
                if is_known(upload.name):
                    made.setdefault(upload.at.job.root.job.id, []).append(upload)
            taken: dict[Job, set[Flow]] = {}
            for wanted in flows_of(run).downloads:
                if not wanted.exact and is_known(wanted.name):
                    every = (upload for flows in made.values() for upload in flows)
                    own = taken.setdefault(wanted.at.job.root.job, set())
                    own |= {upload for upload in every if fits(wanted.name, upload.name)}
            for job, flows in taken.items():
                for need in job.needs:
                    theirs = made.get(need, [])
                    count = sum(upload in flows for upload in theirs)
                    alike = {upload.at.step for upload in theirs} & {upload.at.step for upload in flows}
                    if len(theirs) > max(1, 2 * count) and alike:
                        yield self.finding(
                            job,
                            "",
                            f"{job.id} {need}",
                            f"{job.id} waits for all {len(theirs)} artifacts of {need} and takes"
                            f" {count or 'none'}",
                            "split the matrix by what is merged" if count else "wait for what it takes",
                        )


class RepeatedStepIf(Note):
    """What holds for all steps of a job is said once, at the job.

    Why: a job that only repeats `steps.cache.outputs.cache-hit != 'true'` starts a runner to find out
    that there is nothing to do, and the next step that is added forgets the condition.

    Fails:

        - if: steps.cache.outputs.cache-hit != 'true'
        - if: steps.cache.outputs.cache-hit != 'true'
        - if: steps.cache.outputs.cache-hit != 'true'

    Passes:

        # the cache is looked up in a job before, and this job has the one `if`

    Fix: look the cache up in a job of its own, and give this job the condition.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Conditions on a cache-hit or an outcome that two or more steps of a job repeat."""
        for job in registry.pipeline.jobs:
            counts = Counter(
                text
                for step in job.steps
                if re.search(r"cache-hit|\.outcome\b", text := step.node.text("if"))
            )
            for text, count in counts.items():
                if count > 1:
                    first = next(step for step in job.steps if step.node.text("if") == text)
                    yield self.finding(
                        first.at("if"),
                        "",
                        f"{job.id} {text}",
                        f"{count} steps of {job.id} have the condition {text}",
                        "make it a condition of the job",
                    )


class DeadOutput(Note):
    """An output of a job is read by some job.

    Why: what nobody reads is computed for nothing, and the next reader believes that it matters.

    Fails:

        outputs:
          has-backends: ${{ steps.filter.outputs.has-backends }}     # and no needs.<job>.outputs.has-backends

    Passes:

        if: needs.changes.outputs.has-backends == 'true'

    Fix: delete it.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Outputs of jobs that their workflow never mentions again."""
        for workflow in registry.pipeline.workflows:
            text = workflow.source.data.decode()
            if "toJSON(needs" in text or "toJson(needs" in text:
                continue
            reads = [*_READ.finditer(text)]
            read = {(match["job"], match["dotted"] or match["quoted"]) for match in reads}
            whole = {match["job"] for match in reads if match["whole"]}
            for job in workflow.jobs.values():
                for name in job.node.mapping("outputs").values if job.id not in whole else ():
                    if (job.id, name) not in read:
                        yield self.finding(
                            job.at("outputs", name),
                            "",
                            f"{job.id} {name}",
                            f"no job reads the output {name} of {job.id}",
                            "delete it",
                        )


_READ = re.compile(
    r"(?:needs|jobs)\.(?P<job>[\w-]++)\.outputs"
    r"(?:\.(?P<dotted>[\w-]++)|\[(['\"])(?P<quoted>[\w-]++)['\"]\]|(?P<whole>\s*+[)}\[]))"
)
