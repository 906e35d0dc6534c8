"""Dockerfiles, and the steps that build and push images with them."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, is_known, property_of, text_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.runners import ARCHES, native
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import names_tags
from scaffold.syntax.dockerfile import Dockerfile, Input, Instruction, read

if TYPE_CHECKING:
    from scaffold.pipeline.repository import Repository

BUILD = ("docker/build-push-action",)
METADATA = "docker/metadata-action"


def _options(text: str) -> dict[str, str]:
    """`a=b,c=d` as a mapping."""
    pairs = (option.partition("=") for option in text.split(","))
    return {name.strip(): value.strip() for name, _, value in pairs}


def dockerfile(tree: Tree, path: str) -> Dockerfile | None:
    """A Dockerfile; None where there is none, or what is there cannot be read as one."""
    data = tree.read(path)
    return read(path, data) if data is not None else None


def dockerfiles(tree: Tree, folders: tuple[str, ...] = ("",)) -> Iterator[Dockerfile]:
    """The Dockerfiles of some folders."""
    for folder in folders:
        for name in tree.names(folder):
            if name.startswith("Dockerfile") and not name.endswith((".dockerignore", ".md")):
                found = dockerfile(tree, posixpath.join(folder, name))
                if found is not None:
                    yield found


def known_dockerfiles(repository: Repository) -> list[Dockerfile]:
    """The Dockerfiles at the usual places, and those that a workflow builds."""
    found = {file.path: file for file in dockerfiles(repository.tree, ("", "backend", "docker"))}
    for job in repository.pipeline.jobs:
        for o in job.using(*BUILD):
            path = posixpath.normpath(o.step.node.text("with", "file") or "Dockerfile")
            file = dockerfile(repository.tree, path) if path not in found else None
            if file is not None:
                found[path] = file
    return list(found.values())


PLAIN = frozenset(
    {"[", "addgroup", "adduser", "apk", "apt", "apt-get", "cd", "chmod", "chown", "cp", "dnf", "echo"}
    | {"export", "groupadd", "install", "ln", "ls", "microdnf", "mkdir", "mv", "rm", "set", "test", "touch"}
    | {"true", "update-ca-certificates", "useradd", "yum"}
)
"""Commands of a RUN that take no time worth a runner of its own."""


def compiles(file: Dockerfile) -> bool | None:
    """Whether a build for another platform emulates more than the set-up of an image; None without a RUN."""
    if any("BUILDPLATFORM" in stage.platform for stage in file.stages):
        return False  # it compiles on the build platform, for the other one
    runs = [instruction for instruction in file.instructions if instruction.name == "RUN"]
    return any(c.bare and c.bare[0] not in PLAIN for run in runs for c in run.commands) if runs else None


def cache_mounts(file: Dockerfile) -> list[tuple[Instruction, dict[str, str]]]:
    """The instructions of a Dockerfile that mount a cache, with the options of each mount."""
    return [(i, options) for i in file.instructions if i.name == "RUN" for _, options in i.mounts("cache")]


def context_inputs(file: Dockerfile, passed: frozenset[str] | None) -> Iterator[tuple[str, Input]]:
    """What a build takes from its context, as paths in it; `passed` as in Build."""
    for found in file.inputs:
        path = found.path.strip("\"'").lstrip("/")
        as_written = not found.arguments or (passed is not None and not passed & found.arguments)
        if path and ":" not in path and as_written:
            yield posixpath.normpath(path), found


class Build(NamedTuple):
    """What a step builds an image from."""

    file: Dockerfile
    context: str
    passed: frozenset[str] | None
    """The names of the build arguments that it passes; None where only a run knows them."""

    @property
    def inputs(self) -> list[str]:
        """The files and folders of the repository that the image is made of, its Dockerfile first."""
        taken = (path for path, _ in context_inputs(self.file, self.passed))
        paths = (posixpath.normpath(posixpath.join(self.context, path)) for path in taken)
        inside = (path for path in paths if path != "." and not path.startswith(".."))
        return list(dict.fromkeys((self.file.path, *inside)))


@cache
def build_arguments(text: str) -> frozenset[str] | None:
    """The names in the `build-args` of a step; None where one of them is not known."""
    names = frozenset(line.partition("=")[0].strip() for line in text.split("\n"))
    return names if not any(HOLE in name or "${{" in name for name in names) else None


def _passed(step: StepRun) -> frozenset[str] | None:
    """The names of the build arguments that a step passes: as it spells them, else as the run knows them."""
    spelled = build_arguments(step.step.node.text("with", "build-args"))
    return spelled if spelled is not None else build_arguments(step.input("build-args"))


def built(step: StepRun, tree: Tree) -> Build | None:
    """What a build step builds from, where Dockerfile and context are files of the repository."""
    context = step.input("context")
    if not context or not is_known(context) or "://" in context or context.startswith("git@"):
        return None
    path = step.input("file")
    path = posixpath.normpath(path) if path else posixpath.normpath(posixpath.join(context, "Dockerfile"))
    found = dockerfile(tree, path.lstrip("/")) if is_known(path) else None
    if found is None:
        return None
    return Build(found, posixpath.normpath(context), _passed(step))


def cache_exports(step: StepRun) -> tuple[dict[str, str], ...]:
    """The `cache-to` of a build step, each as its options; a bare name is a registry's."""
    return cache_options(step.input("cache-to"))


