"""Conflict markers in a file that a surface reads: nothing is judged, and nothing edited."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.operations import check, fix
from tests.rules.gallery.trees import HARDWARE
from tests.rules.trees import (
    BASE,
    BUMP,
    CAPABILITIES,
    DARWIN,
    DEPENDABOT,
    DOCS,
    FILTER,
    GALLERY,
    IMPORTERS,
    MATRIX,
    MINIATURE,
    PREF_ONLY,
    TEST_EXTRA,
    assert_fine,
)

FILES = (
    "Makefile", MATRIX, GALLERY, FILTER, BUMP, TEST_EXTRA, DARWIN, CAPABILITIES, PREF_ONLY, IMPORTERS, DOCS,
    DEPENDABOT, "scripts/changed-backends.js", "core/gallery/importers/lark.go", ".github/workflows/backend.yml",
    "backend/Dockerfile.golang", ".docker/install-base-deps.sh", ".github/bump_deps.sh",
)  # fmt: skip


def merged(path: str, *markers: str, old: bytes | None = None) -> tuple[Overlay, int]:
    """The miniature with markers in the middle of a file, and the line of the first."""
    old = old if old is not None else BASE.read(path)
    assert old is not None, path
    lines = old.decode().split("\n")
    at = len(lines) // 2
    text = "\n".join([*lines[:at], *markers, *lines[at:]])
    return Overlay(BASE, {path: text.encode()}), at + 1


@pytest.mark.parametrize("path", FILES)
def test_a_conflict_is_refused_with_its_line(path: str) -> None:
    tree, line = merged(path, "<<<<<<< ours", "||||||| base", "=======", ">>>>>>> theirs")
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (path, line)


@pytest.mark.parametrize(
    "left", ["<<<<<<< HEAD", ">>>>>>> 1234567 (a change)", "<<<<<<<", ">>>>>>>\r", "=======", "||||||| base"]
)
def test_half_a_conflict_is_one(left: str) -> None:
    tree, line = merged("Makefile", left)
    with pytest.raises(ShapeError, match="conflict marker") as found:
        fix.repair(tree, check.Scope())
    assert (found.value.path, found.value.line) == ("Makefile", line)


def test_the_file_of_hardware_is_looked_at() -> None:
    path = "pkg/system/capabilities.go"
    tree, line = merged(path, "<<<<<<< ours", "=======", ">>>>>>> theirs", old=HARDWARE.encode())
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (path, line)


@pytest.mark.parametrize(
    "path",
    [
        "backend/python/finch-tts/requirements.txt",
        "backend/python/finch-tts/run.sh",
        "backend/python/finch-tts/backend.py",
        "backend/go/lark/main.go",
        "backend/go/lark/Makefile",
        "backend/go/lark/package.sh",
        "backend/cpp/heron/CMakeLists.txt",
        "backend/rust/kestrel/Cargo.toml",
        "backend/Dockerfile.heron",
    ],
)
def test_the_files_of_a_backend_are_looked_at(path: str) -> None:
    tree, line = merged(path, "<<<<<<< ours", "=======", ">>>>>>> theirs")
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (path, line)


@pytest.mark.parametrize(
    "path",
    ["tests/e2e-backends/backend_test.go", "pkg/model/initializers.go", "scripts/build/lark.sh", "go.mod"],
)
def test_whatever_is_read_is_looked_at(path: str) -> None:
    tree, line = merged(
        path, "<<<<<<< ours", "=======", ">>>>>>> theirs", old=b"package wing\n\nfunc x() {}\n"
    )
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (path, line)


@pytest.mark.parametrize("path", ["gallery/index.yaml", "gallery/wing.yaml"])
def test_the_models_are_looked_at(path: str) -> None:
    tree, line = merged(path, "<<<<<<< ours", "=======", ">>>>>>> theirs", old=b"- name: wing\n- name: b\n")
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (path, line)


def test_a_heading_is_no_conflict() -> None:
    assert_fine(MINIATURE.rewrite(DOCS, lambda text: f"{text}\nHeading\n=======\n\n<<<<<<<\n>>>>>>>\n"))


@pytest.mark.parametrize(
    "left", ["||||||| base", "||||||| 1234567 (a change)\r", "<<<<<<< HEAD", ">>>>>>> a"]
)
def test_half_a_conflict_in_a_table_is_one(left: str) -> None:
    tree, line = merged(DOCS, left)
    with pytest.raises(ShapeError, match="conflict marker") as found:
        check.run(tree, check.Scope())
    assert (found.value.path, found.value.line) == (DOCS, line)


def test_a_row_of_empty_cells_is_no_conflict() -> None:
    assert_fine(MINIATURE.rewrite(DOCS, lambda text: f"{text}\n||||||| a | b |\n||||||| a |\n|||||||\n"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("backend/cpp/heron/wing.cpp", "/*\n=======\n*/\nint main() {}\n"),
        ("backend/go/lark/wing_test.go", "package main\n\nvar _ = It(\n/*\nHelp us\n=======\n*/\n)\n"),
        ("backend/go/lark/NOTES.txt", "Lark\n=======\n"),
    ],
)
def test_a_line_in_a_comment_or_a_text_is_no_conflict(path: str, text: str) -> None:
    assert check.run(Overlay(BASE, {path: text.encode()}), check.Scope()).findings == ()


def test_a_line_that_is_printed_is_no_conflict() -> None:
    path = "backend/go/lark/package.sh"
    tree = Overlay(BASE, {path: (BASE.read(path) or b"") + b"echo '\n=======\n'\n"})
    assert check.run(tree, check.Scope()).findings == ()
