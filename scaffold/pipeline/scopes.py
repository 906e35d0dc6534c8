"""Where the steps of a job are evaluated.

A step runs, does not run, or nobody knows (`None`): what another job or step says is unknown.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from scaffold.pipeline import matrix, told
from scaffold.pipeline.caches import BOTH, RESTORE, Missed
from scaffold.pipeline.calls import Call, Leg
from scaffold.pipeline.documents import local_path
from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.values import Open, Truth, Unknown, all_of, text_of, truth_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.runners import of_runner
from scaffold.pipeline.steps import Occurrence, Step


class JobRun(Leg):
    """A job with one row of its matrix, and its steps."""

    takes_defaults = True
    """Whether what a step does not give an action is the default of its input."""
    _steps: Open | None = None

    def __init__(self, call: Call, job: Job, row: Mapping[str, Any], number: int, complete: bool) -> None:
        super().__init__(call, job, row, number, complete)
        self._bound: dict[Occurrence, StepRun] = {}

    def _outputs(self) -> Any:
        """The `steps` context."""
        if self._steps is None:
            self._steps = Open(f"steps@{self.label}")
            self.tell(None, self._steps)
        return self._steps

    def tell(self, outer: Occurrence | None, found: Open) -> None:
        """Fills the `steps` context of the job, or of an action that a step of it uses."""
        for at, scope, said in self.job.telling.get(outer, ()):
            where = self.bind(scope)
            values = {name: of.value(where) for name, of in said.items()}
            if at.step.action in (RESTORE, BOTH):
                values = {name: text_of(value) for name, value in values.items()}
            found[at.step.id] = told.Told(f"{found.label}.{at.step.id}", said, values, where)

    @cached_property
    def lookups(self) -> frozenset[str]:
        """The ids of its steps that look for a cache, themselves or by an action."""
        return frozenset(s.id for o in self.job.using(RESTORE, BOTH) for s in o.chain if s.id)

    @cached_property
    def blind(self) -> JobRun:
        row = Open(f"matrix@{self.job.id}") if self.row else {}
        return _Blind(self.call.blind, self.job, row, self.number, self.complete)

    def bind(self, occurrence: Occurrence) -> StepRun:
        """One of the job's steps, in this run."""
        found = self._bound.get(occurrence)
        if found is None:
            outer = self.bind(occurrence.outer) if occurrence.outer is not None else None
            found = self._bound[occurrence] = StepRun(self, occurrence, outer)
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

    takes_defaults = False

    @cached_property
    def _runner(self) -> Any:
        return of_runner(self.runs_on)


class StepRun:
    """A step in a run of its job."""

    sure = True
    """Whether its script comes to what is looked at, once it runs."""
    _inside: Open | None = None
    _runs: Truth | str = "not asked"

    def __init__(self, job: JobRun, occurrence: Occurrence, outer: StepRun | None = None) -> None:
        self.job = job
        self.step: Step = occurrence.step
        self.occurrence = occurrence
        self.outer = outer
        self._inputs: dict[str, str] = {}

    def perhaps(self) -> StepRun:
        """The step, of which its script decides whether it does something."""
        found = StepRun(self.job, self.occurrence, self.outer)
        found._runs = None if self.runs else self.runs
        found.sure = False
        return found

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
        if name == "inputs":
            return self.job.call.inputs if self.outer is None else self.outer.inputs
        if name == "github":
            return self.job.github
        if name == "env":
            return self._env
        if name == "steps" and self.outer is not None:
            return self.outer.inside
        return self.job.context(name)

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.job.status(function)

    @cached_property
    def _env(self) -> Any:
        """The `env` context: what is around it, and its own, which is evaluated there."""
        base = self.outer.context("env") if self.outer is not None else self.job.env
        own = self.step.node.mapping("env").values
        return Open(base.label, base | matrix.variables(own, _Around(self, base))) if own else base

    @property
    def inside(self) -> Open:
        """The `steps` context of the composite action that it uses."""
        if self._inside is None:
            around = self.outer.inside.label if self.outer is not None else f"steps@{self.job.label}"
            self._inside = Open(f"{around}.{self.step.index}")
            self.job.tell(self.occurrence, self._inside)
        return self._inside

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """The inputs of the composite action that it uses."""
        given = self.step.given
        known = self.job.job.workflow.pipeline.action_inputs(local_path(self.step.uses))
        values = {name: given.get(name.lower(), default) for name, default in known.items()}
        found = matrix.variables(values, self)
        if not self.job.takes_defaults:  # another step may give it
            found |= {name: Unknown(f"inputs.{name}") for name in known if name.lower() not in given}
        return found

    def input(self, name: str) -> str:
        """One of its `with` as text, with holes for what is unknown; "" where it is not given."""
        of = self.step.written.get(name, "")
        if isinstance(of, str):
            return of
        found = self._inputs.get(name)
        if found is None:
            value = self.job.call.run.value(of, self) if of.of_event else of.value(self)
            found = self._inputs[name] = text_of(value)
        return found

    @property
    def in_job(self) -> Truth:
        """Whether it runs once its job does."""
        if self.outer is None and self.step.condition is None:  # nearly always
            return True
        return self._in_job(lambda step: step)

    def _in_job(self, scope_of: Callable[[Scope], Scope]) -> Truth:
        around = self.outer._in_job(scope_of) if self.outer is not None else True
        own = self.step.condition
        if own is None or around is False:
            return around
        if own.of_event:
            scope: Scope = self
        else:
            asks = not own.contexts.isdisjoint(told.OF_SCRIPTS)
            scope = scope_of(told.Asked(self, self.job.job.said) if asks else self)
            skipped = self._skipped(scope_of) if "steps" in own.contexts else None
            scope = told.Behind(scope, "steps", skipped) if skipped else scope
        said = truth_of(self.job.call.run.value(own, scope))
        return said if around else all_of([around, said])

    def _skipped(self, scope_of: Callable[[Scope], Scope]) -> frozenset[str]:
        """The steps before it that do not run, of those for whose end its condition asks."""
        reads = self.step.condition.reads if self.step.condition is not None else ()
        asked = {path[1] for path in reads if path[:1] == ("steps",) and path[2:] in _ENDS}
        before = itertools.takewhile(lambda o: o is not self.occurrence, self.job.job.occurrences)
        named = (o for o in before if asked and o.step.id in asked and o.outer is self.occurrence.outer)
        return frozenset(o.step.id for o in named if self.job.bind(o)._in_job(scope_of) is False)

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
            self._runs = all_of([around, self.in_job]) if around is None else around and self.in_job
        return self._runs

    @property
    def due(self) -> Truth:
        """Whether it runs where its job shall and no cache is found: neither is an excuse of the step."""
        return all_of([self.job.due, self.in_cold, self.sure or None])

    @property
    def in_cold(self) -> Truth:
        """Whether it runs once its job does, where no cache is found."""
        return self._in_job(lambda step: Missed(step, self.job.lookups))


_ENDS = (("outcome",), ("conclusion",))
"""What a condition reads of a step where it asks how that ended."""


class _Around(NamedTuple):
    """Where the `env` of a step is evaluated."""

    step: StepRun
    env: Any
    """What stands around the step."""

    def context(self, name: str) -> Any:
        """The value of a context."""
        return self.env if name == "env" else self.step.context(name)

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.step.status(function)
