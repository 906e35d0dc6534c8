"""rename-backend: there and back is the identity, and check stays as clean as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scaffold.errors import UsageError
from scaffold.operations import check, rename
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from scaffold.tree import WorkTree

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
    assert {f.rule for f in check.find(registry, check.Scope().rules())} <= asked
    rename.plan(WorkTree(miniature), "quill-wort", name).changes.commit(miniature)
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
