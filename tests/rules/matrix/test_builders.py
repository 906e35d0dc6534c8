"""Rules about builder images: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from scaffold.rules.base import Severity
from tests.rules.trees import MATRIX, MINIATURE, Case, assert_fine, assert_found, entry, findings

BASE_IMAGES = ".github/workflows/base-images.yml"
ROCM = entry("-gpu-rocm-hipblas-llama-cpp")
ROCM_SUFFIX = "tag-suffix: '-gpu-rocm-hipblas-llama-cpp'"

CASES = {
    "no builder image": Case(
        "matrix-builder-base-image", "llama-cpp", MATRIX, (ROCM_SUFFIX, "^- build-type"),
        MINIATURE.rewrite(MATRIX, lambda text: re.sub(r".*:base-grpc-rocm-amd64'\n", "", text)),
        fix=True, restores=True, says="no builder-base-image",
    ),
    "a builder image of another toolkit": Case(
        "matrix-builder-base-image", "llama-cpp", MATRIX, (ROCM_SUFFIX, "builder-base-image"),
        MINIATURE.edit_in(ROCM, (":base-grpc-rocm-amd64", ":base-grpc-intel-amd64")),
        fix=True, restores=True, says="base-grpc-rocm-amd64",
    ),
    "a builder image of another architecture": Case(
        "matrix-builder-base-image", "llama-cpp", MATRIX, ("base-grpc-vulkan-amd64", "base-grpc-vulkan-amd64"),
        MINIATURE.edit_in(entry("-gpu-vulkan-llama-cpp", "arm64"), ("vulkan-arm64", "vulkan-amd64")),
        also=("matrix-arch-mismatch",), fix=True, restores=True,
    ),
    "a builder image of another repository": Case(
        "matrix-builder-base-image", "llama-cpp", MATRIX, (ROCM_SUFFIX, "builder-base-image"),
        MINIATURE.edit_in(ROCM, ("ci-cache:base-grpc-rocm", "cache:base-grpc-rocm")),
        fix=True, restores=True,
    ),
    "a builder image that nothing builds": Case(
        "matrix-builder-base-image", "llama-cpp", MATRIX, (ROCM_SUFFIX, "builder-base-image"),
        MINIATURE.edit(BASE_IMAGES, ("base-grpc-rocm-amd64", "base-grpc-rocm-next"), ("build-type: 'hipblas'", "build-type: 'other'")),
        says="base-images.yml",
    ),
}  # fmt: skip

FINE = {
    "a checkout without builder images": (
        MINIATURE.write(BASE_IMAGES, None).edit_in(ROCM, (":base-grpc-rocm-amd64", ":old")),
        "matrix-builder-base-image",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_a_builder_image_that_the_dockerfile_does_not_take_is_reported() -> None:
    stage = "FROM {} AS builder-prebuilt"
    altered = MINIATURE.edit(
        "backend/Dockerfile.llama-cpp", (stage.format("${BUILDER_BASE_IMAGE}"), stage.format("scratch"))
    )
    found = [f for f in findings(altered.tree(), "matrix-builder-base-image") if f.backend == "llama-cpp"]
    assert found
    assert all("without effect" in f.message and f.severity is Severity.info for f in found)
    assert {f.path for f in found} == {MATRIX}
