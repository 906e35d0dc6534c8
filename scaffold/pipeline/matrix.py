"""The rows of `strategy.matrix`: axes, `include`, `exclude`, and matrices that an expression makes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from scaffold.pipeline.expressions.nodes import Call, Context, Literal, Node, Property, Scope
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import Open, Unknown, as_variable
from scaffold.pipeline.model import Job, Pipeline, Workflow
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place

LIMIT = 256
"""Jobs that GitHub makes of one matrix; of a larger one it makes none."""
EXPANDED = 4 * LIMIT
"""Rows that are looked at."""

Row = Mapping[str, Any]


@dataclass(slots=True, eq=False)
class Legs:
    """The rows of a matrix."""

    rows: list[Row]
    complete: bool = True
    """Whether they are all of them; otherwise a row has unknown values."""
    count: int = 1


def expand(value: yaml.Value | None, scope: Scope, pipeline: Pipeline, job: str) -> Legs:
    """The rows of a job's matrix; one empty row where it has none."""
    if value is None:
        return Legs([{}])
    if isinstance(value, yaml.Scalar):
        return _generated(value, scope, pipeline, job)
    if isinstance(value, yaml.Mapping):
        return _rows({name: evaluated(item, scope) for name, item in value.values.items()}, job)
    return _unknown(job)


def _generated(value: yaml.Scalar, scope: Scope, pipeline: Pipeline, job: str) -> Legs:
    of = template(value.text)
    found = of.value(scope)
    if isinstance(found, dict) and not isinstance(found, Open):
        return _rows(found, job)
    name = of.expressions and output_of(of.expressions[0])
    rows = pipeline.generated.get(name) if name else None
    return Legs(list(rows), True, len(rows)) if rows is not None else _unknown(job)


def output_of(node: Node) -> str | None:
    """The output of another job that `fromJson(needs.<job>.outputs.<name>)` reads."""
    if isinstance(node, Call) and node.name == "fromjson" and node.arguments:
        node = node.arguments[0]
    at = node
    while isinstance(at, Property):
        at = at.of
    if isinstance(node, Property) and isinstance(node.key, Literal) and isinstance(at, Context):
        return str(node.key.content) if at.name == "needs" else None
    return None


def _unknown(job: str) -> Legs:
    return Legs([Open(f"matrix@{job}")], complete=False)


def evaluated(value: yaml.Value, scope: Scope) -> Any:
    """What a YAML value is in a scope: typed where nothing is quoted."""
    if isinstance(value, yaml.Scalar):
        return template(value.text).value(scope) if "${{" in value.text else value.typed
    if isinstance(value, yaml.Sequence):
        return [evaluated(item, scope) for item in value.items]
    return {name: evaluated(item, scope) for name, item in value.values.items()}


def variables(values: Mapping[str, yaml.Value], scope: Scope) -> dict[str, Any]:
    """What variables of the environment, or inputs, are in a scope."""
    return {name: as_variable(evaluated(value, scope)) for name, value in values.items()}


def contexts(value: yaml.Value) -> frozenset[str]:
    """The contexts that a YAML value reads."""
    if isinstance(value, yaml.Scalar):
        return template(value.text).contexts
    items = value.items if isinstance(value, yaml.Sequence) else value.values.values()
    return frozenset().union(*map(contexts, items))


