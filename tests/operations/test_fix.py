"""`check --fix`: what was deleted comes back, nothing else changes, and what cannot be repaired stays."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.mutants import Mutation, mutations
from evidence.mutation import mutated
from scaffold import cage
from scaffold.checkout.tree import MAX_TEXT_BYTES, Overlay, Tree, WorkTree
from scaffold.operations import check, fix
from scaffold.registry import Registry
from tests.consumers import files, run
from tests.rules.gallery.trees import in_both
from tests.rules.trees import (
    BASE,
    CAPABILITIES,
    DEPENDABOT,
    FILTER,
    GALLERY,
    MATRIX,
    MINIATURE,
    PREF_ONLY,
    Altered,
    entry,
    findings,
    item,
    told,
)

SAMPLE = 12
MAKEFILE = "Makefile"
REPAIRABLE = (
    "gallery",
    "Makefile definition",
    "Makefile eval",
    "Makefile lists",
)


def deletions() -> list[Mutation]:
    """A sample of the deletions that a fix can undo."""
    registry = Registry(BASE)
    metas = {
        f"delete item {item.name}" for item in registry.gallery.items if item.anchor
    }  # its author's words
    found = [m for m in mutations(registry) if not m.field and m.what not in metas]
    random.Random(20).shuffle(found)
    chosen = [m for surface in REPAIRABLE for m in [x for x in found if x.surface == surface][:SAMPLE]]
    chosen += [m for m in found if (m.path, m.surface) == (PREF_ONLY, "importers")]
    chosen += [m for m in found if m.surface == "path filter" and m.backend]
    return chosen


DELETIONS = deletions()


def repaired(tree: Tree) -> fix.Repair:
    return fix.repair(tree, check.Scope())


def unrelated_lines(before: Tree, after: Overlay) -> list[str]:
    """Lines of the miniature that a repair has taken away."""
    gone = []
    for path in after.changes:
        left = (after.read(path) or b"").splitlines()
        gone += [f"{path}: {line!r}" for line in (before.read(path) or b"").splitlines() if line not in left]
    return gone


@pytest.mark.parametrize("deletion", DELETIONS, ids=[f"{m.surface}: {m.what}" for m in DELETIONS])
def test_what_was_deleted_comes_back(deletion: Mutation) -> None:
    broken = mutated(BASE, deletion)
    repair = repaired(broken)
    assert told(list(repair.result.findings)) == []
    assert repair.discarded == ()
    after = repair.changes.overlay()
    again = repaired(after)
    assert (again.fixed, again.changes.edits, again.discarded) == ((), [], ())
    assert unrelated_lines(broken, after) == [] or deletion.surface in ("Makefile lists", "path filter")


@pytest.mark.parametrize("seed", range(6))
def test_several_deletions_at_once(seed: int) -> None:
    """Deletions in different files, repaired together."""
    chosen: dict[str, Mutation] = {}
    for mutation in random.Random(seed).sample(DELETIONS, len(DELETIONS)):
        chosen.setdefault(mutation.path, mutation)
    tree: Tree = BASE
    for mutation in chosen.values():
        tree = mutated(tree, mutation)
    broken = findings(tree)
    assert len({f.path for f in broken}) > 2
    assert told(list(repaired(tree).result.findings)) == []


BROKEN: dict[str, Altered] = {
    "a word": MINIATURE.edit(MAKEFILE, (" backends/lark ", " ")),
    "both images and their keys": in_both("finch-tts", ('    amd: "rocm-finch-tts"\n', "")).drop(
        item("rocm-finch-tts"), item("rocm-finch-tts-development")
    ),
    "two words that stand together": MINIATURE.edit(
        MAKEFILE, (" backends/kestrel ", " backends/kestrel backends/gone backends/lost ")
    ),
    "a development image and the keys of both": in_both("lark", ('    metal: "metal-lark"\n', "")).drop(
        item("metal-lark-development")
    ),
    "two fields of one definition": MINIATURE.edit(
        MAKEFILE, ("= lark|golang|.|false|true", "= lark|python|nowhere|loud|false")
    ),
    "a block that two rules repair": in_both(
        "rookery", ('    nvidia-cuda-12: "cuda12-rookery"\n', "")
    ).edit_in(item("rookery-development"), ('    metal: "metal-rookery-development"\n', "")),
    "one leg on the wrong runner": MINIATURE.edit_in(
        entry("-cpu-heron", "arm64"), ("'ubuntu-24.04-arm'", "'ubuntu-latest'")
    ),
    "a folder that is gone": MINIATURE.edit(DEPENDABOT, ("python/rookery", "python/gone")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_repeated_repairs_end_in_a_clean_tree(name: str) -> None:
    """Fixes that overlap wait for the next run; each run helps, and the last one has nothing to do."""
    tree = BROKEN[name].tree()
    assert findings(tree)
    for _ in range(3):
        repair = repaired(tree)
        if not repair.fixed:
            break
        before = len(findings(tree))
        tree = repair.changes.overlay()
        assert len(findings(tree)) < before
    assert told(findings(tree)) == []


def test_a_shared_edit_is_made_once() -> None:
    tree = BROKEN["a development image and the keys of both"].tree()
    repair = repaired(tree)
    assert {f.rule for f in repair.fixed} == {"gallery-image-missing", "gallery-capability-missing"}
    alone = [len(fix.repair(tree, check.Scope(select=(f.rule,))).changes.edits) for f in repair.fixed]
    assert len(repair.changes.edits) == max(alone) < sum(alone)


def test_fixes_that_overlap_are_not_both_made() -> None:
    repair = repaired(BROKEN["a block that two rules repair"].tree())
    assert repair.changes.by_path(), "raises where edits overlap"
    assert repair.fixed
    assert all(why for _, why in repair.discarded)


def test_a_fix_that_would_bring_another_finding_is_discarded() -> None:
    generic = "  if (!item.lang) {\n    return `backend/python/${item.backend}/`;\n  }\n"
    repair = repaired(MINIATURE.edit(FILTER, (generic, "")).tree())
    assert (repair.fixed, repair.changes.edits) == ((), [])
    assert {why for _, why in repair.discarded} >= {"it would bring filter-unmapped-backend finch-tts"}
    assert {finding.rule for finding, _ in repair.discarded} == {"filter-unmapped-backend"}
    assert {f.rule for f in repair.result.findings} == {"filter-unmapped-backend"}


def test_a_fix_that_cannot_be_planned_is_discarded_and_the_others_are_made() -> None:
    wrong = ("`backend/cpp/llama-cpp/`", "`backend/cpp/llama/`")
    altered = MINIATURE.edit(FILTER, wrong).edit(MAKEFILE, (" backends/lark ", " "))
    repair = repaired(altered.tree())
    assert [finding.rule for finding in repair.fixed] == ["makefile-not-parallel"]
    ((finding, why),) = repair.discarded
    assert finding.rule == "filter-unmapped-backend"
    assert why.startswith(FILTER)
    assert "no place for a branch" in why


def test_what_there_is_no_time_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is that at all fixes together, which go wrong; then there is no time for another one."""
    wrong = ("`backend/cpp/llama-cpp/`", "`backend/cpp/llama/`")
    altered = MINIATURE.edit(FILTER, wrong).edit(MAKEFILE, (" backends/lark ", " "))
    monkeypatch.setattr(cage, "left", lambda: 0.0)
    repair = repaired(altered.tree())
    assert (repair.fixed, repair.changes.edits) == ((), [])
    assert {why for _, why in repair.discarded} == {fix.NO_TIME}
    assert len(repair.discarded) == 2


