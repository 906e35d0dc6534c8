"""A backend whose folder was moved or deleted by hand: one report, whose command does the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold.checkout import git
from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.errors import UsageError
from scaffold.operations import check, remove, rename
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from scaffold.rules.repository.renames import renamed
from tests.rules.trees import BASE, MATRIX

REGISTRY = Registry(BASE)
ALONE = ("finch-tts", "wren-cpp", "kestrel", "night-heron")
"""Backends of each language whose sources no other one takes."""
NEW = "quill-wort"
CAPABILITIES = "core/config/backend_capabilities.go"
TABLE = "docs/content/reference/compatibility-table.md"


def without(name: str, new: str = "") -> Tree:
    """The miniature with a backend's folder elsewhere, or without it."""
    folder = REGISTRY.directory(name)
    files = {path: BASE.content(path) for path in BASE.files(folder)}
    there = f"{folder.removesuffix(name)}{new}"
    moved = {f"{there}{path.removeprefix(folder)}": data for path, data in files.items()} if new else {}
    runs = {f"{there}{path.removeprefix(folder)}" for path in files if BASE.is_executable(path)}
    return Overlay(BASE, {**dict.fromkeys(files), **moved}, runs)


def told(tree: Tree, base: Tree | None) -> list[Finding]:
    result = check.run(tree, check.Scope(), base, "main" if base else None)
    assert result.repaired == ()
    return [finding for at, finding in enumerate(result.findings) if result.is_new(at)]


@pytest.mark.parametrize("base", [None, BASE], ids=["alone", "with a base"])
@pytest.mark.parametrize("name", ALONE)
def test_a_folder_that_is_gone_is_one_report(name: str, base: Tree | None) -> None:
    tree = without(name)
    (found,) = told(tree, base)
    assert (found.rule, found.backend, found.path) == ("matrix-missing-directory", name, MATRIX)
    assert found.severity is Severity.error
    assert f"{REGISTRY.directory(name)} is gone" in found.message
    places = {r.path for r in REGISTRY.registrations(name)}
    assert all(f"{path}:" in found.message for path in places)
    assert f"`scaffold remove-backend {name}`" in found.help
    plan = remove.plan(tree, name)
    right = remove.plan(BASE, name)
    assert plan.changes.overlay().changes == {
        path: data
        for path, data in right.changes.overlay().changes.items()
        if not path.startswith(f"{REGISTRY.directory(name)}/")
    }


@pytest.mark.parametrize("base", [None, BASE], ids=["alone", "with a base"])
@pytest.mark.parametrize("name", ALONE)
def test_a_folder_that_was_moved_is_one_report(name: str, base: Tree | None) -> None:
    (found,) = told(without(name, NEW), base)
    assert (found.rule, found.backend, found.path) == ("matrix-missing-directory", NEW, MATRIX)
    assert f"the folder of {name} is {REGISTRY.directory(name).removesuffix(name)}{NEW} now" in found.message
    assert f"`scaffold rename-backend {name} {NEW}`" in found.help


@pytest.mark.parametrize("name", ALONE)
def test_the_rename_goes_on_from_there(name: str) -> None:
    tree = without(name, NEW)
    plan = rename.plan(tree, name, NEW)
    result, right = plan.changes.overlay(), rename.plan(BASE, name, NEW).changes.overlay()
    paths = {*result.files("")}
    assert paths == {*right.files("")}
    assert {path for path in paths if result.content(path) != right.content(path)} == set()
    assert {path for path in paths if result.is_executable(path) != right.is_executable(path)} == set()
    assert not any(path.startswith(f"{REGISTRY.directory(name)}/") for path in plan.changes.deleted)


def test_a_dockerfile_may_have_been_moved_too() -> None:
    moved = without("night-heron", NEW)
    old, new = "backend/Dockerfile.night-heron", f"backend/Dockerfile.{NEW}"
    tree = Overlay(moved, {old: None, new: BASE.content(old)})
    result = rename.plan(tree, "night-heron", NEW).changes.overlay()
    right = rename.plan(BASE, "night-heron", NEW).changes.overlay()
    assert result.content(new) == right.content(new)
    assert {*result.files("")} == {*right.files("")}


