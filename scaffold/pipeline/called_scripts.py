"""The scripts that a step's script runs: shell scripts of the repository, and recipes of its Makefiles."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline.makefiles import makefile, recipes_of, rule_of
from scaffold.pipeline.model import Job, Pipeline
from scaffold.pipeline.script_folders import in_folders, placed
from scaffold.pipeline.steps import CHECKOUT, Step, folder_of
from scaffold.syntax.make import Call
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.source import parsed

MAX_DEPTH = 3
"""Scripts that call scripts are followed this far."""
MAX_GOALS, OF_FILE = 32, 16
"""Goals that need each other are looked through this far for what is of interest; a file counts as many."""

_SHELLS = ("bash", "sh", "dash")
_SOURCES = ("source", ".")


class Called(NamedTuple):
    """A script and the command that runs it."""

    by: Command
    script: ShellSource
    folder: str
    """Where it starts, from the root."""
    operands: tuple[str, ...] = ()
    """What it is given: for make the variables, as `name=value`."""
    of_make: bool = False

    @property
    def sourced(self) -> bool:
        """Whether it has the variables of the script that runs it."""
        return self.by.bare[0] in _SOURCES


@lru_cache(maxsize=4096)
def called_by(job: Job, step: Step) -> tuple[Called, ...]:
    """What a step's script runs that may be of interest here."""
    if "/" not in step.run and "make" not in step.run and ".sh" not in step.run:
        return ()
    folder, home = _start(job, step)
    return ran_by(job, step) if _reaches(job.workflow.pipeline, step.run, folder, home) else ()


def ran_by(job: Job, step: Step) -> tuple[Called, ...]:
    """What a step's script runs.

    Nothing where another repository may be checked out in the place of this one.
    """
    return calls_in(job.workflow.pipeline, step.script, *_start(job, step)) if _is_here(job) else ()


def scripts_run_by(job: Job, step: Step) -> list[ShellSource]:
    """The script of a step, and the shell scripts of the repository that it runs, of whatever interest."""
    calls = ran_by(job, step) if "/" in step.run else ()
    return [step.script, *(called.script for called in calls if not called.of_make)]


def _start(job: Job, step: Step) -> tuple[str, str]:
    """The folder in which a step works, and the one of the workflow or the action that it is of."""
    around = (job.node, job.workflow.node) if step.path == job.path else ()
    return folder_of(step, *around) or ".", posixpath.dirname(step.path)


def _reaches(pipeline: Pipeline, text: str, folder: str, home: str, depth: int = 0) -> bool:
    """Whether a file or a goal that a script may run has anything of interest, before any is parsed.

    What a Makefile without a tool of interest calls is not looked at.
    """
    if depth > MAX_GOALS:
        return False
    goals, files, folders = _named(text, is_step=not depth)
    around = (folder, *(posixpath.join(folder, found) for found in folders))
    if any(_is_goal_of_interest(pipeline, at, goal, depth) for goal in goals for at in around):
        return True
    for file in files:
        places = (".", home) if file.startswith("/") else around
        paths = (posixpath.normpath(posixpath.join(at, file.lstrip("/"))) for at in places)
        if any(_is_file_of_interest(pipeline, path, depth + OF_FILE) for path in paths):
            return True
    return False


def _named(text: str, *, is_step: bool) -> tuple[list[str], list[str], list[str]]:
    """The goals of make, the files and the folders that a script may name as what it runs, or where.

    A file behind a variable begins with a slash. One without an ending is looked for in a step alone.
    """
    goals: list[str] = []
    files: list[str] = []
    folders: list[str] = []
    for line in text.split("\n"):
        if ".sh" not in line and "make" not in line and "MAKE" not in line and not (is_step and "/" in line):
            continue
        before, making = "", False
        for word in line.split():
            plain = word.strip("\"'`;()@")
            if before == "cd" or (before[-1:] == "C" and before[0] == "-"):
                folders.append(plain)
            elif making and plain.translate(_SIGNS).isalnum():
                goals.append(plain)
            elif plain in _MAKE:
                making = True
            elif word in ("&&", "||", "|"):
                making = False
            elif "/" in plain or plain.endswith(".sh"):
                known = before in _BEFORE or "=" in before or plain[0] in "$}"
                if plain[0] in "$}":
                    plain = plain[plain.find("/") :]
                if known and plain.translate(_SIGNS).isalnum():
                    files.append(plain)
            before = plain if word[-1] != ";" else ""
    return goals, files, folders


