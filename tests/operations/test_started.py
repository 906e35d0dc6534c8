"""What a plan would start in CI is what the checkout's script says once it is written."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.operations import new, started
from tests import lifecycle
from tests.conftest import export, real_repository
from tests.consumers import scaffold
from tests.operations.test_new import KINDS, answers

TREES = ("miniature", "HEAD")


@pytest.mark.parametrize(("lang", "kind"), KINDS)
@pytest.mark.parametrize("tree", TREES)
def test_it_is_what_affected_says_afterwards(
    miniature: Path, tmp_path: Path, tree: str, lang: str, kind: str
) -> None:
    if tree == "HEAD" and real_repository() is None:
        pytest.skip("LOCALAI_REPO names no clone")
    root = lifecycle.as_repository(miniature if tree == "miniature" else export(tree, tmp_path / "head"))
    variants = ("cpu",) if lang == "rust" or kind == "llama-fork" else ("cpu", "metal")
    plan = new.plan(WorkTree(root), answers(lang, kind, variants=variants))
    found = started.of(plan.changes, plan.backend.name)
    assert found is not None
    plan.commit(root)
    said = json.loads(scaffold("affected", "--format", "json", cwd=root).stdout)
    own = [job for job in said["jobs"] if job["backend"] == plan.backend.name]
    others = [job for job in said["jobs"] if job["backend"] != plan.backend.name]
    assert found.own == Counter(job["os"] for job in own)
    assert sum(jobs for jobs, _ in found.others.values()) == len(others)
    assert found.tests == len(said["tests"])
    assert bool(found.own["darwin"]) == ("metal" in variants)


def test_a_checkout_without_the_script_has_nothing_to_say(miniature: Path) -> None:
    (miniature / "scripts/changed-backends.js").unlink()
    plan = new.plan(WorkTree(miniature), answers("go", "pure"))
    assert started.of(plan.changes, plan.backend.name) is None
