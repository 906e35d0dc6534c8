"""What a Makefile has rules for, judged by make."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.directory import makefile
from scaffold.directory.directory import Directory
from scaffold.directory.text import Text

FOLDER = "backend/go/lark"


def directory(root: Path, text: str, **files: str) -> Directory:
    folder = root / FOLDER
    folder.mkdir(parents=True)
    for name, content in {"Makefile": text, **{n.replace("_", "."): t for n, t in files.items()}}.items():
        (folder / name).write_text(content)
    return Directory(WorkTree(root), "lark", FOLDER, "go")


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("test:\n\ttrue\n", True),
        ("build  test : ; true\n", True),
        ("build \\\n  test: other.txt\n\ttrue\nother.txt:\n", True),
        ("build \\\n\ttest:: # why\n\ttrue\n", True),
        ("ifeq ($(X),)\n  test:\n\ttrue\nendif\n", True),
        ("include rules.mk\n", True),
        ("X := test\n$(eval $(X):; true)\n", True),
        ("%: rules.mk\n\ttrue\n", True),
        ("all:\n\t@echo test: no\n", False),
        ("# test:\nall:\n", False),
        ("test := 1\nTEST ::= test:\nall:\n", False),
        ("tests:\n\ttrue\nall: test.txt\n", False),
    ],
)
def test_make_finds_the_same_rule(text: str, has: bool, tmp_path: Path) -> None:
    files = directory(tmp_path, text, rules_mk="test:\n\ttrue\n")
    assert files.has_make_rule("test") is has
    made = subprocess.run(["make", "-n", "test"], cwd=tmp_path / FOLDER, capture_output=True, check=False)
    assert (made.returncode == 0) is has


def test_includes_are_paths_of_the_repository() -> None:
    text = Text(
        f"{FOLDER}/Makefile",
        b"include a.mk ../b.mk\n-include $(X) /c.mk\n# include d.mk\nall:\n\tinclude e\n",
    )
    assert [*makefile.includes(text)] == [f"{FOLDER}/a.mk", "backend/go/b.mk"]


def test_neighbours() -> None:
    text = Text("Makefile", b"L := $(D)/../wren # or ../tern\nM?=../finch\nx:\n\tcp ../heron/a . # ../owl\n")
    assert ({*makefile.beside(text)}, {*makefile.neighbours(text)}) == ({"wren", "finch", "heron"}, {"wren"})


def test_targets_are_words() -> None:
    assert makefile.targets(Text("Makefile", b"a b/c.so $(D)/e: f\n.PHONY: g\n")) == {
        "a",
        "b/c.so",
        "$(D)/e",
        ".PHONY",
    }