_SIGNS = str.maketrans("", "", "./_-")
_MAKE = frozenset({"make", "gmake", "$(MAKE", "${MAKE}"})
_BEFORE = frozenset(
    {"", "!", "&&", "||", "|", "then", "do", "if", "sudo", "exec", "bash", "sh", "source", ".", "-e", "-x"}
    | {"-ex", "-eu", "-eux", "-eo", "-euo", "-euxo", "pipefail"}
)
"""Words before what is run."""
_TOOLS = (b"docker", b"podman", b"nerdctl", b"buildah", b"ko ", b"brew ")
_USES = frozenset(
    {b"apply", b"b", b"bake", b"bud", b"build", b"create", b"install", b"link", b"login", b"publish", b"push"}
    | {b"reinstall", b"resolve", b"tag", b"uninstall", b"unlink", b"upgrade", b"use"}
)
"""Tools, and what they do of which a rule may want to know something."""


@lru_cache(maxsize=4)
def _known(pipeline: Pipeline) -> dict[tuple[str, str], bool]:  # noqa: ARG001
    """What was looked at: for a folder the goals, and the files that are run there."""
    return {}


def _is_goal_of_interest(pipeline: Pipeline, folder: str, goal: str, depth: int) -> bool:
    """Whether what a folder's Makefile does for a goal has anything of interest."""
    known, key = _known(pipeline), (folder, goal)
    if key not in known:
        known[key] = False  # where it leads back to itself
        _, data = makefile(pipeline, folder) or ("", b"")
        rule = rule_of(data, goal) if _has_tools(data) else None
        if rule is not None:
            recipe = data[rule.start : rule.end]
            text = f"make {' '.join(rule.needs)}\n{recipe.decode(errors='replace')}"
            known[key] = _has_use(recipe) or _reaches(pipeline, text, folder, folder, depth + 1)
    return known[key]


def _is_file_of_interest(pipeline: Pipeline, path: str, depth: int) -> bool:
    """Whether a file of the repository, or what it runs, has anything of interest."""
    known, key = _known(pipeline), ("", path)
    if key not in known:
        known[key] = False
        data = (pipeline.read(path) if not path.startswith(("/", "..")) else None) or b""
        deeper = depth < MAX_GOALS and (b"make" in data or b".sh" in data)
        known[key] = (_has_tools(data) and _has_use(data)) or (
            deeper and _reaches(pipeline, data.decode(errors="replace"), ".", posixpath.dirname(path), depth)
        )
    return known[key]


def _has_tools(data: bytes) -> bool:
    return any(tool in data for tool in _TOOLS)


def _has_use(data: bytes) -> bool:
    lines = (line for line in data.split(b"\n") if _has_tools(line))
    return any(not _USES.isdisjoint(line.split()) for line in lines)


def goals_at_root(job: Job) -> Iterator[tuple[Step, int, str]]:
    """(step, offset in its script, goal) of what the steps of a job make by the root Makefile, and must make.

    Nothing where another repository may be checked out in the place of this one.
    """
    making = [step for step in job.steps if "make" in step.run and "pushd" not in step.run]
    if not making or not _is_here(job) or not any(o.step.action == CHECKOUT for o in job.occurrences):
        return
    for step in making:
        for command, at in in_folders(step.script, *_start(job, step)):
            made = Call.of(command)
            if made is None or made.folder or posixpath.normpath(at) != "." or _ELSEWHERE & {*command.bare}:
                continue
            if b"||" not in step.script.data[command.start_byte : command.end_of_statement]:
                yield from (
                    (step, command.start_byte, goal) for goal in made.goals if re.fullmatch(_GOAL, goal)
                )


