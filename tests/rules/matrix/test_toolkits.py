"""Rules about CUDA toolkits: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from tests.rules.trees import MATRIX, MINIATURE, Altered, Case, assert_fine, assert_found, entry

SLUG = "matrix-cuda-toolkit"
SUFFIX = "tag-suffix: '-gpu-nvidia-cuda-12-wren-cpp'"


def on(image: str, skips: bool = True, major: str = "12", of: Altered = MINIATURE) -> Altered:
    """wren-cpp for CUDA on another base image."""
    return of.edit_in(
        entry(f"-gpu-nvidia-cuda-{major}-wren-cpp"),
        ('base-image: "ubuntu:24.04"', f'base-image: "{image}"'),
        ("skip-drivers: 'false'", f"skip-drivers: '{str(skips).lower()}'"),
    )


def two(image: str) -> Altered:
    """Both CUDA images of wren-cpp on one base image, which no other entry has."""
    return on(image, major="13", of=on(image))


CASES = {
    "no toolkit at all": Case(
        SLUG, "wren-cpp", MATRIX, (SUFFIX, "skip-drivers"),
        on("ubuntu:24.04"),
        also=None, says="brings none",
    ),
    "another toolkit": Case(
        SLUG, "wren-cpp", MATRIX, (SUFFIX, "base-image"),
        on("nvidia/cuda:13.0.0-devel-ubuntu24.04"),
        also=None, says="comes with nvidia/cuda:13.0.0",
    ),
    "one image for two toolkits": Case(
        SLUG, "wren-cpp", MATRIX, (SUFFIX, "base-image"),
        two("acme/nvidia-builder:7"),
        also=None, times=2, says="another version",
    ),
    "a Jetson image with the requirements of desktop cards": Case(
        SLUG, "finch-tts", MATRIX, ("'-nvidia-l4t-arm64-finch-tts'", "^build-type"),
        MINIATURE.edit_in(entry("-nvidia-l4t-arm64-finch-tts"), ("build-type: 'l4t'", "build-type: 'cublas'")),
        also=None, says="desktop cards",
    ),
}  # fmt: skip

FINE = {
    "the Dockerfile's toolkit": (on("ubuntu:24.04", skips=False), None),
    "its own toolkit": (on("nvidia/cuda:12.8.1-devel-ubuntu24.04"), SLUG),
    "its own, installed beside another": (on("nvidia/cuda:13.0.0-devel-ubuntu24.04", skips=False), SLUG),
    "CUDA for Jetson in another language, and everything else": (MINIATURE, SLUG),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
