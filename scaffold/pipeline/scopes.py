"""Where expressions are evaluated: a workflow as it is called, a job with one row of its matrix, a step.

A step runs, does not run, or nobody knows (`None`): what another job or step says is unknown.
The simulated run is the one in which everything goes well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any

from scaffold.pipeline import matrix
from scaffold.pipeline.caches import BOTH, RESTORE, Missed
from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import (
    Lazy,
    Open,
    Truth,
    Unknown,
    all_of,
    as_variable,
    text_of,
    truth_of,
)
from scaffold.pipeline.model import Job, Workflow, local_path
from scaffold.pipeline.reached import jobs_due, jobs_reached
from scaffold.pipeline.runners import native, of_runner
from scaffold.pipeline.started import OfLegs, Started
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.syntax import yaml_values as yaml

OF_ALL_LEGS = frozenset({"github", "secrets", "vars"})
"""Contexts with one value in every leg of a job, where its workflow is called with one set of secrets."""


class Call:
    """A workflow as it is run: by the event, or by a job that calls it."""

    def __init__(self, run: Started, workflow: Workflow, caller: JobRun | None = None) -> None:
        self.run = run
        self.workflow = workflow
        self.caller = caller
        self.of_legs = OfLegs() if caller is None else run.of_legs((caller.job, caller.call))
        self.inputs: dict[str, Any] = {}
        """The `inputs` context."""
        if caller is not None:
            self.inputs = Lazy(workflow.inputs, self._input)
        elif run.event.name in ("workflow_dispatch", "workflow_call"):
            self.inputs = Open("inputs")

    @property
    def label(self) -> str:
        """A name that tells it from the other calls of the run."""
        return self.caller.label if self.caller is not None else ""

    @property
    def blind(self) -> Call:
        """It as it is called by a job of which nobody knows the row."""
        return self if self.caller is None else Call(self.run, self.workflow, self.caller.blind)

    def _input(self, name: str) -> Any:
        """One of the inputs: given by the caller, or its default."""
        assert self.caller is not None
        default, boolean = self.workflow.inputs[name]
        found = matrix.evaluated(self.caller.job.given.get(name, default), self.caller)
        return False if boolean and found == "" else found

    @cached_property
    def secrets(self) -> Any:
        """The `secrets` context: a fork has only the token."""
        token = {"GITHUB_TOKEN": Unknown("secrets.GITHUB_TOKEN", truth=True)}
        if self.caller is None:
            return token if self.run.event.fork else Open("secrets", token)
        passed = self.caller.job.node.get("secrets")
        if not isinstance(passed, yaml.Mapping):
            return self.caller.call.secrets if passed is not None else token
        found = self.of_legs.secrets
        if found is None:
            found = token | {name: matrix.evaluated(v, self.caller) for name, v in passed.values.items()}
            if self.has_common_secrets:
                self.of_legs.secrets = found
        return found

    @cached_property
    def has_common_secrets(self) -> bool:
        """Whether every leg of the job that calls hands over the same secrets."""
        passed = self.caller.job.node.get("secrets") if self.caller is not None else None
        return not isinstance(passed, yaml.Mapping) or matrix.contexts(passed) <= OF_ALL_LEGS

    def context(self, name: str) -> Any:
        """The value of a context that the whole workflow has."""
        if name == "github":
            return self.run.github
        if name == "inputs":
            return self.inputs
        if name == "secrets":
            return self.secrets
        return Open(name if name == "vars" else f"{name}@{self.label}")

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return function in ("success", "always")

    def scope(self, job: Job) -> JobScope:
        """Where what is above the rows of a job is evaluated: its `if`, its matrix, its `needs`."""
        return JobScope(self, job)

    def reached(self, name: str) -> Truth:
        """Whether a job runs; a job that waits for itself never tells."""
        return (self.of_legs.reached or self._reached).get(name)

    @cached_property
    def _reached(self) -> dict[str, Truth]:
        around = self.caller.reached if self.caller is not None else True
        reached = jobs_reached(self.workflow, around, self._said)
        if self.workflow.asks_event_alone:
            self.of_legs.reached = reached
        return reached

    def said(self, name: str) -> Any:
        """What the `if` of a job says."""
        return self._said(self.workflow.jobs[name])

    def _said(self, job: Job) -> Any:
        return self.run.value(job.condition, self.scope(job)) if job.condition is not None else True

    def due(self, name: str) -> Truth:
        """Whether a job runs where the jobs that it waits for say that it shall."""
        return (self.of_legs.due or self._due).get(name)

    @cached_property
    def _due(self) -> dict[str, Truth]:
        around = self.caller.due if self.caller is not None else True
        due = jobs_due(self.workflow, around, self._said)
        if self.workflow.asks_event_alone:
            self.of_legs.due = due
        return due


class JobScope:
    """The scope above the rows of a job, and what every scope inside of it has."""

    def __init__(self, call: Call, job: Job) -> None:
        self.call = call
        self.job = job

    @property
    def label(self) -> str:
        """A name that tells it from the other scopes of the run."""
        return f"{self.call.label}/{self.job.id}"

    def context(self, name: str) -> Any:
        """The value of a context."""
        if name == "env":
            return self.env
        if name in ("github", "inputs", "secrets", "needs", "vars"):
            return self.call.context(name)
        return Open(f"{name}@{self.label}")

    @cached_property
    def github(self) -> Any:
        """The `github` context that its runner has, which knows the job."""
        found = self.call.context("github")
        known = {**found, "job": self.job.id}
        return Open(found.label, known) if isinstance(found, Open) else known

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.call.status(function)

    @cached_property
    def env(self) -> Any:
        """The `env` context: a step can add to it."""
        return Open(f"env@{self.label}", self._env())

    def _env(self) -> dict[str, Any]:
        common = self.call.of_legs.env
        if self.job in common:
            return common[self.job]
        nodes = self.call.workflow.node.mapping("env"), self.job.node.mapping("env")
        outer = _Plain(self)
        values = {name: value for node in nodes for name, value in node.values.items()}
        found = {name: as_variable(matrix.evaluated(value, outer)) for name, value in values.items()}
        found = {name: value for name, value in found.items() if name not in self.job.exported}
        if self.call.has_common_secrets and all(matrix.contexts(node) <= OF_ALL_LEGS for node in nodes):
            common[self.job] = found
        return found

    def render(self, of: Template | None) -> str:
        """A template as text, with holes for what is unknown."""
        return text_of(of.value(self)) if of is not None else ""

    def text(self, value: yaml.Value | None) -> str:
        """A scalar as text, with holes for what is unknown."""
        return self.render(template(value.text)) if isinstance(value, yaml.Scalar) else ""


class _Plain:
    """A scope without `env`, for `env` itself."""

    def __init__(self, of: JobScope) -> None:
        self._of = of

    def context(self, name: str) -> Any:
        if name == "github":
            return self._of.github
        return Open(f"env@{self._of.label}") if name == "env" else self._of.context(name)

    def status(self, function: str) -> Any:
        return self._of.status(function)


class JobRun(JobScope):
    """A job with one row of its matrix."""

    def __init__(self, call: Call, job: Job, row: Mapping[str, Any], number: int, complete: bool) -> None:
        self.call = call
        self.job = job
        self.row = row
        self.complete = complete
        """Whether the matrix is known: otherwise this one row stands for all."""
        self.number = number
        self._reached: Truth | str = "not asked"
        self._steps: Open | None = None
        self._bound: dict[Occurrence, StepRun] = {}

    @cached_property
    def label(self) -> str:
        return f"{self.call.label}/{self.job.id}#{self.number}"

    def context(self, name: str) -> Any:
        if name == "matrix":
            return self.row
        if name == "inputs":
            return self.call.inputs
        if name == "runner":
            return self._runner
        return self._outputs() if name == "steps" else super().context(name)

    def _outputs(self) -> Any:
        """The `steps` context: a step that looks for a cache says for which key."""
        if self._steps is None:
            self._steps = Open(f"steps@{self.label}")
            for lookup in self.job.using(RESTORE, BOTH):
                name = lookup.step.id if lookup.outer is None else ""
                if name:
                    key = {"cache-primary-key": self.bind(lookup).input("key")}
                    label = f"{self._steps.label}.{name}"
                    self._steps[name] = Open(label, {"outputs": Open(f"{label}.outputs", key)})
        return self._steps

    @cached_property
    def lookups(self) -> frozenset[str]:
        """The ids of its steps that look for a cache."""
        return frozenset(o.step.id for o in self.job.using(RESTORE, BOTH) if o.step.id)

    @cached_property
    def _runner(self) -> Any:
        return of_runner(self.runs_on, *native(self.runs_on))

    @cached_property
    def runs_on(self) -> str:
        """The runner's label, several with commas; with holes where it is not known, "" for a mere group."""
        value = self.job.node.get("runs-on")
        found = matrix.evaluated(value, self) if value is not None else ""
        if isinstance(found, dict) and not isinstance(found, Open):
            found = found.get("labels", "")
        return ", ".join(map(text_of, found)) if isinstance(found, list) else text_of(found)

    @property
    def title(self) -> str:
        """The job that the event started and what tells this leg of it apart, for people."""
        job, row = self.root.job, self.root.row
        values = [value for value in row.values() if isinstance(value, str) and value][:3]
        return f"{job.id} ({', '.join(values)})" if values else job.id

    @property
    def reached(self) -> Truth:
        """Whether the job runs."""
        if isinstance(self._reached, str):
            self._reached = self.call.reached(self.job.id)
        return self._reached

    @property
    def due(self) -> Truth:
        """Whether the job runs where the jobs that it waits for say that it shall."""
        return self.call.due(self.job.id)

    @cached_property
    def blind(self) -> JobRun:
        """It without its row, that of a job that calls it, and its runner: what depends on them is a hole."""
        row = Open(f"matrix@{self.job.id}") if self.row else {}
        return _Blind(self.call.blind, self.job, row, self.number, self.complete)

    @cached_property
    def values(self) -> dict[str, Any]:
        """What is in its row and in those of the jobs that call its workflow; `a.b` for a part of an axis."""
        found: dict[str, Any] = {}
        for name, value in (item for at in self.chain for item in at.row.items()):
            found |= (
                {f"{name}.{k}": v for k, v in value.items()} if isinstance(value, dict) else {name: value}
            )
        return found

    @property
    def root(self) -> JobRun:
        """The job of the workflow that the event started."""
        return self.call.caller.root if self.call.caller is not None else self

    @property
    def known(self) -> bool:
        """Whether its matrix is known, and that of every job that leads to it."""
        return self.complete and (self.call.caller is None or self.call.caller.known)

    @property
    def chain(self) -> Iterator[JobRun]:
        """Itself, and the jobs that call the workflow it is in, up to that of the started workflow."""
        yield self
        if self.call.caller is not None:
            yield from self.call.caller.chain

    def bind(self, occurrence: Occurrence) -> StepRun:
        """One of the job's steps, in this run."""
        found = self._bound.get(occurrence)
        if found is None:
            outer = self.bind(occurrence.outer) if occurrence.outer is not None else None
            found = self._bound[occurrence] = StepRun(self, occurrence.step, outer)
        return found

    @property
    def steps(self) -> Iterator[StepRun]:
        """Its steps, with those of composite actions."""
        return map(self.bind, self.job.occurrences)

    def using(self, *actions: str) -> Iterator[StepRun]:
        """The steps that use one of some actions."""
        return map(self.bind, self.job.using(*actions))


