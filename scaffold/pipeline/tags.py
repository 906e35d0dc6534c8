"""What the tag of an image is made of: scripts, commands, `hashFiles()`, and the outputs of other jobs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline.builds import may_build
from scaffold.pipeline.commands import given
from scaffold.pipeline.docker import METADATA
from scaffold.pipeline.expressions.nodes import Call, Literal, path_of
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.model import Job, Workflow
from scaffold.pipeline.patterns import fits, takes
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.options import OF_BUILD, apart
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place

_MAX_DEPTH = 6
"""Outputs that lead to outputs are followed this far."""


class Made(NamedTuple):
    """What a tag is made of."""

    place: Place
    """Where it is made."""
    text: str
    """The scripts that make it, without comments."""
    globs: tuple[str, ...]
    """The patterns of `hashFiles()` in it."""

    def covers(self, tree: Tree, path: str) -> bool:
        """Whether the tag depends on a file, or on something of a folder."""
        below = tuple(tree.files(path)) if tree.is_dir(path) else (path,)
        if any(takes(self.globs, file) for file in below):
            return True
        return any(_takes(word, path, below, whole=whole) for word, whole in _words(self.text)) or _joined(
            self.text, path
        )


def is_looked_up(job: Job, build: Occurrence) -> bool:
    """Whether a build runs only where something before it says so, which looks for the image."""
    own = [step.condition for step in build.chain if step.condition is not None]
    asked = {name for condition in own for name in condition.names("steps")}
    if (asked and asked - _makers(job)) or _looks_up(build.step):
        return True  # what asks for another build alone is its second attempt
    if any("needs" in condition.contexts for condition in (*own, job.condition) if condition is not None):
        return any(map(_looks, job.workflow.upstream(job).values()))
    return any(_is_asked(caller) for caller in _callers(job.workflow))


@lru_cache(maxsize=64)
def _makers(job: Job) -> frozenset[str]:
    """The names of its steps that may build images."""
    return frozenset(o.step.id.lower() for o in job.occurrences if may_build(o.step))


def _is_asked(caller: Job) -> bool:
    """Whether a job calls, or says with what, only as a job before it has found out."""
    given = (template(value.text) for value in caller.given.values() if isinstance(value, yaml.Scalar))
    asks = any("needs" in of.contexts for of in (caller.condition, *given) if of is not None)
    return asks and any(map(_looks, caller.workflow.upstream(caller).values()))


def _looks(job: Job) -> bool:
    """Whether a job, or one of the workflow that it calls, looks for an image."""
    steps = [o.step for own in (job, *_called(job)) for o in own.occurrences]
    return any(_looks_up(step) or "exists" in step.action for step in steps)


def _looks_up(step: Step) -> bool:
    asked = [look for look in _LOOKS if look in step.run]
    return bool(asked) and any(look in step.script.bare.decode() for look in asked)


def _called(job: Job) -> Iterable[Job]:
    return job.called.jobs.values() if job.called is not None else ()


def _callers(workflow: Workflow) -> Iterator[Job]:
    """The jobs that call a workflow."""
    if "workflow_call" in workflow.events:
        yield from (job for job in workflow.pipeline.jobs if job.called is workflow)


_LOOKS = (
    "/manifests/", "/packages/container/", "crane digest", "crane ls", "crane manifest", "docker pull",
    "image inspect", "imagetools inspect", "manifest inspect", "regctl", "skopeo inspect",
)  # fmt: skip


class _At(NamedTuple):
    """Where an expression stands."""

    job: Job
    outer: Occurrence | None = None
    """The step that uses the composite action that it stands in."""


def made_of(tree: Tree, job: Job, build: Occurrence) -> Made | None:
    """What the tags of a build are made of; None where nothing in them depends on files."""
    at, step = _At(job, build.outer), build.step
    given = [(step.input(name), step.at("with", name)) for name in ("tags", "outputs", "set")]
    parts = [part for of, place in given if of is not None for part in _followed(tree, at, of, place)]
    parts += _of_commands(tree, at, build)
    if not parts:
        return None
    texts = "\n".join(part.text for part in parts if part.text)
    place = next((part.place for part in parts if part.text), parts[0].place)
    return Made(place, texts, tuple(glob for part in parts for glob in part.globs))


def _of_commands(tree: Tree, at: _At, build: Occurrence) -> Iterator[Made]:
    """What the tags are made of that the commands of a script give to what they build."""
    step = build.step
    commands = ([*apart(c.bare, OF_BUILD)] for c in step.containers if "build" in c.bare)
    tags = " ".join(value for words in commands for value in given(words, "-t", "--tag"))
    yield from _followed(tree, at, template(tags), step.at())
    for name in re.findall(r"\$\{?(\w+)", tags):
        said = step.node.text("env", name)
        if said:
            yield from _followed(tree, at, template(said), step.at("env", name))
        elif any(assignment.name == name for assignment in step.script.assignments):
            yield from _of_step(tree, at, build, 0)
        else:
            yield from _of_variable(tree, at, name, 0)


def _followed(tree: Tree, at: _At, of: Template, place: Place, depth: int = 0) -> Iterator[Made]:
    """The scripts and patterns behind the expressions of a template."""
    workflow = at.job.workflow
    for node in (n for e in of.expressions for n in e.walk()) if depth < _MAX_DEPTH else ():
        if isinstance(node, Call) and node.name == "hashfiles":
            globs = [
                a.content for a in node.arguments if isinstance(a, Literal) and isinstance(a.content, str)
            ]
            yield Made(place, "", tuple(glob.removeprefix("./") for glob in globs))
        match path_of(node):
            case "steps", name, "outputs", output:
                for maker in at.job.occurrences:
                    if maker.step.id == name and maker.outer is at.outer:
                        yield from _of_step(tree, at, maker, depth, output)
            case (("needs" | "jobs"), name, "outputs", output) if name in workflow.jobs:
                yield from _of_job(tree, workflow.jobs[name], output, depth)
            case "env", name:
                yield from _of_variable(tree, at, name, depth)
            case "inputs", name:
                for asking, value, where in _given(at, name):
                    yield from _followed(tree, asking, template(value.text), where, depth + 1)


def _of_job(tree: Tree, job: Job, output: str, depth: int) -> Iterator[Made]:
    """What the output of a job is made of, or of the workflow that it calls."""
    if job.called is not None:
        keys = ("on", "workflow_call", "outputs", output, "value")
        inside = next(iter(job.called.jobs.values()), None)
        if inside is not None:
            said = template(job.called.node.text(*keys))
            yield from _followed(tree, _At(inside), said, job.called.at(*keys), depth + 1)
        return
    said = template(job.node.text("outputs", output))
    yield from _followed(tree, _At(job), said, job.at("outputs", output), depth + 1)


def _given(at: _At, name: str) -> Iterator[tuple[_At, yaml.Scalar, Place]]:
    """What an input is given: by the step that uses the action, by the jobs that call the workflow."""
    if at.outer is not None:
        value = at.outer.step.given.get(name)
        if isinstance(value, yaml.Scalar):
            yield _At(at.job, at.outer.outer), value, at.outer.step.at("with", name)
        return
    for caller in _callers(at.job.workflow):
        value = caller.given.get(name)
        if isinstance(value, yaml.Scalar):
            yield _At(caller), value, caller.at("with", name)


def _of_variable(tree: Tree, at: _At, name: str, depth: int) -> Iterator[Made]:
    """What a variable is made of: in the `env` of its job or workflow, or by a step before."""
    for holder in (at.job, at.job.workflow):
        said = template(holder.node.text("env", name))
        yield from _followed(tree, at, said, holder.at("env", name), depth + 1)
    for maker in at.job.occurrences:
        if name in maker.step.exported:
            yield from _of_step(tree, at, maker, depth)


def _of_step(tree: Tree, at: _At, maker: Occurrence, depth: int, output: str = "") -> Iterator[Made]:
    """What the script of a step works with, or one output of the action that it uses."""
    step = maker.step
    given = [step.run, *(step.node.text("env", key) for key in step.node.mapping("env").values)]
    if step.action == METADATA:
        given.append(step.spelled("tags"))
    text = _scripts(tree, step) if step.run else ""
    if text:
        yield Made(step.at(), text, ())
    for value in given:
        yield from _followed(tree, at, template(value), step.at(), depth + 1)
    said = at.job.workflow.pipeline.action_outputs(step).get(output, "") if output else ""
    yield from _followed(tree, _At(at.job, maker), template(said), step.at(), depth + 1)


def _scripts(tree: Tree, step: Step) -> str:
    """The text of a step's script and of the files that it runs; "" where it neither runs one nor hashes."""
    script = step.script
    texts = []
    pending, seen = _named(script), set[str]()
    while pending:
        path = pending.pop(0)
        data = tree.read(path) if path not in seen else None
        seen.add(path)
        if data is not None:
            called = ShellSource(path, data) if path.endswith(".sh") else None
            bare = called.bare if called is not None else re.sub(_COMMENT, b"", data)
            texts.append(bare.decode(errors="replace"))
            pending += _named(called) if called is not None else []
    without = bytearray(script.bare)
    for command in (c for c in step.containers if "build" in c.bare):  # what it builds is not what it hashes
        without[command.start_byte : command.end_byte] = b" " * (command.end_byte - command.start_byte)
    own = without.decode()
    folder = step.node.text("working-directory")
    around = [f"cd {folder}"] if folder else []
    return "\n".join([*around, own, *texts]) if texts or re.search(_HASHES, own) else ""