def test_a_folder_that_calls_itself_otherwise_is_another_backend() -> None:
    folder = REGISTRY.directory("wren-cpp")
    strange = {f"backend/go/{NEW}/{file}": b"strange\n" for file in ("main.go", "Makefile", "run.sh")}
    tree = Overlay(BASE, {**dict.fromkeys(BASE.files(folder)), **strange})
    rules = [(f.rule, f.backend) for f in told(tree, None) if f.path == MATRIX]
    assert ("matrix-missing-directory", "wren-cpp") in rules
    assert ("matrix-missing-entry", NEW) in rules


def test_a_name_that_is_registered_is_taken() -> None:
    with pytest.raises(UsageError, match="is taken"):
        rename.plan(without("wren-cpp"), "wren-cpp", "lark")


def test_what_a_moved_file_hides_is_not_repaired() -> None:
    path = "backend/python/finch-tts/requirements-cublas12.txt"
    unpinned = Overlay(BASE, {path: b"torch\n"})
    before = check.run(unpinned, check.Scope()).findings
    assert any(finding.path == path for finding in before)
    moved = Overlay(unpinned, {path: None, path.replace("cublas12", "cublas-12"): b"torch\n"})
    result = check.run(moved, check.Scope(), unpinned, "main")
    assert any(result.is_new(at) and f.backend == "finch-tts" for at, f in enumerate(result.findings))
    assert [finding for finding in result.repaired if finding.path == path] == []


def test_what_git_ignores_of_a_moved_folder_stays_there(miniature: Path) -> None:
    folder = miniature / REGISTRY.directory("wren-cpp")
    right = rename.plan(WorkTree(miniature), "wren-cpp", NEW).changes.overlay()
    there = folder.rename(folder.with_name(NEW))
    (there / ".gitignore").write_text("sources/\n")
    (there / "sources").mkdir()
    (there / "sources/engine.o").write_text("made")
    git.run(miniature, "init", "-q")
    changes = rename.plan(WorkTree(miniature), "wren-cpp", NEW).changes
    assert changes.overlay().content(MATRIX) == right.content(MATRIX)
    assert not any("/sources/" in path for path in (*changes.deleted, *changes.created))
    assert changes.overlay().content(f"backend/go/{NEW}/sources/engine.o") == b"made"


@pytest.mark.parametrize("base", [None, BASE], ids=["alone", "with a base"])
@pytest.mark.parametrize("new", ["", NEW])
@pytest.mark.parametrize("name", ALONE)
def test_a_folder_with_nothing_but_leftovers_is_gone(name: str, new: str, base: Tree | None) -> None:
    left = {f"{REGISTRY.directory(name)}/{file}": b"made\n" for file in ("sources/x/a.o", name)}
    (found,) = told(Overlay(without(name, new), left), base)
    assert (found.rule, found.backend) == ("matrix-missing-directory", new or name)
    assert (f"{new} now" if new else "is gone") in found.message


def test_after_the_rename_leftovers_hide_no_other_name() -> None:
    left = {"backend/go/wren-cpp/sources/x/a.o": b"made\n"}
    tree = Overlay(without("wren-cpp", NEW), left)
    after = rename.plan(tree, "wren-cpp", NEW).changes.overlay()
    assert after.content(next(iter(left))) == b"made\n"
    assert renamed(REGISTRY, Registry(after)) == {"wren-cpp": NEW}


def test_a_typing_error_in_every_entry_is_told_under_the_right_name() -> None:
    """What was said of the backend before is not said again under the wrong name."""
    matrix = BASE.read(MATRIX) or b""
    wrong = matrix.replace(b'backend: "wren-cpp"', b'backend: "wrren-cpp"')
    assert wrong != matrix
    table = (BASE.read(TABLE) or b"").replace(b"on GGML | CPU, CUDA 12/13", b"on GGML | CPU, CUDA 13")
    docs = Overlay(BASE, {TABLE: table})
    assert ("docs-acceleration", "wren-cpp") in {(f.rule, f.backend) for f in told(docs, BASE)}
    found = told(Overlay(docs, {**docs.changes, MATRIX: wrong}), docs)
    assert {f.backend for f in found} == {"wren-cpp"}
    assert [f.rule for f in found if f.path != CAPABILITIES] == ["matrix-missing-directory"]
