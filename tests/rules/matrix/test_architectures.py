"""Rules about architectures: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.matrix.trees import FIRST_HERON, HERON_AMD, HERON_ARM, SECOND_HERON
from tests.rules.trees import MATRIX, MINIATURE, Case, assert_fine, assert_found, entry


def without_platform_tags(text: str) -> str:
    """The matrix as it was when one entry built both architectures."""
    entries = re.split(r"(?m)^(?=  - build-type)", text)
    kept = [e for e in entries if "platform-tag: 'arm64'" not in e]
    both = (
        e.replace(
            "    platforms: 'linux/amd64'\n    platform-tag: 'amd64'",
            "    platforms: 'linux/amd64,linux/arm64'",
        )
        for e in kept
    )
    return "".join(both)


CASES = {
    "an arm leg on an amd runner": Case(
        "matrix-arch-mismatch", "heron", MATRIX, (*SECOND_HERON, "runs-on"),
        MINIATURE.edit_in(HERON_ARM, ("'ubuntu-24.04-arm'", "'ubuntu-latest'")),
        fix=True, restores=True,
    ),
    "a platform of the other architecture": Case(
        "matrix-arch-mismatch", "heron", MATRIX, (*SECOND_HERON, "^platforms"),
        MINIATURE.edit_in(HERON_ARM, ("'linux/arm64'", "'linux/amd64'")),
        fix=True, restores=True,
    ),
    "a leg that is emulated": Case(
        "matrix-arch-mismatch", "heron", MATRIX, (*SECOND_HERON, "^platforms"),
        MINIATURE.edit_in(HERON_ARM, ("'linux/arm64'", "'linux/amd64,linux/arm64'")),
        says="emulation",
    ),
    "one vote each": Case(
        "matrix-arch-mismatch", "wren-cpp", MATRIX, ("'-gpu-rocm-hipblas-wren-cpp'", "runs-on"),
        MINIATURE.edit_in(entry("-gpu-rocm-hipblas-wren-cpp"), ("'ubuntu-latest'", "'ubuntu-24.04-arm'")),
        says="two architectures",
    ),
    "the other leg forgotten": Case(
        "matrix-incomplete-pair", "heron", MATRIX, (FIRST_HERON, "^platform-tag"),
        MINIATURE.drop(HERON_ARM),
        says="no arm64 leg",
    ),
    "a comment about arm64 that excuses nothing": Case(
        "matrix-incomplete-pair", "heron", MATRIX, (FIRST_HERON, "^platform-tag"),
        MINIATURE.drop(HERON_ARM).above(HERON_AMD, "# The arm64 leg is below."),
    ),
    "a leg without platform tag": Case(
        "matrix-incomplete-pair", "heron", MATRIX, (*SECOND_HERON, "^- build-type"),
        MINIATURE.edit_in(HERON_ARM, ("    platform-tag: 'arm64'\n", "")),
        says="no platform-tag",
    ),
    "two legs of different builds": Case(
        "matrix-incomplete-pair", "heron", MATRIX, (*SECOND_HERON, "ubuntu-version"),
        MINIATURE.edit_in(HERON_ARM, ("ubuntu-version: ", "ubuntu-version: '2204' # ")),
        also=("matrix-outlier-field",), says="ubuntu-version",
    ),
}  # fmt: skip

FINE = {
    "skip-drivers of one CPU leg, which no step reads": (
        MINIATURE.edit_in(HERON_ARM, ("skip-drivers: ", "skip-drivers: 'true' # ")),
        "matrix-incomplete-pair",
    ),
    "a runner whose name says no architecture": (
        MINIATURE.edit_in(HERON_ARM, ("'ubuntu-24.04-arm'", "'bigger-runner'")),
        None,
    ),
    "one entry for both where no entry has a platform tag": (
        MINIATURE.rewrite(MATRIX, without_platform_tags),
        "matrix-arch-mismatch",
    ),
    "a lone leg with a reason": (
        MINIATURE.drop(HERON_ARM).above(HERON_AMD, "# There is no arm64 leg yet: its engine needs AVX2."),
        None,
    ),
    "a single image without a platform tag": (
        MINIATURE.drop(HERON_ARM).edit_in(HERON_AMD, ("    platform-tag: 'amd64'\n", "")),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
