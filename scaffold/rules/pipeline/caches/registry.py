"""Caches in a registry: who writes them, and under which name."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache, partial

from scaffold.checkout.changes import ChangeSet
from scaffold.pipeline import docker
from scaffold.pipeline.builds import ImageBuild, written_builds
from scaffold.pipeline.caches import RESTORE, SAVE, is_anywhere
from scaffold.pipeline.calls import titles
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, shown, text_of
from scaffold.pipeline.flows import Flow, Flows, Kind, cached, clashes, flows_of
from scaffold.pipeline.model import Job
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.records import version
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, Runs
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Step
from scaffold.pipeline.triggers import pull_request_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class CacheToOnPr(PipelineRule):
    """A pull request does not write the registry cache that all builds read.

    Why: the cache of a branch that is never merged replaces the one that master made, and every build
    after it starts cold, or from layers that nobody reviewed.

    Fails:

        - uses: docker/build-push-action@v7
          with:
            cache-to: type=registry,ref=example/ci-cache:app,mode=max

    Passes:

        - uses: docker/build-push-action@v7
          if: github.event_name != 'pull_request'
          with:
            cache-to: type=registry,ref=example/ci-cache:app,mode=max

    A ref of its own for each pull request is fine, and so is one for all of them, where the same step has
    another one otherwise and nothing that is pushed is built from theirs.

    Fix: give pull requests a build step without `cache-to`, or make it
    `${{ github.event_name != 'pull_request' && '...' || '' }}`.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps that a pull request certainly runs and that write one registry ref for all."""
        for step, build in written_by_pull_requests(registry.runs).items():
            ref = min(_registry_refs(build))
            runs = [flows_of(run) for run in registry.runs.all()]
            read = [wanted.build for flows in runs for wanted in flows.imports if wanted.name == ref]
            others = (flow for flows in runs for flow in flows.exports if flow.name != ref)
            tried = read and all(build is not None and docker.pushes(build) is False for build in read)
            if tried and any(flow.at.step is step for flow in others):
                continue
            yield self.finding(
                build.place("cache-to"),
                "",
                step.title,
                f"every pull request writes the cache {shown(ref)}" + (", which builds read" if read else ""),
                "write the cache on pushes only, and let pull requests read it",
            )


@lru_cache(maxsize=4)
def written_by_pull_requests(runs: Runs) -> dict[Step, ImageBuild]:
    """The steps with which every pull request certainly writes one ref of a registry, each with the build."""
    found: dict[Step, ImageBuild] = {}
    for run in runs.pull_requests():
        builds = [build for build in flows_of(run).builds if _registry_refs(build)]
        if not builds:
            continue
        twin = flows_of(Run(run.workflow, pull_request_of(run.workflow, number=2, head_ref="another")))
        twins = {_which(build): build for build in twin.builds}
        for build in builds:
            other = twins.get(_which(build))
            if other is not None and _registry_refs(build) & _registry_refs(other):
                found.setdefault(build.at.step, build)
    return found


def _which(build: ImageBuild) -> tuple[object, ...]:
    """What finds a build again in another run."""
    return build.at.job.label, build.at.step, *build.image


def _registry_refs(build: ImageBuild) -> set[str]:
    """The refs that a build certainly writes."""
    if not build.exports or not build.at.due:
        return set()
    refs = {o.get("ref", "") for o in build.exports if o["type"] == "registry"}
    own = build.job.job.node.mapping("services").values  # of this job alone
    far = (ref for ref in refs if ref and not docker.is_local_name(ref))
    shared = (ref for ref in far if re.split("[:/]", ref)[0] not in own)
    return {ref for ref in shared if not re.search(f"{HOLE}(?:steps|needs|env)@", ref)}


class CacheToIgnoreError(PipelineRule):
    """A registry that refuses the cache does not fail the build.

    Why: the cache is written after the image is built. Without `ignore-error=true` an hour of work is
    thrown away because the registry had a bad minute. Checked in LocalAI alone: elsewhere a cache that
    is not written may matter more.

    Fails:

        cache-to: type=registry,ref=quay.io/example/ci-cache:app,mode=max

    Passes:

        cache-to: type=registry,ref=quay.io/example/ci-cache:app,mode=max,ignore-error=true

    Fix: `scaffold check --fix` adds it.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Registry exports of LocalAI's build steps without `ignore-error=true`."""
        if not isinstance(registry, Registry):
            return
        reported: set[Step] = set()
        for build in written_builds(registry.pipeline):
            step = build.at.step
            fails = any(o["type"] == "registry" and o.get("ignore-error") != "true" for o in build.exports)
            spelled = (line for line in lines(step.spelled("cache-to")) if "type=registry" in line)
            if step not in reported and (fails or any("ignore-error=true" not in line for line in spelled)):
                reported.add(step)
                node = step.given.get("cache-to")
                plain = isinstance(node, yaml.Scalar) and node.style == "" and node.text.startswith("type=")
                yield self.finding(
                    build.place("cache-to"),
                    "",
                    step.title,
                    "the build fails where the registry refuses its cache",
                    "add ,ignore-error=true",
                    fix=partial(ChangeSet.insert, path=step.path, offset=node.end, text=",ignore-error=true")
                    if node is not None and plain and "\n" not in step.spelled("cache-to")
                    else None,
                )


