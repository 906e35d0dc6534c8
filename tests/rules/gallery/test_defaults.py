"""What a host without an accelerator finds: defects, and what only looks like one."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.gallery.trees import HARDWARE, META, in_both
from tests.rules.trees import (
    GALLERY,
    MINIATURE,
    TEST_EXTRA,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    item,
)

KNOWN_KEYS = MINIATURE.write("pkg/system/capabilities.go", HARDWARE)


def without_cpu(said: tuple[str, str]) -> Altered:
    """rookery without its CPU image, and with another description."""
    gone = MINIATURE.drop(entry("-cpu-rookery"), item("cpu-rookery"), item("cpu-rookery-development"))
    return in_both("rookery", ('    default: "cpu-rookery"\n', ""), of=gone.edit_in(item("rookery"), said))


L4T = ("    metal: ", '    nvidia-l4t: "cpu-lark"\n    metal: ')

CASES = {
    "nothing for a host without accelerator, nor for a refined key": Case(
        "gallery-no-default", "lark", GALLERY, (META.format("lark"), "capabilities", "metal"),
        in_both("lark", ('    default: "cpu-lark"\n', ""), L4T, of=KNOWN_KEYS),
        also=None, fix=True, says="cpu-lark",
    ),
    "nothing for a host without accelerator, though the CPU is provided for": Case(
        "gallery-no-default", "rookery", GALLERY, (META.format("rookery"), "capabilities", "nvidia-cuda-12:"),
        without_cpu(("Serves language", "Serves language")),
        also=None, severity=Severity.warning, says="requirements-cpu.txt",
    ),
    "nothing for a host without accelerator, though CI builds and tests it on one": Case(
        "gallery-no-default", "rookery", GALLERY, (META.format("rookery"), "capabilities", "nvidia-cuda-12:"),
        without_cpu(("Serves language", "Serves language"))
        .write("backend/python/rookery/requirements-cpu.txt", None)
        .edit(TEST_EXTRA, ("--output-sync=target -C backend/python/rookery test", "docker-build-rookery")),
        also=None, severity=Severity.warning, says="test-extra.yml",
    ),
    "nothing for a host without accelerator": Case(
        "gallery-no-default", "lark", GALLERY, (META.format("lark"), "capabilities", "metal"),
        in_both("lark", ('    default: "cpu-lark"\n', "")),
        fix=True, says="cpu-lark",
    ),
    "cpu where no host looks for it": Case(
        "gallery-no-default", "lark", GALLERY, (META.format("lark"), "capabilities", "metal"),
        in_both("lark", ('    default: "cpu-lark"\n', '    cpu: "cpu-lark"\n')),
        fix=True,
    ),
}  # fmt: skip

FINE = {
    "a backend that says that it needs a GPU": (
        without_cpu(("Serves language", "Needs an NVIDIA GPU. Serves language")),
        "gallery-no-default",
    ),
    "a backend that has nothing for the CPU": (
        without_cpu(("Serves language", "Serves language")).write(
            "backend/python/rookery/requirements-cpu.txt", None
        ),
        "gallery-no-default",
    ),
    "cpu in place of default where LocalAI looks for it": (
        in_both("lark", ('    default: "cpu-lark"\n', '    cpu: "cpu-lark"\n'), of=KNOWN_KEYS),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
