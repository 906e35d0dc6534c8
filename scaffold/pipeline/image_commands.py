"""Images that the commands of scripts build and push: docker, podman, nerdctl, buildah, ko."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from scaffold.pipeline import bake
from scaffold.pipeline.called_scripts import all_called
from scaffold.pipeline.commands import Said, given, said, value_of
from scaffold.pipeline.expressions.values import Unknown, text_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import CONTAINERS, Step, containers
from scaffold.syntax.options import OF_BUILD, OF_KO, apart
from scaffold.syntax.shell import Command


def acts(command: Command) -> bool:
    """Whether a command may build, name or push an image."""
    return not _ACTS.isdisjoint(command.bare) or any(map(_KANIKO.search, command.bare))


@lru_cache(maxsize=4096)
def containers_in(job: Job, step: Step) -> tuple[Command, ...]:
    """The commands that build, push or run images, of a step's script and of the scripts that it runs."""
    if not step.run:
        return ()
    return (*step.containers, *(c for script in all_called(job, step) for c in containers(script)))


KO = "ko://"
"""What stands before the package that ko builds an image of: it compiles for every platform by itself."""

_ACTS = frozenset({"apply", "b", "bake", "bud", "build", "publish", "push", "resolve", "tag"})


class Built(NamedTuple):
    """What one command builds."""

    inputs: Mapping[str, str]
    """As the inputs of the build action."""
    sure: bool = True
    """Whether the script comes to it."""
    command: Command | None = None
    """Where it stands."""


class Named(NamedTuple):
    """Another name for an image: of `docker tag`."""

    image: str
    name: str


class Pushed(NamedTuple):
    """The push of an image that was built before."""

    image: str
    name: str
    """The name under which it is pushed."""
    sure: bool = True
    """Whether the script comes to it."""
    command: Command | None = None
    """Where it stands."""


def image_commands(step: StepRun) -> Iterator[Built | Named | Pushed]:
    """What the commands of a step's script do with images, in order."""
    for one in said(step, *CONTAINERS):
        program, words = posixpath.basename(one.words[0]), list(one.words[1:])
        at = next((n for n, word in enumerate(one.words) if _KANIKO.search(word)), None)
        if at is not None and (at == 0 or "run" in words[:2]):
            found: Iterator[Built | Named | Pushed] = _kaniko(one.words[at + 1 :], one.folder)
        elif program == "executor":
            continue
        else:
            found = _ko(words, step) if program == "ko" else _docker(words, one, step)
        for made in found:
            yield made if isinstance(made, Named) else made._replace(sure=one.sure, command=one.command)


def _docker(words: list[str], one: Said, step: StepRun) -> Iterator[Built | Named | Pushed]:
    while words and (words[0] in ("image", "buildx", "builder") or words[0].startswith("--")):
        words = words[1:]
    match words:
        case ["build" | "bud" | "b", *rest]:
            yield Built(_default_platform(one, step) | _inputs(apart(rest, OF_BUILD), one.folder))
        case ["bake", *rest]:
            yield from map(Built, bake.of_command(step, one, apart(rest, OF_BUILD)))
        case ["tag", *rest]:
            names = [word for word in rest if not word.startswith("-")]
            yield from (Named(names[0], name) for name in names[1:])
        case ["push", *rest]:
            names = _operands([*apart(rest, "f")], _PUSH_OPTIONS)
            if names:
                yield Pushed(names[0], re.sub(r"^docker://", "", names[-1]))


def _default_platform(one: Said, step: StepRun) -> dict[str, str]:
    """The platform that a script's own variable asks for, in front of the command or before it."""
    script, name = step.step.script, "DOCKER_DEFAULT_PLATFORM"
    if name not in step.step.run or one.words[0] != "docker":
        return {}
    span = one.command.start_byte, one.command.end_byte
    own = (a for a in script.assignments if a.name == name and span[0] <= a.start_byte < span[1])
    value = next((a.value or "" for a in own), None)
    value = value_of(f"${name}" if value is None else value, step)
    return {"platforms": value} if "$" not in value else {}


_PUSH_OPTIONS = {"-f", "--format", "--creds", "--authfile", "--digestfile", "--cert-dir", "--platform"}
_SWITCHES = frozenset({
    "D", "check", "compress", "debug", "force-rm", "layers", "load", "no-cache", "pull", "push", "q", "quiet",
    "rm", "squash",
})  # fmt: skip
"""Options of a build that take no value."""

