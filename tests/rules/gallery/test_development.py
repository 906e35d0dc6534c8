"""Rules about development metas: each with a defect that it finds."""

from __future__ import annotations

import pytest

from scaffold.operations import check, fix
from scaffold.registry import Registry
from tests.rules.gallery.trees import DEV, HARDWARE, LARK, LARK_DEV, META, ROOKERY, ROOKERY_DEV
from tests.rules.trees import BASE, GALLERY, MINIATURE, Case, assert_found, findings, item

CASES = {
    "the development list forgotten": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "capabilities", "nvidia-cuda-12:"),
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
    "a line in the middle forgotten, and a comment between the lines": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "capabilities", "nvidia-cuda-12:"),
        MINIATURE.edit_in(ROOKERY_DEV, ('    nvidia: "cuda12-rookery-development"\n', "    # the GPUs\n")),
        fix=True, says='add nvidia: "cuda12-rookery-development"',
    ),
    "the image of another line": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "nvidia-cuda-12:"),
        MINIATURE.edit_in(ROOKERY_DEV, ('nvidia-cuda-12: "cuda12-rookery-development"', 'nvidia-cuda-12: "cpu-rookery-development"')),
        fix=True, restores=True, says="expected 'cuda12-rookery-development'",
    ),
    "a line that the base has not": Case(
        "gallery-dev-meta-drift", "rookery", GALLERY, (DEV.format("rookery"), "amd:"),
        MINIATURE.edit_in(ROOKERY_DEV, ("  capabilities:\n", '  capabilities:\n    amd: "cuda12-rookery-development"\n')),
        says="rookery has it not",
    ),
    "no development meta, and a key without meaning in the base": Case(
        "gallery-dev-meta-missing", "lark", GALLERY, (META.format("lark"), '"metal-lark"'),
        MINIATURE.drop(LARK_DEV).edit_in(LARK, ("    metal:", "    metal-darwin-arm64:")).write("pkg/system/capabilities.go", HARDWARE),
        also=("gallery-capability-unknown-key",), fix=True,
    ),
    "no development meta": Case(
        "gallery-dev-meta-missing", "rookery", GALLERY, (META.format("rookery"), "nvidia-cuda-12"),
        MINIATURE.drop(ROOKERY_DEV),
        fix=True,
    ),
}  # fmt: skip


def test_the_fix_adds_lines_and_touches_no_other() -> None:
    tree = CASES["a line in the middle forgotten, and a comment between the lines"].altered.tree()
    own = findings(tree, "gallery-dev-meta-drift")
    diff = fix.repair(tree, check.Scope(select=(own[0].rule,))).changes.diff().splitlines()
    changed = [line for line in diff if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ['+    nvidia: "cuda12-rookery-development"']


def test_one_run_repairs_the_base_and_its_missing_twin() -> None:
    tree = CASES["no development meta, and a key without meaning in the base"].altered.tree()
    repaired = fix.repair(tree, check.Scope())
    assert {f.rule for f in repaired.fixed} == {"gallery-dev-meta-missing", "gallery-capability-unknown-key"}
    assert findings(repaired.changes.overlay()) == []


def test_a_twin_without_images_is_told_with_them() -> None:
    """It is no news when the images are there at last."""
    images = [name for name in Registry(BASE).gallery.by_name if name.endswith("-rookery-development")]
    before = MINIATURE.drop(ROOKERY_DEV, *map(item, images)).tree()
    findings = check.run(before, check.Scope(backends=["rookery"])).findings
    assert {f.rule for f in findings} == {"gallery-image-missing"}
    assert any("gallery-dev-meta-missing" in f.help for f in findings)
    later = check.run(MINIATURE.drop(ROOKERY_DEV).tree(), check.Scope(), before, "main")
    told = [(f.rule, later.is_new(i)) for i, f in enumerate(later.findings)]
    assert told == [("gallery-dev-meta-missing", False)]


def test_what_the_base_lacks_is_said_of_the_base_alone() -> None:
    tree = MINIATURE.edit_in(ROOKERY, ('    nvidia: "cuda12-rookery"\n', "")).tree()
    assert [(f.rule, f.subject) for f in findings(tree)] == [("gallery-capability-missing", "rookery nvidia")]


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])
