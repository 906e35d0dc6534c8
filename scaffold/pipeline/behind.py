"""What stands behind a text: the lines of scripts that make the outputs and variables in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.model import Job
from scaffold.pipeline.steps import Occurrence, Step

_MAX_DEPTH = 4
"""Outputs that lead to outputs are followed this far."""


def behind(job: Job, outer: Occurrence | None, text: str, depth: int = 0) -> Iterator[str]:
    """A text of a job, or of a composite action that a step of it uses, and the lines that it is made by."""
    yield text
    for path in template(text).reads if depth < _MAX_DEPTH else ():
        match path:
            case "steps", name, "outputs", output:
                makers = (o.step for o in job.occurrences if o.step.id == name and o.outer is outer)
                lines = [line for step in makers for line in _made(step, output)]
            case "env", name:
                lines = variable(job, name)
            case "needs", name, "outputs", output if name in job.workflow.jobs:
                before = job.workflow.jobs[name]
                yield from behind(before, None, before.node.text("outputs", output), depth + 1)
                continue
            case _:
                continue
        for line in lines:
            yield from behind(job, outer, line, depth + 1)


def variable(job: Job, name: str) -> list[str]:
    """What gives a variable of a job its value: its own `env`, or lines of scripts."""
    makers = (o.step for o in job.occurrences if name in o.step.exported)
    lines = [line for step in makers for line in _made(step, name)]
    return lines + [holder.node.text("env", name) for holder in (job, job.workflow)]


def _made(step: Step, name: str) -> list[str]:
    """The lines of a step's script that write a name, or a variable in such a line; of an action its tags."""
    if not step.run:
        return [step.spelled("tags")]
    found: list[str] = []
    pending, seen = [name], {name}
    while pending:
        wanted = re.compile(rf"(?<![\w.$]){re.escape(pending.pop())}=")
        lines = [line for line in step.run.split("\n") if wanted.search(line.partition(" #")[0])]
        found += lines
        asked = set(re.findall(r"\$\{?(\w+)", "\n".join(lines))) - seen
        seen |= asked
        pending += sorted(asked)
    return found + [said for name in sorted(seen) if (said := step.node.text("env", name))]
