"""rename-backend: there and back is the identity, and check stays as clean as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scaffold.errors import UsageError
from scaffold.operations import check, rename
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.rules import all_rules
from scaffold.tree import WorkTree
from tests import lifecycle

NAMES = Registry(WorkTree(miniature_dir())).names


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {
        path.relative_to(root).as_posix(): (path.read_bytes(), stat.S_IMODE(path.stat().st_mode))
        for path in files
    }


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_is_the_identity(miniature: Path, name: str) -> None:
    before = contents(miniature)
    there = rename.plan(WorkTree(miniature), name, "quill-wort")
    there.changes.commit(miniature)
    registry = Registry(WorkTree(miniature))
    assert name not in registry.names
    assert registry.registrations(name) == []
    entries = (*registry.matrix.linux, *registry.matrix.darwin)
    mapped = [d for results in registry.inferred for d in results]
    own = [d for e, d in zip(entries, mapped, strict=True) if e.backend == "quill-wort"]
    assert own
    assert set(own) == {f"{registry.directory('quill-wort')}/"}
    asked = {path.partition(":")[0] for path in (m.what for m in there.manual)}
    assert {f.rule for f in check.find(registry, all_rules())} <= asked
    rename.plan(WorkTree(miniature), "quill-wort", name).changes.commit(miniature)
    assert contents(miniature) == before


def test_what_git_ignores_stays_and_is_no_backend(miniature: Path) -> None:
    lifecycle.as_repository(miniature)
    built = miniature / "backend/go/lark/package/lark"
    (miniature / ".gitignore").write_text("package/\n")
    built.parent.mkdir(parents=True)
    built.write_text("a binary")
    before = contents(miniature)
    rename.plan(WorkTree(miniature), "lark", "quill-wort").changes.commit(miniature)
    assert built.is_file()
    assert "lark" not in Registry(WorkTree(miniature)).names
    rename.plan(WorkTree(miniature), "quill-wort", "lark").changes.commit(miniature)
    assert contents(miniature) == before


def test_the_hardware_in_a_name_may_be_the_engines(miniature: Path) -> None:
    """LocalAI has such backends; what their own files call them, they may be called again."""
    with (miniature / "backend/python/rookery/requirements.txt").open("a") as file:
        file.write("mlx_rook==1.0\n")
    before = contents(miniature)
    for old, new in (("rookery", "mlx-rook"), ("mlx-rook", "my-mlx"), ("my-mlx", "rookery")):
        rename.plan(WorkTree(miniature), old, new).changes.commit(miniature)
    assert contents(miniature) == before


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("herron", "quill-wort", "heron"),
        ("heron", "lark", "taken"),
        ("heron", "Quill", "lower-case"),
        ("heron", "chipmunk", "hip"),
    ],
)
def test_a_wrong_name_changes_nothing(miniature: Path, old: str, new: str, why: str) -> None:
    before = contents(miniature)
    with pytest.raises(UsageError, match=why):
        rename.plan(WorkTree(miniature), old, new)
    assert contents(miniature) == before
