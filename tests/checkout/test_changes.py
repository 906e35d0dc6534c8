"""The change set: what the diff says is what is written, and it is written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit, insertion
from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.errors import ScaffoldError, UsageError
from tests.consumers import files, run

LINES = st.lists(st.text("ab{}:- \t", max_size=6), max_size=14)


@st.composite
def contents_and_edits(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = "\n".join(draw(LINES)) + draw(st.sampled_from(["", "\n"]))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    planned = []
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        if draw(st.booleans()):
            end = start
        new = draw(st.sampled_from(["", "x", "x\n", "\nx\ny\n", "--- z\n", "\n"]))
        planned.append((start, end, new))
    return text, planned


@given(case=contents_and_edits())
@example(("\n\n", [(0, 0, "x"), (0, 1, "")]))
@example(("\n\n\n\n\n\n\n::", [(0, 0, ""), (7, 8, "")]))
@example(("a\nb\nc\n", [(0, 2, "x"), (4, 4, "y")]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_applies_the_diff_to_the_planned_result(
    tmp_path_factory: pytest.TempPathFactory, case: tuple[str, list[tuple[int, int, str]]]
) -> None:
    text, planned = case
    folder = tmp_path_factory.mktemp("diff")
    (folder / "file").write_text(text)
    changes = ChangeSet(WorkTree(folder))
    changes.add(*(Edit("file", *edit) for edit in planned))
    expected = changes.contents().get("file", text.encode())
    diff = changes.diff()
    if expected != text.encode():
        run("git", "apply", "--unidiff-zero", "-", cwd=folder, text=diff)
        assert (folder / "file").read_bytes() == expected
        added, removed = changes.line_counts("file")
        assert added - removed == len(expected.splitlines()) - len(text.splitlines())


def test_a_created_file_is_in_the_diff_with_its_mode(tmp_path: Path) -> None:
    changes = ChangeSet(WorkTree(tmp_path))
    changes.create("a/run.sh", b"#!/bin/sh\n", executable=True)
    changes.create("a/empty", b"")
    changes.create("a/no-newline", b"x")
    patch = changes.diff()
    run("git", "apply", "-", cwd=tmp_path, text=patch)
    assert os.access(tmp_path / "a/run.sh", os.X_OK)
    assert (tmp_path / "a/no-newline").read_bytes() == b"x"


BINARIES = {
    "short": b"\0",
    "long": bytes(range(256)) * 40,
    "empty after": b"\xff",
    "not UTF-8": "é\n".encode("latin-1") * 3,
    "text": b"plain\n",
    "no newline": b"plain",
    "nothing": b"",
}


@pytest.mark.parametrize("mode", [0o644, 0o755])
@pytest.mark.parametrize("kind", BINARIES)
def test_git_deletes_by_the_diff_and_undoes_it(tmp_path: Path, kind: str, mode: int) -> None:
    content = BINARIES[kind]
    run("git", "init", "-q", cwd=tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/file").write_bytes(content)
    (tmp_path / "a/file").chmod(mode)
    changes = ChangeSet(WorkTree(tmp_path))
    changes.delete("a/file")
    patch = changes.diff()
    applied = run("git", "apply", "-", cwd=tmp_path, text=patch)
    assert applied.stderr == ""
    assert not (tmp_path / "a").exists()
    run("git", "apply", "--reverse", "-", cwd=tmp_path, text=patch)
    assert (tmp_path / "a/file").read_bytes() == content
    assert os.access(tmp_path / "a/file", os.X_OK) is (mode == 0o755)


@pytest.mark.parametrize("kind", ["short", "long", "not UTF-8"])
def test_git_applies_the_diff_of_a_binary_file(tmp_path: Path, kind: str) -> None:
    content = BINARIES[kind]
    (tmp_path / "old").write_bytes(content)
    changes = ChangeSet(WorkTree(tmp_path))
    changes.insert("old", 1, "text")
    changes.create("new", content)
    run("git", "apply", "-", cwd=tmp_path, text=changes.diff())
    assert (tmp_path / "old").read_bytes() == content[:1] + b"text" + content[1:]
    assert (tmp_path / "new").read_bytes() == content
    assert changes.line_counts("old") == (0, 0)


ENDS = st.sampled_from(["\n", "\r\n"])


@given(
    lines=st.lists(st.tuples(st.sampled_from(["a", "b", ""]), ENDS), min_size=1, max_size=6),
    at=st.integers(0, 6),
    new=st.lists(st.sampled_from(["x", ""]), min_size=1, max_size=3),
)
def test_inserted_lines_end_as_the_line_above(lines: list[tuple[str, str]], at: int, new: list[str]) -> None:
    at = min(at, len(lines))
    before = "".join(line + end for line, end in lines).encode()
    changes = ChangeSet(Overlay(WorkTree(Path("/nonexistent")), {"f": before}))
    offset = len("".join(line + end for line, end in lines[:at]).encode())
    changes.insert("f", offset, "".join(f"{line}\n" for line in new))
    after = changes.overlay().read("f")
    end = lines[at - 1][1] if at else lines[0][1]
    inserted = [(line, end) for line in new]
    assert after == "".join(line + end for line, end in (*lines[:at], *inserted, *lines[at:])).encode()
    assert (changes.undone(changes.overlay()).overlay().read("f")) == before


def test_overlapping_edits_are_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("abcdef")
    changes = ChangeSet(WorkTree(tmp_path))
    changes.add(Edit("f", 0, 3, "x"), Edit("f", 2, 4, "y"))
    with pytest.raises(ScaffoldError, match="overlap"):
        changes.contents()


@given(
    lines=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), min_size=1, max_size=8),
    end=st.sampled_from(["", "\n"]),
)
def test_whole_lines_leave_the_end_as_it_was(lines: list[tuple[str, bool]], end: str) -> None:
    text = "\n".join(line for line, _ in lines) + end
    changes = ChangeSet(Overlay(WorkTree(Path("/nonexistent")), {"f": text.encode()}))
    for position, (_, goes) in enumerate(lines):
        if goes:
            changes.delete_lines("f", 2 * position, min(2 * position + 2, len(text)))
    left = [line for line, goes in lines if not goes]
    after = changes.overlay().read("f")
    assert after == ("\n".join(left) + end if left else "").encode()


def moving(root: Path) -> ChangeSet:
    """A file and an empty folder that move."""
    (root / "old/empty").mkdir(parents=True)
    (root / "old/file").write_text("text\n")
    changes = ChangeSet(WorkTree(root))
    changes.delete("old/file")
    changes.create("new/file", b"text\n")
    changes.move_folder("old/empty", "new/empty")
    return changes


def test_an_empty_folder_moves(tmp_path: Path) -> None:
    moving(tmp_path).commit(tmp_path)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "new", "new/empty", "new/file",
    ]  # fmt: skip


def test_an_existing_file_is_not_created_again(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    with pytest.raises(UsageError, match="exists already"):
        ChangeSet(WorkTree(tmp_path)).create("f", b"")


def plan(root: Path) -> ChangeSet:
    """Three edits and two new files, in a tree that holds other things too."""
    for name in "abc":
        (root / name).write_text(f"old {name}\n")
    (root / "kept").write_text("kept\n")
    (root / "a").chmod(0o755)
    changes = ChangeSet(WorkTree(root))
    for name in "abc":
        changes.add(insertion(name, 0, "new\n"))
    changes.create("d/e/f", b"new\n", executable=True)
    changes.create("z", b"new\n")
    return changes


def test_commit_writes_everything_and_keeps_modes(tmp_path: Path) -> None:
    plan(tmp_path).commit(tmp_path)
    assert (tmp_path / "a").read_text() == "new\nold a\n"
    assert os.access(tmp_path / "a", os.X_OK)
    assert not os.access(tmp_path / "b", os.X_OK)
    assert os.access(tmp_path / "d/e/f", os.X_OK)
    assert sorted(files(tmp_path)) == ["a", "b", "c", "d/e/f", "kept", "z"], (
        "a journal or a part was left behind"
    )


def test_a_name_that_differs_in_case_alone_is_taken(tmp_path: Path) -> None:
    (tmp_path / "Folder").mkdir()
    (tmp_path / "Folder/File").write_text("")
    for path in ("folder/other", "Folder/file", "FOLDER"):
        with pytest.raises(UsageError, match="exists already: to macOS and Windows"):
            ChangeSet(WorkTree(tmp_path)).create(path, b"")
    ChangeSet(WorkTree(tmp_path)).create("Folder/other", b"")
    emptied = Overlay(WorkTree(tmp_path), {"Folder/File": None})
    ChangeSet(emptied).create("Folder/File", b"")


MODES = {"bin": 0o755, "private": 0o600, "shared": 0o664}


def deletion(root: Path) -> ChangeSet:
    """Three files of unusual modes to delete, one of them binary, one to edit and one to create."""
    (root / "gone/deep").mkdir(parents=True, exist_ok=True)
    for name, mode in MODES.items():
        (root / f"gone/deep/{name}").write_bytes(b"\0\xff old " + name.encode())
        (root / f"gone/deep/{name}").chmod(mode)
    (root / "edited").write_text("old\n")
    changes = ChangeSet(WorkTree(root))
    for name in MODES:
        changes.delete(f"gone/deep/{name}")
    changes.insert("edited", 0, "new\n")
    changes.create("made/file", b"new\n")
    return changes


def test_a_complete_deletion_leaves_no_folder(tmp_path: Path) -> None:
    deletion(tmp_path).commit(tmp_path)
    assert sorted(files(tmp_path)) == ["edited", "made/file"]
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("change", ["edited", "gone"])
def test_a_file_that_changed_since_is_not_deleted(tmp_path: Path, change: str) -> None:
    changes = deletion(tmp_path)
    path = tmp_path / "gone/deep/bin"
    changes.contents()
    changes.diff()
    path.write_text("precious\n") if change == "edited" else path.unlink()
    before = files(tmp_path)
    with pytest.raises(ScaffoldError, match="gone/deep/bin changed"):
        changes.commit(tmp_path)
    assert files(tmp_path) == before
