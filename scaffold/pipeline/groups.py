"""Concurrency groups: who holds which, and what a group is inside of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.pipeline.calls import Call, Leg
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import text_of, truth_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.runs import Run
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place
from scaffold.syntax.yaml import YamlSource


class Group(NamedTuple):
    """A concurrency group, held by a workflow as it is run, or by a leg of a job."""

    name: str
    """In small letters: GitHub compares it in any case."""
    cancels: bool | None
    queues: bool
    """Whether every run that waits for it gets its turn, and not the latest alone."""
    node: yaml.Scalar
    source: YamlSource
    holder: Call | Leg
    outer: Group | None
    """The group around it: of the workflow of a job, of the job that calls a workflow."""

    @property
    def place(self) -> Place:
        """Where its name stands."""
        return self.source.place(self.node.start)

    @property
    def by(self) -> Leg | None:
        """The leg that holds it, or that calls the workflow which does; None for the started workflow."""
        return self.holder if isinstance(self.holder, Leg) else self.holder.caller

    @property
    def job(self) -> Job | None:
        """The job of the started workflow that holds it; None where that is the workflow itself."""
        return self.by.root.job if self.by is not None else None

    @property
    def nested(self) -> bool:
        """Whether a called workflow has it, and not the one that was started."""
        call = self.holder.call if isinstance(self.holder, Leg) else self.holder
        return call.caller is not None

    @property
    def leg(self) -> str:
        """The leg of the started workflow's job that holds it; "" where that is the workflow itself."""
        return self.by.title if self.by is not None else ""

    @property
    def blind(self) -> str:
        """Its name where nobody knows the rows of the legs around it."""
        return text_of(template(self.node.text).value(self.holder.blind))

    @property
    def is_meant(self) -> bool:
        """Whether its authors mean that pushes cancel each other: a condition or a comment says so."""
        of = self.holder.job if isinstance(self.holder, Leg) else self.holder.workflow
        start, end = of.node.keys["concurrency"].start, of.node.values["concurrency"].end
        text = self.source.slice(self.source.comment_start(start, "#"), end)
        said = " ".join(re.findall(r"(?m)(?:^|\s)#(.*)$", text)).lower()
        if re.search(r"(?m)^[ \t]*+cancel-in-progress:.*\bgithub\.ref", text):
            return True
        tells = re.search(r"cancel|\bonly\b|latest", said) and re.search(_OF_PUSHES, said)
        return bool(tells and not re.search(_NEVER, said))

    @property
    def title(self) -> str:
        """What to call it in a report."""
        return f"group of {self.job.id}" if self.job is not None else "group"


_OF_PUSHES = r"\b(?:commit|push(?:es)?|branch(?:es)?|main|master|same tag)\b"
_NEVER = r"(?:\b(?:not|never)|n't)\b[^.;,]{0,20}\bcancel"


def holds_several(run: Run) -> bool:
    """Whether the files of a run name more than one group: without that nothing is inside of another."""
    workflows = {run.workflow, *(job.workflow for job in run.every_job)}
    nodes = [*(workflow.node for workflow in workflows), *(job.node for job in run.every_job)]
    return sum("concurrency" in node.values for node in nodes) > 1


def groups_of(run: Run) -> Iterator[Group]:
    """The concurrency groups of a run: of its workflows, and of the jobs that it may reach."""
    inside: dict[Call | Leg | None, Group | None] = {}
    whole = inside[None] = _group(Call(run, run.workflow), None)
    if whole is not None:
        yield whole
    held = [job for job in run.every_job if "concurrency" in job.node.values]
    called = {job.workflow for job in run.every_job} - {run.workflow}
    if not held and not any("concurrency" in workflow.node.values for workflow in called):
        return  # the jobs need no expansion
    for leg in run.jobs:
        if leg.reached is False:
            continue
        around = leg.call if leg.call.caller is not None else None
        if around not in inside:
            found = _group(leg.call, inside.get(leg.call.caller))
            inside[around] = found or inside.get(leg.call.caller)
            if found is not None:
                yield found
        own = _group(leg, inside[around])
        inside[leg] = own or inside[around]
        if own is not None:
            yield own


def _group(holder: Call | Leg, outer: Group | None) -> Group | None:
    of = holder.job if isinstance(holder, Leg) else holder.workflow
    value = of.node.get("concurrency")
    node = value.get("group") if isinstance(value, yaml.Mapping) else value
    if not isinstance(node, yaml.Scalar):
        return None
    options = value if isinstance(value, yaml.Mapping) else yaml.EMPTY
    cancel = options.get("cancel-in-progress")
    truth: bool | None = False
    if isinstance(cancel, yaml.Scalar):
        embedded = "${{" in cancel.text
        truth = truth_of(template(cancel.text).value(holder)) if embedded else cancel.text == "true"
    name = text_of(template(node.text).value(holder)).lower()
    source = holder.call.workflow.source if isinstance(holder, Leg) else holder.workflow.source
    queues = options.text("queue") == "max"
    return Group(name, truth, queues, node, source, holder, outer)
