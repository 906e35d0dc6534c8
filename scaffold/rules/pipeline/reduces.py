"""Matrices that put together what other matrices made."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import matrix
from scaffold.pipeline.expressions.nodes import STATUS, calls
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class ReduceSkippedByOneLeg(PipelineRule):
    """A matrix that merges what another matrix built runs although one leg of that failed.

    Why: a job waits for all legs of the jobs that it needs, and is skipped as a whole where one of them
    failed. Two of 199 builds failed in a release of LocalAI, and none of the 197 images that had been
    built got its tag.

    Fails:

        merge:
          needs: [changes, build]
          if: needs.changes.outputs.has-merges == 'true'
          strategy: {matrix: "${{ fromJson(needs.changes.outputs.merges) }}"}

    Passes:

        merge:
          needs: [changes, build]
          if: ${{ !cancelled() && needs.changes.outputs.has-merges == 'true' }}

    Checked where two outputs of one job make the matrices, or an axis of them, and the first is not
    `fail-fast`: a matrix that goes on with the rows of another, and a fixed one after a fixed one, is usually
    meant to need all of it. So is what waits for tests, and a test of all that was built: a job that is named
    after tests is left alone.

    It is a warning where the second one deploys or publishes packages, which may well be all or nothing.

    Fix: `scaffold check --fix` adds `!cancelled() &&` to the condition.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Generated matrices that need a generated matrix, without a status function."""
        for job in registry.pipeline.jobs:
            own = matrix.generators_of(job)
            if not own or is_gate(job) or _survives(job):
                continue
            for name, before in _skipping(job):
                if not own & matrix.generators_of(before) or is_gate(before) or _never_fails(before):
                    continue
                if matrix.generated_by(before) & matrix.generated_by(job):
                    continue  # row by row it goes on with the other: all or nothing is meant
                if before.node.text("strategy", "fail-fast") not in ("", "true"):
                    condition = job.node.get("if")
                    deploys = _deploys(job)
                    fixable = isinstance(condition, yaml.Scalar) and condition.style in ("", '"')
                    yield self.finding(
                        job,
                        "",
                        f"{job.id} {name}",
                        f"one failed leg of {name} skips every leg of {job.id}",
                        "add !cancelled() && to its condition",
                        severity=Severity.warning if deploys else None,
                        fix=partial(_survive, job.workflow, job) if fixable and not deploys else None,
                    )


def _survives(job: Job) -> bool:
    """Whether the condition of a job asks for another status than that all went well."""
    asked = job.condition.expressions if job.condition is not None else ()
    return any(call.name in STATUS - {"success"} for node in asked for call in calls(node))


def _deploys(job: Job) -> bool:
    """Whether a job, or the workflow that it calls, brings what was built to where it runs."""
    jobs = [job, *(job.called.jobs.values() if job.called is not None else ())]
    return any(re.search(_DEPLOYS, o.step.run) for own in jobs for o in own.occurrences)


_DEPLOYS = r"\b(?:kubectl|helm|terraform|tofu|pulumi|ansible-playbook)\b|\b(?:npm|cargo|pnpm) publish\b"


def _never_fails(job: Job) -> bool:
    return job.node.text("continue-on-error") == "true"


def _skipping(job: Job) -> Iterator[tuple[str, Job]]:
    """The jobs of which one failed leg skips a job, itself or through others that it skips."""
    pending, seen = list(job.needs), set[str]()
    for name in pending:
        before = job.workflow.jobs.get(name)
        if before is not None and name not in seen:
            seen.add(name)
            yield name, before
            pending += before.needs if not _survives(before) else ()


def is_gate(job: Job) -> bool:
    """Whether a job is named after tests, and not after what it builds."""
    words = set(re.split(r"[^a-z0-9]+", job.id.lower()))
    return "build" not in words and not words.isdisjoint(
        ("test", "tests", "e2e", "lint", "check", "checks", "verify", "validate", "scan", "compare", "bench")
    )


def _survive(workflow: Workflow, job: Job, changes: ChangeSet) -> None:
    node = job.node.get("if")
    assert isinstance(node, yaml.Scalar)
    text = node.text.strip()
    if text.startswith("${{") and text.endswith("}}"):
        text = text[3:-2].strip()
    if "||" in text:
        text = f"({text})"
    quote = node.style
    changes.add(Edit(workflow.path, node.start, node.end, f"{quote}${{{{ !cancelled() && {text} }}}}{quote}"))
