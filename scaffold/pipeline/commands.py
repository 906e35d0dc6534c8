"""The commands of a step's script as a run has them: with the values of expressions and of variables."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import property_of, text_of
from scaffold.pipeline.scopes import StepRun
from scaffold.syntax.shell import Command, ShellSource

MAX_ROUNDS = 32
"""Rounds of a loop that are looked at."""


class Said(NamedTuple):
    """One command; of a loop over fixed words, one round of it."""

    words: tuple[str, ...]
    """Its words behind `sudo`, `env` and the like. A variable that nobody knows is as it is written."""
    folder: str
    """The folder of the repository in which it runs, as far as that is known."""
    command: Command


def said(step: StepRun, *programs: str) -> Iterator[Said]:
    """The commands of a step that begin with one of some programs."""
    script = step.step.script
    own = {command.node.id for command in script.commands if _program(command) in programs}
    if not own:
        return
    values, rounds = _Values(step), _rounds(script)
    folder = posixpath.normpath(working_directory(step) or ".")
    for command in (c for c in script.commands if c.node.id in own or _program(c) == "cd"):
        loops = [name for name in rounds if any(name in word for word in command.bare)]
        for chosen in itertools.product(*(rounds[name] for name in loops)):
            words = tuple(_split(command, values, dict(zip(loops, chosen, strict=True))))
            if words[:1] == ("cd",) and len(words) > 1:
                folder = posixpath.normpath(posixpath.join(folder, words[1]))
            elif words:
                yield Said(words, folder, command)


def _program(command: Command) -> str:
    return posixpath.basename(command.bare[0]) if command.bare else ""


def value_of(word: str, step: StepRun) -> str:
    """A word of a step's script with the values of what it names, as far as they are known."""
    return _Values(step).of(word, {})


def working_directory(step: StepRun) -> str:
    """Where a step's script runs; "" for the root of the checkout."""
    job = step.job.job
    holders = [step.step.node.text("working-directory")]
    holders += [h.text("defaults", "run", "working-directory") for h in (job.node, job.workflow.node)]
    return text_of(template(next(filter(None, holders), "")).value(step))


class _Values:
    """The variables that a script gets from the workflow, or sets itself for good."""

    def __init__(self, step: StepRun) -> None:
        self._step = step
        self._script = step.step.script
        self._open = any(self._script.calls(name) for name in ("source", ".", "eval"))

    def of(self, text: str, chosen: Mapping[str, str], depth: int = 0) -> str:
        """A text with the values of its expressions and variables."""
        text = text_of(template(text).value(self._step)) if "${{" in text else text
        if "$" not in text or depth > MAX_ROUNDS:
            return text
        return re.sub(_VARIABLE, lambda match: self._value(match, chosen, depth), text)

    def _value(self, match: re.Match[str], chosen: Mapping[str, str], depth: int) -> str:
        name, written = match[1] or match[2], match[0]
        if name in chosen:
            return self.of(chosen[name], {}, depth + 1)
        if name in _set(self._script):
            value = _settled(self._script).get(name)
            return self.of(value, {}, depth + 1) if value is not None else written
        if self._open or name in self._script.given:
            return written
        env, github = self._step.context("env"), self._step.context("github")
        if name.startswith("GITHUB_"):
            return text_of(property_of(github, name.removeprefix("GITHUB_").lower()))
        known = name in env or name in self._step.job.job.exported
        return text_of(property_of(env, name)) if known else written


_VARIABLE = r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})"


def _split(command: Command, values: _Values, chosen: Mapping[str, str]) -> Iterator[str]:
    """The words of a command; a variable without quotes may be several."""
    for word in command.bare:
        value = values.of(word, chosen)
        quote = command.source.slice(word.start_byte, word.start_byte + 1)
        if quote == "'":  # the shell leaves it as it is, GitHub does not
            yield values.of(word, {}) if "${{" in word else word
        elif quote != '"' and re.fullmatch(_VARIABLE, word):
            yield from value.split()
        else:
            yield value


def _set(script: ShellSource) -> frozenset[str]:
    """The variables that a script may set: by `=`, or as a loop's."""
    loops = re.findall(r"\bfor\s+(\w+)\b", script.bare.decode())
    return frozenset([*(assignment.name for assignment in script.assignments), *loops])


def _settled(script: ShellSource) -> dict[str, str]:
    """The variables that a script gives one value, whatever happens in it."""
    found: dict[str, str] = {}
    names = [assignment.name for assignment in script.assignments]
    for node, assignment in zip(script.nodes("variable_assignment"), script.assignments, strict=True):
        value = assignment.value or ""
        plain = script.parent(script.top(node, _PLAIN)) is None
        if plain and names.count(assignment.name) == 1 and not re.search(r"\$\(|`", value):
            found[assignment.name] = value
    return found


_PLAIN = ("program", "declaration_command", "variable_assignments")


def _rounds(script: ShellSource) -> dict[str, list[str]]:
    """The variables of loops over fixed words -> these words; of variables those in double quotes."""
    found: dict[str, list[str]] = {}
    for name, words in re.findall(r"\bfor\s+(\w+)\s+in\s+([^;\n]+)", script.bare.decode()):
        plain = re.sub(rf'"{_VARIABLE}"', "", words)
        if not re.search(r"[$`*?\\{]", plain):
            found[name] = [word.strip("'\"") for word in words.split()][:MAX_ROUNDS]
    return found
