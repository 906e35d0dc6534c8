"""Siblings of a matrix entry: the writer takes from them what the rule about outliers expects."""

from __future__ import annotations

import pytest

from scaffold.operations import variants
from scaffold.registry import Registry
from tests.rules.trees import MINIATURE, Altered, entry, findings

ROCM = "-gpu-rocm-hipblas-"


def more_of(backend: str, number: int, of: Altered = MINIATURE) -> Altered:
    """A matrix with more entries like the ROCm one of a backend."""
    suffix = f"tag-suffix: '{ROCM}{backend}'"
    for n in range(number):
        of = of.copy(entry(f"{ROCM}{backend}"), (suffix, suffix.replace(backend, f"{n}-{backend}")))
    return of


@pytest.mark.parametrize("image", ["rocm/dev-ubuntu-24.04:6.4.4", "ubuntu:24.04"])
def test_one_odd_sibling_of_the_language_is_not_followed(image: str) -> None:
    """wren-cpp is the only Go backend for ROCm; those of other languages agree on another base image."""
    base = Registry(MINIATURE.tree()).matrix.by_tag_suffix[f"{ROCM}wren-cpp"].fields["base-image"]
    odd = more_of("finch-tts", 3).edit_in(entry(f"{ROCM}wren-cpp"), (f'"{base}"', f'"{image}"'))
    assert {f.backend for f in findings(odd.tree(), "matrix-outlier-field")} == {"wren-cpp"}
    after = variants.add(odd.tree(), "lark", ["rocm"]).changes.overlay()
    assert Registry(after).matrix.by_tag_suffix[f"{ROCM}lark"].fields["base-image"] == base
    assert {f.backend for f in findings(after, "matrix-outlier-field")} == {"wren-cpp"}


def test_where_siblings_do_not_agree_the_nearest_are_followed() -> None:
    base = Registry(MINIATURE.tree()).matrix.by_tag_suffix[f"{ROCM}wren-cpp"].fields["base-image"]
    odd = MINIATURE.edit_in(entry(f"{ROCM}wren-cpp"), (f'"{base}"', '"rocm/dev:next"'))
    after = variants.add(odd.tree(), "lark", ["rocm"]).changes.overlay()
    assert Registry(after).matrix.by_tag_suffix[f"{ROCM}lark"].fields["base-image"] == "rocm/dev:next"