@cache
def cache_options(text: str) -> tuple[dict[str, str], ...]:
    """The lines of a `cache-to` or `cache-from`, each as its options."""
    found = []
    for line in filter(None, map(str.strip, text.split("\n"))):
        options = _options(line)
        if "type" in options or is_known(line):
            found.append(options if "type" in options else {"type": "registry", "ref": line})
    return tuple(found)


def cache_imports(step: StepRun) -> tuple[dict[str, str], ...]:
    """The `cache-from` of a build step, each as its options; a bare name is a registry's."""
    return cache_options(step.input("cache-from"))


def cache_name(options: Mapping[str, str]) -> str:
    """What two builds that share a cache of layers both name; "" for one that is in no common place."""
    if options["type"] == "gha":
        return f"gha:{options.get('scope') or 'buildkit'}"
    return options.get("ref", "") if options["type"] == "registry" else ""


def platforms(step: StepRun) -> frozenset[str]:
    """The platforms that a build step builds for, by default its runner's; none where that is not known."""
    asked = step.input("platforms")
    if asked:
        named = frozenset(p.strip() for p in re.split(r"[,\n]", asked) if p.strip())
        return named if all(map(is_known, named)) else frozenset()
    return _own_platform(step)


def _own_platform(step: StepRun) -> frozenset[str]:
    """The platform of the runner that a step runs on; none where that is not known."""
    arch = native(step.job.runs_on)[1]
    return frozenset(p for p, own in ARCHES.items() if own == arch and p.count("/") == 1)


def tags(step: StepRun) -> Iterator[str]:
    """The names that a build step gives to what it pushes; none for what it pushes by digest."""
    if not {"push", "outputs"} & step.step.given.keys():
        return
    if "push-by-digest=true" in step.step.node.text("with", "outputs") or not pushes(step):
        return
    made = outputs(step) if "outputs" in step.step.given else ()
    for line in step.step.node.text("with", "tags").split("\n"):
        meta = re.fullmatch(r"\s*\$\{\{\s*steps\.([\w-]+)\.outputs\.tags\s*\}\}\s*", line)
        maker = next((s for s in step.job.using(METADATA) if s.step.id == meta[1]), None) if meta else None
        if maker is not None:
            how = " ".join(maker.input(name) for name in ("tags", "flavor"))
            label = how.replace(HOLE, "<").replace(HOLE_END, ">")
            names = [f"{HOLE}{label}{HOLE_END}", *_latest(maker, step)]
            yield from (f"{image}:{name}" for image in lines(maker.input("images")) for name in names)
        elif line.strip():
            yield from (tag.strip() for tag in text_of(template(line).value(step)).split(",") if tag.strip())
    for options in made:
        yield from (name for name in options.get("name", "").split(",") if name)


def _latest(maker: StepRun, step: StepRun) -> Iterator[str]:
    """The name that `docker/metadata-action` gives to an image of a tag beside those that it is asked for."""
    flavor = {k: v for line in lines(maker.input("flavor")) for k, v in _flavor(line)}
    of_tag = re.search(r"type=(?:semver|pep440|match)\b|event=tag\b", maker.input("tags") or "event=tag")
    asked = (step.step.condition, step.step.input("push"), step.job.job.condition)
    chosen = any({"ref", "ref_name", "ref_type"}.intersection(of.names("github")) for of in asked if of)
    by_tag = of_tag is not None and not chosen and names_tags(step.job.call.run.workflow)
    if flavor.get("latest", "auto") == "true" or (by_tag and flavor.get("latest", "auto") == "auto"):
        yield f"{flavor.get('prefix', '')}latest{flavor.get('suffix', '')}"


