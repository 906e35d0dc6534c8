"""Caches in a registry: who writes them, and under which name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from scaffold.checkout.changes import ChangeSet
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.values import HOLE, shown
from scaffold.pipeline.flows import Flow, Kind, clashes, flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run, Runs
from scaffold.pipeline.scopes import StepRun
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

    A ref of its own for each pull request is fine.

    Fix: give pull requests a build step without `cache-to`, or make it
    `${{ github.event_name != 'pull_request' && '...' || '' }}`.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps that a pull request certainly runs and that write one registry ref for all."""
        for step, ref in written_by_pull_requests(registry.runs).items():
            yield self.finding(
                step.at("with", "cache-to"),
                "",
                step.title,
                f"a pull request writes the cache {shown(ref)}, which other builds read",
                "write the cache on pushes only, and let pull requests read it",
            )


@lru_cache(maxsize=4)
def written_by_pull_requests(runs: Runs) -> dict[Step, str]:
    """The steps with which every pull request certainly writes one ref of a registry, each with a ref."""
    found: dict[Step, str] = {}
    for run in runs.pull_requests():
        written = [
            (leg, number, step, refs)
            for leg in run.using(*docker.BUILD)
            for number, step in enumerate(leg.using(*docker.BUILD))
            if (refs := _registry_refs(step))
        ]
        if not written:
            continue
        twin = Run(run.workflow, pull_request_of(run.workflow, number=2, head_ref="another"))
        twins = dict(zip(run.jobs, twin.jobs, strict=False))
        for leg, number, step, refs in written:
            if leg in twins and step.step not in found:
                shared = refs & _registry_refs(list(twins[leg].using(*docker.BUILD))[number])
                if shared:
                    found[step.step] = min(shared)
    return found


def _registry_refs(step: StepRun) -> set[str]:
    """The refs that a step certainly writes."""
    if "cache-to" not in step.step.given or not step.due:
        return set()
    refs = {o.get("ref", "") for o in docker.cache_exports(step) if o["type"] == "registry"}
    return {ref for ref in refs if ref and not re.search(f"{HOLE}(?:steps|needs|env)@", ref)}


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
        for job in registry.pipeline.jobs:
            for occurrence in job.using(*docker.BUILD):
                node = occurrence.step.node.get("with", "cache-to")
                if not isinstance(node, yaml.Scalar):
                    continue
                exports = [line for line in lines(node.text) if "type=registry" in line]
                if not all("ignore-error=true" in line for line in exports):
                    one_line = node.style == "" and "\n" not in node.text
                    yield self.finding(
                        occurrence.step.at("with", "cache-to"),
                        "",
                        occurrence.step.title,
                        "the build fails where the registry refuses its cache",
                        "add ,ignore-error=true",
                        fix=partial(
                            ChangeSet.insert,
                            path=occurrence.step.path,
                            offset=node.end,
                            text=",ignore-error=true",
                        )
                        if one_line
                        else None,
                    )


class LegsShareCacheRef(PipelineRule):
    """No two jobs of one run write the same cache or artifact.

    Why: the one that finishes last replaces the other's cache, and an artifact of a taken name fails the
    upload. The legs of a matrix need what tells them apart in the name: usually the architecture.

    Fails:

        strategy:
          matrix: {arch: [amd64, arm64]}
        steps:
          - uses: docker/build-push-action@v7
            with:
              cache-to: type=registry,ref=example/ci-cache:app

    Passes:

        cache-to: type=registry,ref=example/ci-cache:app-${{ matrix.arch }}

    Fix: put the axis that differs into the name.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Refs, scopes and artifact names that two jobs of a run write."""
        reported: set[tuple[Step, Kind]] = set()
        for run in registry.runs.all():
            flows = flows_of(run)
            for one, other in (*clashes(filter(_once, flows.uploads)), *clashes(flows.exports)):
                step = other.at.step
                if (step, other.kind) in reported or _alike(one, other):
                    continue
                reported.add((step, other.kind))
                fatal = other.kind is Kind.artifact and one.at.runs and other.at.runs
                what = "artifact" if other.kind is Kind.artifact else "cache"
                yield self.finding(
                    step if what == "artifact" else step.at("with", "cache-to"),
                    "",
                    f"{what} {step.title}",
                    f"two jobs of one run write the {what} {shown(other.name)}: {one.at.job.title} and"
                    f" {other.at.job.title}" + ("; the second upload fails" if fatal else ""),
                    "put what tells the jobs apart into the name",
                    severity=Severity.error if fatal else self.severity,
                )


def _once(upload: Flow) -> bool:
    """Whether a second upload of the name fails: old versions add to it, `overwrite` replaces it."""
    step = upload.at.step
    replaces = "overwrite" in step.given and upload.at.input("overwrite") == "true"
    return not replaces and not step.uses.endswith(("@v1", "@v2", "@v3"))


def _alike(one: Flow, other: Flow) -> bool:
    """Whether two builds write the same layers: those of one image in GitHub's cache."""
    same = one.at.job.runs_on == other.at.job.runs_on and _built(one.at) == _built(other.at)
    return other.name.startswith("gha:") and same


def _built(step: StepRun) -> list[str]:
    return [step.input(name) for name in ("context", "file", "target", "platforms", "build-args")]
