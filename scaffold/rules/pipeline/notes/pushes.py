"""Notes about pushes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding
from scaffold.rules.pipeline.concurrency import cancelled_pushes, harmed
from scaffold.rules.pipeline.groups import deadlocks
from scaffold.rules.pipeline.notes.note import Note


class PushCancelsTest(Note):
    """A push does not cancel the tests of the push before it.

    Why: the cancelled commit stays untested. Where the next one fails, nobody knows which of the two it
    was. Many projects want it so, to save runners; `push-cancels-push` is the error of the same shape.

    Fails:

        concurrency:
          group: test-${{ github.ref }}
          cancel-in-progress: true

    Passes:

        concurrency:
          group: test-${{ github.event.pull_request.number || github.sha }}
          cancel-in-progress: true

    Fix: add the commit to the group of pushes.
    """

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Groups that two pushes share and that cancel, of workflows that lose nothing but a test."""
        told = {found.around.place for found in deadlocks(registry.runs).values()}
        for run, group in cancelled_pushes(registry):
            if group.place not in told and not harmed(run, group.job, registry.tree)[0]:
                told.add(group.place)
                yield self.finding(
                    group.place,
                    "",
                    group.title,
                    f"a push to {run.event.github['ref_name']} cancels the tests of the one before",
                    "add ${{ github.sha }} to the group where the event is a push",
                )