class LegsShareCacheRef(PipelineRule):
    """No two jobs of one run, and no two images of a job, write the same cache or artifact.

    Why: the one that finishes last replaces the other's cache, and an artifact of a taken name fails the
    upload, or with `overwrite` replaces the other one. The legs of a matrix need what tells them apart in the
    name: usually the architecture.

    Fails:

        strategy:
          matrix: {arch: [amd64, arm64]}
        steps:
          - uses: docker/build-push-action@v7
            with:
              cache-to: type=registry,ref=example/ci-cache:app

    Passes:

        cache-to: type=registry,ref=example/ci-cache:app-${{ matrix.arch }}

    Left alone is an upload of an artifact that was deleted before, and one with `continue-on-error` of what
    its job looked for and did not find. So is one whose path names another leg: this one finds nothing to
    upload. So are two steps of a job that upload different files: without `if-no-files-found: error` one of
    them may have none; in two jobs that is a warning. So is `type=gha` in a script: buildx leaves it out
    where no step sets the token of GitHub's cache; and stages that are built one after another.

    Fix: put the axis that differs into the name.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Refs, scopes and artifact names that a run writes twice."""
        reported: set[tuple[Step, Kind]] = set()
        for run in registry.runs.all():
            flows = flows_of(run)
            uploads = (upload for upload in flows.uploads if version(upload.at.step) not in _ADDING)
            same: dict[tuple[Kind, object], list[tuple[Flow, Flow]]] = {}
            for one, other in (*clashes(uploads), *clashes(flows.exports), *clashes(_saves(run))):
                doubled = isinstance(registry, Registry) and _is_doubled(one, other)
                if not doubled and not _FINE[other.kind](flows, one, other):
                    same.setdefault((other.kind, other.what), []).append((one, other))
            for (kind, _), pairs in same.items():
                one, other = pairs[0]
                others = {pair[1].at.step for pair in pairs}
                if not reported.isdisjoint((step, kind) for step in others):
                    continue
                reported.update((step, kind) for step in others)
                yield self._told(one, other, len(others) - 1)

    def _told(self, one: Flow, other: Flow, more: int) -> Finding:
        artifact = other.kind is Kind.artifact
        fatal = artifact and not _replaces(other) and one.at.runs and other.at.runs
        fatal = fatal and (_is_of_same(one, other) or all(map(_needs_files, (one, other))))
        fatal = fatal and "ignore" not in {flow.at.input("if-no-files-found") for flow in (one, other)}
        what = "artifact" if artifact else "cache"
        steps = one.at.job is other.at.job
        flows = one.at, other.at
        first, second = (f"line {at.line}" for at in flows) if steps else titles(*(at.job for at in flows))
        step = other.at.step
        return self.finding(
            step if other.build is None else other.build.place("cache-to"),
            "",
            f"{what} {step.title}",
            f"two {'steps of one job' if steps else 'jobs of one run'} write the {what} {shown(other.name)}:"
            f" {first} and {second}"
            + (f", and {more} more" if more else "")
            + ("; the second upload fails" if fatal else "")
            + ("; the first one stays" if other.kind is Kind.cache else ""),
            "put what tells them apart into the name",
            severity=Severity.error if fatal else self.severity,
        )


