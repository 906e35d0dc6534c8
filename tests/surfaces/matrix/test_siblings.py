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


def image_of_a_new_lark(tree: Altered) -> str:
    after = variants.add(tree.tree(), "lark", ["rocm"]).changes.overlay()
    return Registry(after).matrix.by_tag_suffix[f"{ROCM}lark"].fields["base-image"]


BASE_IMAGE = Registry(MINIATURE.tree()).matrix.by_tag_suffix[f"{ROCM}wren-cpp"].fields["base-image"]
NEXT = "rocm/dev:next"


def on_next(*backends: str, of: Altered = MINIATURE) -> Altered:
    """The only Go backend for ROCm, wren-cpp, on another base image, and others like it."""
    of = of.edit_in(entry(f"{ROCM}wren-cpp"), (BASE_IMAGE, NEXT))
    for name in backends:
        of = of.another(entry(f"{ROCM}wren-cpp"), ("wren-cpp", name))
    return of


def test_one_backend_decides_nothing_where_a_wider_circle_does() -> None:
    assert image_of_a_new_lark(on_next()) == BASE_IMAGE
    assert image_of_a_new_lark(on_next("serin")) == NEXT


def test_a_tie_goes_to_the_next_wider_circle() -> None:
    """Two Go backends for ROCm on one image, two on the other: those of other languages decide."""
    tie = on_next("serin", "siskin", "dunnock")
    for name in ("siskin", "dunnock"):
        tie = tie.edit_in(entry(f"{ROCM}{name}"), (NEXT, BASE_IMAGE))
    assert image_of_a_new_lark(tie) == BASE_IMAGE


def test_what_a_comment_explains_is_followed_by_nobody() -> None:
    odd = on_next("serin", "siskin")
    assert image_of_a_new_lark(odd) == NEXT
    for backend in ("wren-cpp", "serin", "siskin"):
        odd = odd.above(entry(f"{ROCM}{backend}"), "# base-image: its kernels need the next release")
    assert image_of_a_new_lark(odd) == BASE_IMAGE
