"""Rules about capabilities: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from scaffold.rules.base import Severity
from tests.rules.gallery.trees import DEV, HARDWARE, LARK, META, ROOKERY, ROOKERY_DEV, in_both
from tests.rules.trees import (
    GALLERY,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    item,
)

KNOWN_KEYS = MINIATURE.write("pkg/system/capabilities.go", HARDWARE)


def without_l4t() -> Altered:
    """llama-cpp without its CUDA 12 image for Jetson."""
    image = "nvidia-l4t-arm64-llama-cpp"
    gone = MINIATURE.drop(entry("-nvidia-l4t-arm64-llama-cpp"), item(image), item(f"{image}-development"))
    lines = (f'    nvidia-l4t: "{image}"\n', ""), (f'    nvidia-l4t-cuda-12: "{image}"\n', "")
    return in_both("llama-cpp", *lines, of=gone)


CASES = {
    "a capability with a typing error": Case(
        "gallery-capability-target", "rookery", GALLERY, (META.format("rookery"), "capabilities", "nvidia:"),
        MINIATURE.edit_in(ROOKERY, ('nvidia: "cuda12-rookery"', 'nvidia: "cuda12-rokery"')),
        fix=True, restores=True, says="no gallery item",
    ),
    "another backend's image": Case(
        "gallery-capability-target", "rookery", GALLERY, (META.format("rookery"), "capabilities", "default:"),
        in_both("rookery", ('"cpu-rookery"\n', '"cpu-kestrel"\n')),
        times=2, also=None, fix=True, restores=True, says="an image of kestrel",
    ),
    "the other channel's image": Case(
        "gallery-capability-target", "rookery", GALLERY, (DEV.format("rookery"), "metal:"),
        MINIATURE.edit_in(ROOKERY_DEV, ("metal-rookery-development", "metal-rookery")),
        fix=True, restores=True, says='write metal: "metal-rookery-development"',
    ),
    "a meta in place of an image": Case(
        "gallery-capability-target", "rookery", GALLERY, (DEV.format("rookery"), "metal:"),
        MINIATURE.edit_in(ROOKERY_DEV, ("metal-rookery-development", "lark-development")),
        fix=True, restores=True, says="a meta",
    ),
    "a meta that is an image and names itself by another name": Case(
        "gallery-capability-target", "lark", GALLERY, (META.format("lark"), "capabilities", "metal:"),
        MINIATURE.drop(item("metal-lark"), item("metal-lark-development")).edit_in(
            item("lark"), ('  alias: "lark"\n', '  alias: "lark"\n  uri: quay.io/go-skynet/local-ai-backends:latest-metal-darwin-arm64-lark\n')
        ),
        times=2, also=None,
    ),
    "no refined key": Case(
        "gallery-capability-missing", "rookery", GALLERY, (META.format("rookery"), "capabilities", "metal:"),
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
        "gallery-capability-missing", "wren-cpp", GALLERY, (META.format("wren"), "capabilities", "- &", "^    "),
        in_both("wren", ('nvidia: "cuda12-wren-cpp"\n', 'nvidia: "vulkan-wren-cpp"\n'), ('amd: "rocm-wren-cpp"\n', 'amd: "vulkan-wren-cpp"\n'), ('    intel: "intel-sycl-f16-wren-cpp"\n', "")),
        fix=True, says="intel",
    ),
    "a key that no host reports": Case(
        "gallery-capability-unknown-key", "lark", GALLERY, (META.format("lark"), "metal-darwin-arm64:"),
        in_both("lark", ("    metal:", "    metal-darwin-arm64:"), of=KNOWN_KEYS),
        fix=True, restores=True, says="nothing else leads to metal-lark",
    ),
    "a key too many": Case(
        "gallery-capability-unknown-key", "lark", GALLERY, (META.format("lark"), "apple:"),
        in_both("lark", ('    metal: "metal-lark"\n', '    metal: "metal-lark"\n    apple: "metal-lark"\n'), of=KNOWN_KEYS),
        severity=Severity.info, says="apple",
    ),
    "a refined key that leads to nothing": Case(
        "gallery-capability-missing", "rookery", GALLERY, (META.format("rookery"), "nvidia:"),
        in_both("rookery", ('    default: "cpu-rookery"\n', ""), of=KNOWN_KEYS),
        also=("gallery-no-default",), says="nvidia-cuda-13",
    ),
}  # fmt: skip

FINE = {
    "a refined key where there is something to fall back to": (
        in_both("rookery", ('    default: "cpu-rookery"\n', '    cpu: "cpu-rookery"\n'), of=KNOWN_KEYS),
        None,
    ),
    "the plain Jetson key of a backend with CUDA 13 only": (without_l4t(), None),
    "Vulkan where there is a better image": (
        in_both("wren", ('amd: "rocm-wren-cpp"\n', 'amd: "vulkan-wren-cpp"\n')),
        None,
    ),
    "keys that the hardware reports": (KNOWN_KEYS, None),
    "an image that is written as a text of its own line": (
        MINIATURE.edit_in(LARK, ('default: "cpu-lark"', "default: |-\n      cpu-lark")), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_a_key_without_meaning_becomes_an_error_where_the_right_one_goes() -> None:
    both = in_both(
        "lark",
        ('    metal: "metal-lark"\n', '    metal: "metal-lark"\n    apple: "metal-lark"\n'),
        of=KNOWN_KEYS,
    )
    alone = in_both("lark", ('    metal: "metal-lark"\n', ""), of=both)
    result = check.run(alone.tree(), check.Scope(), both.tree(), "base")
    (new,) = (f for i, f in enumerate(result.findings) if result.is_new(i))
    assert (new.rule, new.severity) == ("gallery-capability-unknown-key", Severity.error)