def _named(script: ShellSource) -> list[str]:
    """The scripts that a script names."""
    words = {word for command in script.commands for word in command.words}
    words |= {assignment.value for assignment in script.assignments if assignment.value}
    return sorted(posixpath.normpath(word) for word in words if re.fullmatch(_SCRIPT, word))


_SCRIPT = r"[\w./-]+\.(?:py|sh|js|mjs|ts|rb)"
_COMMENT = rb"(?m)^[ \t]*+(?:#|//).*$"
_HASHES = (
    r"\bhashlib\b|\bcreateHash\b|"
    r"\b(?:sha\d*sum|shasum|md5sum|b2sum|cksum)\b|\bopenssl (?:dgst|sha)"
    r"|\bgit (?:hash-object|ls-files|ls-tree|write-tree)\b|\bgit log\b[^\n|]* -- "
    r"|\bgit rev-parse [^:|;\n]{0,200}+:"
)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """The paths and patterns that a script may name, each with whether its line takes whole folders."""
    folders = [".", *re.findall(r"\bcd\s+[\"']?([\w./-]+)", text)]
    set_to = dict(re.findall(r"(?m)^[ \t]*+(?:export )?(\w++)=[\"']?([\w./-]++)[\"']?$", text))
    for line in re.sub(r"\$\{?(\w++)\}?", lambda m: set_to.get(m[1], m[0]), text).split("\n"):
        whole = re.search(_WHOLE, line) is not None
        if whole and (re.search(_EVERYTHING, line) or re.search(_TREE, line.partition("rev-parse ")[2])):
            yield ".", True
        for word in re.findall(r"(?:\$\{?\w+\}?/)?([\w.*?/{},@+~-]+)", line):
            for plain in _braces(word.strip(",")):
                for folder in folders:
                    yield posixpath.normpath(posixpath.join(folder, plain)), whole


