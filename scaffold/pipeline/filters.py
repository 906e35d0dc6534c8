"""Filters of changed files inside of a run: what a job or step asks before it builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.errors import ShapeError
from scaffold.pipeline.expressions.nodes import Binary, Call, Literal, Node, Not, path_of
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.outputs import makers
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.yaml import YamlSource

PATHS_FILTER = "dorny/paths-filter"
CHANGED_FILES = ("tj-actions/changed-files", "step-security/changed-files")


class Filter(NamedTuple):
    """A filter, and the files that it takes."""

    step: Step
    name: str
    """Of the output that says whether one of them changed."""
    patterns: tuple[str, ...]


def asked_of(at: StepRun) -> list[Filter]:
    """The filters that alone decide whether a step runs; none where something else may too."""
    return _alone(at.step, tuple(leg.job for leg in at.job.chain))


@lru_cache(maxsize=1024)
def _alone(step: Step, jobs: tuple[Job, ...]) -> list[Filter]:
    """The filters of a step in a job, and in those that call its workflow."""
    for job, of in ((jobs[0], step.condition), *((job, job.condition) for job in jobs)):
        asked = sorted(path for path in of.reads if path[2:3] == ("outputs",)) if of is not None else ()
        found = [f for path in asked for f in _behind(job, path)]
        if found and of is not None and of.only is not None and _is_alone(_settled(of.only)):
            return found
    return []


def _settled(node: Node) -> Node:
    """A condition in which no sign denies another one: `!(a != b)` is `a == b`."""
    if isinstance(node, Binary) and node.operator in ("&&", "||"):
        return Binary(node.operator, _settled(node.left), _settled(node.right))
    inner = _settled(node.of) if isinstance(node, Not) else None
    if isinstance(inner, Binary) and inner.operator in _DENIED:
        return Binary(_DENIED[inner.operator], inner.left, inner.right)
    return node if inner is None else inner.of if isinstance(inner, Not) else Not(inner)


_DENIED = {"==": "!=", "!=": "=="}


def _is_alone(whole: Node) -> bool:
    """Whether a condition asks filters alone, or one of several events that are no push."""
    ways = list(_ways(whole))
    refuses = any(
        (isinstance(node, Not) and not (isinstance(node.of, Call) and node.of.name == "cancelled"))
        or (isinstance(node, Binary) and node.operator == "!=")
        for node in whole.walk()
    )
    return not refuses and (len(ways) == 1 or all(map(_is_way, ways)))


def _ways(node: Node) -> Iterator[Node]:
    """The conditions that are each enough."""
    if isinstance(node, Binary) and node.operator == "||":
        yield from _ways(node.left)
        yield from _ways(node.right)
    else:
        yield node


def _is_way(node: Node) -> bool:
    """Whether a condition asks one filter, or for an event that is no push."""
    if not isinstance(node, Binary) or node.operator != "==" or not isinstance(node.right, Literal):
        return False
    path, wanted = path_of(node.left), node.right.content
    by_hand = path == ("github", "event_name") and wanted in _BY_HAND
    return by_hand or (path[2:3] == ("outputs",) and wanted == "true")


_BY_HAND = ("workflow_dispatch", "schedule", "release")


def _behind(job: Job, path: tuple[str, ...]) -> Iterator[Filter]:
    """The filter whose output a condition of a job asks."""
    workflow = job.workflow
    found = (
        Filter(step, output, tuple(_patterns(workflow, step, output))) for step, output in makers(job, path)
    )
    return (one for one in found if one.patterns)


def _patterns(workflow: Workflow, step: Step, output: str) -> Iterator[str]:
    """The patterns behind one output of a filter; none where they stand elsewhere."""
    if step.action == PATHS_FILTER:
        text = _given(workflow, step, "filters")
        if "\n" in text and "${{" not in text:
            try:
                node = yaml.read(YamlSource(step.path, text.encode()))
            except ShapeError:
                return
            own = node.get(output) if isinstance(node, yaml.Mapping) else None
            yield from (scalar.text.removeprefix("./") for scalar in yaml.scalars(own))
    elif step.action in CHANGED_FILES and output in ("any_changed", "any_modified"):
        yield from (line for line in lines(_given(workflow, step, "files")) if "${{" not in line)


def _given(workflow: Workflow, step: Step, name: str) -> str:
    """An input of a step as text, which a variable of the step, its job or the workflow may have."""
    text = step.spelled(name)
    variable = re.fullmatch(r"\s*\$\{\{ *env\.(\w+) *\}\}\s*", text)
    if variable is None:
        return text
    jobs = (job.node for job in workflow.jobs.values() if step in job.steps)
    said = (holder.text("env", variable[1]) for holder in (step.node, *jobs, workflow.node))
    return next(filter(None, said), text)
