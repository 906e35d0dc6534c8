"""Where what is above the steps is evaluated: a workflow as it is called, a job with one row of its matrix.

The simulated run is the one in which everything goes well.
"""

from __future__ import annotations

import posixpath
from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from scaffold.pipeline import matrix, told
from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import Lazy, Open, Truth, Unknown, text_of
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.outputs import outputs_of, outputs_of_event
from scaffold.pipeline.reached import jobs_due, jobs_reached
from scaffold.pipeline.runners import native, of_runner
from scaffold.pipeline.started import OfLegs, Started
from scaffold.syntax import yaml_values as yaml

OF_ALL_LEGS = frozenset({"github", "secrets", "vars"})
"""Contexts with one value in every leg of a job, where its workflow is called with one set of secrets."""


class Call:
    """A workflow as it is run: by the event, or by a job that calls it."""

    _needs: Open | None = None

    def __init__(self, run: Started, workflow: Workflow, caller: Leg | None = None) -> None:
        self.run = run
        self.workflow = workflow
        self.caller = caller
        self.root: Leg | None = caller.root if caller is not None else None
        """The job of the workflow that the event started, where that calls it."""
        self.of_legs = OfLegs() if caller is None else run.of_legs((caller.job, caller.call))
        self.inputs: dict[str, Any]
        """The `inputs` context."""
        if caller is not None:
            self.inputs = Lazy(workflow.unread, self._input)
        else:
            by_hand = run.event.name in ("workflow_dispatch", "workflow_call")
            self.inputs = Open("inputs") if by_hand else {}

    @property
    def label(self) -> str:
        """A name that tells it from the other calls of the run."""
        return self.caller.label if self.caller is not None else ""

    @property
    def blind(self) -> Call:
        """It as it is called by a job of which nobody knows the row, nor what it leaves to a default."""
        return self if self.caller is None else _BlindCall(self.run, self.workflow, self.caller.blind)

    def _input(self, name: str) -> Any:
        """One of the inputs: given by the caller, or its default."""
        assert self.caller is not None
        default, boolean = self.workflow.inputs[name]
        of = self.caller.job.templates.get(name)
        if of is not None:  # nearly always
            found = of.value(self.caller)
        else:
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
        if name == "needs":
            return self._outputs_of_jobs()
        return Open(name if name == "vars" else f"{name}@{self.label}")

    def _outputs_of_jobs(self) -> Open:
        """The `needs` context: a job that may be left out, or has several legs, tells nothing.

        But what the event alone decides, any leg tells.
        """
        if self._needs is None:
            self._needs = Open(f"needs@{self.label}")
            for job in self.workflow.in_order:
                certain = job.condition is None and job.matrix is None and job.telling
                outputs = outputs_of(job) if certain else outputs_of_event(job)
                leg = self.run.alone(self, job) if outputs else None
                if leg is not None:
                    values = {name: of.value(leg) for name, of in outputs.items()}
                    label = f"{self._needs.label}.{job.id}"
                    self._needs[job.id] = told.Told(label, outputs, values, leg)
        return self._needs

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

    def _said(self, job: Job, skipped: frozenset[str] = frozenset()) -> Any:
        scope: Scope = told.Asked(self.scope(job), job.said)
        if skipped:
            scope = told.Behind(scope, "needs", skipped)
        return self.run.value(job.condition, scope) if job.condition is not None else True

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


class _BlindCall(Call):
    """A workflow as any job may call it: what this one does not give, another one may."""

    def _input(self, name: str) -> Any:
        assert self.caller is not None
        return super()._input(name) if name in self.caller.job.given else Unknown(f"inputs.{name}")


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
        found = matrix.variables(values, outer)
        found = {name: value for name, value in found.items() if name not in self.job.exported}
        found |= self.job.said
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


