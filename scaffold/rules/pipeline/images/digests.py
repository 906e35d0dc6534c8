"""Images that are pushed by digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.expressions.values import is_known, text_of
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class DigestProvenance(PipelineRule):
    """An image that is pushed by digest to two registries is pushed without provenance.

    Why: the attestation is part of what the digest names, and it is made once for each registry. The
    two then hold different digests, the step knows one of them, and the merge fails in the other
    registry with `not found`, as it did in LocalAI.

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
                if is_known(provenance) and not _without_attestations(build):
                    reported.add(step.step)
                    yield self.finding(
                        build.place("outputs"),
                        "",
                        step.step.title,
                        f"the image goes by digest to {' and '.join(dict.fromkeys(names))}, and its"
                        " provenance makes the digests differ",
                        "set provenance: false",
                        fix=partial(_set_provenance, step.step) if step.step.action in docker.BUILD else None,
                    )


def _without_attestations(build: ImageBuild) -> bool:
    """Whether the environment switches attestations off."""
    value = build.at.context("env").get("BUILDX_NO_DEFAULT_ATTESTATIONS")
    switched = value is not None and text_of(value) in ("1", "true")
    disabled = re.search(r"type=provenance,disabled=true", build.input("attests")) is not None
    return disabled or (switched and not build.gives("provenance"))


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
