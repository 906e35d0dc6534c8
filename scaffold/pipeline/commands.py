"""The commands of a step's script as a run has them: with the values of expressions and of variables."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.called_scripts import MAX_DEPTH, Called, called_by, calls_in
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import property_of, text_of
from scaffold.pipeline.makefiles import variables
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import folder_of
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.shell_branches import is_certain

MAX_ROUNDS = 32
"""Rounds of a loop that are looked at."""


class Said(NamedTuple):
    """One command; of a loop over fixed words, one round of it."""

    words: tuple[str, ...]
    """Its words behind `sudo`, `env` and the like. A variable that nobody knows is as it is written."""
    folder: str
    """The folder of the repository in which it runs, as far as that is known."""
    command: Command
    sure: bool
    """Whether the step's script comes to it."""

    @property
    def called(self) -> bool:
        """Whether it stands in a script that the step's script runs."""
        return bool(self.command.source.path)


def said(step: StepRun, *programs: str) -> Iterator[Said]:
    """The commands of a step that begin with one of some programs, and those of the scripts that it runs."""
    script = step.step.script
    calls = called_by(step.job.job, step.step)
    may = any(program.encode() in script.data for program in programs)
    if calls or (may and not _by_program(script).keys().isdisjoint(programs)):
        folder = posixpath.normpath(working_directory(step) or ".")
        yield from _said(_Values(step, script), calls, folder, programs)


def _said(
    values: _Values, calls: Sequence[Called], folder: str, programs: Collection[str], depth: int = 1
) -> Iterator[Said]:
    """The commands of a script, where its variables have some values."""
    script = values.script
    running = {call.by.node.id: [one for one in calls if one.by is call.by] for call in calls}
    places = _by_program(script)
    own = {place for program in programs for place in places.get(program, ())}
    if not own and not running:
        return
    rounds = _rounds(script)
    idle = _idle(script) if depth > 1 else frozenset()
    calling = (place for place, command in enumerate(script.commands) if command.node.id in running)
    for place in sorted({*own, *places.get("cd", ()), *(calling if running else ())}):
        command = script.commands[place]
        if command.node.id in idle:
            continue
        loops = [name for name in rounds if any(name in word for word in command.bare)]
        for chosen in itertools.product(*(rounds[name] for name in loops)):
            words = tuple(_split(command, values, dict(zip(loops, chosen, strict=True))))
            if words[:1] == ("cd",) and len(words) > 1:
                folder = posixpath.normpath(posixpath.join(folder, words[1]))
            elif words and place in own:
                yield Said(words, folder, command, is_certain(command))
        for call in running.get(command.node.id, ()) if depth <= MAX_DEPTH else ():
            inner = calls_in(values.pipeline, call.script, call.folder)
            for one in _said(values.inside(call), inner, call.folder, programs, depth + 1):
                yield one._replace(sure=one.sure and is_certain(command))


@lru_cache(maxsize=4096)
def _idle(script: ShellSource) -> frozenset[int]:
    """The commands of a script, by their nodes, in functions that it never calls itself."""
    called = {command.bare[0] for command in script.commands if command.bare}
    idle = bytearray(len(script.data))
    for name, body in script.functions.items():
        if name not in called:
            idle[body.start_byte : body.end_byte] = b"\1" * (body.end_byte - body.start_byte)
    return frozenset(command.node.id for command in script.commands if idle[command.start_byte])


@lru_cache(maxsize=4096)
def _by_program(script: ShellSource) -> Mapping[str, list[int]]:
    """Program -> the places, among the commands of a script, of those that begin with it."""
    found: dict[str, list[int]] = {}
    for place, command in enumerate(script.commands):
        if command.bare:
            found.setdefault(posixpath.basename(command.bare[0]), []).append(place)
    return found


def value_of(word: str, step: StepRun) -> str:
    """A word of a step's script with the values of what it names, as far as they are known."""
    return _Values(step, step.step.script).of(word, {})


def given(words: Sequence[str], *flags: str) -> list[str]:
    """What follows one of some flags, as the next word or behind `=`."""
    after = [value for word, value in itertools.pairwise(words) if word in flags]
    starts = tuple(f"{flag}=" for flag in flags)
    return after + [word.partition("=")[2] for word in words if word.startswith(starts)]


def working_directory(step: StepRun) -> str:
    """Where a step's script runs; "" for the root of the checkout."""
    job = step.job.job
    return text_of(template(folder_of(step.step, job.node, job.workflow.node)).value(step))


