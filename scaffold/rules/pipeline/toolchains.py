"""Versions of toolchains and systems that workflows spell out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from scaffold.pipeline import docker
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Located, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place

MODULE = "go.mod"
KEY = "go-version"

_REQUIRED = re.compile(rb"(?m)^go[ \t]+(\d+(?:\.\d+){1,2})\b")
_LITERAL = re.compile(r"(\d+(?:\.\d+){1,2})(?:\.x)?")


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

    In a Dockerfile it is the default of `ARG GO_VERSION`, where a RUN fetches that version. There is one
    finding for a file and version.

    Fix: name the file instead of the version, or raise the version.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        required = _REQUIRED.search(registry.tree.read(MODULE) or b"")
        if required is None:
            return
        wanted = required[1].decode()
        found: dict[tuple[str, str], list[Place]] = {}
        for job in registry.pipeline.jobs:
            for scalar in _versions(job):
                literal = _LITERAL.fullmatch(scalar.text)
                if literal and _is_older(literal[1], wanted):
                    place = job.workflow.source.place(scalar.start)
                    found.setdefault((job.path, scalar.text), []).append(place)
        for file in docker.known_dockerfiles(registry):
            default = _ARGUMENT.search(file.data)
            if default and _FETCHED.search(file.data) and _is_older(default[1].decode(), wanted):
                found[file.path, default[1].decode()] = [Place(file.path, file.line(default.start(1)))]
        for (path, version), places in found.items():
            where = f" ({len(places)} places)" if len(places) > 1 else ""
            yield self.finding(
                places[0],
                "",
                f"{path} {version}",
                f"Go {version} is set up here{where}; {MODULE} asks for {wanted}",
                f"write {wanted}"
                if "Dockerfile" in path
                else f"write `go-version-file: {MODULE}`, or {wanted}",
            )

    def about(self, subject: str) -> tuple[str, frozenset[str]]:
        """The file: a version that is raised and still too old is no new finding."""
        return subject.rpartition(" ")[0], frozenset()


_ARGUMENT = re.compile(rb"(?m)^ARG GO_VERSION=(\d+(?:\.\d+){1,2})[ \t]*$")
_FETCHED = re.compile(rb"(?m)^[^#\n]*\bgo\$\{?GO_VERSION\b")


def _versions(job: Job) -> Iterator[yaml.Scalar]:
    """The versions of Go that a job's steps, its matrix and what it hands to a workflow spell out."""
    matrix = job.matrix if isinstance(job.matrix, yaml.Mapping) else yaml.EMPTY
    given = [values.get(KEY) for values in (job.given, *(step.given for step in job.steps))]
    axes = {name for value in given for name in _axes(value)}
    for value in (*given, *(own for name, own in matrix.values.items() if name in axes | {KEY})):
        yield from yaml.scalars(value)


def _axes(value: yaml.Value | None) -> set[str]:
    """The axes of the matrix that a version is taken from."""
    of = template(value.text) if isinstance(value, yaml.Scalar) else None
    return set(of.names("matrix")) if of is not None else set()


def _is_older(version: str, wanted: str) -> bool:
    """Whether a version, of two numbers or three, has nothing as new as the wanted one."""
    pairs = zip(version.split("."), wanted.split("."), strict=False)
    return next((int(own) < int(other) for own, other in pairs if int(own) != int(other)), False)


_UBUNTU = re.compile(r"ubuntu[-:]?(\d\d)\.?(\d\d)\b")


class BaseRelease(PipelineRule):
    """The base image of an image and its `ubuntu-version` are one release of Ubuntu.

    Why: Dockerfiles choose package sources and pip's options by `ubuntu-version`. Packages for another
    release than the image's cannot be installed, or bring another libc. LocalAI's CUDA 13 image was built
    on Ubuntu 22.04 with the packages of 24.04 (#11143).

    Fails:

        base-image: "ubuntu:22.04"
        ubuntu-version: '2404'

    Passes:

        base-image: "ubuntu:24.04"
        ubuntu-version: '2404'

    Looked at are the rows of LocalAI's build matrix, those of every matrix in a workflow, and what is
    handed to a reusable workflow.

    Fix: name one release in both.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Rows that name two releases."""
        for entry in registry.matrix.linux if isinstance(registry, Registry) else ():
            if _differs(entry.fields):
                yield self._told(entry.at("ubuntu-version"), entry.backend, "", entry.fields)
        for job in registry.pipeline.jobs:
            for row in _rows(job) if b"ubuntu-version" in job.workflow.source.data else ():
                fields = {name: row.text(name) for name in ("base-image", "ubuntu-version", *row.values)}
                if _differs(fields):
                    place = job.workflow.source.place(row.keys["ubuntu-version"].start)
                    yield self._told(place, "", job.id, fields)

    def _told(self, place: Located, backend: str, title: str, fields: Mapping[str, str]) -> Finding:
        name = fields.get("tag-suffix") or fields.get("tag") or title
        return self.finding(
            place,
            backend,
            f"{name} {fields.get('platform-tag', '')}",
            f"{name} is built on {fields['base-image']} with ubuntu-version {fields['ubuntu-version']}",
            "name one release in both",
        )


def _differs(fields: Mapping[str, str]) -> bool:
    """Whether a row names two releases of Ubuntu."""
    version = fields.get("ubuntu-version", "")
    named = _UBUNTU.search(fields.get("base-image", "")) if version.isdigit() else None
    return named is not None and named[1] + named[2] != version


def _rows(job: Job) -> Iterator[yaml.Mapping]:
    """The rows of a job's matrix, and what it hands to a workflow."""
    included = job.matrix.get("include") if isinstance(job.matrix, yaml.Mapping) else None
    for row in included.items if isinstance(included, yaml.Sequence) else ():
        if isinstance(row, yaml.Mapping):
            yield row
    yield job.node.mapping("with")