def _is_doubled(one: Flow, other: Flow) -> bool:
    """Whether two legs are the same entry of the build matrix, twice: matrix-duplicate-tag says it."""
    first, second = ([leg.row for leg in flow.at.job.chain] for flow in (one, other))
    return first == second and any("tag-suffix" in row for row in first)


def _saves(run: Run) -> Iterator[Flow]:
    """What legs save under a key that has nothing of their rows; of many legs of a job the first ones."""
    alike: dict[tuple[Job, ...], list[JobRun]] = {}
    for leg in run.using(SAVE):
        legs = alike.setdefault(tuple(at.job for at in leg.chain), [])
        if len(legs) < _COMPARED and any(at.row for at in leg.chain):
            legs.append(leg)
    for legs in alike.values():
        for occurrence in legs[0].job.using(SAVE) if legs[1:] else ():
            if is_anywhere(lines(occurrence.step.spelled("path"))):
                continue
            if not re.search(r"\b(?:matrix|strategy)@", legs[0].blind.bind(occurrence).input("key")):
                steps = (leg.bind(occurrence) for leg in legs)
                yield from (cached(step, writes=True) for step in steps if step.runs is not False)


_COMPARED = 16
"""Legs of a job that are compared."""

_ADDING = (1, 2, 3)
"""The versions of the upload that add to an artifact which is there."""


def _replaces(upload: Flow) -> bool:
    step = upload.at.step
    return "overwrite" in step.given and upload.at.input("overwrite") == "true"


def _is_of_same(one: Flow, other: Flow) -> bool:
    """Whether two uploads are of the same files, or of the same step: where one has something, both have."""
    return one.at.step is other.at.step or one.at.step.spelled("path") == other.at.step.spelled("path")


def _needs_files(upload: Flow) -> bool:
    return upload.at.input("if-no-files-found") == "error"


def _is_meant(flows: Flows, one: Flow, other: Flow) -> bool:
    """Whether an upload knows of the one before it: it replaces that, or what that made is deleted between.

    So does one that may fail, of what its leg has looked for in vain, and one that has nothing to upload, as
    one of two steps of a job, which makes the files of one of them.
    """
    if _is_of_others(flows, one, other):
        return True
    if one.at.job.job is other.at.job.job and not (_is_of_same(one, other) or _needs_files(other)):
        return True
    if any(step.node.text("continue-on-error") == "true" for step in other.at.occurrence.chain):
        own = (flow for flow in flows.downloads if flow.at.job is other.at.job)
        if any(flows.follows(other.at, flow.at) and flow.may_take(other.name) for flow in own):
            return True
    if not flows.waits(other.at.job, one.at.job):
        return False
    found = (flow for flow in flows.deletions if flow.may_take(other.name))
    return _replaces(other) or any(
        flows.follows(flow.at, one.at) and flows.follows(other.at, flow.at) for flow in found
    )


def _is_of_others(flows: Flows, one: Flow, other: Flow) -> bool:
    """Whether the path that two legs upload names a value of their matrix that not both have."""
    step = other.at.step
    if one.at.step is not step or other.at.input("if-no-files-found") == "error":
        return False
    return any(
        not all(flow.at.job.values.get(axis) == value for flow in (one, other))
        for axis, value in _named_in_paths(flows, step)
    )