_ELSEWHERE = {"-f", "-n", "-q", "-k", "-i", "--file", "--dry-run", "--makefile", "--keep-going"}
_GOAL = r"[A-Za-z][\w./-]*"


@lru_cache(maxsize=1024)
def all_called(job: Job, step: Step) -> tuple[ShellSource, ...]:
    """The scripts that a step's script runs, and those that they run, of a job that knows of images."""
    if not _knows_images(job):
        return ()
    pipeline = job.workflow.pipeline
    found: dict[ShellSource, None] = {}
    pending = [(called, 1) for called in called_by(job, step)]
    for called, depth in pending:
        if called.script not in found and depth <= MAX_DEPTH:
            found[called.script] = None
            pending += ((inner, depth + 1) for inner in calls_in(pipeline, called.script, called.folder))
    return tuple(found)


@lru_cache(maxsize=1024)
def _knows_images(job: Job) -> bool:
    """Whether a job logs in, has a secret or sets up a builder: else no script of it pushes or emulates."""
    data = job.workflow.source.data
    texts = {data[job.node.start : job.node.end], data[: job.workflow.node.start_of(("jobs",), 0)]}
    texts |= {o.step.source.data for o in job.occurrences if o.step.path != job.path}
    return any(word in text for text in texts for word in _OF_IMAGES)


_OF_IMAGES = (b"login", b"buildx", b"secrets", b"qemu", b"github.token", b"binfmt")


@lru_cache(maxsize=1024)
def _is_here(job: Job) -> bool:
    """Whether a job's files are those of the repository."""
    checkouts = [o.step for o in job.occurrences if o.step.action == CHECKOUT]
    named = [step.spelled("repository") for step in checkouts if not step.spelled("path")]
    return not any(name and "github.repository" not in name for name in named)


@lru_cache(maxsize=4096)
def calls_in(pipeline: Pipeline, script: ShellSource, folder: str, home: str = "") -> tuple[Called, ...]:
    """What a script runs that starts in a folder; `home` is the folder of the action that it is of."""
    home = posixpath.dirname(script.path) if script.path else home
    found: list[Called] = []
    for command, at in in_folders(script, folder, home):
        words = command.bare
        if words and (make := Call.of(command)) is not None:
            inner = placed(make.folder, at, home) if make.folder else at
            given = tuple(word for word in words[1:] if "=" in word and not word.startswith("-"))
            found += (
                Called(command, recipe, inner, given, of_make=True)
                for recipe in recipes_of(pipeline, inner, make.goals)
                if not {"-f", "-n", "--file", "--dry-run"} & {*words}
            )
        elif words and words[0] != "cd":
            found += _of_file(pipeline, command, at, home)
    return tuple(found)


def _of_file(pipeline: Pipeline, command: Command, at: str, home: str) -> Iterator[Called]:
    """The file of the repository that a command runs."""
    words = command.bare
    shell = words[0] in (*_SHELLS, *_SOURCES)
    options = [word for word in words[1:] if word.startswith(("-", "+"))] if shell else []
    if any("c" in option for option in options):
        return
    rest = words[1 + len(options) :] if shell else words
    path = placed(rest[0], at, home) if rest and (shell or "/" in rest[0]) else "$"
    if "$" in path or path.startswith(("/", "..", "~")):
        return
    data = pipeline.read(path)
    if data is None or not (shell or path.endswith(".sh") or re.match(_SHEBANG, data)):
        return
    yield Called(command, parsed(ShellSource, path, data), at, tuple(rest[1:]))


_SHEBANG = rb"#![^\n]*\b(?:ba|da)?sh\b"
