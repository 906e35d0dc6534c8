"""Rules about development metas: each with a defect that it finds."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import DEV, META, ROOKERY, ROOKERY_DEV
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_found, item

CASES = {
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
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])
