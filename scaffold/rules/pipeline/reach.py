"""Rules about jobs that no event starts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from scaffold.pipeline.calls import Call
from scaffold.pipeline.expressions.values import Open, Truth, truth_of
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import calls_into
from scaffold.rules.base import Finding, PipelineRule, Severity

MAX_CALLS = 256
"""Ways to start one workflow that are looked at."""


class JobNeverRuns(PipelineRule):
    """Every job runs under some event that starts its workflow.

    Why: a job is skipped where any job before it was skipped, however far before it, and although one
    between them ran with `always()`. A release that waits for what only pull requests start is never made,
    and no check is red. GitHub's runner has an issue about it with hundreds of votes (actions/runner#491).

    Fails:

        detect: {if: "github.event_name == 'pull_request'"}
        build: {needs: detect, if: always()}
        release: {needs: build, if: "github.event_name == 'push'"}

    Passes:

        release:
          needs: build
          if: ${{ !cancelled() && needs.build.result == 'success' && github.event_name == 'push' }}

    So is a job that runs under another event: what it needs went on after the skip, and it does not.
    A job whose own condition is never true, or that waits at once for one that never runs, is left alone.

    A condition with `success() &&` says no more than what is implied.

    Fix: ask for the status in its condition: `!cancelled() && needs.<job>.result == 'success'`.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Jobs that each event would run, were it not for a job before them that the event does not."""
        for workflow in registry.pipeline.workflows:
            asking = {name for name, job in workflow.jobs.items() if "if" in job.node.values}
            behind = any(asking.intersection(job.needs) for job in workflow.jobs.values())
            calls = [*itertools.islice(calls_into(workflow), MAX_CALLS)] if behind else []
            if not calls:
                continue
            never = {name for name in workflow.jobs if all(call.reached(name) is False for call in calls)}
            for name in workflow.jobs:
                if name not in never:
                    yield from self._cut_off(workflow, calls, name)
            for name in sorted(never):
                job = workflow.jobs[name]
                if never.intersection(job.needs):
                    continue  # the first of them is told, or it is switched off
                wanted = (call for call in calls if truth_of(call.said(name)) is not False)
                blocked = [(call, _blocking(workflow, call, name)) for call in wanted]
                if blocked and all(before for _, before in blocked):
                    call, before = blocked[0]
                    yield self.finding(
                        job,
                        "",
                        name,
                        f"{name} runs under no event: a {call.run.event.name} does not run {before}, for"
                        " which it waits",
                        f"add !cancelled() && to its condition, and ask for the result of {job.needs[0]}",
                    )

    def _cut_off(self, workflow: Workflow, calls: list[Call], name: str) -> Iterator[Finding]:
        """The job, where an event runs all that it needs and not the job: a skip far before it is why."""
        job = workflow.jobs[name]
        if job.condition is not None and job.condition.asks_status:
            return
        for call in calls:
            needs = [_runs(call).get(need) for need in job.needs if need in workflow.jobs]
            said = job.condition.value(_Ended(call, job, _runs(call))) if job.condition is not None else True
            wanted = truth_of(said) is True
            if call.reached(name) is False and wanted and needs and all(needs):
                yield self.finding(
                    job,
                    "",
                    name,
                    f"a {call.run.event.name} runs {' and '.join(job.needs)}, and not {name}, which waits for"
                    f" it: {_blocking(workflow, call, name)} is skipped before it",
                    f"add !cancelled() && to its condition, and ask for the result of {job.needs[0]}",
                )
                return


class _Ended(NamedTuple):
    """Where the condition of a job is evaluated once what it waits for has ended."""

    call: Call
    job: Job
    ran: Mapping[str, Truth]

    def context(self, name: str) -> Any:
        """The value of a context: of the jobs before it the result is known."""
        found = self.call.scope(self.job).context(name)
        if name != "needs":
            return found
        results = {True: {"result": "success"}, False: {"result": "skipped"}, None: {}}
        before = [need for need in self.job.needs if need in self.call.workflow.jobs]
        known = {need: Open(f"needs.{need}", results[self.ran.get(need)]) for need in before}
        return Open("needs", known)

    def status(self, function: str) -> Any:
        """Nothing before it failed."""
        return self.call.status(function)


@lru_cache(maxsize=64)
def _runs(call: Call) -> Mapping[str, Truth]:
    """Of each job whether it runs, by the results of those that it waits for."""
    found: dict[str, Truth] = {}
    for job in call.workflow.in_order:
        found[job.id] = call.reached(job.id)
        if found[job.id] is None and job.condition is not None:
            found[job.id] = truth_of(job.condition.value(_Ended(call, job, found)))
    return found


def _blocking(workflow: Workflow, call: Call, name: str) -> str:
    """A job before another that an event does not run; "" where there is none."""
    before = workflow.upstream(workflow.jobs[name])
    return next((other for other in before if truth_of(call.said(other)) is False), "")
