"""Rules about metas of the gallery: each with a defect that it finds."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import LARK, META, in_both
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_found, item

BLOCK = [f"{image}lark{ending}" for image in ("", "cpu-", "metal-") for ending in ("", "-development")]

CASES = {
    "images without a meta": Case(
        "gallery-missing-meta", "kestrel", GALLERY, ('name: "cpu-kestrel"', "^- "),
        MINIATURE.drop(item("kestrel")),
        also=None,
    ),
    "a backend of which the gallery has nothing": Case(
        "gallery-missing-meta", "lark", GALLERY, ("- &finchtts", "^nvidia"),
        MINIATURE.drop(*(item(name) for name in BLOCK)),
        also=("importer-unknown-backend",), says="the gallery has nothing of it",
    ),
    "a meta that leads nowhere": Case(
        "gallery-missing-meta", "lark", GALLERY, (META.format("lark"),),
        in_both("lark", ('    default: "cpu-lark"\n', ""), ('    metal: "metal-lark"\n', "")),
        also=None, fix=True, restores=True, says='default: "cpu-lark", metal: "metal-lark"',
    ),
    "an item with the words, and nothing else but images": Case(
        "gallery-missing-meta", "lark", GALLERY, (META.format("lark"),),
        MINIATURE.drop(item("lark-development")).edit_in(LARK, ('  capabilities:\n    default: "cpu-lark"\n    metal: "metal-lark"\n', "")),
        also=None, fix=True, says="leads to none of its images",
    ),
    "a meta that is an image too": Case(
        "gallery-image-as-meta", "lark", GALLERY, (META.format("lark"), "uri: x/y"),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: "lark"\n  uri: x/y:z\n')),
        also=None, says="ignores its capabilities",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])
