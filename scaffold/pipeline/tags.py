"""What the tag of an image is made of: scripts, commands, `hashFiles()`, and the outputs of other jobs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline.docker import METADATA
from scaffold.pipeline.expressions.nodes import Call, Context, Literal, Node, Property
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import compiled, takes
from scaffold.pipeline.steps import Step
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


def is_looked_up(job: Job, step: Step) -> bool:
    """Whether a build runs only where something before it says so, which looks for the image."""
    own, around = step.node.text("if"), job.node.text("if")
    if "steps." in own:
        return True
    asked = "needs." in own or "needs." in around
    jobs = job.workflow.upstream(job).values() if asked else ()
    return any(re.search(_LOOKS, s.run) or "exists" in s.action for before in jobs for s in before.steps)


_LOOKS = (
    r"\b(?:manifest|imagetools|skopeo|image) inspect\b|\bcrane (?:manifest|digest|ls)\b|\bregctl\b"
    r"|\bdocker pull\b|/manifests/|/packages/container/"
)


def made_of(tree: Tree, job: Job, step: Step) -> Made | None:
    """What the tags of a build are made of; None where nothing in them depends on files."""
    tags = step.input("tags")
    parts = list(_followed(tree, job, tags, step.at("with", "tags"))) if tags is not None else []
    if not parts:
        return None
    texts = "\n".join(part.text for part in parts if part.text)
    place = next((part.place for part in parts if part.text), parts[0].place)
    return Made(place, texts, tuple(glob for part in parts for glob in part.globs))


def _followed(tree: Tree, job: Job, of: Template, place: Place, depth: int = 0) -> Iterator[Made]:
    """The scripts and patterns behind the expressions of a template."""
    for node in (n for e in of.expressions for n in e.walk()) if depth < _MAX_DEPTH else ():
        if isinstance(node, Call) and node.name == "hashfiles":
            globs = [
                a.content for a in node.arguments if isinstance(a, Literal) and isinstance(a.content, str)
            ]
            yield Made(place, "", tuple(glob.removeprefix("./") for glob in globs))
        context, *names = _path(node)
        match context, names:
            case "steps", [name, "outputs", _]:
                yield from _of_step(tree, job, name, depth)
            case "needs", [name, "outputs", output] if name in job.workflow.jobs:
                maker = job.workflow.jobs[name]
                said = template(maker.node.text("outputs", output))
                yield from _followed(tree, maker, said, maker.at("outputs", output), depth + 1)
            case "env", [name]:
                for holder in (job, job.workflow):
                    said = template(holder.node.text("env", name))
                    yield from _followed(tree, job, said, holder.at("env", name), depth + 1)


def _of_step(tree: Tree, job: Job, name: str, depth: int) -> Iterator[Made]:
    for step in (s for s in job.steps if s.id == name):
        given = [step.run, *(step.node.text("env", key) for key in step.node.mapping("env").values)]
        if step.action == METADATA:
            given.append(step.node.text("with", "tags"))
        text = _scripts(tree, step) if step.run else ""
        if text:
            yield Made(step.at(), text, ())
        for value in given:
            yield from _followed(tree, job, template(value), step.at(), depth + 1)


def _path(node: Node) -> tuple[str, ...]:
    """`steps.x.outputs.y` as its names; nothing but "" for any other node."""
    names: list[str] = []
    while isinstance(node, Property) and isinstance(node.key, Literal):
        names.append(str(node.key.content))
        node = node.of
    return (node.name, *reversed(names)) if isinstance(node, Context) and names else ("",)


def _scripts(tree: Tree, step: Step) -> str:
    """The text of a step's script and of the files that it runs; "" where it neither runs one nor hashes."""
    script = step.script
    words = {word for command in script.commands for word in command.words}
    words |= {assignment.value for assignment in script.assignments if assignment.value}
    texts = []
    for word in sorted(word for word in words if re.fullmatch(_SCRIPT, word)):
        data = tree.read(posixpath.normpath(word))
        if data is not None:
            bare = ShellSource(word, data).bare if word.endswith(".sh") else re.sub(_COMMENT, b"", data)
            texts.append(bare.decode(errors="replace"))
    own = script.bare.decode()
    folder = step.node.text("working-directory")
    around = [f"cd {folder}"] if folder else []
    return "\n".join([*around, own, *texts]) if texts or re.search(_HASHES, own) else ""


_SCRIPT = r"[\w./-]+\.(?:py|sh|js|mjs|ts|rb)"
_COMMENT = rb"(?m)^[ \t]*+(?:#|//).*$"
_HASHES = (
    r"\b(?:sha\d*sum|shasum|md5sum|b2sum|cksum)\b|\bopenssl (?:dgst|sha)"
    r"|\bgit (?:hash-object|ls-files|ls-tree|write-tree)\b|\bgit rev-parse [\"']?\w+:|\bgit log\b[^\n|]* -- "
)


def _words(text: str) -> Iterator[tuple[str, bool]]:
    """The paths and patterns that a script may name, each with whether its line takes whole folders."""
    folders = [".", *re.findall(r"\bcd\s+[\"']?([\w./-]+)", text)]
    for line in text.split("\n"):
        whole = re.search(_WHOLE, line) is not None
        if whole and re.search(_EVERYTHING, line):
            yield ".", True
        for word in re.findall(r"(?:\$\{?\w+\}?/)?([\w.*?/{},@+~-]+)", line):
            for plain in _braces(word.strip(",")):
                for folder in folders:
                    yield posixpath.normpath(posixpath.join(folder, plain)), whole


_EVERYTHING = r"\bgit\s+(?:ls-files|ls-tree|write-tree)(?:\s+-\S+|\s+HEAD)*+\s*+(?:[|)>;&]|$)"
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
        return any(compiled(word).fullmatch(file) is not None for file in below)
    return whole and (word == "." or path.startswith(f"{word}/"))


def _joined(text: str, path: str) -> bool:
    """Whether a script names a path in parts, as `root / "a" / "b"` does."""
    parts = [re.escape(part) for part in path.split("/")]
    apart = r"[\"'\s/,()]+".join(parts)
    return len(parts) > 1 and re.search(rf"(?<![\w/-]){apart}(?![\w-])", text) is not None
