"""Rules about metadata of the gallery: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import LARK, META
from tests.rules.trees import (
    GALLERY,
    MINIATURE,
    Case,
    assert_fine,
    assert_fixed,
    assert_found,
    findings,
    text_of,
)

CASES = {
    "a meta without license and icon": Case(
        "gallery-metadata", "lark", GALLERY, (META.format("lark"), "^- "),
        MINIATURE.edit_in(LARK, ("  license: mit\n", "")),
        says="license",
    ),
    "a license that is nothing": Case(
        "gallery-metadata", "lark", GALLERY, (META.format("lark"), "^- "),
        MINIATURE.edit_in(LARK, ("  license: mit\n", "  license: null\n")),
        says="license",
    ),
    "tags without a tag": Case(
        "gallery-metadata", "lark", GALLERY, (META.format("lark"), "^- "),
        MINIATURE.edit_in(LARK, ("  tags:\n    - speech-to-text\n    - asr\n", "  tags:\n")),
        says="tags",
    ),
    "a license in words": Case(
        "gallery-license-spelling", "lark", GALLERY, (META.format("lark"), "license"),
        MINIATURE.edit_in(LARK, ("license: mit", "license: Apache License 2.0")),
        fix=True,
    ),
}  # fmt: skip

FINE = {
    "a license in capitals": (MINIATURE.edit_in(LARK, ("license: mit", "license: MIT")), None),
    "tags in brackets": (
        MINIATURE.edit_in(LARK, ("  tags:\n    - speech-to-text\n    - asr\n", "  tags: [speech-to-text, asr]\n")),
        None,
    ),
    "a vendor's own license": (MINIATURE.edit_in(LARK, ("license: mit", "license: acme-research-1")), None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_the_fix_writes_the_spdx_name_as_the_others_do() -> None:
    tree = CASES["a license in words"].altered.tree()
    after = assert_fixed(tree, findings(tree, "gallery-license-spelling"))
    assert text_of(after, GALLERY) == text_of(tree, GALLERY).replace("Apache License 2.0", "apache-2.0")