def _flavor(line: str) -> Iterator[tuple[str, str]]:
    """What a line of a flavor says of `latest`: a prefix or suffix only where it is for that too."""
    options = _options(line)
    for name in ("latest", "prefix", "suffix"):
        if name in options and (name == "latest" or options.get("onlatest") == "true"):
            yield name, options[name]


def pushes_in_script(step: Step) -> bool:
    """Whether a step's script may push an image."""
    return "docker" in step.run and ("docker push" in step.run or "--push" in step.run)


def pushed_by_script(step: StepRun) -> Iterator[tuple[str, frozenset[str]]]:
    """The names under which a script pushes images, each with the platforms that it says they are for."""
    built: dict[str, frozenset[str]] = {}
    pushed: list[str] = []
    for command in step.step.script.commands:
        words = [_said(word, step) for word in command.bare]
        if words[:2] == ["docker", "push"]:
            pushed += [word for word in words[2:] if not word.startswith("-")]
        elif words[:2] in (["docker", "build"], ["docker", "buildx"]):
            named = [value for flag in ("-t", "--tag") for value in _given(words, flag)]
            asked = ",".join(_given(words, "--platform"))
            platforms = frozenset(filter(None, asked.split(","))) if asked else _own_platform(step)
            known = platforms if all(map(_is_plain, platforms)) else frozenset()
            built |= dict.fromkeys(named, known)
            pushed += named if "--push" in words else []
    yield from ((tag, built.get(tag, frozenset())) for tag in pushed if "$" not in tag)


def _said(word: str, step: StepRun) -> str:
    """A word of a script with the values of its expressions, and of the variables that the workflow sets."""
    env, github = step.context("env"), step.context("github")
    sources = any(step.step.script.calls(name) for name in ("source", ".", "eval"))

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if sources or re.search(rf"(?<![\w$.{{]){name}\b", step.step.run):
            return match[0]  # the script may give it another value: by `=`, `for`, `read`
        if name.startswith("GITHUB_"):
            return text_of(property_of(github, name.removeprefix("GITHUB_").lower()))
        return text_of(env[name]) if name in env else match[0]

    return re.sub(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", value, text_of(template(word).value(step)))


def _given(words: list[str], flag: str) -> list[str]:
    """What follows a flag, as the next word or behind `=`."""
    after = [value for word, value in itertools.pairwise(words) if word == flag]
    return after + [word.partition("=")[2] for word in words if word.startswith(f"{flag}=")]


def _is_plain(text: str) -> bool:
    return is_known(text) and "$" not in text


def outputs(step: StepRun) -> tuple[dict[str, str], ...]:
    """The `outputs` of a build step, each as its options; `name` may list several images."""
    return _outputs(step.input("outputs"))


@cache
def _outputs(text: str) -> tuple[dict[str, str], ...]:
    found = []
    for line in text.split("\n"):
        quoted = (part.rpartition('"')[2] for part in re.split(r'"(?=,|$)', line)[:-1])
        names = next((part.partition("name=")[2] for part in quoted if "name=" in part), "")
        options = dict(
            o.strip().partition("=")[::2] for o in re.split(r",(?=[\w-]+=)", line.replace('"', ""))
        )
        if names:
            options["name"] = names
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


RECORD_SETTINGS = ("DOCKER_BUILD_RECORD_UPLOAD", "DOCKER_BUILD_SUMMARY")
"""Variables of the environment that switch the upload of records off."""
RECORDS_SINCE = {"docker/build-push-action": 6, "docker/bake-action": 5}
"""The versions of actions that began to upload a record of each build."""


def leaves_record(step: Step) -> bool:
    """Whether a build step is of a version that uploads a record."""
    return version(step) >= RECORDS_SINCE[step.action]


def version(step: Step) -> int:
    """The major version of the action that a step uses, as its tag or a comment says; 0 where unknown."""
    node = step.node.values["uses"]
    line = step.source.slice(node.start, step.source.line_end(node.start))
    found = re.search(r"@v?(\d+)(?![0-9a-f])|#\s*v?(\d+)", line)
    return int(found[1] or found[2]) if found is not None else 0
