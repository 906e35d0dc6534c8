"""What a step does beside testing, and no run of a later push does again."""

from __future__ import annotations

import posixpath
import re
from enum import Enum, auto
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.builds import BAKE, PUSH, images_of, may_build
from scaffold.pipeline.called_scripts import all_called
from scaffold.pipeline.commands import said, value_of
from scaffold.pipeline.destinations import names_behind, publishes_here, stays
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import is_known, text_of
from scaffold.pipeline.publishing import (
    ACTIONS,
    IMAGE_TOOLS,
    SNAPSHOTS,
    always,
    is_rehearsal,
    may_publish,
    published,
)
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.since import is_since_success, script_asks_success
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import Command, ShellSource
from scaffold.syntax.shell_branches import is_certain
from scaffold.syntax.source import parsed

DIFFERS = {"dorny/paths-filter", "tj-actions/changed-files", "step-security/changed-files"}
"""Actions that look at what one push changed: what they did not start for a cancelled push, nobody does."""

_BEFORE = ("github", "event", "before")


class Kind(Enum):
    """What a step has an effect on."""

    image = auto()
    """An image or a snapshot, under a name that a later push may give to its own."""
    publication = auto()
    """A package, a release, a page."""
    diff = auto()
    """Jobs that are started, or left out, by what one push changed."""


class Effect(NamedTuple):
    """What a step does."""

    kind: Kind
    words: str
    """For people: "it pushes an image"."""


def effects_of(step: StepRun, tree: Tree) -> list[Effect]:
    """What a step does that no later run does again: it looks at a diff, it publishes, or both."""
    found = [_diff(step, tree), _publication(step, tree)] if step.step.run else [_of_action(step, tree)]
    return [done for done in found if done is not None]


def _of_action(step: StepRun, tree: Tree) -> Effect | None:
    action = step.step.action
    if action == PUSH:
        names = [name for line in step.step.spelled("tags").split("\n") for name in names_behind(step, line)]
        names = names or [name for image in images_of(step, {}) for name in image.tags]
        far = not all(stays(name, step.job.job) for name in names)
        return Effect(Kind.image, "it pushes an image") if far else None
    if action in docker.BUILD or action == BAKE:
        pushed = any(image.is_pushed for image in images_of(step, {}))
        return Effect(Kind.image, "it pushes an image") if pushed else None
    if action in DIFFERS:
        return (
            None
            if is_since_success(step, tree)
            else Effect(Kind.diff, "it starts jobs by what one push changed")
        )
    if action in ACTIONS:
        args = step.input("args")
        rehearsal = "release" not in args or not is_known(args) or is_rehearsal(args.split())
        draft = step.input("draft") == "true" or ("goreleaser" in action and rehearsal)
        draft = draft or ("maturin" in action and step.input("command") not in ("publish", "upload"))
        idle = any(step.input(name) == "true" for name in ("dry-run", "install-only", "install_only"))
        return (
            None
            if draft or idle or _is_here(step)
            else Effect(Kind.publication, f"it publishes with {action}")
        )
    return None


def _is_here(step: StepRun) -> bool:
    """Whether an action publishes to a registry or an index on the machine itself."""
    asked = filter(None, map(step.input, ("registry", "repository-url")))
    return any(stays(f"{name}/it", step.job.job) for name in asked)


def _diff(step: StepRun, tree: Tree) -> Effect | None:
    """Whether a script, or one that it names, looks at what one push changed."""
    given = _given(step)
    found = _compared(step, given, tree)
    return found if found and not script_asks_success(step, (step.step.run, *given.values()), tree) else None


