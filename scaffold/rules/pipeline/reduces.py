"""Matrices that put together what other matrices made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker, matrix
from scaffold.pipeline.artifacts import UPLOAD
from scaffold.pipeline.builds import BAKE
from scaffold.pipeline.expressions.nodes import Literal
from scaffold.pipeline.expressions.templates import Template, condition, template
from scaffold.pipeline.expressions.values import Open, Unknown, truth_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.publishing import ACTIONS, published
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step, is_deployment
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

    A condition that is false where one leg failed skips it too, whatever it begins with: `success()`,
    `!cancelled() && needs.build.result == 'success'`. One that names a failure, as `!failure()`, is meant so.

    Checked where two outputs of one job make the matrices, or an axis of them, and the first is not
    `fail-fast`: a matrix that goes on with the rows of another, and a fixed one after a fixed one, is usually
    meant to need all of it. So is what waits for tests, and a test of all that was built: a job that is named
    after tests, by its id or its name, is left alone. Two outputs that hand on one output of a step are one
    matrix.

    It is a warning where the second one deploys or publishes packages, which may well be all or nothing, and
    where it uploads artifacts and publishes nothing: it may be the next stage of a build that needs them all.

    Fix: `scaffold check --fix` adds `!cancelled() &&` to the condition, or puts it in the place of what asks
    that all went well.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Generated matrices that need a generated matrix, and do not run where a leg of that failed."""
        for job in registry.pipeline.jobs:
            own = matrix.generators_of(job)
            if not own or is_gate(job):
                continue
            for name, before in job.workflow.upstream(job).items():
                if not own & matrix.generators_of(before) or is_gate(before) or _never_fails(before):
                    continue
                if matrix.generated_by(before) & matrix.generated_by(job):
                    continue  # row by row it goes on with the other: all or nothing is meant
                loses = before.node.text("strategy", "fail-fast") not in ("", "true")
                if loses and job.id in skipped_by(before):
                    surviving, all_or_nothing = _surviving(job, before), deploys(job) or is_stage(job)
                    yield self.finding(
                        job,
                        "",
                        f"{job.id} {name}",
                        f"one failed leg of {name} skips every leg of {job.id}",
                        "let its condition say !cancelled(), and nothing that is false where a leg failed",
                        severity=Severity.warning if all_or_nothing else None,
                        fix=partial(_survive, job, surviving) if surviving and not all_or_nothing else None,
                    )


@lru_cache(maxsize=256)
def skipped_by(failed: Job) -> frozenset[str]:
    """The jobs that are skipped where one leg of a job failed, also by others that this skips."""
    skipped: dict[str, str] = {failed.id: "failure"}
    for job in failed.workflow.in_order:
        if not skipped.keys().isdisjoint(job.needs) and _is_skipped(job, job.condition, skipped):
            skipped[job.id] = "skipped"
    return frozenset(skipped) - {failed.id}


def _is_skipped(job: Job, asked: Template | None, ended: Mapping[str, str]) -> bool:
    """Whether a condition keeps a job from running, by what the jobs before it came to.

    One that names a failure is meant to.
    """
    if asked is None or not asked.asks_status:
        return True
    if any(isinstance(n, Literal) and n.content == "failure" for of in asked.expressions for n in of.walk()):
        return False
    return truth_of(asked.value(_Failed(job, ended))) is False


class _Failed(NamedTuple):
    """Where the condition of a job is evaluated after a failure."""

    job: Job
    ended: Mapping[str, str]
    """Job -> what it came to; of all others it is a success."""

    def context(self, name: str) -> Any:
        """The value of a context: nothing but the results of the jobs before it is known."""
        if name != "needs":
            return Open(name)
        results = {need: {"result": self.ended.get(need, "success")} for need in self.job.needs}
        return Open("needs", {need: Open(f"needs.{need}", result) for need, result in results.items()})

    def status(self, function: str) -> Any:
        """Something failed, and nobody has cancelled the run; what asks for failures may be meant to."""
        return Unknown("failure()") if function == "failure" else function == "always"


def deploys(job: Job) -> bool:
    """Whether a job, or the workflow that it calls, brings what was built to those who use it."""
    return any(is_deployment(step) or re.search(_PACKAGES, step.run) for step in _steps(job))


_PACKAGES = r"\b(?:npm|cargo|pnpm) publish\b"


def is_stage(job: Job) -> bool:
    """Whether a job uploads artifacts and publishes nothing: it is another stage of a build, and no merge."""
    steps = _steps(job)
    uploads = any(step.action == UPLOAD for step in steps)
    return uploads and _words(job.id).isdisjoint(_MERGING) and not any(map(_publishes, steps))


def _steps(job: Job) -> list[Step]:
    """The steps of a job, or of the workflow that it calls."""
    jobs = [job, *(job.called.jobs.values() if job.called is not None else ())]
    return [occurrence.step for own in jobs for occurrence in own.occurrences]


def _publishes(step: Step) -> bool:
    """Whether a step may push an image, or publishes something."""
    if step.action in (*docker.BUILD, BAKE):
        return not step.given.keys().isdisjoint({"push", "outputs", "set"})
    return step.action in ACTIONS or any(map(published, step.script.commands))


def _never_fails(job: Job) -> bool:
    return job.node.text("continue-on-error") == "true"


@lru_cache(maxsize=1024)
def is_gate(job: Job) -> bool:
    """Whether a job is named after tests, by its id or its name, and not after what it makes."""
    own, name = _words(job.id), _words(job.node.text("name"))
    tests = not own.isdisjoint(_TESTS) or (not name.isdisjoint(_TESTS) and name.isdisjoint(_MAKING))
    return tests and "build" not in own


def _words(text: str) -> set[str]:
    """The words of a name, without those of expressions."""
    plain = " ".join(part for part in template(text).parts if isinstance(part, str))
    return set(re.split(r"[^a-z0-9]+", plain.lower()))


_TESTS = (
    "acceptance", "bench", "benchmark", "benchmarks", "check", "checks", "compare", "conformance", "e2e",
    "fuzz", "integration", "lint", "linters", "scan", "smoke", "test", "testing", "tests", "validate",
    "verify",
)  # fmt: skip
_MERGING = ("combine", "manifest", "manifests", "merge", "publish", "push", "release")
_MAKING = (
    "build", "builds", "image", "images", "manifest", "manifests", "merge", "publish", "push", "release",
)  # fmt: skip


def _surviving(job: Job, failed: Job) -> str:
    """The condition of a job with which a failed leg does not skip it; "" where none is found that does."""
    node = job.node.get("if")
    if not isinstance(node, yaml.Scalar) or node.style not in ("", '"'):
        return ""
    text = node.text.strip()
    text = text[3:-2].strip() if text.startswith("${{") and text.endswith("}}") else text
    said = re.sub(r"\bsuccess\(\s*\)", "!cancelled()", text)
    said = re.sub(rf"\b(needs\.{re.escape(failed.id)}\.result)\s*==\s*'success'", r"\1 != 'skipped'", said)
    if not condition(said).asks_status:
        said = f"!cancelled() && {f'({said})' if '||' in said else said}"
    skipped = _is_skipped(job, condition(said), {failed.id: "failure"})  # as one that does not parse is
    return "" if skipped or "${{" in said else said


def _survive(job: Job, said: str, changes: ChangeSet) -> None:
    node = job.node.get("if")
    assert isinstance(node, yaml.Scalar)
    quote = node.style
    changes.add(Edit(job.path, node.start, node.end, f"{quote}${{{{ {said} }}}}{quote}"))
