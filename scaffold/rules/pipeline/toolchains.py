"""Versions of toolchains that workflows spell out."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.pipeline.dockerfiles import known_dockerfiles
from scaffold.pipeline.expressions.templates import Template, template
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.go_modules import MODULE, SETUP, module_above, modules_of
from scaffold.pipeline.matrix import place_in_matrix
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import StepRun
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Stage
from scaffold.syntax.source import Place

KEY = "go-version"

_REQUIRED = re.compile(rb"(?m)^go[ \t]+(\d+(?:\.\d+){1,2})\b")
_NEWEST = r"(?:~|.*<)?(\d+(?:\.\d+){1,2})(?:\.x|-?(?:rc|beta)[\d.]*)?"
"""A version that is no newer than what it begins with, or ends below."""


class GoVersionOld(PipelineRule):
    """No workflow or Dockerfile asks for an older Go than `go.mod` does.

    Why: the older Go is set up for nothing. It fetches the one that `go.mod` asks for, outside of every
    cache and in every run, or ends with "go.mod requires go >= 1.26.0" where it must not fetch
    (`GOTOOLCHAIN=local`). LocalAI spells 25 such versions out, and each has to be found by hand when
    `go.mod` moves on.

    Fails: `go 1.26.0` in `go.mod`, and in a workflow

        - uses: actions/setup-go@v5
          with:
            go-version: '1.25.4'

    Passes:

        - uses: actions/setup-go@v5
          with:
            go-version-file: go.mod

    In a Dockerfile it is the default of `ARG GO_VERSION`, where a RUN fetches that version, or the `golang`
    image in which the module is built, unless that is given another Go. There is one finding for a file and
    version, and none below a comment that tells of a version of Go. A job that works in the folder of
    another module is held to that one's `go.mod`; one in which nothing runs Go, as where images are built
    that bring their own, to none.

    Fix: name the file instead of the version, or raise the version where a matrix or an input hands it on.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        tree = registry.tree
        found: dict[tuple[str, str, str], list[Place]] = {}
        asked = dict.fromkeys(_asked(registry))
        for place, text, job in sorted(asked, key=lambda found: (found[0].path, found[0].line)):
            for module in modules_of(job) if re.fullmatch(_NEWEST, text) else ():
                if _is_old(text, _required(tree, module)) and not _is_meant(tree, place):
                    places = found.setdefault((place.path, text, module), [])
                    places += [place] if place not in places else []
        for file in known_dockerfiles(registry):
            module = module_above(tree, posixpath.dirname(file.path))
            for place, version in _in_dockerfile(file):
                if _is_old(version, _required(tree, module)):
                    found.setdefault((file.path, version, module), [place])
        steps = (step for job in registry.pipeline.jobs if found for step in job.steps if KEY in step.given)
        in_steps = {step.at("with", KEY) for step in steps}
        for (path, version, module), places in found.items():
            where = f" ({len(places)} places)" if len(places) > 1 else ""
            wanted = _required(tree, module)
            yield self.finding(
                places[0],
                "",
                f"{path} {version}",
                f"Go {version} is set up here{where}; {module} asks for {wanted}",
                f"write `go-version-file: {module}`, or {wanted}"
                if places[0] in in_steps
                else f"write {wanted}",
            )

    def about(self, subject: str) -> tuple[str, frozenset[str]]:
        """The file: a version that is raised and still too old is no new finding."""
        return subject.rpartition(" ")[0], frozenset()


def _required(tree: Tree, module: str) -> str:
    """The version that a `go.mod` asks for; "" for none."""
    required = _REQUIRED.search(tree.read(module) or b"")
    return required[1].decode() if required is not None else ""


def _is_old(text: str, wanted: str) -> bool:
    """Whether what a workflow asks for has nothing as new as a module wants."""
    literal = re.fullmatch(_NEWEST, text)
    if literal is None or not wanted:
        return False
    return ("<" in text and not _is_older(wanted, literal[1])) or _is_older(literal[1], wanted)


def _is_meant(tree: Tree, place: Place) -> bool:
    """Whether a comment right above a place tells of a version of Go."""
    above = _lines(tree.read(place.path) or b"")[place.line - 2 :: -1] if place.line > 1 else ()
    comment = itertools.takewhile(lambda line: line.lstrip().startswith("#"), above)
    told = (re.split(r"(?i)\bgo\b", line, maxsplit=1)[1:] for line in comment)
    return any(re.search(r"\d", rest) for parts in told for rest in parts)


@lru_cache(maxsize=1)  # the places are asked file by file
def _lines(data: bytes) -> list[str]:
    return data.decode(errors="replace").split("\n")


def _in_dockerfile(file: Dockerfile) -> Iterator[tuple[Place, str]]:
    """The versions that a Dockerfile fetches, or of whose image it builds the module."""
    default = _DEFAULT.search(file.data) if b"GO_VERSION" in file.data.upper() else None
    fetched = re.finditer(rb"\bgo\$\{?GO_VERSION\b", file.data) if default else ()
    if default and any(b"#" not in file.data[file.line_start(at.start()) : at.start()] for at in fetched):
        yield Place(file.path, file.line(default.start(1))), default[1].decode()
    for stage in file.stages if b"golang" in file.data else ():
        image = re.fullmatch(_IMAGE, stage.image)
        copies = (i for i in stage.instructions if image is not None and i.copies)
        taken = {path.strip("./") for i in copies for path, _ in i.paths[:-1]}
        if image is not None and taken & {"", MODULE} and not _brings_another(file, stage):
            version = image[1] or (default[1].decode() if default else "")
            if version:
                yield file.place(stage.instructions[0]), version


