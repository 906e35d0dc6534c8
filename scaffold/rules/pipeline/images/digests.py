"""Images that are pushed by digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache, partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.commands import value_of
from scaffold.pipeline.expressions.values import is_known, shown, text_of
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class DigestProvenance(PipelineRule):
    """An image that is pushed by digest to two registries is pushed without provenance.

    Why: the attestation is part of what the digest names, and it is made once for each registry. The
    two then hold different digests, the step knows one of them, and the merge fails in the other
    registry with `not found`, as it did in LocalAI. Where all that asks for an image by digest asks the
    registry that stands last, whose digest the step tells, nothing is told.

    Fails:

        outputs: |
          type=image,name=quay.io/example/app,push-by-digest=true,push=true
          type=image,name=docker.io/example/app,push-by-digest=true,push=true

    Passes:

        outputs: |
          type=image,name=quay.io/example/app,push-by-digest=true,push=true
          type=image,name=docker.io/example/app,push-by-digest=true,push=true
        provenance: false

    Fix: `scaffold check --fix` adds `provenance: false`.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps that push one digest to several registries with an attestation."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for build in flows_of(run).builds:
                step = build.at
                provenance = build.input("provenance")
                if step.step in reported or not build.gives("outputs") or provenance == "false":
                    continue
                exported = [
                    options.get("name", ",".join(lines(build.input("tags")))).split(",")
                    for options in docker.outputs(build)
                    if options.get("push-by-digest") == "true"
                ]
                names = [name for own in exported for name in own]
                alone = len(exported) == 1  # one attestation, and one digest in all registries
                if alone or len({_registry(name) for name in names}) < 2:  # noqa: PLR2004 - two registries
                    continue
                by_digest = docker.outputs(build)[-1].get("push-by-digest") == "true"
                if by_digest and _asked_in(run) == {_registry(name) for name in exported[-1]}:
                    continue  # of several exporters it is the last whose digest the step tells
                if is_known(provenance) and not _without_attestations(build):
                    where = " and ".join(map(shown, dict.fromkeys(names)))
                    reported.add(step.step)
                    yield self.finding(
                        build.place("outputs"),
                        "",
                        step.step.title,
                        f"the image goes by digest to {where}, and its provenance makes the digests differ",
                        "set provenance: false",
                        fix=partial(_set_provenance, step.step) if step.step.action in docker.BUILD else None,
                    )


def _without_attestations(build: ImageBuild) -> bool:
    """Whether the environment switches attestations off."""
    value = build.at.context("env").get("BUILDX_NO_DEFAULT_ATTESTATIONS")
    switched = value is not None and text_of(value) in ("1", "true")
    disabled = re.search(r"type=provenance,disabled=true", build.input("attests")) is not None
    return disabled or (switched and not build.gives("provenance"))


@lru_cache(maxsize=4)
def _asked_in(run: Run) -> frozenset[str]:
    """The registries that a run asks for images by digest; "" for one that nobody knows."""
    found: set[str] = set()
    for step in run.those(_may_ask):
        for text in (step.step.run, *map(step.step.spelled, step.step.given)):
            for name in (name for name in re.findall(_BY_DIGEST, text) if "/" in name or "$" in name):
                value = value_of(name, step)
                host = value.partition("/")[0]
                found.add("" if not is_known(host) or "$" in host else _registry(value))
    return frozenset(found)


def _may_ask(step: Step) -> bool:
    return "@" in step.run or any("@" in step.spelled(name) for name in step.given)


_BY_DIGEST = r"(?<![\w./:$%{}-])((?:\$\{\{[^{}]*+\}\}|[\w./:$%{}-])++)@(?:sha256:|\$)"
"""The name of an image before its digest."""


def _registry(name: str) -> str:
    host, slash, _ = name.partition("/")
    return host if slash and ("." in host or ":" in host) else "docker.io"


def _set_provenance(step: Step, changes: ChangeSet) -> None:
    inputs = step.node.mapping("with")
    node = inputs.get("provenance")
    if isinstance(node, yaml.Scalar):
        changes.add(Edit(step.path, node.start, node.end, "false"))
        return
    key = inputs.keys["outputs"]
    line = step.source.line_start(key.start)
    indent = step.source.slice(line, key.start)
    changes.insert(step.path, line, f"{indent}provenance: false\n")
