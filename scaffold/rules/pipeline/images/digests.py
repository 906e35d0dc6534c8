"""Images that are pushed by digest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.values import is_known, text_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.scopes import StepRun
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
            for step in run.steps(*docker.BUILD):
                if step.step in reported or "outputs" not in step.step.given:
                    continue
                if step.input("provenance") == "false":
                    continue
                names = [
                    name
                    for options in docker.outputs(step)
                    if options.get("push-by-digest") == "true"
                    for name in options.get("name", "").split(",")
                ]
                if len({_registry(name) for name in names}) < 2:  # noqa: PLR2004 - two registries
                    continue
                provenance = "false" if _without_attestations(step) else step.input("provenance")
                if provenance != "false" and is_known(provenance):
                    reported.add(step.step)
                    yield self.finding(
                        step.step.at("with", "outputs"),
                        "",
                        step.step.title,
                        f"the image goes by digest to {' and '.join(dict.fromkeys(names))}, and its"
                        " provenance makes the digests differ",
                        "set provenance: false",
                        fix=partial(_set_provenance, step.step),
                    )


def _without_attestations(step: StepRun) -> bool:
    """Whether the environment switches attestations off."""
    value = step.context("env").get("BUILDX_NO_DEFAULT_ATTESTATIONS")
    return "provenance" not in step.step.given and value is not None and text_of(value) in ("1", "true")


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
