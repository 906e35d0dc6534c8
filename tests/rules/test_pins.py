"""Rules about pins: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.trees import BASE, BUMP, MINIATURE, Altered, Case, assert_fine, assert_found, pin, text_of

WREN, LARK = "backend/go/wren-cpp/Makefile", "backend/go/lark/Makefile"
SHA = text_of(BASE, WREN).partition("WREN_VERSION?=")[2].split()[0]
ENTRY = pin("WREN_VERSION")
CLONE = "WREN_REPO?=https://github.com/aviary-example/wren.cpp"


def wren(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(WREN, *pairs)


LAST = ('night-heron/Makefile"',)
"""The entry before wren-cpp's."""
HELD = "# Held at the last commit that reads the published models; see bump_deps.yaml."
MAY = "# Pin a commit if you need a stable build; `master` picks up the latest."
MOVED = "# Pinned to a commit, and auto-bumped by bump_deps.yaml: master broke it without a word."
UNFOLLOWED = MINIATURE.each(BUMP, '"LARK_VERSION"', '"SKYLARK_VERSION"')

WHEEL, SCRIPT = ".github/bump_wren_wheel.sh", "#!/bin/bash\ntrue\n"

CASES = {
    "a script of the bot that nothing runs": Case(
        "bump-script-unused", "", WHEEL, ("#!",), MINIATURE.write(WHEEL, SCRIPT), says=f"no workflow runs {WHEEL}",
    ),
    "one that a comment names": Case(
        "bump-script-unused", "", WHEEL, ("#!",),
        MINIATURE.write(WHEEL, SCRIPT).append(BUMP, "# bash .github/bump_wren_wheel.sh\n"),
    ),
    "a pin that nobody follows": Case(
        "bump-missing-entry", "wren-cpp", BUMP, LAST,
        MINIATURE.drop(ENTRY),
        says="repository: 'aviary-example/wren.cpp', variable: 'WREN_VERSION'",
    ),
    "a pin of which a comment says that it may be changed": Case(
        "bump-missing-entry", "lark", BUMP, ('wren-cpp/Makefile"',), UNFOLLOWED.edit(LARK, (HELD, MAY)), also=None,
    ),
    "a pin of which a comment says that the bot moves it": Case(
        "bump-missing-entry", "lark", BUMP, ('wren-cpp/Makefile"',), UNFOLLOWED.edit(LARK, (HELD, MOVED)), also=None,
    ),
    "a pin whose branch another entry knows": Case(
        "bump-missing-entry", "wren-cpp", BUMP, LAST,
        MINIATURE.drop(ENTRY).edit(BUMP, ("aviary-example/night-heron", "aviary-example/wren.cpp")),
        also=None, fix=True,
    ),
    "a pin of an unknown upstream": Case(
        "bump-missing-entry", "wren-cpp", BUMP, LAST,
        wren((CLONE, "WREN_REPO?=$(MIRROR)/wren.cpp")).drop(ENTRY),
    ),
    "a second pin": Case(
        "bump-missing-entry", "wren-cpp", BUMP, ('wren-cpp/Makefile"',),
        wren((CLONE, f"{CLONE}\nGGML_VERSION?={SHA}\nGGML_REPO?=https://github.com/aviary-example/ggml")),
        also=(), says="GGML_VERSION",
    ),
    "a comment about another pin": Case(
        "bump-missing-entry", "lark", BUMP, ('wren-cpp/Makefile"',),
        UNFOLLOWED.edit(LARK, (HELD, "# lark.cpp, see bump_deps.yaml.")),
    ),
    "a pin that is spelled otherwise": Case(
        "bump-pin-not-found", "wren-cpp", BUMP, ('variable: "WREN_VERSION"',),
        wren(("WREN_VERSION?=", "WREN_VERSION ?= ")),
        says="write `WREN_VERSION?=<sha>` there",
    ),
    "a pin in no file": Case(
        "bump-pin-not-found", "wren-cpp", BUMP, ('file: "backend/go/wren-cpp/Make"',),
        MINIATURE.edit_in(ENTRY, ("wren-cpp/Makefile", "wren-cpp/Make")),
        also=None, says="does not exist",
    ),
    "a variable with a typing error": Case(
        "bump-pin-not-found", "wren-cpp", BUMP, ('variable: "WERN_VERSION"',),
        MINIATURE.edit_in(ENTRY, ('"WREN_VERSION"', '"WERN_VERSION"')),
        also=("bump-missing-entry",), says="write variable: 'WREN_VERSION'",
    ),
    "a variable of another name": Case(
        "bump-pin-not-found", "wren-cpp", BUMP, ('variable: "GGML_PIN"',),
        MINIATURE.edit_in(ENTRY, ('"WREN_VERSION"', '"GGML_PIN"')),
        also=("bump-missing-entry",), says="write `GGML_PIN?=<sha>` there",
    ),
    "a variable like one that another entry follows": Case(
        "bump-pin-not-found", "wren-cpp", BUMP, ('variable: "WERN_VERSION"',),
        MINIATURE.copy(ENTRY, ('"WREN_VERSION"', '"WERN_VERSION"')),
        says="write `WERN_VERSION?=<sha>` there",
    ),
    "one variable twice": Case(
        "bump-duplicate-variable", "wren-cpp", BUMP, ('"WREN_VERSION"', '"WREN_VERSION"'),
        MINIATURE.copy(ENTRY),
        says="line ",
    ),
    "a branch for a pin": Case(
        "bump-pin-not-sha", "wren-cpp", WREN, ("WREN_VERSION?=",),
        wren((SHA, "main")),
        says="'main'",
    ),
    "a short sha": Case(
        "bump-pin-not-sha", "wren-cpp", WREN, ("WREN_VERSION?=",),
        wren((SHA, SHA[:12])),
        severity=Severity.warning,
    ),
    "another repository": Case(
        "bump-repository-mismatch", "wren-cpp", BUMP, ("aviary-example/wern.cpp",),
        MINIATURE.edit_in(ENTRY, ("aviary-example/wren.cpp", "aviary-example/wern.cpp")),
        says="clones aviary-example/wren.cpp",
    ),
    "a project that moved": Case(
        "bump-repository-mismatch", "wren-cpp", BUMP, ("acme/wren.cpp",),
        MINIATURE.edit_in(ENTRY, ("aviary-example/wren.cpp", "acme/wren.cpp")).append(WREN, "# github.com/acme/x\n"),
        severity=Severity.info,
    ),
    "an owner that nothing else names": Case(
        "bump-repository-mismatch", "wren-cpp", BUMP, ("avairy-example/wren.cpp",),
        MINIATURE.edit_in(ENTRY, ("aviary-example/wren.cpp", "avairy-example/wren.cpp")),
    ),
    "no branch": Case(
        "bump-branch-missing", "wren-cpp", BUMP, ('"WREN_VERSION"', "^- "),
        MINIATURE.edit_in(ENTRY, ('            branch: "main"\n', "")),
        says="no branch",
    ),
    **{
        f"{wrong} for {field}": Case(
            "bump-branch-missing", "wren-cpp", BUMP, (f"{wrong}: ",),
            MINIATURE.edit_in(ENTRY, (f"{field}: ", f"{wrong}: ")),
            says=f"unknown key {wrong}", times=1,
        )
        for field, wrong in {"repository": "repositry", "variable": "varible", "branch": "brnch", "file": "fil"}.items()
    },
    "no repository": Case(
        "bump-branch-missing", "wren-cpp", BUMP, ('repository: "wren.cpp"',),
        MINIATURE.edit_in(ENTRY, ("aviary-example/wren.cpp", "wren.cpp")),
        also=None, says="no repository",
    ),
}  # fmt: skip

