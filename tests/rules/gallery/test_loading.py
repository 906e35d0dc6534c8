"""That LocalAI can load the gallery: what is found, and where. The judge has its own tests."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import KESTREL, LARK, META
from tests.rules.trees import GALLERY, MINIATURE, Case, assert_fine, assert_found, findings, item

CASES = {
    "an anchor that nothing defines": Case(
        "gallery-unreadable", "kestrel", GALLERY, ("*nobody",),
        MINIATURE.edit_in(KESTREL, ("*kestrel", "*nobody")),
        also=None, says="*nobody needs &nobody above it, and nothing does",
    ),
    "an anchor below its users": Case(
        "gallery-unreadable", "kestrel", GALLERY, ("*kestrel",),
        MINIATURE.drop(item("kestrel")).append(GALLERY, '- &kestrel\n  name: "kestrel"\n'),
        also=None, says="stands below, in line",
    ),
    "an anchor that is called otherwise than its item": Case(
        "gallery-unreadable", "kestrel", GALLERY, ("- &falcon",),
        MINIATURE.edit(GALLERY, ("- &kestrel", "- &falcon")),
        also=None, says="as in 2 more places, needs &kestrel above it, and this item has &falcon\nwrite &kestrel",
    ),
    "an anchor that another item has": Case(
        "gallery-unreadable", "lark", GALLERY, ("- &lark", "- &lark"),
        MINIATURE.edit(GALLERY, ("- &kestrel", "- &lark")),
        also=None, says="needs &kestrel above it, and this item has",
    ),
    "an anchor that is gone": Case(
        "gallery-unreadable", "kestrel", GALLERY, ('- name: "kestrel"',),
        MINIATURE.edit(GALLERY, ("- &kestrel\n  name", "- name")),
        also=None, says="this item has another anchor, or none",
    ),
    "the anchor of an item that has another name": Case(
        "gallery-unreadable", "falcon", GALLERY, ("- &falcon",),
        MINIATURE.edit(GALLERY, ('- &kestrel\n  name: "kestrel"', '- &falcon\n  name: "falcon"')),
        also=None, says="write &kestrel",
    ),
    "a list where LocalAI takes a text": Case(
        "gallery-unreadable", "lark", GALLERY, (META.format("lark"), "alias:"),
        MINIATURE.edit_in(LARK, ('  alias: "lark"\n', '  alias: ["lark"]\n')),
        also=None, says="alias is a list, not a text",
    ),
    "a text where LocalAI takes a list": Case(
        "gallery-unreadable", "kestrel", GALLERY, ('name: "cpu-kestrel"', "tags:"),
        MINIATURE.edit_in(KESTREL, ("  mirrors:", "  tags: speech\n  mirrors:")),
        says="tags is the text 'speech', not a list",
    ),
    "a mirror that is a list": Case(
        "gallery-unreadable", "kestrel", GALLERY, ('name: "cpu-kestrel"', "    - "),
        MINIATURE.edit_in(KESTREL, ("    - ", "    - - ")),
        also=None, says="an item of mirrors is a list, not a text",
    ),
    "a mirror that is a mapping": Case(
        "gallery-unreadable", "kestrel", GALLERY, ('name: "cpu-kestrel"', "    - "),
        MINIATURE.edit_in(KESTREL, ("localai-backends:latest", "localai-backends: latest")),
        also=None, says="an item of mirrors is a mapping, not a text",
    ),
    "an item that is no mapping": Case(
        "gallery-unreadable", "", GALLERY, ("- just a word",),
        MINIATURE.append(GALLERY, "- just a word\n"),
        says="an item is the text 'just a word', not a mapping",
    ),
    "a control character": Case(
        "gallery-unreadable", "kestrel", GALLERY, ('name: "cpu-kestrel"', "\x07"),
        MINIATURE.edit_in(KESTREL, ("  mirrors:", "  mirrors: # \x07")),
        says="control characters are not allowed (0x07)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


def test_one_missing_anchor_is_one_finding() -> None:
    altered = MINIATURE.drop(item("kestrel"))
    (found,) = findings(altered.tree(), "gallery-unreadable")
    assert "places" in found.message


MIRROR = "localai/localai-backends:latest-cpu-kestrel"


@pytest.mark.parametrize(
    "pair",
    [
        (f"  mirrors:\n    - {MIRROR}\n", f'  mirrors: ["{MIRROR}"]\n'),
        (f"  mirrors:\n    - {MIRROR}\n", f"  mirrors: [\n    '{MIRROR}',\n  ]\n"),
        ('  name: "cpu-kestrel"\n', "  name: 'cpu-kestrel'# the image\n"),
    ],
)
def test_flow_style_and_close_comments_are_read_as_what_they_are(pair: tuple[str, str]) -> None:
    assert_fine(MINIATURE.edit_in(KESTREL, pair))


def test_the_whole_gallery_may_be_written_otherwise() -> None:
    """Every list and mapping in brackets, and a comment at every quote."""
    import re

    def flow(text: str) -> str:
        text = re.sub(
            r"(?m)^  (mirrors|tags|urls):\n((?:    ?-? .*\n)+)",
            lambda m: f"  {m[1]}: [{', '.join(line.strip()[2:] for line in m[2].splitlines())}]# as one\n",
            text,
        )
        text = re.sub(
            r"(?m)^  capabilities:\n((?:    .*\n)+)",
            lambda m: f"  capabilities: {{{', '.join(line.strip() for line in m[1].splitlines())}}}\n",
            text,
        )
        return re.sub(r'(?m)^(  name: ".*")$', r"\1# so", text)

    assert_fine(MINIATURE.rewrite(GALLERY, flow))