@lru_cache(maxsize=4)  # the first leg is compared with each of the others
def _named_in_paths(flows: Flows, step: Step) -> list[tuple[str, str]]:
    """(axis, value) of the rows with which a step uploads, where all of its paths name the value."""
    paths = [
        re.sub(r"\$\{\{[^{}]*+\}\}", "", p) for p in lines(step.spelled("path")) if not p.startswith("!")
    ]
    legs = (flow.at.job for flow in flows.uploads if flow.at.step is step) if paths else ()
    rows = {(axis, value) for leg in legs for axis, value in leg.values.items() if isinstance(value, str)}
    near = (row for row in sorted(rows) if len(row[1]) > 1 and all(row[1] in path for path in paths))
    return [row for row in near if all(re.search(_WORD.format(re.escape(row[1])), path) for path in paths)]


_WORD = r"(?<![a-zA-Z0-9]){}(?![a-zA-Z0-9])"


def _alike(_: Flows, one: Flow, other: Flow) -> bool:
    """Whether two builds write layers of one image; in one job for other platforms, or a stage of it, too."""
    assert one.build is not None
    assert other.build is not None
    if one.at.job is other.at.job:
        return one.build.image == other.build.image
    if _one_by_one(one, other) and one.build.input("target") != other.build.input("target"):
        return True  # each has what the one before it wrote
    return other.name.startswith("gha:") and one.build.layers == other.build.layers


def _one_by_one(one: Flow, other: Flow) -> bool:
    job = other.at.job.job
    return one.at.job.job is job and job.node.text("strategy", "max-parallel") == "1"


def _of_one_make(_: Flows, one: Flow, other: Flow) -> bool:
    """Whether two legs save what they made in the same way, or may; kinds of runners are another rule's."""
    legs = one.at.job, other.at.job
    if legs[0].job is not legs[1].job or legs[0].runs_on != legs[1].runs_on or is_anywhere(other.paths):
        return True
    return _steps_before(one.at) == _steps_before(other.at)


@lru_cache(maxsize=64)  # the first leg is compared with each of the others
def _steps_before(save: StepRun) -> str:
    """What a leg does before it saves a cache; what only a run knows is the same in all legs.

    An action that looks for the cache, too, makes what it saves.
    """
    steps = [*itertools.takewhile(lambda step: step.step is not save.step, save.job.steps)]
    own = [step for step in steps if step.outer is save.outer]
    if save.outer is not None and any(step.step.action == RESTORE for step in own):
        steps = own
    last = max((at for at, step in enumerate(steps) if step.step.run and step.runs is not False), default=-1)
    done = (
        "\0".join((text_of(template(step.step.run).value(step)), *map(step.input, step.step.given)))
        for at, step in enumerate(steps)
        if step.runs is not False
        and not _is_other_cache(step, save)
        and not (at > last and _is_toolchain(step, save))
    )
    return "\1".join((*done, *map(text_of, save.job.env.values()))).replace(save.job.label, "")


def _is_other_cache(step: StepRun, save: StepRun) -> bool:
    """Whether a step uses a cache, of which a build takes no notice, and not of what another one saves."""
    action = step.step.action
    if "cache" not in action or action.startswith(".") or step.input("fail-on-cache-miss") == "true":
        return False
    paths = [[f"{path.rstrip('/')}/" for path in lines(one.input("path"))] for one in (step, save)]
    return not any(one.startswith(other) or other.startswith(one) for one, other in itertools.product(*paths))


def _is_toolchain(step: StepRun, save: StepRun) -> bool:
    """Whether a step only sets up a toolchain, in a place that is not saved: a script must use it first."""
    found = re.fullmatch(_TOOLCHAIN, step.step.action.rpartition("/")[2])
    if found is None or any(re.search("install|bundle", name) for name in step.step.given):
        return False
    tool = found[1] or found[2]
    return not any(name in save.input("path").lower() for name in (tool, "toolcache", "tool_cache"))


_TOOLCHAIN = r"(?:action-)?setup-([a-z]++).*|([a-z]++)[\w-]*-(?:cmd|toolchain).*"
"""An action that sets up a toolchain, and how the name of that begins."""


_FINE = {Kind.artifact: _is_meant, Kind.layers: _alike, Kind.cache: _of_one_make}
"""Whether two that write one name are meant to, or do no harm."""