_INPUTS = {
    "arch": "platforms", "attest": "attests", "build-arg": "build-args", "build-context": "build-contexts",
    "f": "file", "o": "outputs", "output": "outputs", "platform": "platforms", "t": "tags", "tag": "tags",
}  # fmt: skip
"""Option of a build -> the input of the build action that says the same, where it has another name."""

_MAYBE_FLAGS = r"\$(?:\w+|\{[^}]*\}|\()"
"""What a word begins with that may be several, and flags."""


def _inputs(words: Iterable[str], folder: str) -> dict[str, str]:
    """The options of a build as the inputs of the build action."""
    found: dict[str, list[str]] = {}
    pending = iter(words)
    for word in pending:
        flag, sign, value = word.lstrip("-").partition("=")
        if re.match(_MAYBE_FLAGS, word):
            found = {name: [text_of(Unknown(name))] for name in ("platforms", "provenance")} | found
        if not word.startswith("-") or word == "-":
            found["context"] = [word if "://" in word else posixpath.join(folder, word)]
        elif flag in _SWITCHES:
            found[flag] = [value or "true"]
        else:
            found.setdefault(_INPUTS.get(flag, flag), []).append(value if sign else next(pending, ""))
    if "manifest" in found:
        found.pop("tags", None)
    if "file" in found:
        found["file"] = [posixpath.join(folder, found["file"][-1])]
    return {name: "\n".join(values) for name, values in found.items()}


def _operands(words: Sequence[str], options: set[str]) -> list[str]:
    """The words that are no options, and no values of these options."""
    pairs = zip(["", *words], words, strict=False)
    return [word for last, word in pairs if not word.startswith("-") and last not in options]


_KO_OPTIONS = {
    "-f", "-j", "-l", "-t", "--filename", "--image-annotation", "--image-label", "--image-refs",
    "--image-user", "--jobs", "--oci-layout-path", "--platform", "--sbom", "--sbom-dir", "--selector",
    "--tags", "--tarball",
}  # fmt: skip


def _ko(words: list[str], step: StepRun) -> Iterator[Built]:
    """The images of packages. Those of `ko resolve` and `ko apply` stand in the files that they are given.

    By itself ko puts a hash of a package's path into the name of its image: it tells as much as the path.
    """
    words = [*apart(words, OF_KO)]
    if words[:1] not in (["build"], ["publish"]) or {"-L", "--local"} & set(words):
        return
    repository = text_of(step.context("env").get("KO_DOCKER_REPO", ""))
    if not repository or "--push=false" in words:
        return
    paths = _operands(words[1:], _KO_OPTIONS)
    tags = [tag for value in given(words, "--tags", "-t") for tag in value.split(",")]
    platforms = ",".join(given(words, "--platform")) or "linux/amd64"
    short = {"-B", "--base-import-paths"} & set(words)
    for path in paths:
        name = posixpath.basename(path) if short else posixpath.normpath(path)
        image = repository if "--bare" in words else f"{repository}/{name}"
        names = tuple(f"{image}:{tag}" for tag in tags or ["latest"])
        yield Built(
            {"push": "true", "tags": "\n".join(names), "platforms": platforms, "context": f"{KO}{path}"}
        )


_KANIKO = re.compile(r"\bkaniko(?:-project)?/executor\b")
"""The program, and the image that has it."""


def _kaniko(words: Sequence[str], folder: str) -> Iterator[Built]:
    """What kaniko builds, and pushes to each destination.

    The layers that it keeps are named after what is in them: no other build replaces them.
    """
    words = [*apart(words, "cdfv")]

    def last(*flags: str) -> str:
        return next((value for flag in flags for value in reversed(given(words, flag))), "")

    context = re.sub(r"^(?:dir://)?(?:/workspace(?:/|$))?", "", last("--context", "-c"))
    context = posixpath.join(context, last("--context-sub-path"))
    file = re.sub(r"^/workspace/", "", last("--dockerfile", "-f"))
    names = given(words, "--destination", "-d")
    pushes = bool(names) and not {"--no-push", "--no-push=true"} & set(words)
    yield Built(
        {
            "context": posixpath.join(folder, context),
            "file": posixpath.join(folder, file) if file else "",
            "tags": "\n".join(names),
            "push": "true" if pushes else "false",
            "build-args": "\n".join(given(words, "--build-arg")),
            "target": last("--target"),
            "platforms": last("--custom-platform", "--customPlatform"),
        }
    )
