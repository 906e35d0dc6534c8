"""Rules about the build matrix: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.trees import (
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    findings,
    line_of,
    text_of,
    told,
)

PUSH = ".github/workflows/backend.yml"
PULL = ".github/workflows/backend_pr.yml"
SCRIPT = "scripts/changed-backends.js"
BASE_IMAGES = ".github/workflows/base-images.yml"

HERON_ARM = entry("-cpu-heron", "arm64")
HERON_AMD = entry("-cpu-heron", "amd64")
FIRST_HERON = "tag-suffix: '-cpu-heron'"
SECOND_HERON = (FIRST_HERON, FIRST_HERON)
ROCM = entry("-gpu-rocm-hipblas-llama-cpp")
ROCM_SUFFIX = "tag-suffix: '-gpu-rocm-hipblas-llama-cpp'"
SYCL_WREN = "gpu-intel-sycl-f32-wren-cpp"


def more_entries(number: int, tag_suffix: str, *pairs: tuple[str, str]) -> Altered:
    """A matrix with copies of an entry, the names numbered."""
    altered = MINIATURE
    for n in range(number):
        name = (f"tag-suffix: '{tag_suffix}'", f"tag-suffix: '{tag_suffix}-{n}'")
        altered = altered.copy(entry(tag_suffix), name, *(pairs if n == number - 1 else ()))
    return altered


def many_on_macos(number: int) -> Altered:
    """A macOS matrix of this size."""

    def grow(text: str) -> str:
        head, _, _ = text.partition("includeDarwin:\n")
        one = '  - backend: "rookery"\n    tag-suffix: "-metal-{}"\n    build-type: "mps"\n'
        return f"{head}includeDarwin:\n" + "".join(one.format(n) for n in range(number))

    return MINIATURE.rewrite(MATRIX, grow)


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


def without_forwarded_platform_tag(text: str) -> str:
    """The push workflow whose single-arch jobs do not hand the platform tag on."""
    multiarch, job, rest = text.partition("  backend-jobs-singlearch-1:")
    return multiarch + job + rest.replace("      platform-tag: ${{ matrix.platform-tag || '' }}\n", "")


CASES = {
    "nothing builds a directory": Case(
        "matrix-missing-entry", "plover", "backend/go/plover/run.sh", (),
        MINIATURE.write("backend/go/plover/run.sh", "exec ./plover\n"),
        says="backend/go/plover",
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
        also=None, says="vulkan",
    ),
    "a CUDA version that one backend has": Case(
        "matrix-tag-suffix", "rookery", MATRIX, ("tag-suffix: '-gpu-nvidia-cuda-12-rookery'", "^build-type"),
        MINIATURE.edit_in(entry("-gpu-nvidia-cuda-12-rookery"), ('major-version: "12"', 'major-version: "11"')),
        also=None, says="cuda 11",
    ),
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
        "matrix-incomplete-pair", "heron", MATRIX, (*SECOND_HERON, "skip-drivers"),
        MINIATURE.edit_in(HERON_ARM, ("skip-drivers: ", "skip-drivers: 'x' # ")),
        says="skip-drivers",
    ),
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
        says="no other entry",
    ),
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
    "a Dockerfile that is gone": Case(
        "matrix-missing-dockerfile", "heron", MATRIX, (FIRST_HERON, "dockerfile"),
        MINIATURE.write("backend/Dockerfile.heron", None),
        times=3,
    ),
    "no Dockerfile at all": Case(
        "matrix-missing-dockerfile", "heron", MATRIX, (FIRST_HERON, "^- build-type"),
        MINIATURE.edit_in(HERON_AMD, ('    dockerfile: "./backend/Dockerfile.heron"\n', "")),
        also=None,
    ),
    "a backend that has no directory": Case(
        "matrix-missing-directory", "kestral", MATRIX, ('backend: "kestral"',),
        MINIATURE.edit_in(entry("-cpu-kestrel"), ('"kestrel"', '"kestral"')),
        also=None,
    ),
    "a Dockerfile of another language": Case(
        "matrix-missing-directory", "rookery", MATRIX, ("'-cpu-rookery'", "dockerfile"),
        MINIATURE.edit_in(entry("-cpu-rookery"), ("Dockerfile.python", "Dockerfile.golang")),
        also=None, says="backend/python/rookery",
    ),
    "a shard without a job": Case(
        "matrix-shard-limit", "", PUSH, ("  backend-jobs-darwin:",),
        MINIATURE.edit(SCRIPT, ("SINGLEARCH_SHARDS = 2;", "SINGLEARCH_SHARDS = 3;")),
        times=3, says="shard 3",
    ),
    "a job without a shard": Case(
        "matrix-shard-limit", "", PUSH, ("  backend-jobs-singlearch-2:",),
        MINIATURE.edit(SCRIPT, ("SINGLEARCH_SHARDS = 2;", "SINGLEARCH_SHARDS = 1;")),
        times=3, says="1 shards",
    ),
    "too many jobs": Case(
        "matrix-shard-limit", "", SCRIPT, ("const SINGLEARCH_SHARDS",),
        many_on_macos(256),
        also=None, says="256 entries",
    ),
    "a field that one workflow keeps to itself": Case(
        "matrix-unforwarded-field", "", PULL, ("  backend-jobs-multiarch:",),
        MINIATURE.rewrite(PULL, lambda text: text.replace("      ubuntu-version: ${{ matrix.ubuntu-version }}\n", "", 1)),
        says="ubuntu-version",
    ),
    "a new field that nobody hands on": Case(
        "matrix-unforwarded-field", "heron", PUSH, ("  backend-jobs-multiarch:",),
        MINIATURE.edit_in(HERON_AMD, ("    context: ", "    gpu: 'big'\n    context: ")).edit_in(HERON_ARM, ("    context: ", "    gpu: 'big'\n    context: ")),
        times=6, also=None, says="hand on gpu",
    ),
    "no word about macOS": Case(
        "matrix-darwin-missing", "meadow-lark", MATRIX, ("'-gpu-nvidia-cuda-12-meadow-lark'", "^- build-type"),
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows", "meadow-lark follows")),
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
    "a checkout without builder images": (
        MINIATURE.write(BASE_IMAGES, None).edit_in(ROCM, (":base-grpc-rocm-amd64", ":old")),
        "matrix-builder-base-image",
    ),
    "just below the limit": (many_on_macos(255), "matrix-shard-limit"),
    "a platform tag is no matter of single-arch jobs": (
        MINIATURE.rewrite(PUSH, without_forwarded_platform_tag),
        None,
    ),
    "macOS in a comment inside": (
        MINIATURE.edit(MATRIX, ("meadow-lark: Linux only, it follows llama-cpp.", "meadow-lark follows llama-cpp.")).edit_in(
            entry("-gpu-nvidia-cuda-13-meadow-lark"), ("    base-image: ", "    # its kernels are no match for Metal\n    base-image: ")
        ),
        None,
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


def test_every_job_that_drops_a_field_is_named() -> None:
    tree = MINIATURE.each(PULL, "      ubuntu-version: ${{ matrix.ubuntu-version }}\n", "").tree()
    jobs = re.findall(r"(?m)^  (backend-jobs-(?!darwin)\S+):", text_of(tree, PULL))
    assert jobs
    assert told(findings(tree)) == [
        ("matrix-unforwarded-field", "", PULL, line_of(tree, PULL, f"  {job}:")) for job in jobs
    ]
