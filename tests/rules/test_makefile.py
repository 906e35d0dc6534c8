"""Rules about the root Makefile: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.trees import MINIATURE, TEST_EXTRA, Altered, Case, assert_fine, assert_found

MAKEFILE = "Makefile"
LARK = "BACKEND_LARK = lark|golang|.|false|true"
LARK_EVAL = "$(eval $(call generate-docker-build-target,$(BACKEND_LARK)))\n"
GONE = (
    "BACKEND_GONE = gone|python|.|false|true\n$(eval $(call generate-docker-build-target,$(BACKEND_GONE)))\n"
)
RULE = "\n{}:\n\tdocker build .\n"
ROOKERY = "\t$(MAKE) -C backend/python/rookery"


def make(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(MAKEFILE, *pairs)


def lark(**fields: str) -> Altered:
    """The definition of lark with other fields."""
    values = {"name": "lark", "type": "golang", "context": ".", "progress": "false", "needs": "true"} | fields
    return make((LARK, f"BACKEND_LARK = {'|'.join(values.values())}"))


def untested(text: str) -> str:
    """test-extra.yml without the job of rookery."""
    return re.sub(r"(?s)  tests-rookery:\n.*?(?=  tests-nest-store:\n)", "", text)


NO_LINES = make((f"{ROOKERY}\n", ""), (f"{ROOKERY} test\n", ""))

CASES = {
    "no definition": Case(
        "makefile-missing-definition", "lark", MAKEFILE, (),
        make((f"{LARK}\n", ""), (LARK_EVAL, "")),
        fix=True, says="BACKEND_LARK",
    ),
    "a definition without eval": Case(
        "makefile-missing-eval", "lark", MAKEFILE, ("BACKEND_LARK =",),
        make((LARK_EVAL, "")),
        fix=True, restores=True, says="docker-build-lark",
    ),
    "an eval without definition": Case(
        "makefile-missing-eval", "gone", MAKEFILE, ("$(BACKEND_GONE)",),
        make((LARK_EVAL, LARK_EVAL + LARK_EVAL.replace("LARK", "GONE"))),
    ),
    "another Dockerfile": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(type="python"),
        fix=True, restores=True, says="dockerfile_type is 'python'",
    ),
    "a shared Dockerfile that is not told": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(needs="false"),
        fix=True, restores=True, says="needs_backend_arg",
    ),
    "a Dockerfile of its own that is told": Case(
        "makefile-definition-mismatch", "heron", MAKEFILE, ("BACKEND_HERON =",),
        make(("= heron|heron|.|false|false", "= heron|heron|.|false|true")),
        fix=True, restores=True, says="needs_backend_arg",
    ),
    "a folder that is not there": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(context="./sources"),
        fix=True, restores=True, says="context",
    ),
    "a progress that docker does not know": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(progress="plain"),
        fix=True, restores=True, says="progress",
    ),
    "another backend's name": Case(
        "makefile-definition-mismatch", "kestrel", MAKEFILE, ("BACKEND_LARK =",),
        lark(name="kestrel"),
        also=None, fix=True, restores=True, says="expected 'lark'",
    ),
    "a definition of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("BACKEND_GONE =",),
        make((f"{LARK}\n", f"{LARK}\n{GONE}")),
        fix=True, restores=True, says="backend/",
    ),
    "a list word of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("docker-build-backends:",),
        make((" docker-build-nest-store\n", " docker-build-nest-store docker-build-gone\n")),
        fix=True, restores=True,
    ),
    "a .NOTPARALLEL word of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, (".NOTPARALLEL",),
        make((" backends/kestrel ", " backends/kestrel backends/gone ")),
        fix=True, restores=True,
    ),
    "a test line of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("-C backend/go/gone test",),
        make((f"{ROOKERY} test\n", f"{ROOKERY} test\n\t$(MAKE) -C backend/go/gone test\n")),
        fix=True, restores=True,
    ),
    "built in parallel": Case(
        "makefile-not-parallel", "lark", MAKEFILE, (".NOTPARALLEL",),
        make((" backends/lark ", " ")),
        fix=True, restores=True, says="backends/lark",
    ),
    "the macOS target built in parallel": Case(
        "makefile-not-parallel", "heron", MAKEFILE, (".NOTPARALLEL",),
        make((" backends/heron-darwin ", " ")),
        fix=True, says="backends/heron-darwin",
    ),
    "not in the list of all": Case(
        "makefile-docker-build-list", "lark", MAKEFILE, ("docker-build-backends:",),
        make((" docker-build-lark ", " ")),
        fix=True, restores=True, says="docker-build-lark",
    ),
    "prepared and not tested": Case(
        "makefile-test-lists", "rookery", MAKEFILE, ("prepare-test-extra:", "backend/python/rookery"),
        make((f"{ROOKERY} test\n", "")),
        fix=True, restores=True, says="not in test-extra",
    ),
    "tested and not prepared": Case(
        "makefile-test-lists", "rookery", MAKEFILE, ("backend/python/rookery test",),
        make((f"{ROOKERY}\n", "")),
        fix=True, restores=True, says="not in prepare-test-extra",
    ),
    "tests that nothing runs": Case(
        "makefile-test-lists", "rookery", "backend/python/rookery/Makefile", (),
        NO_LINES.rewrite(TEST_EXTRA, untested),
        also=("testjobs-unused-output",), says="neither",
    ),
}  # fmt: skip

FINE = {
    "an explicit rule in place of a definition": (
        make((f"{LARK}\n", ""), (LARK_EVAL, "")).append(MAKEFILE, RULE.format("docker-build-lark")),
        None,
    ),
    "an explicit rule in place of an eval": (
        make((LARK_EVAL, "")).append(MAKEFILE, RULE.format("docker-build-lark")),
        None,
    ),
    "progress that docker knows": (lark(progress="--progress=tty"), None),
    "the root by another name, or a folder that is there": (lark(context="./"), None),
    "a folder that is there": (lark(context="./backend"), None),
    "a word with a rule of its own": (
        make((" backends/kestrel ", " backends/kestrel backends/all-small ")).append(
            MAKEFILE, RULE.format("backends/all-small")
        ),
        None,
    ),
    "a test without preparation, explained": (
        make((f"{ROOKERY}\n", "\t# rookery brings its own environment\n")),
        None,
    ),
    "a go test compiles what it needs": (make(("\t$(MAKE) -C backend/go/lark\n", "")), None),
    "a job in place of the lists": (NO_LINES, None),
    "no Makefile": (MINIATURE.write(MAKEFILE, None), "makefile-missing-definition"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
