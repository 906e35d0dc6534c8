"""Rules about the backend gallery: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from scaffold.rules.base import Severity
from tests.rules.trees import (
    BASE,
    GALLERY,
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_fixed,
    assert_found,
    entry,
    findings,
    item,
    text_of,
)

HARDWARE = """package system

const (
	fallback = "default"
	nvidia = "nvidia"
	amd = "amd"
	intel = "intel"
	metal = "metal"
	vulkan = "vulkan"
	cuda12 = "nvidia-cuda-12"
	cuda13 = "nvidia-cuda-13"
	jetson = "nvidia-l4t"

	backendTokenMetal = "metal"
	backendTokenHIP = "hip"
)

func served(keys map[string]string) string { return keys["cpu"] }
"""
KNOWN_KEYS = MINIATURE.write("pkg/system/capabilities.go", HARDWARE)

ROOKERY, ROOKERY_DEV = item("rookery"), item("rookery-development")
LARK, LARK_DEV = item("lark"), item("lark-development")
KESTREL, KESTREL_DEV = item("cpu-kestrel"), item("cpu-kestrel-development")
META, DEV = '  name: "{}"', '  name: "{}-development"'


def in_both(name: str, *pairs: tuple[str, str], of: Altered = MINIATURE) -> Altered:
    """A meta and its development twin altered alike."""
    twin = tuple((a.replace('"\n', '-development"\n'), b.replace('"\n', '-development"\n')) for a, b in pairs)
    return of.edit_in(item(name), *pairs).edit_in(item(f"{name}-development"), *twin)


def without_l4t() -> Altered:
    """llama-cpp without its CUDA 12 image for Jetson."""
    image = "nvidia-l4t-arm64-llama-cpp"
    gone = MINIATURE.drop(entry("-nvidia-l4t-arm64-llama-cpp"), item(image), item(f"{image}-development"))
    lines = (f'    nvidia-l4t: "{image}"\n', ""), (f'    nvidia-l4t-cuda-12: "{image}"\n', "")
    return in_both("llama-cpp", *lines, of=gone)


CASES = {
    "an image that is built no more": Case(
        "gallery-image-not-built", "finch-tts", GALLERY, ('name: "rocm-finch-tts"', "uri"),
        MINIATURE.drop(entry("-gpu-rocm-hipblas-finch-tts")),
        also=("docs-acceleration", "requirements-unused"), times=2, says="-gpu-rocm-hipblas-finch-tts",
    ),
    "an image that was never built": Case(
        "gallery-image-not-built", "kestrel", GALLERY, ('"cuda12-kestrel"', "uri"),
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"cuda12-kestrel"'), ('backends:latest-cpu-kestrel"', 'backends:latest-gpu-nvidia-cuda-12-kestrel"'), ("    - localai/localai-backends:latest-cpu-kestrel", "    - localai/localai-backends:latest-gpu-nvidia-cuda-12-kestrel")),
    ),
    "our image in another repository": Case(
        "gallery-image-not-built", "kestrel", GALLERY, ('name: "cpu-kestrel"', "uri"),
        MINIATURE.edit_in(KESTREL, ("local-ai-backends:", "other:")),
        says="CI pushes that tag",
    ),
    "a development image forgotten": Case(
        "gallery-image-missing", "finch-tts", MATRIX, ("'-gpu-rocm-hipblas-finch-tts'", "^- build-type"),
        MINIATURE.drop(item("rocm-finch-tts-development")),
        also=("gallery-capability-target",), fix=True, restores=True, says="master-gpu-rocm",
    ),
    "both images forgotten": Case(
        "gallery-image-missing", "finch-tts", MATRIX, ("'-gpu-rocm-hipblas-finch-tts'", "^- build-type"),
        MINIATURE.drop(item("rocm-finch-tts"), item("rocm-finch-tts-development")),
        also=("gallery-capability-target",), times=2, fix=True,
    ),
    "a variant without images, keys and development meta": Case(
        "gallery-image-missing", "finch-tts", MATRIX, ("'-gpu-rocm-hipblas-finch-tts'", "^- build-type"),
        in_both("finch-tts", ('    amd: "rocm-finch-tts"\n', "")).drop(item("rocm-finch-tts"), item("rocm-finch-tts-development"), item("finch-tts-development")),
        also=("gallery-dev-meta-missing",), times=2, fix=True,
    ),
    "images without a meta": Case(
        "gallery-missing-meta", "kestrel", GALLERY, ('name: "cpu-kestrel"', "^- "),
        MINIATURE.drop(item("kestrel")),
        also=None, fix=True,
    ),
    "an anchor that nothing defines": Case(
        "gallery-missing-meta", "elsewhere", GALLERY, ("*nobody",),
        MINIATURE.copy(KESTREL, ("*kestrel", "*nobody"), ('"cpu-kestrel"', '"elsewhere"'), ("local-ai-backends:latest-cpu-kestrel", "other:elsewhere")),
        also=(), says="*nobody",
    ),
    "a capability with a typing error": Case(
        "gallery-capability-target", "rookery", GALLERY, (META.format("rookery"), "capabilities", "nvidia:"),
        MINIATURE.edit_in(ROOKERY, ('nvidia: "cuda12-rookery"', 'nvidia: "cuda12-rokery"')),
        also=("gallery-dev-meta-drift",), says="no gallery item",
    ),
    "another backend's image": Case(
        "gallery-capability-target", "rookery", GALLERY, (META.format("rookery"), "capabilities", "default:"),
        in_both("rookery", ('"cpu-rookery"\n', '"cpu-kestrel"\n')),
        times=2, also=None, says="an image of kestrel",
    ),
    "the other channel's image": Case(
        "gallery-capability-target", "rookery", GALLERY, (DEV.format("rookery"), "metal:"),
        MINIATURE.edit_in(ROOKERY_DEV, ("metal-rookery-development", "metal-rookery")),
        also=("gallery-dev-meta-drift",), says="other channel",
    ),
    "a meta in place of an image": Case(
        "gallery-capability-target", "rookery", GALLERY, (DEV.format("rookery"), "metal:"),
        MINIATURE.edit_in(ROOKERY_DEV, ("metal-rookery-development", "lark-development")),
        also=("gallery-dev-meta-drift",), says="a meta",
    ),
    "no refined key": Case(
        "gallery-capability-missing", "rookery", GALLERY, (META.format("rookery"), "capabilities", "default"),
        in_both("rookery", ('    nvidia-cuda-12: "cuda12-rookery"\n', "")),
        fix=True, restores=True, says="nvidia-cuda-12",
    ),
    "an image that no key leads to": Case(
        "gallery-capability-missing", "lark", GALLERY, (META.format("lark"), "capabilities", "default"),
        in_both("lark", ('    metal: "metal-lark"\n', "")),
        fix=True, restores=True, says="gets cpu-lark",
    ),
    "a key for another hardware's image": Case(
        "gallery-capability-missing", "wren-cpp", GALLERY, (META.format("wren"), "amd:"),
        in_both("wren", ('amd: "rocm-wren-cpp"\n', 'amd: "cuda12-wren-cpp"\n')),
        fix=True, restores=True, says="the cuda12 image",
    ),
    "Vulkan for foreign hardware, the refined keys not": Case(
        "gallery-capability-missing", "wren-cpp", GALLERY, (META.format("wren"), "capabilities", "default"),
        in_both("wren", ('nvidia: "cuda12-wren-cpp"\n', 'nvidia: "vulkan-wren-cpp"\n'), ('amd: "rocm-wren-cpp"\n', 'amd: "vulkan-wren-cpp"\n'), ('    intel: "intel-sycl-f16-wren-cpp"\n', "")),
        fix=True, says="intel",
    ),
    "a key that no host reports": Case(
        "gallery-capability-unknown-key", "lark", GALLERY, (META.format("lark"), "metal-darwin-arm64:"),
        in_both("lark", ("    metal:", "    metal-darwin-arm64:"), of=KNOWN_KEYS),
        also=("gallery-capability-missing",), fix=True, restores=True, says="nothing else leads to metal-lark",
    ),
    "a key too many": Case(
        "gallery-capability-unknown-key", "lark", GALLERY, (META.format("lark"), "apple:"),
        in_both("lark", ('    metal: "metal-lark"\n', '    metal: "metal-lark"\n    apple: "metal-lark"\n'), of=KNOWN_KEYS),
        severity=Severity.info, says="apple",
    ),
    "nothing for a host without accelerator": Case(
        "gallery-no-default", "lark", GALLERY, (META.format("lark"), "capabilities", "metal"),
        in_both("lark", ('    default: "cpu-lark"\n', "")),
        fix=True, says="cpu-lark",
    ),
    "cpu where no host looks for it": Case(
        "gallery-no-default", "lark", GALLERY, (META.format("lark"), "capabilities", "cpu"),
        in_both("lark", ('    default: "cpu-lark"\n', '    cpu: "cpu-lark"\n')),
        fix=True,
    ),
    "an item twice": Case(
        "gallery-duplicate-name", "kestrel", GALLERY, (META.format("cpu-kestrel"), META.format("cpu-kestrel")),
        MINIATURE.copy(KESTREL),
        fix=True, restores=True, says="line ",
    ),
    "one name for two images": Case(
        "gallery-duplicate-name", "lark", GALLERY, (META.format("cpu-lark"), META.format("cpu-lark")),
        MINIATURE.edit_in(item("metal-lark"), ('"metal-lark"', '"cpu-lark"')),
        also=None,
    ),
    "no mirrors": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "^- "),
        MINIATURE.edit_in(KESTREL, ("  mirrors:\n    - localai/localai-backends:latest-cpu-kestrel\n", "")),
        fix=True, restores=True, says="no mirrors",
    ),
    "another image's mirror": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MINIATURE.edit_in(KESTREL, ("- localai/localai-backends:latest-cpu-kestrel", "- localai/localai-backends:latest-cpu-lark")),
        fix=True, restores=True,
    ),
    "a mirror that nobody else has": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MINIATURE.edit_in(KESTREL, ("- localai/localai-backends:", "- localai/localai-backend:")),
        fix=True, restores=True,
    ),
    "the development image of a release": Case(
        "gallery-channel-mismatch", "kestrel", GALLERY, (DEV.format("cpu-kestrel"), "uri"),
        MINIATURE.edit_in(KESTREL_DEV, ("local-ai-backends:master", "local-ai-backends:latest")),
        also=("gallery-image-missing", "gallery-mirror"), fix=True, restores=True,
    ),
    "a second item of a channel": Case(
        "gallery-channel-mismatch", "kestrel", GALLERY, ('"cpu-kestrel-nightly-development"', "uri"),
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"cpu-kestrel-nightly-development"')),
        also=("gallery-image-name",),
    ),
    "a merge of the model": Case(
        "gallery-wrong-merge", "kestrel", GALLERY, (META.format("cpu-kestrel"), "^- "),
        MINIATURE.edit_in(KESTREL, ("*kestrel", "*lark")),
        says="*lark",
    ),
    "no merge at all": Case(
        "gallery-wrong-merge", "kestrel", GALLERY, ('- name: "cpu-kestrel"',),
        MINIATURE.edit_in(KESTREL, ("- !!merge <<: *kestrel\n  name", "- name")),
        says="nothing",
    ),
    "a meta with a typing error": Case(
        "gallery-meta-name", "nest-store", GALLERY, ('name: "nest-stor"',),
        MINIATURE.edit_in(item("nest-store"), ('name: "nest-store"', 'name: "nest-stor"')),
        also=None,
    ),
    "the development list forgotten": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "capabilities", "default"),
        MINIATURE.edit_in(ROOKERY_DEV, ('    metal: "metal-rookery-development"\n', "")),
        fix=True, restores=True, says="metal",
    ),
    "a development list without a line": Case(
        "gallery-dev-meta-drift", "kestrel", GALLERY, (DEV.format("kestrel"), "^- "),
        MINIATURE.edit_in(item("kestrel-development"), ('    default: "cpu-kestrel-development"\n', "")),
        fix=True, restores=True, says="default",
    ),
    "a development list that is the base's by the merge": Case(
        "gallery-dev-meta-drift", "kestrel", GALLERY, (DEV.format("kestrel"), "^- "),
        MINIATURE.edit_in(item("kestrel-development"), ('  capabilities:\n    default: "cpu-kestrel-development"\n', "")),
        fix=True, restores=True,
    ),
    "the base list forgotten": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "capabilities", "default"),
        MINIATURE.edit_in(ROOKERY, ('    nvidia: "cuda12-rookery"\n', "")),
        also=("gallery-capability-missing",), says="nvidia",
    ),
    "no development meta": Case(
        "gallery-dev-meta-missing", "rookery", GALLERY, (META.format("rookery"), "^- "),
        MINIATURE.drop(ROOKERY_DEV),
        fix=True,
    ),
    "a name that nobody else writes": Case(
        "gallery-image-name", "kestrel", GALLERY, ('name: "main-kestrel"',),
        MINIATURE.each(GALLERY, '"cpu-kestrel', '"main-kestrel'),
        times=2,
    ),
    "a meta without license and icon": Case(
        "gallery-metadata", "lark", GALLERY, (META.format("lark"), "^- "),
        MINIATURE.edit_in(LARK, ("  license: mit\n", "")),
        says="license",
    ),
    "a meta without alias": Case(
        "gallery-alias-missing", "lark", GALLERY, (META.format("lark"),),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', "")),
        fix=True, restores=True,
    ),
    "a meta that is an image too": Case(
        "gallery-image-as-meta", "lark", GALLERY, (META.format("lark"), "uri: x/y"),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: "lark"\n  uri: x/y:z\n')),
        also=None, says="ignores its capabilities",
    ),
    "a license in words": Case(
        "gallery-license-spelling", "lark", GALLERY, (META.format("lark"), "license"),
        MINIATURE.edit_in(LARK, ("license: mit", "license: Apache License 2.0")),
        fix=True,
    ),
}  # fmt: skip

FINE = {
    "an image of somebody else": (
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"mirror-kestrel"'), ("local-ai-backends:latest-cpu-kestrel", "other:own-build")),
        None,
    ),
    "an image that a job of its own builds": (
        MINIATURE.drop(entry("-gpu-rocm-hipblas-finch-tts")).append(
            ".github/workflows/backend.yml", "  rocm:\n    with:\n      tag-suffix: '-gpu-rocm-hipblas-finch-tts'\n"
        ),
        "gallery-image-not-built",
    ),
    "the plain Jetson key of a backend with CUDA 13 only": (without_l4t(), None),
    "Vulkan where there is a better image": (
        in_both("wren", ('amd: "rocm-wren-cpp"\n', 'amd: "vulkan-wren-cpp"\n')),
        None,
    ),
    "keys that the hardware reports": (KNOWN_KEYS, None),
    "cpu in place of default where LocalAI looks for it": (
        in_both("lark", ('    default: "cpu-lark"\n', '    cpu: "cpu-lark"\n'), of=KNOWN_KEYS),
        None,
    ),
    "a mirror that several items have": (
        MINIATURE.each(GALLERY, "    - localai/localai-backends:latest-cpu-", "    - second/mirror:latest-cpu-"),
        None,
    ),
    "two mirrors": (
        MINIATURE.rewrite(
            GALLERY,
            lambda text: re.sub(r"(    - )localai/localai-backends(:.*-lark\n)", r"\g<0>\1second/mirror\2", text),
        ),
        None,
    ),
    "a name that two backends write": (
        MINIATURE.each(GALLERY, '"cpu-kestrel', '"main-kestrel').each(GALLERY, '"cpu-lark', '"main-lark'),
        None,
    ),
    "a license in capitals": (MINIATURE.edit_in(LARK, ("license: mit", "license: MIT")), None),
    "a vendor's own license": (MINIATURE.edit_in(LARK, ("license: mit", "license: acme-research-1")), None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_the_fix_writes_the_spdx_name() -> None:
    tree = CASES["a license in words"].altered.tree()
    after = assert_fixed(tree, findings(tree, "gallery-license-spelling"))
    assert text_of(after, GALLERY) == text_of(tree, GALLERY).replace("Apache License 2.0", "Apache-2.0")


def test_the_fix_names_the_missing_images_like_their_siblings() -> None:
    tree = CASES["both images forgotten"].altered.tree()
    after = assert_fixed(tree, findings(tree, "gallery-image-missing"))
    lines = [sorted(text.splitlines()) for text in (text_of(after, GALLERY), text_of(BASE, GALLERY))]
    assert lines[0] == lines[1]