class _Values:
    """The variables that a script gets from the workflow, or sets itself for good."""

    def __init__(self, step: StepRun, script: ShellSource, outer: _Values | None = None) -> None:
        self._step = step
        self.script = script
        self.pipeline = step.job.job.workflow.pipeline
        self._outer = outer
        """The variables of the script that runs this one."""
        self._given: dict[str, str] = {}
        """What that one gives it: its operands, and variables."""
        self._sourced = False
        self._open = _is_open(script)

    def inside(self, call: Called) -> _Values:
        """The variables of a script that this one runs."""
        found = (_MakeValues if call.of_make else _Values)(self._step, call.script, self)
        found._sourced = call.sourced
        operands = [self.of(word, {}) for word in call.operands]
        before = (a for a in self.script.assignments if call.by.start_byte <= a.start_byte < call.by.end_byte)
        found._given = {a.name: self.of(a.value or "", {}) for a in before}
        if call.of_make:
            found._given |= {name: value for name, _, value in (word.partition("=") for word in operands)}
        elif not call.script.functions:  # they have operands of their own
            found._given |= {str(number): word for number, word in enumerate(operands, 1)}
        return found

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
        if name in _set(self.script):
            value = _settled(self.script).get(name)
            return self.of(value, {}, depth + 1) if value is not None else written
        if name in self._given:
            return self._given[name]
        if self._open or name in self.script.given:
            return written
        if self._outer is not None:
            return self._outer.handed(match, depth, sourced=self._sourced)
        env, github = self._step.context("env"), self._step.context("github")
        if name.startswith("GITHUB_"):
            return text_of(property_of(github, name.removeprefix("GITHUB_").lower()))
        known = name in env or name in self._step.job.job.exported
        return text_of(property_of(env, name)) if known else written

    def handed(self, match: re.Match[str], depth: int, *, sourced: bool) -> str:
        """The value of a variable in a script that this one runs."""
        name = match[1] or match[2]
        exported = sourced or name in _exported(self.script)
        kept = not exported and name in _set(self.script)
        return match[0] if name.isdigit() or kept else self._value(match, {}, depth)


class _MakeValues(_Values):
    """The variables of a recipe: make replaces its own, and hands `$$` to the shell as `$`."""

    def of(self, text: str, chosen: Mapping[str, str], depth: int = 0) -> str:
        if "$" in text and depth <= MAX_ROUNDS:
            text = re.sub(_OF_MAKE, lambda match: self._made(match, depth), text).replace("$$", "$")
        return super().of(text, chosen, depth)

    def _made(self, match: re.Match[str], depth: int) -> str:
        """The value of one of make's variables; as it is written where nobody knows it."""
        name = match[1] or match[2]
        value = self._given.get(name)
        if value is not None:
            return value
        known = variables(self.pipeline.read(self.script.path) or b"")
        if name not in known:
            return super().of(f"${{{name}}}", {}, depth + 1)
        value, is_default = known[name]
        of_env = super().of(f"${{{name}}}", {}, depth + 1) if is_default else f"${{{name}}}"
        if of_env != f"${{{name}}}":
            return of_env
        return self.of(value, {}, depth + 1) if value is not None else match[0]


_VARIABLE = r"\$(?:([A-Za-z_]\w*|[1-9])|\{([A-Za-z_]\w*|[1-9])\})"
_OF_MAKE = r"(?<!\$)\$(?:\(([\w.-]+)\)|\{([\w.-]+)\})"


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


@lru_cache(maxsize=4096)
def _is_open(script: ShellSource) -> bool:
    """Whether another file, or a text that is made, may give any variable of a script a value."""
    return any(script.calls(name) for name in ("source", ".", "eval"))


@lru_cache(maxsize=4096)
def _exported(script: ShellSource) -> frozenset[str]:
    """The variables that a script hands to what it runs."""
    return script.assigned(script.root, "export")


@lru_cache(maxsize=4096)
def _set(script: ShellSource) -> frozenset[str]:
    """The variables that a script may set: by `=`, or as a loop's."""
    return frozenset(assignment.name for assignment in script.assignments) | _looped(script)


def _looped(script: ShellSource) -> frozenset[str]:
    """The variables of a script's loops."""
    return frozenset(re.findall(r"\bfor\s+(\w+)\b", script.bare.decode()))


@lru_cache(maxsize=4096)
def _settled(script: ShellSource) -> dict[str, str]:
    """The variables that a script gives one value, whatever happens in it."""
    found: dict[str, str] = {}
    times = Counter(assignment.name for assignment in script.assignments)
    otherwise = script.given | _looped(script)
    for node, assignment in zip(script.nodes("variable_assignment"), script.assignments, strict=True):
        value = assignment.value or ""
        plain = script.parent(script.top(node, _PLAIN)) is None
        once = times[assignment.name] == 1 and assignment.name not in otherwise
        if plain and once and not re.search(r"\$\(|`", value):
            found[assignment.name] = value
    return found


_PLAIN = ("program", "declaration_command", "variable_assignments")


@lru_cache(maxsize=4096)
def _rounds(script: ShellSource) -> dict[str, list[str]]:
    """The variables of loops over fixed words -> these words; of variables those in double quotes."""
    found: dict[str, list[str]] = {}
    for name, words in re.findall(r"\bfor\s+(\w+)\s+in\s+([^;\n]+)", script.bare.decode()):
        plain = re.sub(rf'"{_VARIABLE}"', "", words)
        if not re.search(r"[$`*?\\{]", plain):
            found[name] = [word.strip("'\"") for word in words.split()][:MAX_ROUNDS]
    return found