FINE = {
    "a script of the bot that another one runs": (
        MINIATURE.write(WHEEL, SCRIPT).append(".github/bump_deps.sh", "bash .github/bump_wren_wheel.sh\n"),
        None,
    ),
    "a held pin in a comment at the pin": (UNFOLLOWED, None),
    "a pin that people bump": (
        UNFOLLOWED.edit(
            LARK, (f"{HELD}\n", "# The engine. Bump it when\n# upstream releases.\nLARK_FILE?=lark.c\n")
        ),
        None,
    ),
    "a pin whose comment says what comes after it": (
        UNFOLLOWED.edit(LARK, (HELD, "# Later commits cannot read the published models.")),
        None,
    ),
    "a held pin in a comment": (
        MINIATURE.edit(BUMP, ("# lark.cpp is held: later commits", "# later commits of lark.cpp")),
        None,
    ),
    "a version that is no commit": (wren((CLONE, f"{CLONE}\nONNX_VERSION?=1.20.1")), None),
    "the address with .git": (wren((CLONE, f"{CLONE}.git")), None),
    "a repository in other capitals": (
        MINIATURE.edit_in(ENTRY, ("aviary-example/wren", "Aviary-Example/Wren")),
        None,
    ),
    "a Makefile that names no address": (wren((CLONE, "WREN_REPO?=$(MIRROR)/wren.cpp")), None),
    "no bump workflow": (MINIATURE.write(BUMP, None), "bump-missing-entry"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
