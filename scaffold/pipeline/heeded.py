"""Whether what a step tells decides something in a run: who reads it, and comes to one end all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from scaffold.pipeline.calls import Leg
from scaffold.pipeline.expressions.nodes import Context, Each, Literal, Node, Property, Scope, path_of
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import HOLE, Unknown, truth_of
from scaffold.pipeline.merging import hands_on, looks, may_name
from scaffold.pipeline.model import Job
from scaffold.pipeline.outputs import outputs_of
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import CHECKOUT, OUTPUT, Step
from scaffold.syntax import yaml_values as yaml

Path = tuple[str, ...]


def only_tells(step: Step) -> bool:
    """Whether a step that looks at something does no more than to tell outputs."""
    return bool(step.uses) or (OUTPUT in step.run and all(map(looks, step.script.commands)))


def is_heeded(step: StepRun) -> bool:
    """Whether the outputs of a step may decide something in its run.

    An action or a called workflow may hand them on: then it is asked around it too.
    """
    leg, at = step.job, step
    asked: list[Path] = [("steps", step.step.id)]
    while at.outer is not None:
        if _is_decided_in(leg, asked, at.outer):
            return True
        outputs = leg.job.workflow.pipeline.action_outputs(at.outer.step)
        handed = [name for name, text in outputs.items() if _is_decided(template(text), at, asked)]
        at = at.outer
        asked = [("steps", at.step.id, "outputs", name) for name in handed]
    handed = [name for name, of in outputs_of(leg.job).items() if _is_decided(of, leg, asked)]
    return _is_decided_in(leg, asked) or _is_heeded_job(leg, handed)


def _is_heeded_job(leg: Leg, handed: list[str]) -> bool:
    """Whether some outputs of a job may decide something in another one, also in one behind its caller."""
    run = leg.call.run
    if not isinstance(run, Run):
        return True
    asked: list[Path] = [("needs", leg.job.id, "outputs", name) for name in handed]
    started = (other for other in run.jobs if other.call is leg.call and other.reached is not False)
    if any(_is_decided_in(other, asked) for other in started if leg.job.id in other.job.needs):
        return True
    caller = leg.call.caller
    if caller is None:
        return False
    inside: list[Path] = [("jobs", *path[1:]) for path in asked]
    said = leg.call.workflow.node.mapping("on", "workflow_call", "outputs")
    names = [
        name
        for name in said.values
        if any(_overlap(path, one) for path in template(said.text(name, "value")).reads for one in inside)
    ]
    return _is_heeded_job(caller, names)


def _is_decided_in(leg: JobRun, asked: list[Path], outer: StepRun | None = None) -> bool:
    """Whether something of a leg depends on some outputs: that it runs, what it runs with, its steps.

    Of an action that a step of it uses only the steps are asked. What is told to people is nothing.
    """
    job = leg.job
    nodes: list[tuple[Scope, yaml.Value]] = []
    if outer is None:
        if _only_judges(job):
            return False
        condition = job.condition
        if condition is not None and _is_decided(condition, leg.call.scope(job), asked, is_condition=True):
            return True
        own = ((key, value) for key, value in job.node.values.items())
        nodes = [(leg, value) for key, value in own if key not in ("if", "outputs", "steps")]
    for step in leg.steps:
        if step.outer is outer and step.runs is not False and not _only_says(job, step.step):
            said = step.step.condition
            if said is not None and _is_decided(said, step, asked, is_condition=True):
                return True
            nodes += ((step, value) for key, value in step.step.node.values.items() if key != "if")
    return any(
        _is_decided(template(scalar.text), scope, asked)
        for scope, value in nodes
        for scalar in yaml.scalars_below(value)
        if "${{" in scalar.text
    )


def _only_says(job: Job, step: Step) -> bool:
    """Whether a step tells people something, and does nothing else."""
    said = step.run and not hands_on(job, step)
    return bool(said) and all(command.bare[:1] in _SAYING for command in step.script.commands)


_SAYING = (("echo",), ("printf",), ("cat",), ("true",), (":",))


def _only_judges(job: Job) -> bool:
    """Whether a job does no more than to tell how others ended, and no job waits for it."""
    texts = (scalar.text.lower() for scalar in yaml.scalars_below(job.node))
    results = any(re.search(r"\bneeds\b.*\.result\b|tojson\(\s*needs\s*\)", text) for text in texts)
    if not results or job.uses or any(job.id in other.needs for other in job.workflow.jobs.values()):
        return False
    steps = [occurrence.step for occurrence in job.occurrences]
    return all(not may_name(job, step) if step.run else step.action in _JUDGES for step in steps) and not any(
        command.starts("gh") for step in steps if step.run for command in step.script.commands
    )


_JUDGES = (CHECKOUT, "re-actors/alls-green", "step-security/harden-runner")


def _is_decided(of: Template, scope: Scope, asked: list[Path], *, is_condition: bool = False) -> bool:
    """Whether a text, or a condition, reads some outputs and is not known without them."""
    read = (path for node in of.expressions for path in _paths(node))
    if not any(_overlap(path, one) for path in read for one in asked):
        return False
    value: Any = of.value(scope)
    if is_condition:
        return truth_of(value) is None
    return isinstance(value, Unknown) or (isinstance(value, str) and HOLE in value)


def _overlap(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether one of two values holds the other, or is it."""
    return all(a == b for a, b in zip(one, other, strict=False))


def _paths(node: Node) -> Iterator[Path]:
    """The values that an expression reads, each as a whole; of `needs.*.result` none is an output."""
    path = (node.name,) if isinstance(node, Context) else path_of(node)
    if path:
        yield path
    elif not (isinstance(node, Property) and isinstance(node.of, Each) and _is_result(node.key)):
        for child in node.children():
            yield from _paths(child)


def _is_result(key: Node) -> bool:
    return isinstance(key, Literal) and key.content == "result"