def test_a_repair_tells_what_a_check_from_the_start_tells() -> None:
    wrong = ("`backend/cpp/llama-cpp/`", "`backend/cpp/llama/`")
    before = MINIATURE.edit(FILTER, wrong)
    after = before.edit(MAKEFILE, (" backends/lark ", " "), (" docker-build-lark ", " ")).tree()
    repair = fix.repair(after, check.Scope(), before.tree(), "main")
    for said, tree in ((repair.before, after), (repair.result, repair.changes.overlay())):
        fresh = check.run(tree, check.Scope(), before.tree(), "main")
        assert [f[:-1] for f in said.findings] == [f[:-1] for f in fresh.findings]
        assert said.old == fresh.old
    assert len(repair.result.findings) < len(repair.before.findings)


def test_only_what_is_in_scope_is_repaired() -> None:
    altered = MINIATURE.edit(
        MAKEFILE, (" backends/lark ", " "), (" docker-build-lark ", " "), (" backends/heron ", " ")
    )
    scope = check.Scope(select=("makefile-not-parallel",), backends=("lark",))
    repair = fix.repair(altered.tree(), scope)
    assert [(f.rule, f.backend) for f in repair.fixed] == [("makefile-not-parallel", "lark")]


def test_only_what_a_change_introduced_is_repaired() -> None:
    before = MINIATURE.edit(MAKEFILE, (" backends/lark ", " "))
    after = before.edit(MAKEFILE, (" docker-build-lark ", " "))
    repair = fix.repair(after.tree(), check.Scope(), before.tree(), "main")
    assert [f.rule for f in repair.fixed] == ["makefile-docker-build-list"]
    assert [f.rule for f in repair.result.findings] == ["makefile-not-parallel"]


