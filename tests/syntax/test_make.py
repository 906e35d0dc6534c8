"""Recipes of Makefiles as scripts, and calls of make, judged by make."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.syntax.make import Call, MakeSource, shell_word
from scaffold.syntax.shell import ShellSource
from tests.consumers import run


def calls(script: str) -> list[Call]:
    made = map(Call.of, ShellSource("x.sh", script.encode()).commands)
    return [one for one in made if one is not None]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("make test", [("", "test")]),
        ("make -C a build test", [("a", "build test")]),
        ("make build -C a", [("a", "build")]),
        ("make --jobs=5 --output-sync=target -C 'a b' test", [("a b", "test")]),
        ("make --directory=a", [("a", "")]),
        ("make --directory a -j 4 V=1 test", [("a", "test")]),
        ("make -Ca test", [("a", "test")]),
        ("sudo CC=gcc make -f x.mk -C a test && make b", [("a", "test"), ("", "b")]),
        ("x=$(make -C a test)", [("a", "test")]),
        ("# make test", []),
        ("echo make test", []),
        ("cat <<E\nmake test\nE", []),
        ("git -C a checkout test", []),
    ],
)
def test_calls_of_make(script: str, expected: list[tuple[str, str]]) -> None:
    assert calls(script) == [Call(folder, tuple(goals.split())) for folder, goals in expected]


MAKEFILE = """\
NAME := lark
WHERE = $(addprefix backend/,$(NAME))
.PHONY: all
all: other ; touch no
\t@$(MAKE) -C backend/go/lark test # not backend/go/wren
\t-+touch $(WHERE:a=b) "$$(echo $$HOME $(NAME))" ${NAME}'s' $@ \\
\t  last; \\
\t  touch more
\t# touch comment

\techo "touch said"
other:
\t@:
"""


def test_a_recipe_as_a_script() -> None:
    source = MakeSource("Makefile", MAKEFILE.encode())
    rule = source.rule("all")
    assert rule is not None
    script = source.script(rule)
    assert [command.text.split("\n")[0].split(" ", 1)[0] for command in script.commands] == [
        "$(MAKE)", "touch", "echo", "touch", "echo",
    ]  # fmt: skip
    assert Call.of(script.commands[0]) == Call("backend/go/lark", ("test",))
    touched = script.commands[1]
    assert list(touched.words[1:]) == ["$(WHERE:a=b)", "$$(echo $$HOME $(NAME))", "${NAME}s", "$@", "last"]
    start = rule.start_byte + touched.start_byte
    assert source.data[start:].startswith(b"touch $(WHERE")


def test_the_words_are_those_that_make_starts(tmp_path: Path) -> None:
    """Where make has nothing to replace, the shells that it starts get the words that are read."""
    recipe = "\t@touch a 'b c' \\\n\t  d # e\n\t-touch \"f g\" && touch h; touch i\n"
    (tmp_path / "Makefile").write_text(f"all: \n{recipe}")
    subprocess.run(["make", "-s"], cwd=tmp_path, check=True)
    source = MakeSource("Makefile", f"all: \n{recipe}".encode())
    rule = source.rule("all")
    assert rule is not None
    read = {word for command in source.script(rule).commands for word in command.words[1:]}
    assert read == {path.name for path in tmp_path.iterdir()} - {"Makefile"}


@pytest.mark.parametrize("text", ["$(" * 5000, "$" * 9999, "${a" * 5000, "\t$(a" * 5000, "\\\n" * 5000])
def test_no_recipe_is_too_much(text: str) -> None:
    source = MakeSource("Makefile", f"all:\n\t{text[:900]}\n".encode())
    for rule in source.rules:
        assert source.script(rule).commands is not None


def test_continued_values_are_no_recipe() -> None:
    data = b"A = -DX \\\n\t-DY=touch\nall:\n\ttouch a \\\n  b\nB := \\\n\ttouch c\n"
    source = MakeSource("Makefile", data)
    assert [tuple(command.words) for command in source.shell.commands] == [("touch", "a", "b")]
    (command,) = source.shell.commands
    assert data[command.start_byte : command.end_byte] == b"touch a \\\n  b"


@given(
    st.lists(
        st.sampled_from([*"'\"\\$#&;|`(){}*?~! =%:", "$$", "$(x)", "${y}", "a", "\u00e9"]), max_size=8
    ).map("".join)
)
@settings(max_examples=30)
def test_a_shell_word_reaches_the_command_as_it_is(
    tmp_path_factory: pytest.TempPathFactory, word: str
) -> None:
    makefile = f"all:\n\t@printf %s {shell_word(word)} \\\n\t  > out\n"
    folder = tmp_path_factory.mktemp("make")
    (folder / "Makefile").write_text(makefile)
    run("make", cwd=folder)
    assert (folder / "out").read_text() == word
