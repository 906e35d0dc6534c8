"""The targets of bake files that a step builds, each as the inputs of the build action."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import Any

from scaffold.pipeline.commands import Said
from scaffold.pipeline.expressions.values import Unknown, is_known, text_of
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.patterns import fits, lines
from scaffold.pipeline.scopes import StepRun
from scaffold.syntax import bake

FILES = ("docker-bake.json", "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl")
"""The files that are read where none is named."""

_INPUTS = {name: name for name in ("cache-from", "cache-to", "context", "platforms", "tags")} | {
    "args": "build-args", "attest": "attests", "contexts": "build-contexts", "dockerfile": "file",
    "output": "outputs", "platform": "platforms", "provenance": "provenance", "push": "push",
    "target": "target",
}  # fmt: skip
"""Attribute of a target -> the input of the build action that says the same."""

MAX_TARGETS = 64
MAX_DEPTH = 8

_Targets = dict[str, dict[str, Any]]


def of_action(step: StepRun) -> list[dict[str, str]]:
    """The builds of a step of the bake action."""
    folder = step.input("workdir") or "."
    source = step.input("source")
    if source and not re.search(r"[:{]", source):
        folder = posixpath.join(folder, source)
    named = [name for line in lines(step.input("files")) for name in line.split(",")]
    targets = [name for line in lines(step.input("targets")) for name in line.split(",")]
    pushed: dict[str, str] = {n: step.input(n) for n in ("push", "provenance") if step.input(n)}
    return list(_builds(step, folder, named, targets, list(lines(step.input("set"))), pushed))


def of_command(step: StepRun, one: Said, words: Iterable[str]) -> Iterator[dict[str, str]]:
    """The builds of a `docker buildx bake`."""
    found: dict[str, list[str]] = {}
    targets: list[str] = []
    pending = iter(words)
    for word in pending:
        flag, sign, value = word.lstrip("-").partition("=")
        if not word.startswith("-"):
            targets.append(word)
        elif flag not in ("push", "load", "no-cache", "pull", "print", "check"):
            found.setdefault(flag, []).append(value if sign else next(pending, ""))
        else:
            found[flag] = [value or "true"]
    pushed: dict[str, str] = {n: found[n][-1] for n in ("push", "provenance") if n in found}
    named = found.get("file", []) + found.get("f", [])
    return _builds(step, one.folder, named, targets, found.get("set", []), pushed)


def _builds(
    step: StepRun,
    folder: str,
    named: list[str],
    targets: list[str],
    settings: list[str],
    given: dict[str, str],
) -> Iterator[dict[str, str]]:
    pipeline = step.job.job.workflow.pipeline
    files = [found for name in named or FILES if (found := _read(pipeline, folder, name)) is not None]
    known: _Targets = {}
    groups: dict[str, list[str]] = {}
    variables: dict[str, str] = {}
    for file in files:
        known |= {name: known.get(name, {}) | values for name, values in file.targets.items()}
        groups |= file.groups
        variables |= file.variables
    env = step.context("env")
    variables |= {name: text_of(env[name]) for name in variables if name in env}
    for name in list(_chosen(targets or ["default"], groups, known))[:MAX_TARGETS]:
        values = _inherited(name, known)
        texts = ((_INPUTS[key], _joined(values[key], variables)) for key in values.keys() & _INPUTS.keys())
        inputs = {wanted: text for wanted, text in texts if text}
        replaced: set[str] = set()
        for setting in settings:
            left, _, value = setting.partition("=")
            pattern, _, key = left.rstrip("+").partition(".")
            wanted = _INPUTS.get(key, "")
            if wanted and fits(pattern, name):
                kept = inputs.get(wanted, "") if left.endswith("+") or wanted in replaced else ""
                inputs[wanted] = f"{kept}\n{value}" if kept else value
                replaced.add(wanted)
        context = inputs.get("context", "." if name in known else text_of(Unknown(f"target {name}")))
        if "://" not in context and "$" not in context and is_known(context):
            context = posixpath.join(folder, context)
            inputs["file"] = posixpath.join(context, inputs.get("file", "Dockerfile"))
        yield inputs | {"context": context} | given


def _read(pipeline: Pipeline, folder: str, name: str) -> bake.Bake | None:
    data = pipeline.read(posixpath.normpath(posixpath.join(folder, name)))
    return bake.read(data) if data is not None and name.endswith((".hcl", ".json")) else None


def _chosen(names: Iterable[str], groups: dict[str, list[str]], known: _Targets) -> Iterator[str]:
    """The targets that some names of targets and groups stand for; a name that no file has may be one."""
    pending, seen = list(names), set()
    while pending:
        name = pending.pop(0)
        if name not in seen:
            seen.add(name)
            pending += groups.get(name, [])
            if name in known or name not in groups:
                yield name


def _inherited(name: str, known: _Targets, depth: int = 0) -> dict[str, Any]:
    own = known.get(name, {})
    found: dict[str, Any] = {}
    for parent in (
        own.get("inherits", []) if depth < MAX_DEPTH and isinstance(own.get("inherits"), list) else ()
    ):
        found |= _inherited(str(parent), known, depth + 1)
    return found | own


def _joined(value: Any, variables: dict[str, str]) -> str:
    """A value of a target as text: a line for each item."""
    if isinstance(value, dict):
        value = [f"{name}={item}" for name, item in value.items() if isinstance(item, str)]
    items = value if isinstance(value, list) else [value]
    texts = [item for item in items if isinstance(item, str)]
    return "\n".join(re.sub(r"\$\{(\w+)\}", lambda m: variables.get(m[1], m[0]), text) for text in texts)