_EVERYTHING = r"\bgit\s+(?:ls-files|ls-tree|write-tree)(?:\s+-\S+|\s+HEAD)*+\s*+(?:[|)>;&]|$)"
_TREE = r"[\w@}]:(?:[\"')\s$]|$)"
"""The tree of a commit, or one in it whose path a variable has."""
_WHOLE = r"\b(?:find|tar|git|walk|r?glob|dirhash|hash_dir)\b|\s-[a-zA-Z]*[rR]\b"


def _braces(word: str) -> Iterator[str]:
    """`a/{b,c}` as a/b and a/c."""
    found = re.fullmatch(r"([^{}]*)\{([^{},]*(?:,[^{},]*)++)\}([^{}]*)", word)
    yield from (f"{found[1]}{part}{found[3]}" for part in found[2].split(",")) if found else (word,)


def _takes(word: str, path: str, below: tuple[str, ...], *, whole: bool) -> bool:
    """Whether a word of a script stands for a path, a folder above it, or a file below it."""
    if word == path or any(word == file for file in below):
        return True
    if "*" in word or "?" in word:
        return any(fits(word, file) for file in below)
    return whole and (word == "." or path.startswith(f"{word}/"))


def _joined(text: str, path: str) -> bool:
    """Whether a script names a path in parts, as `root / "a" / "b"` does."""
    parts = [re.escape(part) for part in path.split("/")]
    apart = r"[\"'\s/,()]+".join(parts)
    return len(parts) > 1 and re.search(rf"(?<![\w/-]){apart}(?![\w-])", text) is not None
