"""Hashes in the names of caches."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import CHECKOUT, Step
from scaffold.rules.base import Finding, PipelineRule, Severity


class HashBeforeCheckout(PipelineRule):
    """What is hashed is checked out before.

    Why: `hashFiles` of nothing is an empty text, and no error. The key is the same for every content, so
    the first cache that was ever saved is restored for good.

    Fails:

        - uses: actions/cache@v4
          with: {path: target, key: "cargo-${{ hashFiles('Cargo.lock') }}"}
        - uses: actions/checkout@v4

    Passes:

        - uses: actions/checkout@v4
        - uses: actions/cache@v4
          with: {path: target, key: "cargo-${{ hashFiles('Cargo.lock') }}"}

    A job whose steps may have made the files by then is left alone.

    Fix: move the checkout up.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Steps that hash files of a repository which a later step checks out."""
        for job in registry.pipeline.jobs:
            for step in _before_checkout(job):
                if "hashfiles" in step.source.slice(step.node.start, step.node.end).lower():
                    keys = ("with", "key") if "hashfiles" in step.node.text("with", "key").lower() else ()
                    yield self.finding(
                        step.at(*keys),
                        "",
                        f"{job.id} {step.title}",
                        "it hashes files that are checked out only later: the hash is empty",
                        "move the checkout before it",
                    )
                    break


def _before_checkout(job: Job) -> Iterator[Step]:
    """The steps before the checkout of a job, up to the first that may have made files; none without one."""
    if not any(step.action == CHECKOUT for step in job.steps):
        return
    for step in job.steps:
        if step.action == CHECKOUT:
            return
        yield step
        if not _makes_no_files(step.action):
            return


def _makes_no_files(action: str) -> bool:
    """Whether an action sets something up, as its name says."""
    if action in ("actions/cache", "step-security/harden-runner"):
        return True
    _, _, name = action.partition("/")
    sets_up = name.startswith("setup-") or "login" in name or name.endswith(("disk-space", "toolchain"))
    return sets_up and "/" not in name
