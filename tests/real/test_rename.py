"""rename-backend on the real LocalAI, at its head and in its history.

Runs where LOCALAI_REPO names a clone with its history.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scaffold.checkout.tree import GitTree, WorkTree
from scaffold.operations import rename
from scaffold.registry import Registry
from tests import lifecycle
from tests.conftest import commit_of, export, real_repository
from tests.consumers import run
from tests.real.test_lifecycle import DAYS, findings_before, names

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI: skipped"
)

NEW = "quill-wort"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest commit, with the folders of its submodules as `git clone` makes them."""
    root = lifecycle.as_repository(export("HEAD", tmp_path_factory.mktemp("real") / "LocalAI"))
    for folder in Registry(WorkTree(root)).build_context.submodules("backend"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    return root


@pytest.mark.parametrize("name", names())
def test_there_and_back_is_the_identity(checkout: Path, tmp_path: Path, name: str) -> None:
    before, images = lifecycle.snapshot(checkout), lifecycle.built_images(checkout)
    plan = rename.plan(WorkTree(checkout), name, NEW)
    run("git", "apply", "--check", "-", cwd=checkout, text=plan.changes.diff())
    plan.changes.commit(checkout)
    try:
        registry = Registry(WorkTree(checkout))
        assert name not in registry.names
        assert not (checkout / f"backend/{registry.directories[NEW]}/{name}").exists()
        own = {e.tag_suffix for e in registry.matrix.entries_of(NEW)}
        mapped = lifecycle.inferred(checkout, tmp_path).items()
        folders = {folder for tag, folder in mapped if tag.partition(" ")[0] in own}
        assert folders == {f"{registry.directory(NEW)}/"}
        expected = Counter((f.rule, f.backend.replace(name, NEW)) for f in findings_before())
        found = Counter(
            (f.rule, f.backend.replace(name, NEW)) for f in lifecycle.findings(WorkTree(checkout))
        )
        assert found - expected == Counter()
        assert lifecycle.built_images(checkout) == {NEW if i == name else i for i in images}
        rename.plan(WorkTree(checkout), NEW, name).changes.commit(checkout)
        changed = lifecycle.differences(before, lifecycle.snapshot(checkout))
        # Git has no modes of folders; the archive gave them others than a user's new ones have.
        assert [path for path in changed if not (path in before and (checkout / path).is_dir())] == []
    finally:
        lifecycle.restore(checkout)
        for folder in Registry(WorkTree(checkout)).build_context.submodules("backend"):
            (checkout / folder).mkdir(parents=True, exist_ok=True)


@pytest.mark.parametrize("day", DAYS)
def test_there_and_back_in_history(day: str, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = real_repository()
    assert repository is not None
    monkeypatch.setattr(rename, "_new_findings", lambda *_: [])  # asked above, and slow
    monkeypatch.setattr(rename, "find_named", lambda *_: ())
    tree = GitTree(repository, commit_of(day))
    for name in Registry(tree).names:
        there = rename.plan(tree, name, f"{name}-next" if "mlx" in name else NEW)
        then = there.changes.overlay()
        back = rename.plan(then, f"{name}-next" if "mlx" in name else NEW, name)
        now = back.changes.overlay()
        for path in {*there.changes.contents(), *back.changes.contents()}:
            assert now.read(path) == tree.read(path), (name, path)
            assert now.read(path) is None or now.is_executable(path) == tree.is_executable(path), (name, path)