def _compared(step: StepRun, given: dict[str, str], tree: Tree) -> Effect | None:
    script = step.step.script
    of_event = b"GITHUB_EVENT_PATH" in script.bare and re.search(rb"\.before\b", script.bare)
    texts = (script.bare.decode(errors="replace"), *given.values())
    if of_event or any(_BEFORE in template(t).reads for t in texts if "before" in t):
        forced = (step.context("env").get(name) for name in given if "FORCE" in name.upper())
        if any(text_of(value) == "true" for value in forced):
            return None  # then it builds everything, whatever was changed
        return Effect(Kind.diff, "it looks at what one push changed")
    if b"HEAD" in script.bare and any(map(_compares_last_commit, script.commands)):
        return Effect(Kind.diff, "it looks at what the last commit changed")
    for path in step.step.scripts:
        data = tree.read(path) or b""
        if b"event.before" in data or b"GITHUB_EVENT_BEFORE" in data:
            return Effect(Kind.diff, f"{path} looks at what one push changed")
        called = parsed(ShellSource, path, data) if path.endswith(".sh") else None
        if called is not None and b"HEAD" in called.bare and _always_compares(called):
            return Effect(Kind.diff, f"{path} looks at what the last commit changed")
    return None


def _publication(step: StepRun, tree: Tree) -> Effect | None:
    """What a script publishes, or one that it runs."""
    script = step.step.script
    for command in script.commands if may_publish(script) else ():
        made = published(command)
        if not made and command.starts("docker", "buildx") and "--push" in command.words:
            made = "docker buildx"
        pushed = command.starts("make") and any(w.rpartition("=")[2] == "push" for w in command.words)
        if (made or pushed) and is_certain(command) and not _stays(command, step):
            return _of_command(made, "it") if made else Effect(Kind.image, "it pushes an image with make")
    made_here = images_of(step, {}) if may_build(step.step) else ()
    if any(build.at.sure and build.is_pushed for build in made_here):
        return Effect(Kind.image, "it pushes an image")
    for path in step.step.scripts:
        if path.endswith(".sh"):
            made = _published_far(parsed(ShellSource, path, tree.read(path) or b""), step)
            if made:
                return _of_command(made, path)
    return _of_called(step)


def _of_called(step: StepRun) -> Effect | None:
    """What the scripts that a step's script runs publish, and those that they run."""
    for script in all_called(step.job.job, step.step):
        made = _published_far(script, step)
        if made:
            return _of_command(made, script.path)
    return None


def _published_far(script: ShellSource, step: StepRun) -> str:
    """With what a script that a step's script runs publishes elsewhere; "" where it does not."""
    for command in always(script):
        made = published(command)
        if made:
            program = posixpath.basename(command.bare[0])
            ways = [one.words for one in said(step, program) if one.command is command] or [command.bare]
            if not all(publishes_here(words, step.job.job) for words in ways):
                return made
    return ""


def _stays(command: Command, step: StepRun) -> bool:
    """Whether what a command publishes stays on the machine itself."""
    if command.starts("ko"):
        return stays(value_of("$KO_DOCKER_REPO/it", step), step.job.job)
    return publishes_here([value_of(word, step) for word in command.bare], step.job.job)


def _of_command(made: str, who: str) -> Effect:
    if made.partition(" ")[0] in IMAGE_TOOLS:
        return Effect(Kind.image, f"{who} pushes an image")
    if made.partition(" ")[0] in SNAPSHOTS:
        return Effect(Kind.image, f"{who} runs {made}")
    return Effect(Kind.publication, f"{who} runs {made}")


def _given(step: StepRun) -> dict[str, str]:
    """The variables of a script as they are written: its step's, and those around it that it names."""
    found: dict[str, str] = {}
    for holder in (step.job.job.workflow.node, step.job.job.node, step.step.node):
        for name, value in holder.mapping("env").values.items():
            if isinstance(value, yaml.Scalar) and (holder is step.step.node or name in step.step.run):
                found[name] = value.text
    return found


def _always_compares(script: ShellSource) -> bool:
    """Whether a script compares the last commit, and not in a function that something may call or not."""
    found = [command for command in script.commands if _compares_last_commit(command)]
    called = {word for command in always(script) for word in command.words[:1]} if found else ()
    idle = [body for name, body in script.functions.items() if name not in called] if found else ()
    return any(not any(f.start_byte < c.start_byte < f.end_byte for f in idle) for c in found)


def _compares_last_commit(command: Command) -> bool:
    """Whether a command compares the newest commit with the one before it."""
    words = command.words
    asks = command.starts("git", "diff") or command.starts("git", "diff-tree") or "turbo" in words
    return asks and any(re.search(r"\bHEAD(?:~1?|\^1?)(?![\w~^])", word) for word in words)
