"""Whether what a step tells decides something in a run: who reads it, and comes to one end all the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from scaffold.pipeline.expressions.nodes import Context, Each, Literal, Node, Property, Scope, path_of
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import HOLE, Unknown, truth_of
from scaffold.pipeline.merging import looks
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import OUTPUT, Step
from scaffold.syntax import yaml_values as yaml

Path = tuple[str, ...]


def only_tells(step: Step) -> bool:
    """Whether a step that looks at something does no more than to tell outputs."""
    return bool(step.uses) or (OUTPUT in step.run and all(map(looks, step.script.commands)))


def is_heeded(step: StepRun) -> bool:
    """Whether the outputs of a step may decide something in its run.

    Those of a step of an action, or of a called workflow, always may.
    """
    leg, run = step.job, step.job.call.run
    if step.outer is not None or leg.call.caller is not None or not isinstance(run, Run):
        return True
    own: list[Path] = [("steps", step.step.id)]
    outputs = leg.job.node.mapping("outputs")
    handed = [name for name in outputs.values if _is_decided(template(outputs.text(name)), leg, own)]
    asked: list[Path] = [("needs", leg.job.id, "outputs", name) for name in handed]
    started = (other for other in run.jobs if other.call is leg.call and other.reached is not False)
    return any(
        _is_decided_in(other, own if other.job is leg.job else asked)
        for other in started
        if other.job is leg.job or leg.job.id in other.job.needs
    )


def _is_decided_in(leg: JobRun, asked: list[Path]) -> bool:
    """Whether something of a leg depends on some outputs: that it runs, what it runs with, its steps."""
    job = leg.job
    condition = job.condition
    if condition is not None and _is_decided(condition, leg.call.scope(job), asked, is_condition=True):
        return True
    nodes: list[tuple[Scope, yaml.Value]] = [
        (leg, value) for key, value in job.node.values.items() if key not in ("if", "outputs", "steps")
    ]
    for step in leg.steps:
        if step.outer is None and step.runs is not False:
            own = step.step.condition
            if own is not None and _is_decided(own, step, asked, is_condition=True):
                return True
            nodes += ((step, value) for key, value in step.step.node.values.items() if key != "if")
    return any(
        _is_decided(template(scalar.text), scope, asked)
        for scope, value in nodes
        for scalar in yaml.scalars_below(value)
        if "${{" in scalar.text
    )


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
