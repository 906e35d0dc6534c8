"""What is read of a shell script, judged by bash where it can judge."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scaffold.syntax.shell import ShellSource


def shell(script: str) -> ShellSource:
    return ShellSource("run.sh", script.encode())


def words(script: str) -> list[tuple[str, ...]]:
    return [tuple(map(str, command.words)) for command in shell(script).commands]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("make a # make b", [("make", "a")]),
        ("echo 'make a; make b' \"; make c\"", [("echo", "make a; make b", "; make c")]),
        ("make \\\n  -C a \\\n  b && make c", [("make", "-C", "a", "b"), ("make", "c")]),
        ("if make a; then make b; fi", [("make", "a"), ("make", "b")]),
        ('x="$(make "$(make a)")"', [("make", "$(make a)"), ("make", "a")]),
        ("f() { case $1 in a|b) make a ;; *) make b; esac; }", [("make", "a"), ("make", "b")]),
        ("cat <<EOF\nmake a\nEOF\nmake b", [("cat",), ("make", "b")]),
        ("cat <<-'END' > out\n\tmake a\n\tEND\nmake b", [("cat",), ("make", "b")]),
        ("make a >out 2>&1 b <in c", [("make", "a", "b", "c")]),
        ("A=1 B='x y' make a", [("make", "a")]),
        (
            "make a & make b | make c || ! make d",
            [("make", "a"), ("make", "b"), ("make", "c"), ("make", "d")],
        ),
        ('export A="x y" B', [("export", "A=x y", "B")]),
        ("ma'k'e \"a\"b'c'\\ d", [("make", "abc d")]),
    ],
)
def test_commands_and_their_words(script: str, expected: list[tuple[str, ...]]) -> None:
    assert words(script) == expected


def test_what_prepares_a_command_is_not_its_name() -> None:
    (command,) = shell("sudo -E env A=b nice -n 10 make -j4 all V=1 x").commands
    assert command.starts("make", "-j4")
    assert command.operands == ("all", "x")


def test_places_are_those_of_the_file() -> None:
    data = b"# \xc3\xa9\nmake -C 'a b'  x\n"
    (command,) = ShellSource("x.sh", data).commands
    for word, written in zip(command.words, (b"make", b"-C", b"'a b'", b"x"), strict=True):
        assert data[word.start_byte : word.end_byte] == written


def test_a_statement_ends_behind_what_it_is_joined_with() -> None:
    script = "brew install a \\\n  b 2>/dev/null || \\\n  true\nmake"
    command = shell(script).commands[0]
    assert script[command.end_of_statement :] == "\nmake"


def test_what_the_shell_sees_may_differ_from_the_file() -> None:
    source = ShellSource("x.sh", b"make ${{ a && b }} c", b"make _____________ c")
    assert [command.words for command in source.commands] == [("make", "${{ a && b }}", "c")]


def test_comments_are_blanked_and_nothing_else() -> None:
    script = "a #b # c\necho x#y '# d' \"# e\" ${x#z} $#\ncat <<E\n# f\nE\n"
    bare = shell(script).bare.decode()
    assert bare == script.replace("#b # c", " " * 6)


QUOTED = st.text("ab '\"\\$#;&|<>(){}*\n=`!~é-", min_size=1).filter(lambda text: text != "==")


@settings(max_examples=60, deadline=None)
@given(st.lists(QUOTED, min_size=1, max_size=4))
def test_words_are_what_bash_hands_over(given_words: list[str]) -> None:
    import shlex

    script = "printf '%s\\0' " + " ".join(map(shlex.quote, given_words))
    printed = subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.decode()
    assert words(script) == [("printf", "%s\\0", *printed.split("\0")[:-1])]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["a", '"', "'", "\\\n", "a\\ ", " ", "b c", "\\'", '\\"', "\n"]),
        max_size=12,
    )
)
def test_scripts_that_bash_takes_have_its_words(pieces: list[str]) -> None:
    script = "printf '%s\\0' " + "".join(pieces) + "\n"
    if subprocess.run(["bash", "-n", "-c", script], capture_output=True, check=False).returncode:
        return
    ran = subprocess.run(["bash", "-c", script], capture_output=True, check=False)
    if ran.stderr:
        return
    printed = ran.stdout.decode().split("\0")[:-1]
    (first, *_) = words(script)
    assert list(first[2:]) == (printed if first[2:] else [])


@pytest.mark.parametrize(
    "piece",
    ["(", "$(", "`", "a=(", "$[", "a@(", ">", "<<a\n", "f() ", "[[ a =~ (", "case x in a) ", "if a;then "],
)
def test_no_script_is_too_much(piece: str) -> None:
    data = piece.encode() * (200_000 // len(piece))
    assert ShellSource("x.sh", data).commands is not None
    assert ShellSource("x.sh", b"\xff\0" + data[:3000]).assignments is not None


def test_a_script_may_be_no_text() -> None:
    assert ShellSource("x.sh", b"# \xe9\nmake \xe9 b").commands[0].words[2] == "b"


def test_what_is_said_to_people_is_blanked_and_what_others_take_is_not() -> None:
    said = ["echo a >&2", "if b; then printf '%s' c; fi", "d || { echo e; exit 1; }", "f && echo 'g # h'"]
    taken = ["echo a > b", "echo c | d", "x=$(if e; then echo f; fi)", "g() { echo h; }", "{ echo i; } >>j"]
    for script in taken:
        assert shell(script).silent.decode() == script
    for script in said:
        silent = shell(script).silent.decode()
        assert len(silent) == len(script)
        assert not {"echo", "printf", "a", "c", "g"} & {*silent.split()}


@pytest.mark.parametrize(
    ("script", "commands"),
    [
        ("bash -c 'docker push a'\necho b", [("docker", "push", "a"), ("echo", "b")]),
        ('sudo bash -euo pipefail -c "make \\\n  $A | tee b" > c', [("make", "$A"), ("tee", "b")]),
        ("sh -lc 'if b; then c; fi'", [("b",), ("c",)]),
        ("A=1 bash -c 'b'", [("bash", "-c", "b")]),
        ("A=$(bash -c 'a; b')", [("a",), ("b",)]),
        ("docker run a bash -c 'b'", [("docker", "run", "a", "bash", "-c", "b")]),
        ("bash -c 'a' b", [("bash", "-c", "a", "b")]),
        ("bash -c 'a # b'", [("bash", "-c", "a # b")]),
        ('bash -c "a \\"b\\""', [("bash", "-c", 'a "b"')]),
        ("bash -c", [("bash", "-c")]),
    ],
)
def test_the_script_that_a_shell_is_given(script: str, commands: list[tuple[str, ...]]) -> None:
    assert [command.words for command in ShellSource("a.sh", script.encode()).commands] == commands
