"""What several legs say alike although only a run knows it: a script that has nothing of its leg in it."""

from __future__ import annotations

import posixpath
import re

from scaffold.pipeline.docker import METADATA
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, text_of
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.syntax.shell import Command

_SAYING = frozenset({"[", "date", "echo", "exit", "export", "git", "printf", "set", "test", "true"})
_READING = frozenset({"awk", "cat", "cut", "grep", "head", "jq", "node", "sed", "sort", "tail", "tr", "yq"})
"""Commands that say the same on every runner: these where they read files of the repository, or a pipe."""

_OF_RUNNER = r"RUNNER_|%[sSNMH]|process\.(?:arch|platform)|[*?](?=[\w./]*\.)"
_OF_RUN = frozenset(
    {"GITHUB_BASE_REF", "GITHUB_ENV", "GITHUB_HEAD_REF", "GITHUB_OUTPUT", "GITHUB_REF", "GITHUB_REF_NAME"}
    | {"GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_RUN_NUMBER", "GITHUB_SHA", "GITHUB_WORKSPACE"}
)
VERSIONS = frozenset(
    {"actions/setup-dotnet", "actions/setup-go", "actions/setup-java", "actions/setup-node"}
    | {"actions/setup-python", "astral-sh/setup-uv"}
)
"""Actions whose outputs are the version that they set up."""


def alike(text: str, leg: JobRun) -> str:
    """A rendered text in which what a step of the leg says is what it does, where that is all it needs."""
    if is_known(text) or f"@{leg.label}" not in text:
        return text
    found = re.sub(_OF_STEP, lambda m: _said(m[0], leg, m[2]) if m[1] == leg.label else m[0], text)
    return re.sub(_OF_ENV, lambda m: _exported(m[0], leg, m[2]) if m[1] == leg.label else m[0], found)


_OF_STEP = r"steps@([\w/#-]+)\.(?:\d+\.)*([\w-]+)(?=\.)"
_OF_ENV = r"env@([\w/#-]+)\.(\w+)"


def _said(label: str, leg: JobRun, name: str) -> str:
    """What a step does, where that is the same in another leg; else its label."""
    steps = [leg.bind(o) for o in leg.job.occurrences if o.step.id == name]
    done = _done(steps[0]) if len(steps) == 1 else ""
    return f"steps:{done}" if done else label


def _exported(label: str, leg: JobRun, name: str) -> str:
    """What the one step does that gives a variable its value; else its label."""
    makers = [o for o in leg.job.occurrences if name.lower() in map(str.lower, o.step.exported)]
    done = _done(leg.bind(makers[0])) if len(makers) == 1 else ""
    return f"env:{done}.{name}" if done else label


def _done(step: StepRun) -> str:
    """What a step does, rendered; "" where another leg may do another thing with it."""
    own = step.step
    if own.run:
        done = _ran(step)
    elif own.action == METADATA or own.action in VERSIONS:
        done = " ".join(f"{name}={step.input(name)}" for name in own.given)
    else:
        done = ""
    if f"@{step.job.label}" in done:
        return ""
    return done.replace(HOLE, "<").replace(HOLE_END, ">")


def _ran(step: StepRun) -> str:
    """The script of a step with the values that it takes; "" where it looks at its runner or at new files."""
    script, env = step.step.script, step.context("env")
    if re.search(_OF_RUNNER, step.step.run) or not all(_is_same(c, step) for c in script.commands):
        return ""
    own = {*script.given, *(a.name for a in script.assignments)}
    taken = {str(script.variable(node)) for node in script.nodes("simple_expansion", "expansion")} - own
    if any(name not in env and name not in _OF_RUN for name in taken):
        return ""
    given = (f"{name}={text_of(env[name])}" for name in sorted(taken) if name in env)
    return " ".join((text_of(template(step.step.run).value(step)), *given))


def made_of(text: str, step: StepRun) -> str:
    """What a step's script makes the variables of a text from, where only a run knows what they are."""
    if "$" not in text:
        return ""
    script, env = step.step.script, step.context("env")
    names, found = re.findall(_VARIABLE, text), dict[str, str]()
    while names:
        name = names.pop()
        if name not in found:
            given = "\0".join(script.text(a) for a in script.assignments if a.name == name)
            found[name] = text_of(template(given).value(step)) if given else text_of(env.get(name, ""))
            names += re.findall(_VARIABLE, given)
    return "\0".join(f"{name}={found[name]}" for name in sorted(found))


_VARIABLE = r"\$\{?([A-Za-z_]\w*)"


def _is_same(command: Command, step: StepRun) -> bool:
    """Whether a command says the same in every leg."""
    name = command.bare[0] if command.bare else ""
    if name in _SAYING:
        return True
    if name not in _READING:
        return False
    parent = command.source.parent(command.node)
    path = posixpath.normpath(command.bare[-1])
    in_pipe = parent is not None and parent.type == "pipeline"
    return in_pipe or step.job.job.workflow.pipeline.read(path) is not None
