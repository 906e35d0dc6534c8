"""What the scripts of jobs call: answers that are taken unseen, functions that a shell does not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax.shell import Assignment, Command, ShellSource
from scaffold.syntax.shell_branches import is_certain, is_condition
from scaffold.syntax.source import Place, parsed
from scaffold.syntax.step_script import line_of

if TYPE_CHECKING:
    from tree_sitter import Node


def first_calls(
    registry: Repository, wanted: Callable[[str], object], is_meant: Callable[[Command], bool]
) -> Iterator[tuple[Place, str, Command]]:
    """The first such command of every step, and of every shell script that steps name.

    Each with its place and the step or the file that it is in. Only scripts of a `wanted` text are parsed.
    """
    for text, script, step, job in _scripts(registry):
        commands = script.commands if wanted(text) else ()
        call = next(filter(is_meant, commands), None)
        if call is not None:
            yield place_in(call, step), f"{job.id} {step.title}" if step is not None else script.path, call


def place_in(command: Command, step: Step | None) -> Place:
    """Where a command stands: in a file of the repository, or in the script of a step."""
    if step is None or command.source.path:
        return command.source.place(command.start_byte)
    return Place(step.path, line_of(step.source, step.node, command.start_byte))


@lru_cache(maxsize=2)
def _scripts(registry: Repository) -> tuple[tuple[str, ShellSource, Step | None, Job], ...]:
    """The scripts of every step, and the shell scripts that they name, each once: these are of no step."""
    found: dict[Step | str, tuple[str, ShellSource, Step | None, Job]] = {}
    for job in registry.pipeline.jobs:
        for step in (occurrence.step for occurrence in job.occurrences):
            if step in found or not step.run:
                continue
            found[step] = step.run, step.script, step, job
            named = step.scripts if ".sh" in step.run else ()
            for path in (path for path in named if path.endswith(".sh") and path not in found):
                data = registry.tree.read(path)
                if data is not None:
                    found[path] = data.decode(errors="replace"), parsed(ShellSource, path, data), None, job
    return tuple(found.values())


class AnswerUnchecked(PipelineRule):
    """What a job takes from an address is an answer, and no page about an error.

    Why: `curl` ends well whatever the server says, unless it is told otherwise. The page about the error, or
    about the move, is taken for the answer: LocalAI's bumps of pins gave it to `sed` as the new pin, every
    night for ten days (#11012).

    Fails:

        sha=$(curl -s "https://acme.example/newest")

    Passes:

        sha=$(curl -sfL "https://acme.example/newest")

    Looked at is what a variable is set to, in steps and in the shell scripts that they name. There is one
    finding for a script, and none for a server on the machine itself, or its socket. A call that asks for
    the status itself (`-w`, `-i`) is fine, and so is one with options in a variable. So is an answer that the
    script tests, itself or what it makes of it, or gives to `grep` or to a `jq` that is a condition, or takes
    with `grep` or a `jq` of a list, a number or a `.json`, which find nothing in a page, as `jq -e` and
    Python's `json`. A function may print it for the script that tests it, or get it. Where the script gets
    what the answer names, with `wget` or `curl -f`, it ends there, or asks whether that was found. For a
    release of GitHub `-f` is not enough: it is always elsewhere.

    In LocalAI it is a warning; elsewhere an info, for its authors know better what a script makes of it.

    Fix: add `-f`, and `-L` where the address may move.
    """

    severity = Severity.info

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Scripts in which a variable takes what curl prints, whatever it is."""
        for place, subject, call in first_calls(registry, _TAKEN.search, _takes_anything):
            fails = any(_may_check(word, moved=False) for word in call.words)
            follows = any(map(_follows, call.words))
            yield self.finding(
                place,
                "",
                subject,
                "a variable takes what `curl` prints, also where that is a page about an error",
                "add -L" if fails else "add -f" if follows else "add -f, and -L where the address may move",
                severity=Severity.warning if isinstance(registry, Registry) else self.severity,
            )


_TAKEN = re.compile(r"=[\"']?(?:\$\(|`)[ \t]*curl\b")
_SAYING = frozenset({"--config", "--head", "--include", "--dump-header", "--write-out"})
_FAILING = frozenset({"--fail", "--fail-with-body"})
_TO_SOCKET = ("--unix-socket", "--abstract-unix-socket")
_VARIABLE = r"\$\{?(?!\w*(?i:(?<!c)url|uri|endpoint))\w+(?:\[[@*]\])?\}?"
_MOVED = r"https?://github\.com/[^?]+/releases/(?:latest(?:[/?]|$)|download/)"
"""Where GitHub always answers that what is asked for is elsewhere, which `-f` takes for an answer."""


def _follows(word: str) -> bool:
    """Whether an option of curl has it go where the server sends it."""
    return word.startswith("--location") or re.fullmatch(r"-[a-zA-KM-Z#]*L[a-zA-Z#]*", word) is not None


def _may_check(word: str, *, moved: bool) -> bool:
    """Whether curl fails by an option, says how it ended or asks no server, or may do so."""
    if word.startswith("--"):
        return word in _SAYING or (word in _FAILING and not moved) or word.partition("=")[0] in _TO_SOCKET
    if word.startswith("-"):
        letters = word[1:].replace("#", "")
        return not set("KIDiw" if moved else "KIDiwf").isdisjoint(letters) and letters.isalpha()
    return word.startswith("$") and re.fullmatch(_VARIABLE, word) is not None


_LOCAL = re.compile(r"(?:^|//|=[\"']?|:-)(?:localhost|0\.0\.0\.0|127\.|169\.254\.|\[::1?\])")


def _takes_anything(command: Command) -> bool:
    """Whether a variable is set to what a curl prints that never fails for what the server says."""
    if not command.starts("curl"):
        return False
    moved = any(re.match(_MOVED, word) for word in command.words) and not any(map(_follows, command.words))
    if any(_may_check(word, moved=moved) for word in command.words):
        return False
    source = command.source
    read = {*re.findall(r"\$\{?(\w+)", " ".join(command.words))}
    given = (source.text(a) for a in source.assignments if a.name in read)
    if any(map(_LOCAL.search, (*command.words, *given))):
        return False  # a server that the job itself has started
    around = source.parent(source.top(command.node, ("pipeline",)))
    if around is None or around.type != "command_substitution":
        return False
    holder = source.parent(source.top(around, ("string",)))
    if holder is None or holder.type != "variable_assignment":
        return False
    name = re.escape(source.text(holder).partition("=")[0])
    after = source.data[holder.end_byte :].decode(errors="replace")
    later = (a for a in source.assignments if a.start_byte >= holder.end_byte)
    used = re.compile(rf"\$\{{?{name}\b")
    made = [a for a in later if used.search(source.text(a))] + _taken_from_function(source, holder, used)
    names = "|".join({name: 0} | {re.escape(a.name): 0 for a in made})
    tested = any(re.search(_TESTS, before) for before in _before(names, after))
    required = re.search(rf"\$\{{(?:{names}):?\?", after)
    calls = [c for c in source.commands if around.start_byte < c.start_byte < around.end_byte]
    taken = re.compile(rf"\$\{{?(?:{names})\b")
    fed = [c for c in source.commands if c.start_byte > holder.end_byte and taken.search(_given_to(c))]
    fed += _fed_in_functions(source, taken)
    if calls[-1:] and calls[-1].starts("jq") and any(word.endswith(".json") for word in command.words):
        return False  # of a server of files, whose page about an error is no JSON
    if tested or required or any(_fails_for_a_page(c) or (c.starts("jq") and is_condition(c)) for c in fed):
        return False
    if any(map(_fails_for_a_page, calls)):
        return False
    later_calls = (c for c in source.commands if c.start_byte > holder.end_byte)
    got = [c for c in later_calls if _gets(c, taken)]
    ends = _stops(source) and any(is_certain(c) and not is_condition(c) for c in got)
    return not (ends or any(is_condition(c) and not _may_fail(c) for c in got))


def _stops(script: ShellSource) -> bool:
    """Whether a script ends where a command fails, as those of steps do."""
    words = (word for command in script.commands if command.starts("set") for word in command.words)
    return not script.path or any(w == "errexit" or re.fullmatch("-[a-df-z]*e[a-z]*", w) for w in words)


def _gets(command: Command, taken: re.Pattern[str]) -> bool:
    """Whether a command gets what an answer names, or is, and fails where there is nothing."""
    fails = command.starts("wget") or (command.starts("curl") and any(map(_is_failing, command.words)))
    if not fails or not any(taken.search(w) for w in command.words if "://" in w or taken.match(w)):
        return False
    around = command.source.parent(command.node)
    return around is None or around.type != "pipeline"


def _may_fail(command: Command) -> bool:
    """Whether a script goes on as it would have where a command fails: `|| true`."""
    rest = command.source.data[command.end_byte :].partition(b"\n")[0]
    return re.match(rb"[^;|]*+\|\|[ \t]*+(?:true|:)(?!\w)", rest) is not None


def _is_failing(word: str) -> bool:
    """Whether an option of curl has it fail for what the server says."""
    return word in _FAILING or re.fullmatch(r"-[a-eg-zA-Z#]*f[a-zA-Z#]*", word) is not None


def _taken_from_function(source: ShellSource, holder: Node, used: re.Pattern[str]) -> list[Assignment]:
    """What takes an answer from the function that asks for it and prints it."""
    within = [
        name
        for name, body in source.functions.items()
        if body.start_byte <= holder.start_byte < body.end_byte
        and any(
            holder.end_byte <= c.start_byte < body.end_byte and used.search(c.text)
            for c in source.commands
            if c.bare[:1] in (("echo",), ("printf",))
        )
    ]
    calls = re.compile(rf"(?:\$\(|`)[ \t]*(?:{'|'.join(map(re.escape, within))})(?![\w-])")
    return [a for a in source.assignments if calls.search(source.text(a))] if within else []


def _fed_in_functions(source: ShellSource, taken: re.Pattern[str]) -> Iterator[Command]:
    """The commands of functions that get to read an answer with which the function is called."""
    for call in source.commands if source.functions else ():
        body = source.functions.get(call.bare[0]) if call.bare else None
        given = [str(n) for n, word in enumerate(call.bare) if n and taken.search(word)]
        if body is None or not given:
            continue
        inside = range(body.start_byte, body.end_byte)
        own = _any_of(given)
        made = [a.name for a in source.assignments if a.start_byte in inside and own.search(source.text(a))]
        own = _any_of(given + made)
        yield from (c for c in source.commands if c.start_byte in inside and own.search(_given_to(c)))


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    """Any of some variables where a script reads it."""
    return re.compile(rf"\$\{{?(?:{'|'.join(names)})(?!\w)")


_TESTS = r"(?:\[|\btest|\bcase|(?:check|assert)\w{0,40})[ \t]"
"""What stands before a variable that a script tests."""


def _fails_for_a_page(command: Command) -> bool:
    """Whether a command finds nothing in a page, or no list, and fails."""
    words = command.bare[1:]
    if command.starts("jq"):
        return any(re.search(_FAILS_IN_JQ, word) for word in words)
    python = re.fullmatch(r"python[\d.]*", command.bare[0]) if command.bare else None
    reads = python is not None and any(re.search(r"json\.loads?\b", word) for word in words)
    return command.starts("grep") or (reads and any(re.search(r"\[[\"'\d]", word) for word in words))


_FAILS_IN_JQ = (
    r"\[\]|\b(?:tonumber|map|error|halt_error)\b|\A(?:--exit-status|-(?!-)[a-zA-Z]*e[a-zA-Z]*)\Z"
    r"|\A\s*(?:\.\s*\|\s*)?(?:\.\[(?:-?\d[\d,]*(?::-?\d*)?|:-?\d+)\](?!\?)|(?:first|last)\b(?!\())"
)
"""What makes jq fail that is given no list, no number, or nothing of what it is asked for."""


def _given_to(command: Command) -> str:
    """What a command gets to read of the script: what is piped to it, or stands behind `<<<`."""
    around = command.source.parent(command.node)
    kind = around.type if around is not None else ""
    end = around.end_byte if around is not None and kind == "redirected_statement" else command.end_byte
    piped = around.start_byte if around is not None and kind == "pipeline" else command.start_byte
    before = command.source.slice(piped, command.start_byte)
    return before + command.source.slice(command.start_byte, end).partition("<<<")[2]


def _before(names: str, text: str) -> Iterator[str]:
    """What stands before the last use of some variables, of each line that has one."""
    for line in text.split("\n"):
        *_, last = (-1, *(found.start() for found in re.finditer(rf"\$\{{?(?:{names})\b", line)))
        if last >= 0:
            yield line[:last]


MAKE_ONLY = (
    "abspath", "addprefix", "addsuffix", "filter-out", "findstring", "firstword", "foreach", "lastword",
    "notdir", "patsubst", "shell", "wildcard", "wordlist",
)  # fmt: skip
"""Functions of make that have the name of no program."""
_WITH_COMMAS = ("call", "filter", "subst", "word")
"""Functions of make that have the name of a program, of a script's function perhaps, that takes no commas."""


def _may_call_make(script: str) -> bool:
    """Whether a script may put in what a function of make gives."""
    return "$(" in script and any(f"$({name}" in script for name in MAKE_ONLY + _WITH_COMMAS)


def _is_of_make(command: Command) -> bool:
    """Whether a command puts in what a function of make gives, and no function of the script's."""
    name, *arguments = (*command.words[:2], "")
    source = command.source
    if name in source.functions or source.slice(command.start_byte - 2, command.start_byte) != "$(":
        return False
    if any(map(source.calls, ("source", "."))):  # there may be functions in it
        return False
    return name in MAKE_ONLY or (name in _WITH_COMMAS and "," in arguments[0])


class MakeFunctionInShell(PipelineRule):
    """A script calls no function of make.

    Why: in a shell `$(abspath .)` runs a program of that name, which there is not: "command not found", and
    nothing in its place. Where that is a part of a path, the step goes on with another one (5203fb37a).

    Fails:

        - run: FINCH=$(abspath ./)/finch make test

    Passes:

        - run: FINCH=$PWD/finch make test

    Looked at are the steps of jobs and the shell scripts that they name. Make's own files are not, nor is a
    script that defines a function of that name, or sources others.

    Fix: write what the shell has: `$PWD`, `$(realpath ...)`, `$(basename ...)`, a pattern.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Scripts with a function of make."""
        for place, subject, call in first_calls(registry, _may_call_make, _is_of_make):
            name = call.words[0]
            yield self.finding(
                place,
                "",
                f"{subject} {name}",
                f"`$({name} ...)` is make's: a shell looks for a program of that name",
                "write what the shell has, such as $PWD, $(realpath ...) or $(basename ...)",
            )
