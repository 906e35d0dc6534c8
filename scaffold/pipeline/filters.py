"""Filters of changed files inside of a run: what a job or step asks before it builds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.errors import ShapeError
from scaffold.pipeline.model import Job
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
    conditions = [(jobs[0], step.node.text("if")), *((job, job.node.text("if")) for job in jobs)]
    for job, text in (asked for asked in conditions if ".outputs." in asked[1]):
        found = [f for output in re.finditer(_OUTPUT, text) for f in _behind(job, *output.groups())]
        ways = text.split("||")
        alone = len(ways) == 1 or all(re.fullmatch(_WAY, way) for way in ways)
        if found and alone and "!" not in text.replace("!cancelled()", ""):
            return found
    return []


_OUTPUT = r"(needs|steps)\.([\w-]+)\.outputs\.([\w-]+)"
_BY_HAND = r"github\.event_name\s*==\s*'(?:workflow_dispatch|schedule|release)'"
_WAY = rf"[\s(${{]*(?:{_OUTPUT}\s*==\s*'true'|{_BY_HAND})[\s)}}]*"
"""One of several conditions that are each enough: a filter, or an event that is no push."""


def _behind(job: Job, kind: str, name: str, output: str) -> Iterator[Filter]:
    """The filter whose output a step of a job says, or another job."""
    if kind == "needs":
        maker = job.workflow.jobs.get(name)
        said = re.search(_OUTPUT, maker.node.text("outputs", output)) if maker is not None else None
        if maker is not None and said is not None and said[1] == "steps":
            yield from _behind(maker, *said.groups())
        return
    for step in (step for step in job.steps if step.id == name):
        patterns = tuple(_patterns(step, output))
        if patterns:
            yield Filter(step, output, patterns)


def _patterns(step: Step, output: str) -> Iterator[str]:
    """The patterns behind one output of a filter; none where they stand elsewhere."""
    if step.action == PATHS_FILTER:
        text = step.node.text("with", "filters")
        if "\n" in text and "${{" not in text:
            try:
                node = yaml.read(YamlSource(step.path, text.encode()))
            except ShapeError:
                return
            own = node.get(output) if isinstance(node, yaml.Mapping) else None
            yield from (scalar.text.removeprefix("./") for scalar in yaml.scalars(own))
    elif step.action in CHANGED_FILES and output in ("any_changed", "any_modified"):
        yield from (line for line in lines(step.node.text("with", "files")) if "${{" not in line)
