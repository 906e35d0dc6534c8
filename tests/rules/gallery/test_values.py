"""Values in the lists of backends and of models: each with a defect and a likeness that is let pass."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import LARK
from tests.rules.trees import (
    GALLERY,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_fixed,
    assert_found,
    findings,
    text_of,
)

MODELS = "gallery/index.yaml"
TAGS, EXPIRES, JOINED = "gallery-tag-repeated", "gallery-address-expires", "gallery-item-joined"
ICON = "https://raw.githubusercontent.com/aviary-example/artwork/main/lark.svg"


def model(*lines: str) -> Altered:
    """The miniature with two models, the second with these lines."""
    text = '---\n- name: "owl"\n  tags:\n    - llm\n  overrides:\n    backend: rookery\n- name: "wing"\n'
    return MINIATURE.write(MODELS, text + "".join(f"{line}\n" for line in lines))


def icon(address: str) -> Altered:
    return MINIATURE.edit_in(LARK, (f"icon: {ICON}", f"icon: {address}"))


CASES = {
    "a backend's tag that stands twice": Case(
        TAGS, "lark", GALLERY, ("- asr # as said",),
        MINIATURE.edit_in(LARK, ("    - asr\n", "    - asr\n    - asr # as said\n")),
        says="lark has the tag asr more than once", fix=True, restores=True,
    ),
    "a model's tag that stands twice": Case(
        TAGS, "", MODELS, ("- 'llm'",),
        model("  tags:", "    - llm", "    # and", "    - gguf", "    - 'llm'", "  license: mit"),
        says="wing has the tag llm more than once", fix=True,
    ),
    "two tags, below their key": Case(
        TAGS, "", MODELS, ("- cpu # a",),
        model("  tags: # all", "  - gpu", "  - cpu", "  - cpu # a", "  - gpu", '  - "gpu"'),
        says="cpu and gpu", fix=True,
    ),
    "in brackets": Case(
        TAGS, "", MODELS, ("tags: [",), model('  tags: [llm, "gguf", llm]'), says="llm",
    ),
    "an icon with a token": Case(
        EXPIRES, "lark", GALLERY, ("?jwt=",), icon("https://private.example.org/1/2.png?jwt=eyJhbGci"),
        says="https://private.example.org/1/2.png is",
    ),
    "a file of a model that is signed": Case(
        EXPIRES, "", MODELS, ("X-Amz",),
        model("  urls:", "    - https://example.org/a", '    - "https://h/a?X-Amz-Expires=3&X-Amz-Signature=b"'),
    ),
    "a tag of a backend one blank deeper": Case(
        JOINED, "lark", GALLERY, ("- soprano",),
        MINIATURE.edit_in(LARK, ("    - asr\n", "    - asr\n      - soprano\n    - alto\n")),
        says="`- soprano` is deeper than the item above it, `asr`", fix=True,
    ),
    "two of a model": Case(
        JOINED, "", MODELS, ("- gguf",),
        model("  tags:", "  - llm", "   - gguf", "   - cpu", "  license: mit"),
        says="`- gguf`", times=2, fix=True,
    ),
    "an address": Case(
        JOINED, "", MODELS, ("example.org/b",),
        model("  urls:", "    - https://example.org/a", "     - https://example.org/b"), fix=True,
    ),
}  # fmt: skip

FINE = {
    "each tag once": (model("  tags:", "    - llm", "    - gguf", "    - LLM"), TAGS),
    "a list of another key": (model("  tags:", "    - llm", "  known:", "    - llm"), TAGS),
    "a text": (model("  description: |", "    tags:", "    - llm", "    - llm", "  tags: []"), TAGS),
    "a list in a list": (model("  a:", "    -", "      - b", "    - - c", "      - d"), JOINED),
    "a list in a mapping": (model("  a:", "    - b:", "      - c", "    - d: e"), JOINED),
    "a list in a text": (model("  description: |", "    - a", "      - b", "  urls: []"), JOINED),
    "a text of two lines": (model("  a:", "    - b", "      -c", "    - 'd", "      - e'"), JOINED),
    "an address with a size": (icon("https://avatars.example.org/u/1?s=200&v=4"), EXPIRES),
    "a remark": (model("  # https://private.example.org/a?jwt=b"), EXPIRES),
    "no address": (model("  description: write ?jwt=WORD behind it"), EXPIRES),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_the_fix_keeps_the_first_of_each() -> None:
    tree = CASES["two tags, below their key"].altered.tree()
    after = assert_fixed(tree, findings(tree, TAGS))
    assert text_of(after, MODELS).endswith('"wing"\n  tags: # all\n  - gpu\n  - cpu\n')
