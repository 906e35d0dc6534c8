"""What jobs say of their outputs, and which step makes one: through jobs, called workflows and actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.model import MAX_DEPTH, Job
from scaffold.pipeline.steps import Occurrence, Step


@lru_cache(maxsize=512)
def outputs_of(job: Job) -> Mapping[str, Template]:
    """The outputs of a job, as it says what they are."""
    outputs = job.node.mapping("outputs")
    return {name: template(outputs.text(name)) for name in outputs.values}


@lru_cache(maxsize=512)
def outputs_of_event(job: Job) -> Mapping[str, Template]:
    """Those that the event alone decides."""
    return {name: of for name, of in outputs_of(job).items() if of.of_event}


class Output(NamedTuple):
    """One output of a step."""

    step: Step
    name: str


def makers(
    job: Job, path: tuple[str, ...], outer: Occurrence | None = None, depth: int = 0
) -> Iterator[Output]:
    """The steps behind `steps.x.outputs.y` or `needs.x.outputs.y` in a job, or in an action that it uses."""
    pipeline = job.workflow.pipeline
    match path:
        case _ if depth > 2 * MAX_DEPTH:
            return
        case "steps", name, "outputs", output:
            for made in (o for o in job.occurrences if o.step.id == name and o.outer is outer):
                said = pipeline.action_outputs(made.step).get(output, "")
                if said:
                    yield from makers(job, template(said).output, made, depth + 1)
                else:
                    yield Output(made.step, output)
        case (("needs" | "jobs"), name, "outputs", output) if name in job.workflow.jobs:
            other = job.workflow.jobs[name]
            called = other.called if other.uses else None
            inside = next(iter(called.jobs.values()), None) if called is not None else other
            said = other.node.text("outputs", output)
            if called is not None:
                said = called.node.text("on", "workflow_call", "outputs", output, "value")
            if inside is not None:
                yield from makers(inside, template(said).output, None, depth + 1)
