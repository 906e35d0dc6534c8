"""Rules about jobs that no event starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.pipeline.expressions.values import truth_of
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import Call
from scaffold.pipeline.started import Started
from scaffold.pipeline.triggers import all_events
from scaffold.rules.base import Finding, PipelineRule, Severity


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

    A job whose own condition is never true, or that waits for one that is switched off, is left alone.

    Fix: ask for the status in its condition: `!cancelled() && needs.<job>.result == 'success'`.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Jobs that each event would run, were it not for a job before them that the event does not."""
        for workflow in registry.runs.workflows:
            asking = {name for name, job in workflow.jobs.items() if "if" in job.node.values}
            behind = any(asking.intersection(job.needs) for job in workflow.jobs.values())
            if "workflow_call" in workflow.events or not behind:
                continue
            calls = [Call(Started(workflow, event), workflow) for event in all_events(workflow)]
            never = {name for name in workflow.jobs if all(call.reached(name) is False for call in calls)}
            for name in sorted(never):
                job = workflow.jobs[name]
                if never.intersection(workflow.upstream(job)):
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


def _blocking(workflow: Workflow, call: Call, name: str) -> str:
    """A job before another that an event does not run; "" where there is none."""
    before = workflow.upstream(workflow.jobs[name])
    return next((other for other in before if truth_of(call.said(other)) is False), "")
