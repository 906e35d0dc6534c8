"""Rules about the siblings of an entry: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from tests.rules.trees import MATRIX, MINIATURE, Altered, Case, assert_fine, assert_found, entry


def more_entries(number: int, tag_suffix: str, *pairs: tuple[str, str]) -> Altered:
    """A matrix with copies of an entry, the names numbered."""
    altered = MINIATURE
    for n in range(number):
        name = (f"tag-suffix: '{tag_suffix}'", f"tag-suffix: '{tag_suffix}-{n}'")
        altered = altered.copy(entry(tag_suffix), name, *(pairs if n == number - 1 else ()))
    return altered


CASES = {
    "a base image that the siblings left": Case(
        "matrix-outlier-field", "rookery", MATRIX, ("'-cpu-rookery'", "base-image"),
        MINIATURE.edit_in(entry("-cpu-rookery"), ('"ubuntu:24.04"', '"ubuntu:22.04"')),
        says="ubuntu:24.04",
    ),
    "a field that the siblings have": Case(
        "matrix-outlier-field", "rookery", MATRIX, ("'-cpu-rookery'", "^- build-type"),
        MINIATURE.edit_in(entry("-cpu-rookery"), ("    ubuntu-version: '2404'\n", "")),
        says="has no ubuntu-version",
    ),
    "a field whose value differs from sibling to sibling": Case(
        "matrix-outlier-field", "heron", MATRIX, ("'-gpu-nvidia-cuda-13-heron'", "^- build-type"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-13-heron"), ("    platforms: 'linux/amd64'\n", "")),
        also=None, says="has no platforms",
    ),
    "a runner of its own": Case(
        "matrix-outlier-field", "rookery", MATRIX, ("'-cpu-rookery-4'", "runs-on"),
        more_entries(5, "-cpu-rookery", ("'ubuntu-latest'", "'bigger-runner'")),
        also=None, says="bigger-runner",
    ),
    "a build type that a comment names the field of": Case(
        "matrix-outlier-field", "wren-cpp", MATRIX, ('"-metal-darwin-arm64-wren-cpp"', "build-type:"),
        MINIATURE.edit_in(
            entry("-metal-darwin-arm64-wren-cpp"),
            ('build-type: "metal"', '# the GPU is used where build-type=metal\n    build-type: "meqal"'),
        ),
        also=None, says="'meqal'",
    ),
    "a base image without the toolkit": Case(
        "matrix-outlier-field", "heron", MATRIX, ("'-gpu-nvidia-cuda-13-heron'", "base-image"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-13-heron"), ("/cuda:13.0", "/cuda:12.8")),
        also=("matrix-cuda-toolkit",), says="no other entry",
    ),
}  # fmt: skip

FINE = {
    "skip-drivers of CPU entries, which have none": (
        more_entries(5, "-cpu-rookery", ("skip-drivers: 'true'", "skip-drivers: 'false'")),
        "matrix-outlier-field",
    ),
    "a runner that a comment explains": (
        more_entries(
            5, "-cpu-rookery", ("    runs-on: 'ubuntu-latest'", "    # runner: a cold build is long\n    runs-on: 'bigger-runner'")
        ),
        "matrix-outlier-field",
    ),
    "a backend with its own Dockerfile chooses its base image": (
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-13-heron"), ("devel-ubuntu24.04", "devel-ubuntu22.04")),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
