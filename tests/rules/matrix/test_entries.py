"""Rules about entries of the build matrix: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.matrix.trees import FIRST_HERON, HERON_AMD, HERON_ARM, SECOND_HERON
from tests.rules.trees import MATRIX, MINIATURE, Case, assert_fine, assert_found, entry

RUN = "backend/cpp/meadow-lark/run.sh"
SYCL_WREN = "gpu-intel-sycl-f32-wren-cpp"

CASES = {
    "nothing builds a directory": Case(
        "matrix-missing-entry", "plover", MATRIX, ("# Darwin matrix", "^ubuntu-version"),
        MINIATURE.write("backend/go/plover/run.sh", "exec ./plover\n"),
        also=("docs-missing-row",), says="backend/go/plover",
    ),
    "one image twice": Case(
        "matrix-duplicate-tag", "heron", MATRIX, (*SECOND_HERON, FIRST_HERON),
        MINIATURE.copy(HERON_ARM),
        says="line ",
    ),
    "one macOS image twice": Case(
        "matrix-duplicate-tag", "lark", MATRIX, ("includeDarwin", '"-metal-darwin-arm64-lark"', '"-metal-darwin-arm64-lark"'),
        MINIATURE.copy(entry("-metal-darwin-arm64-lark")),
    ),
    "a suffix that nobody else writes": Case(
        "matrix-tag-suffix", "wren-cpp", MATRIX, ("-gpu-sycl-f32-wren-cpp",),
        MINIATURE.each(MATRIX, SYCL_WREN, "gpu-sycl-f32-wren-cpp").each("backend/index.yaml", SYCL_WREN, "gpu-sycl-f32-wren-cpp"),
    ),
    "a suffix of another variant": Case(
        "matrix-tag-suffix", "wren-cpp", MATRIX, ("tag-suffix: '-gpu-rocm-hipblas-wren-cpp'",),
        MINIATURE.edit_in(entry("-gpu-rocm-hipblas-wren-cpp"), ("'hipblas'", "'vulkan'")),
        also=None, says="rocm builds", severity=Severity.error,
    ),
    "a CUDA version that one backend has": Case(
        "matrix-tag-suffix", "rookery", MATRIX, ("tag-suffix: '-gpu-nvidia-cuda-12-rookery'", "^build-type"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-12-rookery"), ('major-version: "12"', 'major-version: "11"')),
        also=None, says="cuda 11",
    ),
    "a Dockerfile that is gone": Case(
        "matrix-missing-dockerfile", "heron", MATRIX, (FIRST_HERON, "dockerfile"),
        MINIATURE.write("backend/Dockerfile.heron", None),
    ),
    "a Dockerfile that is empty": Case(
        "matrix-missing-dockerfile", "heron", MATRIX, (FIRST_HERON, "dockerfile"),
        MINIATURE.write("backend/Dockerfile.heron", "\n"),
        also=None,
    ),
    "no Dockerfile at all": Case(
        "matrix-missing-dockerfile", "heron", MATRIX, (FIRST_HERON, "^- build-type"),
        MINIATURE.edit_in(HERON_AMD, ('    dockerfile: "./backend/Dockerfile.heron"\n', "")),
        also=None,
    ),
    "a backend that has no directory": Case(
        "matrix-missing-directory", "kestrel", MATRIX, ('backend: "kestral"',),
        MINIATURE.edit_in(entry("-cpu-kestrel"), ('"kestrel"', '"kestral"')),
        also=None,
    ),
    "a Dockerfile of another language": Case(
        "matrix-missing-directory", "rookery", MATRIX, ("'-cpu-rookery'", "dockerfile"),
        MINIATURE.edit_in(entry("-cpu-rookery"), ("Dockerfile.python", "Dockerfile.golang")),
        also=None, says="backend/python/rookery",
    ),
    "no word about macOS": Case(
        "matrix-darwin-missing", "meadow-lark", MATRIX, ("'-gpu-nvidia-cuda-12-meadow-lark'", "^- build-type"),
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows"))
        .each(RUN, "Darwin", "Plan9").append(RUN, "# not on Darwin\n")
        .write("scripts/build/meadow-lark-darwin.sh", "#!/bin/bash\n"),
    ),
    "code for macOS that nothing runs": Case(
        "matrix-darwin-missing", "meadow-lark", RUN, ("Darwin",),
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows"))
        .each(RUN, "Darwin", "Darwin # or what calls itself so"),
        severity=Severity.warning, says="for macOS",
    ),
}  # fmt: skip

FINE = {
    "shared sources are no backend": (MINIATURE.write("backend/go/shared/util.go", "package shared\n"), None),
    "a suffix that two backends share": (
        MINIATURE.each(MATRIX, "gpu-intel-sycl-f32-", "gpu-sycl-f32-").each(
            "backend/index.yaml", "gpu-intel-sycl-f32-", "gpu-sycl-f32-"
        ),
        None,
    ),
    "a CUDA version of its time": (
        MINIATURE.each(MATRIX, 'cuda-major-version: "12"', 'cuda-major-version: "11"'),
        "matrix-tag-suffix",
    ),
    "macOS in a comment inside": (
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows llama-cpp.", "meadow-lark follows llama-cpp.")).edit_in(
            entry("-gpu-nvidia-cuda-13-meadow-lark"), ("    base-image: ", "    # its kernels are no match for Metal\n    base-image: ")
        ),
        None,
    ),
    "sources of another backend, which has a build of its own there": (
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows")),
        "matrix-darwin-missing",
    ),
    "a checkout without a macOS matrix": (
        MINIATURE.rewrite(MATRIX, lambda text: text.partition("includeDarwin:")[0].replace("Linux only", "x")),
        "matrix-darwin-missing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_a_job_of_its_own_builds_a_backend() -> None:
    job = (
        "  plover-darwin:\n    uses: ./.github/workflows/backend_build_darwin.yml\n    with:\n"
        '      backend: "plover"\n      tag-suffix: "-metal-darwin-arm64-plover"\n'
    )
    plover = MINIATURE.write("backend/go/plover/run.sh", "exec ./plover\n")
    assert_fine(plover.append(".github/workflows/backend.yml", job), "matrix-missing-entry")