class _Blind(JobRun):
    """A job of which nobody knows on which runner it is."""

    @cached_property
    def _runner(self) -> Any:
        return of_runner(self.runs_on)


class StepRun:
    """A step in a run of its job."""

    def __init__(self, job: JobRun, step: Step, outer: StepRun | None = None) -> None:
        self.job = job
        self.step = step
        self.outer = outer
        self._inputs: dict[str, str] = {}
        self._runs: Truth | str = "not asked"

    @property
    def path(self) -> str:
        """The file that it stands in."""
        return self.step.path

    @property
    def line(self) -> int:
        """Line where it starts."""
        return self.step.line

    def context(self, name: str) -> Any:
        """The value of a context: a step of a composite action has inputs of its own."""
        if name == "github":
            return self.job.github
        if name == "env":
            own = self.step.node.mapping("env").values
            base = self.outer.context("env") if self.outer is not None else self.job.env
            if not own:
                return base
            added = {name: as_variable(matrix.evaluated(value, self.job)) for name, value in own.items()}
            return Open(base.label, base | added)
        if self.outer is not None:
            if name == "inputs":
                return self.outer.inputs
            if name == "steps":
                return Open(f"steps@{self.job.label}.{self.outer.step.index}")
        return self.job.context(name)

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.job.status(function)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The inputs of the composite action that it uses."""
        given = self.step.given
        known = self.job.job.workflow.pipeline.action_inputs(local_path(self.step.uses))
        values = {name: given.get(name.lower(), default) for name, default in known.items()}
        return {name: as_variable(matrix.evaluated(value, self)) for name, value in values.items()}

    def input(self, name: str) -> str:
        """One of its `with` as text, with holes for what is unknown; "" where it is not given."""
        if name not in self._inputs:
            value = self.step.given.get(name)
            self._inputs[name] = text_of(self._input(value)) if isinstance(value, yaml.Scalar) else ""
        return self._inputs[name]

    def _input(self, value: yaml.Scalar) -> Any:
        return self.job.call.run.value(template(value.text), self) if "${{" in value.text else value.typed

    @property
    def in_job(self) -> Truth:
        """Whether it runs once its job does."""
        return self._in_job(lambda step: step)

    def _in_job(self, scope_of: Callable[[StepRun], Scope]) -> Truth:
        around = self.outer._in_job(scope_of) if self.outer is not None else True
        own = self.step.condition
        if own is None or around is False:
            return around
        said = truth_of(self.job.call.run.value(own, scope_of(self)))
        return said if around else all_of([around, said])

    @property
    def asked(self) -> Iterator[str]:
        """What its condition is made of, and those of the steps that lead to it, where only a run knows."""
        if self.outer is not None:
            yield from self.outer.asked
        said = self.step.condition.value(self) if self.step.condition is not None else None
        if isinstance(said, Unknown):
            yield said.label

    @property
    def runs(self) -> Truth:
        """Whether it runs."""
        if isinstance(self._runs, str):
            around = self.job.reached
            self._runs = around if around is False else all_of([around, self.in_job])
        return self._runs

    @property
    def due(self) -> Truth:
        """Whether it runs where its job shall and no cache is found: neither is an excuse of the step."""
        return all_of([self.job.due, self.in_cold])

    @property
    def in_cold(self) -> Truth:
        """Whether it runs once its job does, where no cache is found."""
        return self._in_job(lambda step: Missed(step, self.job.lookups))
