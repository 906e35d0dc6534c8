"""The names that a build may give to files."""

from __future__ import annotations

import pytest

from scaffold.directory.made import Build
from scaffold.directory.text import Text


@pytest.mark.parametrize(
    ("name", "text", "may"),
    [
        ("Makefile", "lark: a.o\n", True),
        ("Makefile", "all:\n\tcp x $(OUT)/lark\n", True),
        ("Makefile", "all:\n\tcp x '$(OUT)'/lark\n", True),
        ("Makefile", "all:\n\t@if true; then cp x \\\n\t  lark; fi\n", True),
        ("Makefile", "all:\n\techo built > lark\n", True),
        ("Makefile", "all:\n\tcp sources/*ark .\n", True),
        ("Makefile", "all:\n\tcp x $$NAME-rk\n", False),
        ("Makefile", "all:\n\tcp x $${NAME}rk\n", True),
        ("Makefile", "X := $(shell pwd)/lark\n", True),
        ("Makefile", "define make\n$(1): $(1).o\nendef\n$(eval $(call make,lark))\n", True),
        ("Makefile", "l%: %.o\n", True),
        ("Makefile", "all:\n\techo lark; rm -f lark # lark\n", False),
        ("Makefile", "# lark\n$(info lark)\n", False),
        ("Makefile", "ifeq ($(X),lark)\nendif\n", False),
        ("Makefile", "all:\n\tcp x skylark larks\n", False),
        ("build.sh", "for f in x lark; do cp $f .; done\n", True),
        ("build.sh", "tar -C out <<E\nlark\nE\n", True),
        ("build.sh", "cp $A/$B-k x\n", False),
        ("build.sh", 'cp "x" "l${A}k"\n', True),
        ("build.sh", "# cp lark\nprintf lark\n", False),
        ("CMakeLists.txt", "add_executable(lark x.cpp) # y\n", True),
        ("CMakeLists.txt", "# add_executable(lark x.cpp)\n", False),
    ],
)
def test_words_that_may_name_a_file(name: str, text: str, may: bool) -> None:
    build = Build([Text(f"backend/cpp/lark/{name}", text.encode())])
    assert build.may_make("lark") is may


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("all:\n\tgit clone https://x.example/a/wren sources/wren\n\tcd ../sources/wren && make\n", False),
        ("REPO?=https://x.example/a/wren\nsources/wren:\n\tgit clone $(REPO) sources/wren && \\\n\tcd sources/wren\n", False),
        ("all:\n\tgit clone https://x.example/a/wren sources/wren\n\tcp sources/wren/wren .\n", True),
        ("all:\n\tgit clone https://x.example/a/wren wren\n", True),
        ("sources/wren:\n\tcurl -o $@ https://x.example/a/b/wren\n", True),
    ],
)  # fmt: skip
def test_a_folder_that_is_cloned_is_no_program(text: str, may: bool) -> None:
    build = Build([Text("backend/cpp/lark/Makefile", text.encode())])
    assert build.may_make("wren") is may


def test_a_target_of_cmake_may_be_a_library() -> None:
    build = Build([Text("backend/cpp/lark/CMakeLists.txt", b"add_library(lark MODULE x.cpp)\n")])
    names = ("liblark.so", "liblark.so.1", "lark")
    assert [build.may_make(name) for name in names] == [True, False, False]


def test_words_of_an_image() -> None:
    build = Build([Text("backend/Dockerfile.lark", b"FROM a\nRUN cp x /y/lark # z\nCOPY --from=b c owl\n")])
    assert [build.may_make(name) for name in ("lark", "owl", "z", "a")] == [True, True, False, False]
