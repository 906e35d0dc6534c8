"""Releases of Ubuntu that images and their rows name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import Any, NamedTuple

from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.expressions.values import text_of
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.matrix import expand, place_in_matrix
from scaffold.pipeline.model import Job
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import written
from scaffold.pipeline.scopes import JobRun
from scaffold.pipeline.steps import Step
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Located, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.source import Place

_RELEASES = {"focal": "2004", "jammy": "2204", "noble": "2404", "plucky": "2504", "questing": "2510"}
"""Name of a release of Ubuntu -> its number without the point."""


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

    Looked at are the rows of LocalAI's build matrix, those of every matrix in a workflow and the objects in
    them, what is handed to a reusable workflow, and the build arguments of an image, whether they say
    `base-image` or `BASE_IMAGE`.

    Fix: name one release in both.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Rows that name two releases."""
        for entry in registry.matrix.linux if isinstance(registry, Registry) else ():
            found = _differing(entry.fields)
            if found is not None:
                yield self._told(entry.at(found.key), entry.backend, "", entry.fields, found)
        reported: set[tuple[Place, _Differing]] = set()
        told: set[JobRun] = set()
        for leg, place_of, fields in _all_rows(registry):
            found = _differing(fields)
            if found is not None and told.isdisjoint(leg.chain):
                told.add(leg)  # what it hands on says the same
                place = place_of(found.key)
                if (place, found) not in reported:
                    reported.add((place, found))
                    yield self._told(place, "", leg.job.id, fields, found)

    def _told(
        self, place: Located, backend: str, title: str, fields: Mapping[str, str], found: _Differing
    ) -> Finding:
        name = fields.get("tag-suffix") or fields.get("tag") or title
        return self.finding(
            place,
            backend,
            f"{name} {fields.get('platform-tag', '')}",
            f"{name} is built on {found.image} with {found.key} {found.version}",
            "name one release in both",
        )


class _Differing(NamedTuple):
    """Two releases of Ubuntu in one row."""

    key: str
    version: str
    image_key: str
    image: str


@lru_cache(maxsize=512)
def _says(data: bytes) -> bool:
    """Whether a file names a release, asked once for each content."""
    says = rb"ubuntu(?:[-_]?(?:version|release|codename)\b|[\"']?\s*[:=])"
    return re.search(says, data.lower()) is not None


def _differing(fields: Mapping[str, str]) -> _Differing | None:
    """The two releases of Ubuntu that a row names; None where it names one, or none."""
    versions, named = _keys(tuple(fields))
    images = {key: (release, fields[key]) for key in named if (release := _release_of(fields[key]))}
    for key in versions if images else ():
        version = _RELEASES.get(fields[key], fields[key].replace(".", ""))
        for other, (release, image) in images.items():
            if version != release and re.fullmatch(r"\d{4}", version):
                return _Differing(key, fields[key], other, image)
    return None


@lru_cache(maxsize=512)
def _keys(fields: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Of the names in a row those of releases, and those of the images that another one is built on."""
    versions = [key for key in fields if _is_version(key)]
    return versions, [key for key in fields if _is_image(key)] if versions else []


@lru_cache(maxsize=512)
def _release_of(image: str) -> str:
    """The number of the release that an image names; "" where it names none."""
    named = re.search(r"ubuntu[-:]?(\d\d)\.?(\d\d)\b|ubuntu:([a-z]+)", image)
    if named is None:
        return ""
    return named[1] + named[2] if named[1] else _RELEASES.get(named[3], "")


@cache
def _is_version(key: str) -> bool:
    """Whether a name in a row is that of a release."""
    name = key.lower().removesuffix("version").removesuffix("release").removesuffix("codename").rstrip("-_")
    return name == "ubuntu" or name.endswith(("-ubuntu", "_ubuntu"))


@cache
def _is_image(key: str) -> bool:
    """Whether a name in a row is that of the image that another one is built on."""
    name = key.lower()
    other = "builder" in name or "runner" in name
    return not other and any(word in name for word in ("base", "container", "from", "image"))


_Row = tuple[JobRun, Callable[[str], Place], Mapping[str, str]]
"""A leg, where a name of what it says stands, and that."""


def _all_rows(registry: Repository) -> Iterator[_Row]:
    """The rows of the workflows that name a release."""
    seen: set[Job] = set()
    for run in registry.runs.all():
        if any(_says(workflow.source.data) for workflow in {job.workflow for job in run.every_job}):
            seen.update(run.every_job)
            yield from _rows(run.jobs, flows_of(run).builds)
    for job in registry.pipeline.jobs:
        if job not in seen and _says(job.workflow.source.data):
            call = written(job).call
            rows = expand(job.matrix, call.scope(job), registry.pipeline, job.id).rows
            yield from _rows([JobRun(call, job, row, 0, complete=False) for row in rows], ())


def _rows(legs: Iterable[JobRun], builds: Iterable[ImageBuild]) -> Iterator[_Row]:
    """What legs are made of: the rows of matrices, what they hand to a workflow, and build arguments."""
    own = False
    for leg in legs:
        job = leg.job
        if leg.call.caller is None:  # behind it are the legs of what it calls
            own = _is_of_own_matrix(job)
        if own:
            continue
        row = dict(_said(leg.row))
        yield leg, partial(place_in_matrix, job, row), row
        if job.uses:
            handed = {name: leg.text(value) for name, value in _handed(job).items()}
            yield leg, partial(job.at, "with"), handed
    for build in builds:
        if not _may_name_one(build.at.step) or _is_of_own_matrix(build.job.root.job):
            continue
        pairs = (line.partition("=") for line in build.input("build-args").split("\n"))
        fields = {name.strip(): value.strip() for name, _, value in pairs}
        yield build.job, partial(_place_in_build, build), fields


@lru_cache(maxsize=512)
def _handed(job: Job) -> Mapping[str, yaml.Value]:
    """What a job hands to the workflow that it calls, or leaves as it is: releases and images, by name."""
    called = job.called.inputs if job.called is not None else {}
    given = {name: value for name, (value, _) in called.items()} | job.given
    return {name: value for name, value in given.items() if _is_version(name) or _is_image(name)}


def _said(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The names in a row, and those in the objects that it holds, each with its text."""
    for key, value in row.items():
        if isinstance(value, dict):
            yield from ((f"{key}-{name}" if name in _OF_OUTER else name, text) for name, text in _said(value))
        else:
            yield key, text_of(value)


_OF_OUTER = ("version", "release", "codename")
"""Names in an object that say what they are of by the object's own name."""


@lru_cache(maxsize=512)
def _may_name_one(step: Step) -> bool:
    """Whether the build arguments of a step may name a release."""
    spelled = step.spelled("build-args") or step.run
    return re.search(r"(?i)ubuntu|\$\{\{ *inputs", spelled) is not None


@lru_cache(maxsize=512)
def _is_of_own_matrix(job: Job) -> bool:
    """Whether the legs of a job are rows of LocalAI's build matrix, which is read where it stands."""
    return isinstance(job.matrix, yaml.Scalar) and bool(job.workflow.pipeline.generated)


def _place_in_build(build: ImageBuild, name: str) -> Place:
    step = build.at.step
    return step.line_of(name) if step.run else step.line_of(name, "with", "build-args")