def _brings_another(file: Dockerfile, stage: Stage) -> bool:
    """Whether a stage puts another Go in the place of the one that its image has."""
    runs = (i for i in stage.instructions if i.name == "RUN")
    return any(re.search(_OTHER_GO, file.data[i.start_byte : i.end_byte]) for i in runs)


_OTHER_GO = rb"\b(?:go\.dev/dl|golang\.org/dl|dl\.google\.com/go|golang\.google\.cn/dl)/go"
_DEFAULT = re.compile(rb"(?im)^[ \t]*(?:ARG|ENV)[ \t]+GO_VERSION[= ][\"']?(\d+(?:\.\d+){1,2})\b")
_IMAGE = r"(?:.*/)?golang:(?:(\d+(?:\.\d+){1,2})\b.*|\$\{?GO_VERSION\}?.*)"


def _asked(registry: Repository) -> Iterator[tuple[Place, str, Job]]:
    """The versions of Go that workflows ask for, each where it is spelled out, and the job that does."""
    for job in registry.pipeline.jobs:
        for scalar in _versions(job):
            yield job.workflow.source.place(scalar.start), scalar.text, job
        container = job.node.text("container", "image") or job.node.text("container")
        image = re.fullmatch(_IMAGE, container)
        if image is not None:
            yield job.at("container"), image[1] or "", job
    for run in registry.runs.all():
        occurrences = (o for job in run.every_job for o in job.using(SETUP))
        if any(o.outer is not None or "${{" in o.step.spelled(KEY) for o in occurrences):
            for step in _different(run.steps(SETUP)):
                yield from ((place, text, step.job.job) for place, text in _evaluated(step))


def _different(steps: Iterable[StepRun]) -> Iterator[StepRun]:
    """Those of some steps that may ask for another version, or spell it elsewhere, than those before."""
    seen = set()
    for step in steps:
        of, caller = step.step.input(KEY), step.job.call.caller
        by_row = of is not None and "matrix" in of.contexts
        key = step.occurrence, caller and caller.job, step.input(KEY), by_row and repr(step.job.row)
        if key not in seen:
            seen.add(key)
            yield step


def _evaluated(step: StepRun) -> Iterator[tuple[Place, str]]:
    """The version that a step asks for in a run, or that a person starts it with by default."""
    of = step.step.input(KEY)
    if of is not None and of.expressions:
        yield _origin(step, of), step.input(KEY)
        workflow = step.job.call.workflow
        for name in of.names("inputs"):
            keys = ("on", "workflow_dispatch", "inputs", name, "default")
            yield workflow.at(*keys), workflow.node.text(*keys)
    elif of is not None and step.outer is not None:
        yield step.step.at("with", KEY), step.input(KEY)


def _origin(step: StepRun, of: Template) -> Place:
    """Where the value of an expression is spelled out: of a row, a variable, an input."""
    job, call = step.job.job, step.job.call
    for name in of.names("matrix"):
        axis = job.matrix.values.get(name) if isinstance(job.matrix, yaml.Mapping) else None
        written = [template(value.text) for value in yaml.scalars(axis)]
        handed = [one for one in written if "inputs" in one.contexts and "matrix" not in one.contexts]
        spelled = {value.text for value in yaml.scalars(axis)}
        if handed and text_of(step.job.row.get(name, "")) not in spelled:
            return _origin(step, handed[0])
        return place_in_matrix(job, {key: text_of(value) for key, value in step.job.row.items()}, name)
    for name in of.names("env"):
        for holder in (job, job.workflow):
            for variable in holder.node.mapping("env").values:
                if variable.lower() == name:
                    return holder.at("env", variable)
    for name in of.names("inputs"):
        if step.outer is not None and name in step.outer.step.given:
            return step.outer.step.at("with", name)
        if step.outer is None and call.caller is not None:
            caller = call.caller.job
            default = ("on", "workflow_call", "inputs", name, "default")
            return caller.at("with", name) if name in caller.given else call.workflow.at(*default)
    return step.step.at("with", KEY)


def _versions(job: Job) -> Iterator[yaml.Scalar]:
    """The versions of Go that a job's steps, its matrix and what it hands to a workflow spell out."""
    matrix = job.matrix if isinstance(job.matrix, yaml.Mapping) else yaml.EMPTY
    given = [values[KEY] for values in (job.given, *(step.given for step in job.steps)) if KEY in values]
    axes = {name for value in given for name in _axes(value)}
    if (
        KEY in matrix.values
        and f"matrix.{KEY}".encode() in job.workflow.source.data[job.node.start : job.node.end]
    ):
        axes.add(KEY)
    for value in (*given, *(own for name, own in matrix.values.items() if name in axes)):
        yield from yaml.scalars(value)


def _axes(value: yaml.Value) -> set[str]:
    """The axes of the matrix that a version is taken from."""
    of = template(value.text) if isinstance(value, yaml.Scalar) else None
    return set(of.names("matrix")) if of is not None else set()


def _is_older(version: str, wanted: str) -> bool:
    """Whether a version, of two numbers or three, has nothing as new as the wanted one."""
    pairs = zip(version.split("."), wanted.split("."), strict=False)
    return next((int(own) < int(other) for own, other in pairs if int(own) != int(other)), False)
