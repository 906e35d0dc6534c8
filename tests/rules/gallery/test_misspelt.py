"""Names and keys of the gallery: each with a defect that is found and a likeness that is let pass."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from scaffold.rules.base import Severity
from tests.rules.gallery.trees import KESTREL, LARK
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_fine, assert_found, item

SLUG = "gallery-misspelt"
IMAGE = "quay.io/go-skynet/local-ai-backends:latest-cpu-kestrel"
LOST = ("gallery-capability-target", "gallery-image-missing")
"""What follows from an image without an address."""

CASES = {
    "the name of an image": Case(
        SLUG, "kestrel", GALLERY, ('name: "cpu-kestrl"',),
        MINIATURE.edit_in(KESTREL, ('"cpu-kestrel"', '"cpu-kestrl"')),
        also=("gallery-capability-target", "gallery-image-name"), says="kestrel leads to 'cpu-kestrel'", fix=True, restores=True,
    ),
    "an address under the key of another": Case(
        SLUG, "kestrel", GALLERY, (f'url: "{IMAGE}"',),
        MINIATURE.edit_in(KESTREL, ("  uri:", "  url:")),
        also=LOST, says="the address of an image is its `uri`", fix=True, restores=True,
    ),
    "a key that is misspelt": Case(
        SLUG, "kestrel", GALLERY, ("urii:",),
        MINIATURE.edit_in(KESTREL, ("  uri:", "  urii:")),
        also=LOST, says="LocalAI knows no key `urii`: it passes over it in cpu-kestrel", fix=True, restores=True,
    ),
    "capabilities that are misspelt": Case(
        SLUG, "lark", GALLERY, ("capabilites:",),
        MINIATURE.edit_in(LARK, ("  capabilities:", "  capabilites:")),
        also=None, says="write `capabilities`", fix=True, restores=True,
    ),
    "one of two keys, by what it has": Case(
        SLUG, "lark", GALLERY, ("  urs:",),
        MINIATURE.edit_in(LARK, ("  urls:", "  urs:")),
        also=("gallery-metadata",), says="write `urls`", severity=Severity.warning, fix=True, restores=True,
    ),
    "a key of words": Case(
        SLUG, "lark", GALLERY, ("licence:",),
        MINIATURE.edit_in(LARK, ("  license:", "  licence:")),
        also=("gallery-metadata",), says="write `license`", severity=Severity.warning, fix=True, restores=True,
    ),
}  # fmt: skip

FINE = {
    "a key that is near none": MINIATURE.edit_in(KESTREL, ("  uri:", "  since: 2026\n  uri:")),
    "a key that is there too": MINIATURE.edit_in(KESTREL, ("  uri:", "  urii: x\n  uri:")),
    "a meta that is an image, of which its capabilities know": MINIATURE.drop(KESTREL).edit_in(
        item("kestrel"), ("  capabilities:", f"  uri: {IMAGE}\n  capabilities:")
    ),
    "an address of a page": MINIATURE.edit_in(LARK, ("  license:", "  url: https://example.org/lark\n  license:")),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(FINE[name], SLUG)


@pytest.mark.parametrize("name", CASES)
def test_what_follows_is_not_told(name: str) -> None:
    found = check.run(CASES[name].altered.tree(), check.Scope()).findings
    assert [finding.rule for finding in found] == [SLUG]


def test_a_name_that_something_asks_for_is_not_misspelt() -> None:
    lark = ('"cpu-lark"', '"cpu-kestrl"')
    altered = MINIATURE.edit_in(KESTREL, ('"cpu-kestrel"', '"cpu-kestrl"')).edit_in(LARK, lark)
    assert_fine(altered, SLUG)
