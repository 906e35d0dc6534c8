"""Rules about images of the gallery: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.gallery.trees import DEV, KESTREL, KESTREL_DEV, META, in_both
from tests.rules.trees import (
    BASE,
    GALLERY,
    MINIATURE,
    Case,
    assert_fine,
    assert_fixed,
    assert_found,
    entry,
    findings,
    item,
    text_of,
)

MISSPELT = MINIATURE.edit_in(KESTREL, ('latest-cpu-kestrel"', 'latest-cpu-kestrle"'))

CASES = {
    "an image that is built no more": Case(
        "gallery-image-not-built", "finch-tts", GALLERY, ('name: "rocm-finch-tts"', "uri"),
        MINIATURE.drop(entry("-gpu-rocm-hipblas-finch-tts")),
        also=("requirements-unused",), says="delete rocm-finch-tts and rocm-finch-tts-development",
    ),
    "an image that was never built": Case(
        "gallery-image-not-built", "kestrel", GALLERY, ('"cuda12-kestrel"', "uri"),
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"cuda12-kestrel"'), ('backends:latest-cpu-kestrel"', 'backends:latest-gpu-nvidia-cuda-12-kestrel"'), ("    - localai/localai-backends:latest-cpu-kestrel", "    - localai/localai-backends:latest-gpu-nvidia-cuda-12-kestrel")),
        says="add an entry with tag-suffix: '-gpu-nvidia-cuda-12-kestrel'",
    ),
    "a misspelt uri": Case(
        "gallery-image-not-built", "kestrel", GALLERY, (META.format("cpu-kestrel"), "uri"),
        MISSPELT,
        also=("gallery-image-missing", "gallery-mirror"), says="write latest-cpu-kestrel:",
    ),
    "a misspelt uri in both channels": Case(
        "gallery-image-not-built", "kestrel", GALLERY, (META.format("cpu-kestrel"), "uri"),
        MINIATURE.each(GALLERY, '-cpu-kestrel"\n  mirrors', '-cpu-kestrle"\n  mirrors'),
        also=("gallery-image-missing", "gallery-mirror"),
        says="write latest-cpu-kestrel and master-cpu-kestrel:",
    ),
    "a second image with nearly the tag of the first": Case(
        "gallery-image-not-built", "kestrel", GALLERY, ('"own-kestrel"', "uri"),
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"own-kestrel"'), ('latest-cpu-kestrel"', 'latest-cpu-kestrle"')),
        also=None, says="add an entry with tag-suffix: '-cpu-kestrle'",
    ),
    "the right mirror of a misspelt uri": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MISSPELT,
        also=None,
    ),
    "a mirror that is built no more than the uri": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MISSPELT.edit(GALLERY, ("- localai/localai-backends:latest-cpu-kestrel\n", "- localai/localai-backends:latest-cpu-kesterl\n")),
        also=None, fix=True,
    ),
    "our image in another repository": Case(
        "gallery-image-not-built", "kestrel", GALLERY, ('name: "cpu-kestrel"', "uri"),
        MINIATURE.edit_in(KESTREL, ("local-ai-backends:", "other:")),
        says="CI pushes that tag",
    ),
    "a development image forgotten": Case(
        "gallery-image-missing", "finch-tts", GALLERY, ('name: "rocm-finch-tts"',),
        MINIATURE.drop(item("rocm-finch-tts-development")),
        fix=True, restores=True, says="add rocm-finch-tts-development",
    ),
    "both images forgotten": Case(
        "gallery-image-missing", "finch-tts", GALLERY, ('name: "metal-finch-tts-development"',),
        MINIATURE.drop(item("rocm-finch-tts"), item("rocm-finch-tts-development")),
        fix=True, says="add rocm-finch-tts and rocm-finch-tts-development",
    ),
    "a variant without images, keys and development meta": Case(
        "gallery-image-missing", "finch-tts", GALLERY, ('name: "metal-finch-tts-development"',),
        in_both("finch-tts", ('    amd: "rocm-finch-tts"\n', "")).drop(item("rocm-finch-tts"), item("rocm-finch-tts-development"), item("finch-tts-development")),
        also=("gallery-dev-meta-missing",), fix=True,
    ),
    "the development half of a meta without alias": Case(
        "gallery-image-missing", "lark", GALLERY, (META.format("cpu-lark"),),
        MINIATURE.drop(*map(item, ("lark-development", "cpu-lark-development", "metal-lark-development"))).edit_in(item("lark"), ('  alias: "lark"\n', "")),
        also=("gallery-dev-meta-missing",), fix=True, says="add cpu-lark-development and metal-lark-development",
    ),
    "every image forgotten": Case(
        "gallery-image-missing", "lark", GALLERY, (META.format("lark"),),
        MINIATURE.drop(*(item(f"{image}-lark{ending}") for image in ("cpu", "metal") for ending in ("", "-development"))),
        fix=True, says="has none of the 2 images of lark",
    ),
    "no mirrors": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "uri:"),
        MINIATURE.edit_in(KESTREL, ("  mirrors:\n    - localai/localai-backends:latest-cpu-kestrel\n", "")),
        fix=True, restores=True, says="no mirrors",
    ),
    "another image's mirror": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MINIATURE.edit_in(KESTREL, ("- localai/localai-backends:latest-cpu-kestrel", "- localai/localai-backends:latest-cpu-lark")),
        fix=True, restores=True,
    ),
    "a mirror that nobody else has": Case(
        "gallery-mirror", "kestrel", GALLERY, (META.format("cpu-kestrel"), "    - "),
        MINIATURE.edit_in(KESTREL, ("- localai/localai-backends:", "- localai/localai-backend:")),
        fix=True, restores=True,
    ),
    "the development image of a release": Case(
        "gallery-channel-mismatch", "kestrel", GALLERY, (DEV.format("cpu-kestrel"), "uri"),
        MINIATURE.edit_in(KESTREL_DEV, ("local-ai-backends:master", "local-ai-backends:latest")),
        fix=True, restores=True,
    ),
    "a second item of a channel": Case(
        "gallery-channel-mismatch", "kestrel", GALLERY, ('"cpu-kestrel-nightly-development"', "uri"),
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"cpu-kestrel-nightly-development"')),
        also=("gallery-image-name",),
    ),
    "a merge of the model": Case(
        "gallery-wrong-merge", "kestrel", GALLERY, (META.format("cpu-kestrel"), "^- "),
        MINIATURE.edit_in(KESTREL, ("*kestrel", "*lark")),
        says="*lark",
    ),
    "no merge at all": Case(
        "gallery-wrong-merge", "kestrel", GALLERY, ('- name: "cpu-kestrel"',),
        MINIATURE.edit_in(KESTREL, ("- !!merge <<: *kestrel\n  name", "- name")),
        says="nothing",
    ),
    **{
        f"{key} is no merge key, {name}": Case(
            "gallery-wrong-merge", "kestrel", GALLERY, (where.format(name), "^- "),
            MINIATURE.edit_in(item(name), ("- !!merge <<:", f"- {key}:")),
            says=f"takes nothing from *kestrel: `{key}`",
        )
        for key in ("!!merge <", "!!merg <<", "!merge <<", '"<<"', "<")
        for name, where in (("cpu-kestrel", META), ("kestrel-development", '  name: "{}"'))
    },
    "a development meta that merges another backend": Case(
        "gallery-wrong-merge", "kestrel", GALLERY, ('  name: "kestrel-development"', "^- "),
        MINIATURE.edit_in(item("kestrel-development"), ("*kestrel", "*lark")),
        says="kestrel-development merges *lark, and all that it leads to are images of kestrel",
    ),
}  # fmt: skip

FINE = {
    **{
        f"a merge key that is written {key}": (
            MINIATURE.edit_in(item("kestrel-development"), ("- !!merge <<:", f"- {key}:")), None,
        )
        for key in ("<<", '!!merge "<<"', "! <<", "!<tag:yaml.org,2002:merge> <<")
    },
    "an image of somebody else": (
        MINIATURE.copy(KESTREL, ('"cpu-kestrel"', '"mirror-kestrel"'), ("local-ai-backends:latest-cpu-kestrel", "other:own-build")),
        None,
    ),
    "an image that a job of its own builds": (
        MINIATURE.drop(entry("-gpu-rocm-hipblas-finch-tts")).append(
            ".github/workflows/backend.yml", "  rocm:\n    with:\n      tag-suffix: '-gpu-rocm-hipblas-finch-tts'\n"
        ),
        "gallery-image-not-built",
    ),
    "a mirror that several items have": (
        MINIATURE.each(GALLERY, "    - localai/localai-backends:latest-cpu-", "    - second/mirror:latest-cpu-"),
        None,
    ),
    "two mirrors": (
        MINIATURE.rewrite(
            GALLERY,
            lambda text: re.sub(r"(    - )localai/localai-backends(:.*-lark\n)", r"\g<0>\1second/mirror\2", text),
        ),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_the_fix_names_the_missing_images_like_their_siblings() -> None:
    tree = CASES["both images forgotten"].altered.tree()
    after = assert_fixed(tree, findings(tree, "gallery-image-missing"))
    lines = [sorted(text.splitlines()) for text in (text_of(after, GALLERY), text_of(BASE, GALLERY))]
    assert lines[0] == lines[1]
