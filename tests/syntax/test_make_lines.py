"""The lines of Makefiles, judged by make."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scaffold.syntax.make_lines import Kind, lines, recipes

MAKEFILE = r"""
A?=one # two: three
B := $(subst :,=,a:b) \
  c=d # e \
f := no
export C = 1
override D += x
	E=behind-an-assignment
ifeq ($(A),one)
  F=yes
else ifneq ($(A),)
  F=no
else
  F=none
endif
$(info a: b=c)
all: $(B) \
  other \
; @true # : x=y
	@echo 'a # b' \
G=no # c

ifdef A
	@echo H=no: x
endif
# a comment does not end a rule
	@echo again
$(A)-x second:: ; @true
define canned
	I=no: it
endef
.PHONY: all
\#x: ; @true
"""


def parts(text: str) -> list[tuple[str, str, str]]:
    found = (line for line in lines(text.encode()))
    return [(line.kind.name, line.head.decode(), " ".join(line.rest.decode().split())) for line in found]


def test_lines() -> None:
    assert parts(MAKEFILE) == [
        ("assignment", "A", "one"),
        ("assignment", "B", "$(subst :,=,a:b) c=d"),
        ("assignment", "C", "1"),
        ("assignment", "D", "x"),
        ("assignment", "E", "behind-an-assignment"),
        ("condition", "ifeq", "($(A),one)"),
        ("assignment", "F", "yes"),
        ("condition", "ifneq", "($(A),)"),
        ("assignment", "F", "no"),
        ("condition", "else", ""),
        ("assignment", "F", "none"),
        ("condition", "endif", ""),
        ("other", "$(info", "a: b=c)"),
        ("rule", "all", "$(B) other ; @true"),
        ("recipe", "", ""),
        ("condition", "ifdef", "A"),
        ("recipe", "", ""),
        ("condition", "endif", ""),
        ("other", "", ""),
        ("recipe", "", ""),
        ("rule", "$(A)-x second", ": ; @true"),
        ("directive", "define", "canned"),
        ("recipe", "", ""),
        ("directive", "endef", ""),
        ("rule", ".PHONY", "all"),
        ("rule", "\\#x", "; @true"),
    ]


def test_make_finds_the_same(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(MAKEFILE.replace("A?=one #", "A?=one#"))
    made = subprocess.run(
        ["make", "-npqrR", "all"], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    ).stdout
    variables = set(re.findall(r"# (?:makefile|'override' directive) .*\n(?:define )?(\w+)", made)) - {
        "MAKEFLAGS",
        "CURDIR",
    }
    found = [*lines(MAKEFILE.encode())]
    assigned = {line.head.decode() for line in found if line.kind is Kind.assignment} | {"canned"}
    assert variables - {"MAKEFILE_LIST"} == assigned
    rules = re.findall(
        r"(?m)(?<!# Not a target:\n)^([^\s#][^:=\n]*|#x)::?(?: .*)?\n#", made.split("\n# Files")[1]
    )
    heads = [line.head.decode() for line in found if line.kind is Kind.rule]
    assert set(rules) == {
        name for head in heads for name in head.replace("$(A)", "one").replace("\\", "").split()
    }
    recipe = [line.text.decode() for line in found if line.kind is Kind.recipe]
    assert "".join(recipe[:3]) in made


def test_what_a_comment_covers() -> None:
    data = b"A = b # c \\\n d\nall: # e\n\t# f\n"
    assert [data[line.comment_byte : line.end_byte] for line in lines(data)] == [
        b"# c \\\n d\n",
        b"# e\n",
        b"",
    ]
    assert recipes(data) == re.sub(rb"[^\n]", b" ", data[:-4]) + b"# f\n"


@pytest.mark.parametrize(
    "text", [b"\\", b"\\\\\n", b"\r\n\t\r\n", b":", b"=", b"$", b"$(", b"#", b"\t#\\", b"\\" * 9999]
)
def test_no_line_is_too_odd(text: bytes) -> None:
    for data in (text, b"a:\n\t" + text, b"a = " + text):
        assert all(len(line.text) == line.end_byte - line.start_byte for line in lines(data))
        assert len(recipes(data)) == len(data)
