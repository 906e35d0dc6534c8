"""The values that a text of a step may have in a run: where scripts choose one of several, each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.pipeline.commands import value_of
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Occurrence
from scaffold.syntax.shell import ShellSource

_MOST = 16
"""Values of one text that are looked at."""
_MAX_DEPTH = 4
"""Outputs and variables that lead to others are followed this far."""


def alternatives(step: StepRun, text: str, depth: int = 0) -> list[str]:
    """Each value of a text of a step or of its script, with holes and `$` for what nobody knows."""
    found, end = [""], 0
    for place in re.finditer(_NAMED, text):
        own = _of_name(step, place, depth)
        found = [start + text[end : place.start()] + value for start in found for value in own]
        end = place.end()
    return [start + text[end:] for start in found] if len(found) <= _MOST else [value_of(text, step)]


_NAMED = r"\$\{\{[^{}]*+\}\}|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})"


def _of_name(step: StepRun, place: re.Match[str], depth: int) -> list[str]:
    """The values of a variable or an expression."""
    value = value_of(place[0], step)
    if (is_known(value) and "$" not in value) or depth >= _MAX_DEPTH:
        return [value]
    name = place[1] or place[2]
    if not name:
        return [*_of_output(step.job, step.occurrence.outer, template(place[0]).output, depth)] or [value]
    own = step.step.node.text("env", name)
    texts = [own] if own else _assigned(step.step.script, name)
    return [one for text in texts for one in alternatives(step, text, depth + 1)] or [value]


def _of_output(leg: JobRun, outer: Occurrence | None, path: tuple[str, ...], depth: int) -> Iterator[str]:
    """The values of an output of a step of a job, or of a job that it waits for."""
    run = leg.call.run
    match path:
        case "steps", name, "outputs", output:
            for maker in (o for o in leg.job.occurrences if o.step.id == name and o.outer is outer):
                for text in _written(maker.step.script, output):
                    yield from alternatives(leg.bind(maker), text, depth + 1)
        case "needs", name, "outputs", output if isinstance(run, Run):
            legs = [other for other in run.jobs if other.call is leg.call and other.job.id == name]
            for other in legs if len(legs) == 1 else ():
                said = template(other.job.node.text("outputs", output))
                yield from _of_output(other, None, said.output, depth)


def _assigned(script: ShellSource, name: str) -> list[str]:
    """The values that a script gives a variable, where it gives them by `=` alone; else none."""
    found = [re.sub(_OF_FILE, r"\1", a.value or "") for a in script.assignments if a.name == name]
    otherwise = name in script.given or re.search(rf"\b(?:for\s+{name}\b|{name}\+=)", script.bare.decode())
    return [] if otherwise or any(re.search(r"\$\(|`", value) for value in found) else found


_OF_FILE = r"\$\(cat ([\w./-]+)\)"
"""What a file of the repository says: the next push finds the same, as long as nobody changes it."""


def _written(script: ShellSource, output: str) -> list[str]:
    """The values that a script writes to an output, each by an `echo`; none where there may be others."""
    found = []
    for command in script.commands:
        around = script.parent(command.node)
        written = around is not None and around.type == "redirected_statement"
        if written and command.starts("echo") and command.words[-1].startswith(f"{output}="):
            found.append(command.words[-1].partition("=")[2])
    times = len(re.findall(rf"(?<![\w.$-]){re.escape(output)}(?:=|<<)", script.bare.decode()))
    return found if len(found) == times and not any(re.search(r"\$\(|`", v) for v in found) else []
