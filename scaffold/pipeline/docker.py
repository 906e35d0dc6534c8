"""Dockerfiles, and the steps that build and push images with them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline.expressions.values import is_known
from scaffold.pipeline.scopes import StepRun
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from scaffold.pipeline.repository import Repository

BUILD = ("docker/build-push-action",)
_MOUNT = re.compile(r"--mount=(\S+)")


class Instruction(NamedTuple):
    """One instruction, with its continued lines joined."""

    name: str
    text: str
    line: int


class Dockerfile:
    """One Dockerfile."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.text = data.decode(errors="replace")

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        """Its instructions, without comments."""
        found: list[Instruction] = []
        parts: list[str] = []
        start = 0
        for number, line in enumerate(self.text.split("\n"), 1):
            stripped = line.strip()
            if not stripped or stripped.startswith("#"):
                continue
            if not parts:
                start = number
            if stripped.endswith("\\"):
                parts.append(stripped[:-1])
                continue
            parts.append(stripped)
            words = " ".join(parts).split(None, 1)
            found.append(Instruction(words[0].upper(), words[1] if len(words) > 1 else "", start))
            parts = []
        return tuple(found)

    def place(self, instruction: Instruction) -> Place:
        """The line of an instruction."""
        return Place(self.path, instruction.line)

    @cached_property
    def sources(self) -> tuple[tuple[str, Instruction], ...]:
        """What it takes from the build context, each with the instruction that does."""
        found = []
        for instruction in self.instructions:
            if instruction.name in ("COPY", "ADD") and "--from=" not in instruction.text:
                words = [w for w in instruction.text.split() if not w.startswith("--")]
                if not instruction.text.lstrip().startswith("[") and "<<" not in instruction.text:
                    found += [(_clean(word), instruction) for word in words[:-1]]
            for mount in _MOUNT.findall(instruction.text) if instruction.name == "RUN" else ():
                options = _options(mount)
                if options.get("type", "bind") == "bind" and "from" not in options:
                    found.append((_clean(options.get("source", options.get("src", ""))), instruction))
        return tuple((path, i) for path, i in found if path and ":" not in path and "$" not in path)

    @cached_property
    def cache_mounts(self) -> tuple[tuple[dict[str, str], Instruction], ...]:
        """The options of its cache mounts, each with the instruction that has it."""
        mounts = []
        for instruction in self.instructions:
            for mount in _MOUNT.findall(instruction.text) if instruction.name == "RUN" else ():
                options = _options(mount)
                if options.get("type") == "cache":
                    mounts.append((options, instruction))
        return tuple(mounts)


def _options(text: str) -> dict[str, str]:
    """`a=b,c=d` as a mapping."""
    return {name: value for name, _, value in (option.partition("=") for option in text.split(","))}


def _clean(path: str) -> str:
    return posixpath.normpath(path.strip("\"'").lstrip("/")) if path else ""


@lru_cache(maxsize=256)
def _parsed(path: str, data: bytes) -> Dockerfile:
    return Dockerfile(path, data)


def dockerfile(tree: Tree, path: str) -> Dockerfile | None:
    """A Dockerfile; None where there is none."""
    data = tree.read(path)
    return _parsed(path, data) if data is not None else None


def dockerfiles(tree: Tree, folders: tuple[str, ...] = ("",)) -> Iterator[Dockerfile]:
    """The Dockerfiles of some folders."""
    for folder in folders:
        for name in tree.list(folder):
            if name.startswith("Dockerfile") and not name.endswith((".dockerignore", ".md")):
                found = dockerfile(tree, posixpath.join(folder, name))
                if found is not None:
                    yield found


def known_dockerfiles(repository: Repository) -> list[Dockerfile]:
    """The Dockerfiles at the usual places, and those that a workflow builds."""
    found = {file.path: file for file in dockerfiles(repository.tree, ("", "backend", "docker"))}
    for workflow in repository.pipeline.workflows:
        for job in workflow.jobs.values():
            for o in job.using(*BUILD):
                path = posixpath.normpath(o.step.node.text("with", "file") or "Dockerfile")
                file = dockerfile(repository.tree, path) if path not in found else None
                if file is not None:
                    found[path] = file
    return list(found.values())


def built(step: StepRun, tree: Tree) -> tuple[Dockerfile, str] | None:
    """The Dockerfile that a build step uses and its context, where both are files of the repository."""
    context = step.input("context")
    if not context or not is_known(context) or "://" in context or context.startswith("git@"):
        return None
    path = step.input("file")
    path = posixpath.normpath(path) if path else posixpath.normpath(posixpath.join(context, "Dockerfile"))
    found = dockerfile(tree, path.lstrip("/")) if is_known(path) else None
    return (found, posixpath.normpath(context)) if found is not None else None


def cache_exports(step: StepRun) -> tuple[dict[str, str], ...]:
    """The `cache-to` of a build step, each as its options; a bare name is a registry's."""
    return _cache_exports(step.input("cache-to"))


@cache
def _cache_exports(text: str) -> tuple[dict[str, str], ...]:
    found = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        options = _options(line)
        if "type" in options or is_known(line):
            found.append(options if "type" in options else {"type": "registry", "ref": line})
    return tuple(found)


def outputs(step: StepRun) -> tuple[dict[str, str], ...]:
    """The `outputs` of a build step, each as its options; `name` may list several images."""
    return _outputs(step.input("outputs"))


@cache
def _outputs(text: str) -> tuple[dict[str, str], ...]:
    found = []
    for line in text.split("\n"):
        names = re.search(r"\"?name=([^\"]+?)\"(?:,|$)", line) if '"' in line else None
        options = dict(
            o.strip().partition("=")[::2] for o in re.split(r",(?=[\w-]+=)", line.replace('"', ""))
        )
        if names is not None:
            options["name"] = names[1]
        if "type" in options:
            found.append(options)
    return tuple(found)


def pushes(step: StepRun) -> bool | None:
    """Whether a build step pushes its image; None where only a run knows."""
    asked = step.input("push")
    if not is_known(asked):
        return None
    if asked == "true" or any(o.get("push") == "true" or o["type"] == "registry" for o in outputs(step)):
        return True
    return None if not is_known(step.input("outputs")) else False
