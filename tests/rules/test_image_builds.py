"""What the registration rules say of shards and builder images, on the miniature."""

from __future__ import annotations

from scaffold.checkout.tree import Tree
from scaffold.operations import workers
from scaffold.registry import Registry
from scaffold.rules import all_rules
from scaffold.rules.base import Finding, Severity
from tests.rules.pipeline.trees import MINIATURE, miniature

BACKEND = ".github/workflows/backend.yml"
MATRIX = ".github/backend-matrix.yml"


def found(where: Tree, slug: str) -> list[Finding]:
    return workers.find(Registry(where), [rule for rule in all_rules() if rule.slug == slug])


def test_a_shard_without_a_merge_job_is_never_tagged() -> None:
    assert not found(MINIATURE, "matrix-shard-limit")
    where = miniature(BACKEND, ("  backend-merge-jobs-singlearch-2:", "  backend-merge-jobs-last:"))
    (finding,) = found(where, "matrix-shard-limit")
    assert finding.path == BACKEND
    assert "never tagged" in finding.message


def test_a_shard_without_a_build_job_is_never_built() -> None:
    where = miniature(BACKEND, ("  backend-jobs-singlearch-2:", "  backend-jobs-last:"))
    assert "never built" in found(where, "matrix-shard-limit")[0].message


def test_a_builder_image_that_the_dockerfile_does_not_take_is_reported() -> None:
    assert not found(MINIATURE, "matrix-builder-base-image")
    entry = next(e for e in Registry(MINIATURE).matrix.linux if "builder-base-image" in e.fields)
    dockerfile = entry.fields["dockerfile"].removeprefix("./")
    where = miniature(
        dockerfile, ("FROM ${BUILDER_BASE_IMAGE} AS builder-prebuilt", "FROM scratch AS builder-prebuilt")
    )
    findings = found(where, "matrix-builder-base-image")
    assert findings
    assert all("without effect" in f.message and f.severity is Severity.info for f in findings)
    assert {f.path for f in findings} == {MATRIX}
