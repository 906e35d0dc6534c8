"""What starts: a workflow under an event, and what all legs of a job have in common in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from scaffold.pipeline.events import Event
from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.templates import Template
from scaffold.pipeline.expressions.values import Open, Truth, text_of
from scaffold.pipeline.model import Job, Workflow


class Started:
    """A workflow and the event that starts it."""

    def __init__(self, workflow: Workflow, event: Event) -> None:
        self.workflow = workflow
        self.event = event
        self._decided: dict[Template, Any] = {}
        self._of_legs: dict[object, OfLegs] = {}

    def of_legs(self, job: object) -> OfLegs:
        """What the legs of a job that calls a workflow have in common."""
        found = self._of_legs.get(job)
        if found is None:
            found = self._of_legs[job] = OfLegs()
        return found

    def value(self, of: Template, scope: Scope) -> Any:
        """What a template is in a scope of this run: once where the event alone decides."""
        if not of.of_event:
            return of.value(scope)
        if of not in self._decided:
            self._decided[of] = of.value(scope)
        return self._decided[of]

    def alone(self, call: object, job: Job) -> Scope | None:  # noqa: ARG002
        """The one leg of a job; None where nobody looks at its steps."""
        return None

    @cached_property
    def github(self) -> Mapping[str, Any]:
        """The `github` context: in a called workflow too it is that of the workflow that was started."""
        known = {**self.event.github, "workflow": self.workflow.name}
        if "ref" in known:  # it names the ref, as each pull request has one of its own
            known["workflow_ref"] = f"{self.workflow.path}@{text_of(known['ref'])}"
        return Open("github", known) if isinstance(self.event.github, Open) else known


class OfLegs:
    """What is one for all legs of a job that calls a workflow, once a leg has asked for it."""

    __slots__ = ("due", "env", "reached", "secrets")

    def __init__(self) -> None:
        self.secrets: dict[str, Any] | None = None
        self.reached: dict[str, Truth] | None = None
        self.due: dict[str, Truth] | None = None
        self.env: dict[Job, dict[str, Any]] = {}