def _rows(spec: Mapping[str, Any], job: str) -> Legs:
    complete = True
    axes: dict[str, list[Any]] = {}
    for name, values in spec.items():
        if name not in ("include", "exclude"):
            known = isinstance(values, list)
            complete &= known and not any(isinstance(v, Unknown) for v in values)
            axes[name] = values if known else [Unknown(f"matrix.{name}@{job}")]
    include, exclude = spec.get("include"), spec.get("exclude")
    complete &= all(e is None or isinstance(e, list) for e in (include, exclude))
    count = math.prod(map(len, axes.values())) if axes else 0
    if count > EXPANDED or (isinstance(include, list) and len(include) > EXPANDED):
        extra = len(include) if isinstance(include, list) and not axes else 0
        return Legs(_unknown(job).rows, False, max(count, extra))
    rows: list[dict[str, Any]] = []
    if axes:
        rows = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    for pattern in exclude if isinstance(exclude, list) else ():
        if isinstance(pattern, dict):
            rows = [row for row in rows if not _fits(pattern, row)]
    originals = [dict(row) for row in rows]
    for extra_row in include if isinstance(include, list) else ():
        if not isinstance(extra_row, dict):
            complete = False
            continue
        taken = False
        for row, original in zip(rows, originals, strict=False):
            if all(original[key] == item for key, item in extra_row.items() if key in original):
                row |= extra_row
                taken = True
        if not taken:
            rows.append(dict(extra_row))
    if not complete:
        rows = [Open(f"matrix@{job}", row) for row in rows] or [Open(f"matrix@{job}")]
    return Legs(list(rows), complete, len(rows))


def _fits(pattern: Mapping[str, Any], row: Row) -> bool:
    return all(key in row and row[key] == item for key, item in pattern.items())


def generators(workflow: Workflow) -> set[str]:
    """The jobs whose outputs are the matrix of another job."""
    return {name for job in workflow.jobs.values() for name in generators_of(job)} & set(workflow.jobs)


@lru_cache(maxsize=512)
def generators_of(job: Job) -> frozenset[str]:
    """The jobs whose outputs make the matrix of a job."""
    return frozenset(name for of in _made(job) for name in of.names("needs"))


@lru_cache(maxsize=512)
def generated_by(job: Job) -> frozenset[tuple[str, ...]]:
    """What the outputs of other jobs say that are the matrix of a job, or an axis or the `include` of it."""
    read = {path for of in _made(job) for path in of.reads if path[0] == "needs"}
    return frozenset(_said(job.workflow, path) for path in read if path[2:3] == ("outputs",) and path[3:])


def _said(workflow: Workflow, path: tuple[str, ...], depth: int = 0) -> tuple[str, ...]:
    """What an output of a job says: two may hand on one output of a step, or of a job before."""
    job = workflow.jobs.get(path[1])
    text = job.node.text("outputs", path[3]) if job is not None else ""
    inner = template(text).output
    if inner[:1] == ("needs",) and depth < len(workflow.jobs):
        return _said(workflow, inner, depth + 1)
    return (path[1], *(inner or (text,))) if text else path


def _made(job: Job) -> list[Template]:
    """What of a job's matrix other jobs make."""
    values = job.matrix.values.values() if isinstance(job.matrix, yaml.Mapping) else [job.matrix]
    of = (template(value.text) for value in values if isinstance(value, yaml.Scalar))
    return [made for made in of if any(True for _ in outputs_in(made))]


def outputs_in(of: Template) -> Iterator[str]:
    """The outputs of other jobs that an expression reads."""
    for node in (node for expression in of.expressions for node in expression.walk()):
        if isinstance(node, Property) and isinstance(node.of, Property) and isinstance(node.of.key, Literal):
            output = output_of(node) if node.of.key.content == "outputs" else None
            if output is not None:
                yield output


def place_in_matrix(job: Job, row: Mapping[str, str], name: str) -> Place:
    """Where a matrix says a name of a row: in the row of its `include`, in an object, or as an axis."""
    lists = job.matrix.values.values() if isinstance(job.matrix, yaml.Mapping) else ()
    for item in (item for held in lists for item in _mappings(held)):
        if name in item.keys:
            scalars = (n for n, value in item.values.items() if isinstance(value, yaml.Scalar))
            if all(item.text(n) == row.get(n) for n in scalars if "${{" not in item.text(n)):
                return job.workflow.source.place(item.keys[name].start)
    return job.at("strategy", "matrix", name)


def _mappings(value: yaml.Value) -> Iterator[yaml.Mapping]:
    """The mappings in a value, the outer ones first."""
    if isinstance(value, yaml.Mapping):
        yield value
        yield from (inner for held in value.values.values() for inner in _mappings(held))
    elif isinstance(value, yaml.Sequence):
        yield from (inner for held in value.items for inner in _mappings(held))