class Leg(JobScope, ABC):
    """A job with one row of its matrix, without its steps."""

    _label = ""
    _chain: tuple[Leg, ...] = ()
    _runs_on: str | None = None
    _reached: Truth | str = "not asked"

    def __init__(self, call: Call, job: Job, row: Mapping[str, Any], number: int, complete: bool) -> None:
        self.call = call
        self.job = job
        self.row = row
        self.complete = complete
        """Whether the matrix is known: otherwise this one row stands for all."""
        self.number = number

    @property
    def label(self) -> str:
        if not self._label:
            self._label = f"{self.call.label}/{self.job.id}#{self.number}"
        return self._label

    def context(self, name: str) -> Any:
        if name == "matrix":
            return self.row
        if name == "inputs":
            return self.call.inputs
        if name == "runner":
            return self._runner
        if name == "strategy":
            return Open(f"strategy@{self.label}", {"job-index": self.number} if self.complete else {})
        return self._outputs() if name == "steps" else super().context(name)

    @abstractmethod
    def _outputs(self) -> Any:
        """The `steps` context."""

    @cached_property
    def _runner(self) -> Any:
        return of_runner(self.runs_on, *native(self.runs_on))

    @property
    def runs_on(self) -> str:
        """The runner's label, several with commas; with holes where it is not known, "" for a mere group."""
        if self._runs_on is None:
            self._runs_on = self._runs_on_label()
        return self._runs_on

    def _runs_on_label(self) -> str:
        value = self.job.runner
        if isinstance(value, Template):
            found = value.value(self)
        else:
            found = matrix.evaluated(value, self) if value is not None else ""
        if isinstance(found, dict) and not isinstance(found, Open):
            found = found.get("labels", "")
        return ", ".join(map(text_of, found)) if isinstance(found, list) else text_of(found)

    @property
    def title(self) -> str:
        """The job that the event started and what tells this leg of it apart, for people."""
        return self.root.own_title

    @property
    def own_title(self) -> str:
        """The job and what tells this leg of it apart, for people."""
        plain = (v for v in self.row.values() if isinstance(v, (str, int, float)) and not isinstance(v, bool))
        values = [_short(text) for text in map(text_of, plain) if text][:3]
        return f"{self.job.id} ({', '.join(values)})" if values else self.job.id

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

    @property
    @abstractmethod
    def blind(self) -> Leg:
        """It without its row, that of a job that calls it, its runner, and the defaults of inputs.

        What depends on them is a hole.
        """

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
    def root(self) -> Leg:
        """The job of the workflow that the event started."""
        return self.call.root or self

    @property
    def known(self) -> bool:
        """Whether its matrix is known, and that of every job that leads to it."""
        return self.complete and (self.call.caller is None or self.call.caller.known)

    @property
    def chain(self) -> tuple[Leg, ...]:
        """Itself, and the jobs that call the workflow it is in, up to that of the started workflow."""
        if not self._chain:
            caller = self.call.caller
            self._chain = (self, *caller.chain) if caller is not None else (self,)
        return self._chain


def titles(*legs: Leg) -> list[str]:
    """The titles of legs, with what tells apart those of one title: workflows, jobs that these call, rows."""
    found = [leg.title for leg in legs]
    if len(set(found)) == len(set(legs)):
        return found
    if len(set(found)) < len({(leg.title, leg.root.call.workflow) for leg in legs}):
        return [f"{leg.title} in {posixpath.basename(leg.root.call.workflow.path)}" for leg in legs]
    own = [leg.own_title for leg in legs]
    if len(set(own)) == len(set(legs)):
        return own
    texts = [{name: text_of(value) for name, value in leg.values.items()} for leg in legs]
    apart = [name for name in texts[0] if len({text.get(name) for text in texts}) > 1][:2]
    return [
        f"{leg.job.id} ({', '.join(_short(value) for name in apart if (value := text.get(name)))})"
        for leg, text in zip(legs, texts, strict=True)
    ]


def _short(text: str) -> str:
    """A value in one line: of several the first."""
    first, *more = text.strip().split("\n")
    return f"{first} …" if more else first
