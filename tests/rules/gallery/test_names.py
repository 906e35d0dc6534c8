"""Rules about names in the gallery: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.gallery.trees import KESTREL, LARK, META
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_fine, assert_found, findings, item

CASES = {
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
    "a meta with a typing error": Case(
        "gallery-meta-name", "nest-store", GALLERY, ('name: "nest-stor"',),
        MINIATURE.edit_in(item("nest-store"), ('name: "nest-store"', 'name: "nest-stor"')),
        also=None,
    ),
    "a name that nobody else writes": Case(
        "gallery-image-name", "kestrel", GALLERY, ('name: "main-kestrel"',),
        MINIATURE.each(GALLERY, '"cpu-kestrel', '"main-kestrel'),
    ),
    "a meta without alias": Case(
        "gallery-alias-missing", "lark", GALLERY, (META.format("lark"),),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', "")),
        fix=True, restores=True,
    ),
    "an alias with a typing error": Case(
        "gallery-alias-missing", "lark", GALLERY, ('alias: "lrk"',),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: "lrk"\n')),
        also=None, says="has the alias lrk",
    ),
    "an alias that is the name of another backend's item": Case(
        "gallery-alias-missing", "lark", GALLERY, ('alias: "kestrel"',),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: "kestrel"\n')),
        also=None, says="is asked for the models of kestrel",
    ),
}  # fmt: skip

FINE = {
    "an alias that is another word": (
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: "songbird"\n')), "gallery-alias-missing",
    ),
    "an alias that is the name of a backend without items": (
        MINIATURE.write("backend/go/larks/main.go", "package main\n")
        .edit_in(LARK, ('  alias: "lark"\n', '  alias: "larks"\n')), "gallery-alias-missing",
    ),
    "an alias that the development images have themselves": (
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', "")).rewrite(
            GALLERY,
            lambda text: re.sub(r'(?m)^(  name: "(?!meadow)(?:\w+-)?lark-development"\n)', r'\1  alias: "lark"\n', text),
        ),
        None,
    ),
    "a name that two backends write": (
        MINIATURE.each(GALLERY, '"cpu-kestrel', '"main-kestrel').each(GALLERY, '"cpu-lark', '"main-lark'),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_an_image_without_a_name_has_that_of_its_meta() -> None:
    """As Go reads it: and nothing is told of all the others that name no such image."""
    found = findings(MINIATURE.edit_in(item("metal-lark"), ('  name: "metal-lark"\n', "")).tree())
    assert {f.backend for f in found} == {"lark"}
    assert {f.rule for f in found} == {
        "gallery-duplicate-name",
        "gallery-capability-target",
        "gallery-image-name",
    }