def test_what_only_a_person_knows_stays() -> None:
    tree = (
        MINIATURE.drop(entry("-gpu-nvidia-cuda-12-wren-cpp"))
        .edit(CAPABILITIES, ('\t"heron": {', '\t"egret": {'))
        .tree()
    )
    repair = repaired(tree)
    rules = {f.rule for f in repair.result.findings}
    assert {"gallery-image-not-built", "capabilities-missing"} <= rules
    assert MATRIX not in repair.changes.contents()


def scaffold(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(
        sys.executable, "-m", "scaffold", "check", "--repo", str(root), *options, cwd=root, check=False
    )


def test_a_diff_writes_nothing_and_is_what_fix_writes(miniature: Path, tmp_path: Path) -> None:
    for path, data in BROKEN["both images and their keys"].tree().changes.items():  # type: ignore[attr-defined]
        (miniature / path).write_bytes(data)
    (miniature / GALLERY).write_bytes(BROKEN["both images and their keys"].tree().read(GALLERY) or b"")
    before = files(miniature)
    shown = scaffold(miniature, "--diff")
    assert shown.returncode == 1
    assert files(miniature) == before
    run("git", "init", "--quiet", cwd=miniature)
    run("git", "apply", "-", cwd=miniature, text=shown.stdout)
    applied = (miniature / GALLERY).read_bytes()
    for path, data in before.items():
        (miniature / path).write_bytes(data)
    assert scaffold(miniature, "--fix").returncode == 0
    assert (miniature / GALLERY).read_bytes() == applied
    assert scaffold(miniature, "--fix").stdout.startswith("Clean")
    assert check.run(WorkTree(miniature), check.Scope()).findings == ()


def test_a_finding_in_a_list_of_models_that_is_long_keeps_nothing_from_being_repaired(
    miniature: Path,
) -> None:
    listed = miniature / "gallery/index.yaml"
    listed.parent.mkdir(exist_ok=True)
    models = "".join(f"- name: m{n}\n  overrides:\n    backend: rookery\n" for n in range(60_000))
    listed.write_text(f"{models}- name: n\n  overrides:\n    backend: owl\n")
    assert listed.stat().st_size > MAX_TEXT_BYTES
    gallery = miniature / GALLERY
    gallery.write_text(gallery.read_text().replace('    metal: "metal-lark-development"\n', ""))
    repair = fix.repair(WorkTree(miniature), check.Scope())
    assert {f.rule for f in repair.before.findings} == {"gallery-model-backend", "gallery-dev-meta-drift"}
    assert [f.rule for f in repair.fixed] == ["gallery-dev-meta-drift"]
