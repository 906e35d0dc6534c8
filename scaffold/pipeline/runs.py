"""What an event makes of a workflow: every job with every row of its matrix, called workflows included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from scaffold.pipeline import events, matrix
from scaffold.pipeline.calls import Call
from scaffold.pipeline.events import Event
from scaffold.pipeline.expressions.values import Open
from scaffold.pipeline.model import MAX_DEPTH, Job, Pipeline, Workflow
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.started import Started
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import calls_of, main_event, pull_request_of, pushed_branch

_ONE = matrix.Legs([{}])
MAX_JOBS = 8192
"""Jobs of one run that are looked at; GitHub starts at most 256 of one matrix."""


class Run(Started):
    """One workflow under one event."""

    def __init__(self, workflow: Workflow, event: Event) -> None:
        super().__init__(workflow, event)
        self.pipeline: Pipeline = workflow.pipeline
        self.complete = True
        """Whether every job is there with all its rows."""
        self._using: dict[tuple[str, ...], list[JobRun]] = {}
        self._steps: dict[tuple[str, ...], tuple[StepRun, ...]] = {}

    @cached_property
    def jobs(self) -> list[JobRun]:
        """Every job with every row, those of called workflows behind the job that calls them."""
        found: list[JobRun] = []
        self._expand(Call(self, self.workflow), found, 0)
        return found

    def alone(self, call: object, job: Job) -> JobRun:
        assert isinstance(call, Call)
        return JobRun(call, job, {}, 0, complete=True)

    @cached_property
    def every_job(self) -> tuple[Job, ...]:
        """The jobs of the workflow and of those that it calls, each once."""
        found: list[Job] = []
        pending, seen = [self.workflow], {self.workflow}
        while pending:
            for job in pending.pop().jobs.values():
                found.append(job)
                called = job.called
                if called is not None and called not in seen:
                    seen.add(called)
                    pending.append(called)
        return tuple(found)

    def uses(self, *actions: str) -> bool:
        """Whether a job of it uses one of some actions."""
        return any(not job.actions.isdisjoint(actions) for job in self.every_job)

    def using(self, *actions: str) -> list[JobRun]:
        """The legs that may run and that use one of some actions; without such a job nothing is expanded."""
        if actions not in self._using:
            jobs = {job for job in self.every_job if not job.actions.isdisjoint(actions)}
            if len(jobs) > 1:
                self._using[actions] = [leg for leg in self._may_run if leg.job in jobs]
            else:
                self._using[actions] = [leg for job in jobs for leg in self._legs.get(job, ())]
        return self._using[actions]

    def steps(self, *actions: str) -> tuple[StepRun, ...]:
        """The steps of these legs that use one of the actions and that may run."""
        if actions not in self._steps:
            used = (step for leg in self.using(*actions) for step in leg.using(*actions))
            self._steps[actions] = tuple(step for step in used if step.runs is not False)
        return self._steps[actions]

    def those(self, test: Callable[[Step], bool]) -> Iterator[StepRun]:
        """Such steps of which what stands in the file passes a test; without one nothing is expanded."""
        found = {job: [o for o in job.occurrences if test(o.step)] for job in self.every_job}
        legs = self._may_run if any(found.values()) else ()
        steps = (step for leg in legs for step in map(leg.bind, found.get(leg.job, ())))
        return (step for step in steps if step.runs is not False)

    @cached_property
    def _may_run(self) -> list[JobRun]:
        return [leg for leg in self.jobs if leg.reached is not False]

    @cached_property
    def _legs(self) -> dict[Job, list[JobRun]]:
        """Job -> its legs that may run."""
        found: dict[Job, list[JobRun]] = {}
        for leg in self._may_run:
            found.setdefault(leg.job, []).append(leg)
        return found

    def _expand(self, call: Call, found: list[JobRun], depth: int) -> None:
        for job in call.workflow.jobs.values():
            legs = matrix.expand(job.matrix, call.scope(job), self.pipeline, job.id) if job.matrix else _ONE
            self.complete &= legs.complete
            for number, row in enumerate(legs.rows):
                if len(found) >= MAX_JOBS:
                    self.complete = False
                    return
                leg = JobRun(call, job, row, number, legs.complete)
                found.append(leg)
                if job.called is not None and depth < MAX_DEPTH:
                    self._expand(Call(self, job.called, leg), found, depth + 1)


def written(job: Job) -> JobRun:
    """A job as its files alone tell it: what the event, the row or another job says is a hole."""
    call = Call(Started(job.workflow, Event("workflow_call", Open("github"))), job.workflow)
    return JobRun(call, job, Open(f"matrix@{job.id}"), 0, complete=False)


def calls_into(workflow: Workflow, depth: int = 0) -> Iterator[Call]:
    """A workflow as every event that starts it runs it, and every job of the repository that calls it."""
    yield from (call for call in calls_of(workflow) if call.run.event.name != "workflow_call")
    called = "workflow_call" in workflow.events and depth < MAX_DEPTH
    for job in workflow.pipeline.jobs if called else ():
        if job.uses and job.called is workflow:
            for call in calls_into(job.workflow, depth + 1):
                if call.reached(job.id) is not False:
                    yield Call(
                        call.run, workflow, JobRun(call, job, Open(f"matrix@{job.id}"), 0, complete=False)
                    )


class Runs:
    """The runs of a repository's workflows, each expanded once."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self._main: dict[Workflow, Run] = {}
        self._pull_requests: dict[tuple[Workflow, bool], Run] = {}

    @cached_property
    def workflows(self) -> tuple[Workflow, ...]:
        """The workflows that an event starts: not those that only another workflow calls."""
        return tuple(w for w in self.pipeline.workflows if set(w.events) - {"workflow_call"})

    def main(self, workflow: Workflow) -> Run:
        """The run that shows most of a workflow: of a push to its branch where it has one."""
        if workflow not in self._main:
            event = main_event(workflow)
            asked = event.of_pull_request
            self._main[workflow] = self._pull_request(workflow) if asked else Run(workflow, event)
        return self._main[workflow]

    def pushes(self) -> Iterator[Run]:
        """The run of every workflow that a push to a branch starts."""
        for workflow in self.workflows:
            if pushed_branch(workflow) is not None:
                yield self.main(workflow)

    def pull_requests(self, *, fork: bool = False) -> Iterator[Run]:
        """The run of every workflow that a pull request starts."""
        for workflow in self.workflows:
            if not workflow.events.keys().isdisjoint(events.PULL_REQUESTS):
                yield self._pull_request(workflow, fork=fork)

    def of_event(self, name: str) -> Iterator[Run]:
        """The run of every workflow that an event starts; a push is one to a branch."""
        if name in events.PULL_REQUESTS or name == "push":
            runs = self.pushes() if name == "push" else self.pull_requests()
            yield from (run for run in runs if run.event.name == name)
            return
        for workflow in self.workflows:
            if name in workflow.events:
                yield Run(workflow, events.other(name, self.pipeline.default_branch))

    def all(self) -> Iterator[Run]:
        """Of every workflow the run that shows most, and that of a pull request where it has one."""
        return iter(self._all)

    @cached_property
    def _all(self) -> list[Run]:
        found = [self.main(workflow) for workflow in self.workflows]
        return found + [
            run for run in self.pull_requests() if self.main(run.workflow).event.name != run.event.name
        ]

    def every(self) -> Iterator[Run]:
        """The runs of `all`, and one for every other event."""
        yield from self.all()
        for workflow in self.workflows:
            told = {self.main(workflow).event.name, *events.PULL_REQUESTS, "workflow_call"}
            for name in workflow.events.keys() - told:
                yield Run(workflow, events.other(name, self.pipeline.default_branch))

    def _pull_request(self, workflow: Workflow, *, fork: bool = False) -> Run:
        key = (workflow, fork)
        if key not in self._pull_requests:
            self._pull_requests[key] = Run(workflow, pull_request_of(workflow, fork=fork))
        return self._pull_requests[key]
