"""Dockerfiles: what Docker reads in them is read, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.pipeline import docker
from scaffold.resources import miniature_dir
from scaffold.syntax.dockerfile import MAX_VALUE, Dockerfile
from scaffold.syntax.instructions import Instruction
from tests.conftest import real_repository
from tests.rules.pipeline.trees import NOTHING


def read(text: str) -> Dockerfile:
    return Dockerfile("Dockerfile", text.encode())


def one(text: str) -> Instruction:
    """The first instruction behind a FROM."""
    return read(f"FROM scratch\n{text}").instructions[1]


def paths(text: str) -> list[str]:
    return [found.path for found in read(text).inputs]


# --- instructions ------------------------------------------------------------------------------------


def test_a_comment_inside_a_continued_line_is_no_part_of_it() -> None:
    run = one("RUN apt-get update && \\\n    # apt-get install a\n\n    make all\nUSER nobody\n")
    assert run.command.text.split() == ["apt-get", "update", "&&", "\\", "make", "all"]
    assert [command.words for command in run.commands] == [("apt-get", "update"), ("make", "all")]


def test_a_place_in_a_command_is_a_place_in_the_file() -> None:
    file = read("FROM scratch\nRUN a \\\n  # über\n  && [ b ] \\ \n  && c\n")
    command = file.instructions[1].command
    offset = command.start_byte + command.text.encode().index(b"[ b")
    assert file.data[offset : offset + 5] == b"[ b ]"
    assert file.line(offset) == 4
    assert len(command.text.encode()) == command.end_byte - command.start_byte


def test_the_lines_of_a_heredoc_are_no_instructions() -> None:
    file = read(
        "FROM scratch\nRUN <<EOF bash\nCOPY a b\nFROM c\nEOF\nCOPY <<-'X Y' /etc/motd\n\tADD d e\n\tX Y\nUSER f\n"
    )
    assert [i.name for i in file.instructions] == ["FROM", "RUN", "COPY", "USER"]
    assert file.inputs == ()
    assert len(file.stages) == 1


@pytest.mark.parametrize(
    ("text", "scripts"),
    [
        ("RUN make", ["make"]),
        ("RUN <<EOF\nmake\nEOF", ["make\n"]),
        ("RUN <<EOF bash\nmake\nEOF", ["      bash", "make\n"]),
        ("RUN <<A /bin/sh -e && b\nmake\nA", ["    /bin/sh -e && b", "make\n"]),
        ("RUN <<EOF\n#!/usr/bin/env bash\nmake\nEOF", ["#!/usr/bin/env bash\nmake\n"]),
        ("RUN <<EOF\n#!/usr/bin/env python3\nmake()\nEOF", []),
        ("RUN cat <<EOF > /Makefile\nmake:\nEOF", ["cat       > /Makefile"]),
        ('RUN ["make"]', []),
        ("RUN <<EOF\nEOF", []),
    ],
)
def test_the_shell_runs_the_command_and_what_it_is_given(text: str, scripts: list[str]) -> None:
    assert [script.text for script in one(text).scripts] == scripts


def test_flags_need_no_value() -> None:
    copy = one("COPY --link --from=base --chown=1:2 /a /b\n")
    assert [(flag.name, flag.value) for flag in copy.flags] == [
        ("link", ""),
        ("from", "base"),
        ("chown", "1:2"),
    ]
    assert [path for path, _ in copy.paths] == ["/a", "/b"]


def test_mounts_have_options_in_any_order() -> None:
    run = one(
        "RUN --mount=target=/x,rw,source=a --mount=type=cache,id=c-${TARGETARCH},target=/c \\\n"
        "    # of another stage\n"
        "    --mount=type=bind,from=base,source=d,target=/d --mount=src=e,dst=/e make\n"
    )
    bound = [options.get("source", options.get("src")) for _, options in run.mounts("bind")]
    assert bound == ["a", "d", "e"]
    assert [options["id"] for _, options in run.mounts("cache")] == ["c-${TARGETARCH}"]
    assert run.command.text == "make"


@pytest.mark.parametrize(
    "line",
    [
        "ENV PACKAGES gcc make musl-dev",
        "ARG EMPTY=",
        "ARG ONE TWO=2 THREE",
        "RUN a && \\\n# COPY b c\n 'd'  [ e ]",
        "RUN a \\\n[[ b ]]",
        "ENV A=b#c D='# e'",
        "ADD https://example.com/a.git#main /a",
        "ADD ${REPOSITORY}#${COMMIT} /a",
        "RUN echo a # b",
        "RUN set -e; \\\n    [ -f a ]; \\\n    [[ -d b ]] || true",
        'CMD [ "a", "b" ];',
        'ENTRYPOINT ["a", \\\n  "b"]',
        "RUN echo `uname` $(id) $5 \\\n  'it''s'",
        "HEALTHCHECK --interval=5m CMD curl -f http://localhost/",
        "LABEL maintainer 'somebody'",
        "EXPOSE 80/tcp $PORT",
        "maintainer somebody",
        'SHELL ["/bin/bash", "-c"]',
    ],
)
def test_no_line_swallows_the_next(line: str) -> None:
    file = read(f"FROM scratch\n{line}\nCOPY a b\nUSER c")
    assert [i.name for i in file.instructions][2:] == ["COPY", "USER"]
    assert [path for path, _ in file.instructions[2].paths] == ["a", "b"]


def test_the_escape_directive_is_obeyed() -> None:
    file = read("# escape=`\nFROM scratch\nRUN a `\n  b C:\\\nCOPY c d\n")
    assert [i.name for i in file.instructions] == ["FROM", "RUN", "COPY"]
    assert file.instructions[1].command.text.split() == ["a", "b", "C:\\"]


def test_lines_may_end_as_on_windows() -> None:
    file = read("FROM scratch AS a\r\nRUN b \\\r\n  c\r\nCOPY d e\r\n")
    assert [stage.alias for stage in file.stages] == ["a"]
    assert file.instructions[1].command.text.split() == ["b", "c"]
    assert [found.path for found in file.inputs] == ["d"]


def test_comments_are_blanked_where_they_are_comments() -> None:
    file = read(
        "# a\nFROM scratch # b\n  # c\nENV D=e \\\n  # f\n  G=h#i\n"
        "RUN j \\\n  # k\n  && echo 'l # m' # n\nRUN <<EOF bash\no # p\nEOF\nCOPY <<EOF /q\n# r\nEOF\n"
    )
    assert len(file.bare) == len(file.data)
    gone = {
        letter
        for letter in "abcdefghijklmnopqr"
        if letter not in re.split("[^a-z]", file.bare.decode().lower())
    }
    assert gone == set("acfknp")


# --- stages ------------------------------------------------------------------------------------------


def test_stages_have_image_alias_platform_and_their_instructions() -> None:
    file = read(
        "# syntax=docker/dockerfile:1\nARG BASE=a:1\n# FROM none AS nothing\n"
        "FROM --platform=$BUILDPLATFORM ${BASE} AS builder\nRUN make\n"
        "from debian:12@sha256:00\ncopy --from=builder /x /y\n"
    )
    first, second = file.stages
    assert (first.image, first.alias, first.platform) == ("${BASE}", "builder", "$BUILDPLATFORM")
    assert (second.image, second.alias, second.platform) == ("debian:12@sha256:00", "", "")
    assert [i.name for i in first.instructions] == ["FROM", "RUN"]
    assert [i.name for i in second.instructions] == ["FROM", "COPY"]
    assert file.line(second.instructions[0].start_byte) == 6


# --- inputs ------------------------------------------------------------------------------------------


def test_inputs_come_from_the_context_alone() -> None:
    file = read(
        "FROM scratch AS a\nCOPY --chmod=755 b c/ /d/\nCOPY --from=a /e /f\nADD --checksum=sha256:0 g /h\n"
        "RUN --mount=type=bind,source=i,target=/j \\\n    --mount=type=secret,id=k make\n"
        'COPY ["l m", "n"]\nONBUILD COPY o /p\nCOPY <<EOF q /r\nEOF\n'
    )
    assert [found.path for found in file.inputs] == ["b", "c/", "g", "i", "l m", "q"]
    assert [file.line(found.start_byte) for found in file.inputs] == [2, 2, 4, 5, 7, 9]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM a\nARG X=b\nCOPY ${X}/c $X /d\n", ["b/c", "b"]),
        ("FROM a\nENV X=b\nCOPY $X-$X /c\n", ["b-b"]),
        ("ARG X=b\nFROM a\nCOPY $X /c\n", []),  # declared before the stages, and in none
        ("ARG X=b\nFROM a\nARG X\nCOPY $X /c\n", ["b"]),
        ("FROM a AS s\nARG X=b\nFROM S\nCOPY $X /c\n", ["b"]),
        ("FROM a AS s\nARG X=b\nFROM t\nCOPY $X /c\n", []),
        ("FROM a\nENV X=b\nARG X=c\nCOPY $X /d\n", ["b"]),  # ENV has the last word
        ("FROM a\nARG X=b\nARG X=c\nCOPY $X /d\n", ["c"]),
        ("FROM a\nARG X='b c' Y=\"$X/d\"\nCOPY $Y /e\n", ["b c/d"]),
        ("FROM a\nARG X\nCOPY $X e /f\n", ["e"]),
        ("FROM a\nARG X=b\nCOPY ${X:-c} ${X%b} /f\n", []),
        ("FROM a\nRUN --mount=source=$X,target=/y make\n", []),
        ("FROM a\nARG X=b\nENV X=\nCOPY $X /f\n", []),
    ],
)
def test_variables_in_paths_are_replaced_where_they_are_known(text: str, expected: list[str]) -> None:
    assert paths(text) == expected


def test_a_default_counts_where_the_build_passes_nothing_else() -> None:
    file = read("FROM a\nARG X=b\nENV Y=$X Z=c\nCOPY $X $Y $Z /d/\n")

    def taken(arguments: str) -> list[str]:
        return [path for path, _ in docker.context_inputs(file, docker.build_arguments(arguments))]

    assert taken("") == taken("W=1\nY=2\nX_Z=3") == ["b", "b", "c"]
    assert taken("W=1\nX=2") == ["2", "2", "c"]
    assert taken("X=${{ matrix.x }}") == ["c"]
    assert [path for path, _ in docker.context_inputs(file, None)] == ["c"]


def test_variables_that_grow_are_given_up() -> None:
    doubling = "".join(f"ENV A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    found = paths(f"FROM a\nENV A0=b\n{doubling}COPY $A3 $A60 /c\n")
    assert found == ["b" * 8]
    assert all(len(path) <= 2 * MAX_VALUE for path in found)


# --- files that are none -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"\0FROM a\n", b"FROM a\n# caf\xe9\n", b"FROM a\nRUN " + b"(" * 2000])
def test_what_cannot_be_read_is_no_dockerfile(text: bytes) -> None:
    with pytest.raises(ShapeError):
        _ = Dockerfile("Dockerfile", text).root
    assert docker.dockerfile(Overlay(NOTHING, {"Dockerfile": text}), "Dockerfile") is None


# --- properties --------------------------------------------------------------------------------------


class Made(NamedTuple):
    """An instruction as text, and what must be read in it."""

    text: str
    name: str
    flags: list[tuple[str, str]]
    words: list[str]
    body: str = ""
    """Of its heredoc."""


WORD = st.from_regex(r"[a-z][a-z0-9_./-]{0,8}", fullmatch=True)
SHELL_WORDS = [
    "&&",
    "[ a ]",
    "[[ b ]]",
    "'c d'",
    '"$E"',
    "`f`",
    "g#h",
    "i #j",
    "$(k)",
    "-l",
    "=",
    ",",
    "\\m",
    "${N##*/}",
]
GAPS = [" ", "  ", "\t", " \\\n  ", " \\ \n ", " \\\n# COPY a b\n ", " \\\n  # it's `\n  "]
GAPS_IN_COMMANDS = [*GAPS, " \\\n", " \\\n\n  # a\n\n "]
"""Docker takes a continued line at the margin and an empty one anywhere; the grammar knows them in commands."""

BETWEEN = st.sampled_from(["\n", "\n\n", "\n# RUN a\n", "\n  # it's `\n \n"])
MOUNT = st.builds("type=bind,source={},target=/{},ro".format, WORD, WORD)
FLAG = st.tuples(st.sampled_from(["from", "chown", "chmod"]), WORD)
BODY = st.lists(
    st.sampled_from(["COPY a b", "FROM a", "# b", "", "  c \\", "EO", "EOF ", "[ a ]", "<<X", "RUN <<Y"]),
    max_size=5,
)


@st.composite
def instructions(draw: st.DrawFn) -> Made:
    name = draw(st.sampled_from(["RUN", "COPY", "ADD", "ENV", "ARG", "WORKDIR"]))
    flags: list[tuple[str, str]] = []
    body = None
    if name == "RUN":
        flags = [("mount", value) for value in draw(st.lists(MOUNT, max_size=3))]
        words = [draw(WORD), *draw(st.lists(WORD | st.sampled_from(SHELL_WORDS), max_size=6))]
    elif name in ("COPY", "ADD"):
        flags = draw(st.lists(FLAG, max_size=2))
        words = draw(st.lists(WORD, min_size=2, max_size=4))
    elif name == "WORKDIR":
        words = [draw(WORD)]
    else:
        words = [
            f"{key}={draw(WORD)}" for key in draw(st.lists(st.sampled_from("ABC"), min_size=1, max_size=3))
        ]
    if name in ("RUN", "COPY", "ADD"):
        body = draw(st.none() | BODY.map(lambda lines: "".join(f"{line}\n" for line in lines)))
    parts = [f"--{flag}={value}" for flag, value in flags] + ["<<EOF"] * (body is not None) + words
    spelled = draw(st.sampled_from([name, name.lower(), name.title()]))
    text = spelled
    for number, part in enumerate(parts):
        in_command = name == "RUN" and number > len(parts) - len(words)
        text += draw(st.sampled_from(GAPS_IN_COMMANDS if in_command else GAPS)) + part
    return Made(text if body is None else f"{text}\n{body}EOF", name, flags, words, body or "")


@given(st.lists(st.tuples(BETWEEN, instructions()), max_size=6), st.sampled_from(["", "\n"]))
def test_what_is_assembled_is_read_back(parts: list[tuple[str, Made]], end: str) -> None:
    file = read("FROM scratch AS made" + "".join(gap + made.text for gap, made in parts) + end)
    first, *found = file.instructions
    assert [i.name for i in (first, *found)] == ["FROM", *(made.name for _, made in parts)]
    for instruction, (_, made) in zip(found, parts, strict=True):
        assert file.text(instruction).rstrip() == made.text
        assert [(flag.name, flag.value) for flag in instruction.flags] == made.flags
        assert "".join(map(file.text, instruction.heredocs)) == made.body
        if made.name == "RUN":
            assert instruction.command.text.replace("\\\n", "").split() == " ".join(made.words).split()
        elif made.name in ("COPY", "ADD"):
            assert [path for path, _ in instruction.paths] == made.words
        elif made.name in ("ENV", "ARG"):
            read_back = [f"{name}={file.text(node)}" for name, node in instruction.variables if node]
            assert read_back == made.words
    copies = [made for _, made in parts if made.name in ("COPY", "ADD") and "from" not in dict(made.flags)]
    mounts = [value.split(",")[1] for _, made in parts for flag, value in made.flags if flag == "mount"]
    assert sorted(taken.path for taken in file.inputs) == sorted(
        [word for made in copies for word in made.words[:-1]]
        + [mount.removeprefix("source=") for mount in mounts]
    )


PIECES = [
    "FROM a",
    "RUN ",
    "COPY ",
    "ENV A=",
    "<<EOF",
    "EOF",
    "\n",
    "\\\n",
    "#",
    "[",
    '"',
    "'",
    "$",
    "${",
    "}",
    "--mount=",
    "é",
    "`",
    ",",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=40).map("".join))
def test_any_text_is_read_without_a_crash(text: str) -> None:
    try:
        file = read(text)
        spans = [*file.inputs, *(script for i in file.instructions for script in (i.command, *i.scripts))]
    except ShapeError:
        return
    assert all(0 <= span.start_byte <= span.end_byte <= len(file.data) for span in spans)
    for instruction in file.instructions:
        command = instruction.command
        assert len(command.text.encode()) == command.end_byte - command.start_byte


# --- LocalAI's own -----------------------------------------------------------------------------------


def own_files(root: Path) -> list[Path]:
    return [
        path
        for path in (root / "Dockerfile", *sorted((root / "backend").glob("Dockerfile.*")))
        if path.exists()
    ]


@pytest.mark.parametrize(
    "root", [miniature_dir(), *filter(None, [real_repository()])], ids=lambda root: root.name
)
def test_what_the_grammar_does_not_know_lies_in_shell_commands(root: Path) -> None:
    files = [Dockerfile(path.name, path.read_bytes()) for path in own_files(root)]
    assert len(files) > 5
    for file in files:
        runs = [i for i in file.instructions if i.name == "RUN"]
        for error in file.errors():
            assert any(r.start_byte <= error.start_byte <= error.end_byte <= r.end_byte for r in runs), (
                file.place(error)
            )


def test_quotes_are_no_part_of_a_path() -> None:
    text = b'FROM a\nARG A=b\nCOPY "c/d" \'e\' /f\nCOPY "$A/g" /h\n'
    assert [taken.path for taken in Dockerfile("Dockerfile", text).inputs] == ["c/d", "e", "b/g"]
