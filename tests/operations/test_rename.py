"""rename-backend: there and back is the identity, and check stays as clean as it was."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.errors import UsageError
from scaffold.operations import check, rename, workers
from scaffold.registry import Registry
from scaffold.resources import miniature_dir
from tests import lifecycle
from tests.consumers import run

MINIATURE = Registry(WorkTree(miniature_dir()))
NAMES = MINIATURE.names


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
    assert {f.rule for f in workers.find(registry, check.Scope().rules())} <= asked
    rename.plan(WorkTree(miniature), "quill-wort", name).changes.commit(miniature)
    assert contents(miniature) == before


def test_a_job_that_tests_its_image_is_its_own(miniature: Path) -> None:
    path = miniature / ".github/workflows/test-extra.yml"
    path.write_text(path.read_text().replace("  tests-heron:", "  tests-heron-grpc:"))
    before = contents(miniature)
    rename.plan(WorkTree(miniature), "heron", "quill-wort").changes.commit(miniature)
    assert "  tests-quill-wort-grpc:" in path.read_text()
    rename.plan(WorkTree(miniature), "quill-wort", "heron").changes.commit(miniature)
    assert contents(miniature) == before


def test_told_is_what_the_rename_has_brought_and_no_other_finding_of_the_rule(miniature: Path) -> None:
    with (miniature / "Makefile").open("a") as file:
        file.write("\nship: nothing-makes-this extract-heron\n\nextract-heron: docker-build-heron\n\ttrue\n")
    plan = rename.plan(WorkTree(miniature), "heron", "quill-wort")
    assert not [m.what for m in plan.manual if "nothing-makes-this" in m.what]
    steps = "[{uses: actions/checkout@v6}, {run: make backends/heron}]"
    workflow = miniature / ".github/workflows/more.yml"
    workflow.write_text(f"on: push\njobs:\n  a:\n    runs-on: x\n    steps: {steps}\n")
    manual = rename.plan(WorkTree(miniature), "heron", "quill-wort").manual
    (told,) = [asked.what for asked in manual if "make " in asked.what]
    assert "`make backends/heron` fails" in told


TESTS_OF_HERON = """
heron-models:
\ttouch heron-models

test-extra-backend-heron: docker-build-heron heron-models
\tBACKEND_IMAGE=local-ai-backend:heron OPTIONS=engine:heron bash run

test-extra-backend-heron-all: test-extra-backend-heron
"""


def test_targets_and_options_that_are_not_the_backend_keep_their_names(miniature: Path) -> None:
    """A test of the backend goes on working: what it needs is there, and it tests the image of today."""
    with (miniature / "Makefile").open("a") as file:
        file.write(TESTS_OF_HERON)
    before = contents(miniature)
    rename.plan(WorkTree(miniature), "heron", "quill-wort").changes.commit(miniature)
    planned = run("make", "-n", "test-extra-backend-heron-all", cwd=miniature).stdout
    assert "touch heron-models" in planned
    assert "BACKEND_IMAGE=local-ai-backend:quill-wort OPTIONS=engine:heron" in planned
    assert "local-ai-backend:heron" not in planned
    rename.plan(WorkTree(miniature), "quill-wort", "heron").changes.commit(miniature)
    assert contents(miniature) == before


def test_the_image_of_macos_is_written_where_the_job_looks_for_it(miniature: Path) -> None:
    rename.plan(WorkTree(miniature), "heron", "quill-wort").changes.commit(miniature)
    script = (miniature / "scripts/build/quill-wort-darwin.sh").read_text()
    assert "--output ./backend-images/quill-wort.tar" in script
    assert "heron.tar" not in script


def test_who_borrows_the_sources_finds_them(miniature: Path) -> None:
    borrowers = [n for n in NAMES if any(d.name == "llama-cpp" for d in MINIATURE.files(n).borrowed)]
    assert borrowers
    before = contents(miniature)
    rename.plan(WorkTree(miniature), "llama-cpp", "quill-wort").changes.commit(miniature)
    after = Registry(WorkTree(miniature))
    assert all([d.name for d in after.files(n).borrowed] == ["quill-wort"] for n in borrowers)
    rename.plan(WorkTree(miniature), "quill-wort", "llama-cpp").changes.commit(miniature)
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
