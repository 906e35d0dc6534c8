"""Rules about definitions: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.operations import check, fix
from scaffold.rules.base import Severity
from tests.rules.makefile.trees import LARK, MAKEFILE, RULE, make
from tests.rules.trees import (
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    entry,
    findings,
    text_of,
)

LARK_EVAL = "$(eval $(call generate-docker-build-target,$(BACKEND_LARK)))\n"
DARWIN_RULE = "\nbackends/lark:\n\tBACKEND=lark $(MAKE) build-darwin-go-backend\n"


def lark(**fields: str) -> Altered:
    """The definition of lark with other fields."""
    values = {"name": "lark", "type": "golang", "context": ".", "progress": "false", "needs": "true"} | fields
    return make((LARK, f"BACKEND_LARK = {'|'.join(values.values())}"))


CASES = {
    "no definition": Case(
        "makefile-missing-definition", "lark", MAKEFILE, ("BACKEND_WREN_CPP =",),
        make((f"{LARK}\n", ""), (LARK_EVAL, "")),
        fix=True, says="BACKEND_LARK = lark|golang|.|--progress=plain|true` and its $(eval ...)",
    ),
    "an eval that is left of a backend without definition": Case(
        "makefile-missing-definition", "lark", MAKEFILE, ("BACKEND_WREN_CPP =",),
        make((f"{LARK}\n", "")),
        fix=True,
    ),
    "a definition that is none": Case(
        "makefile-missing-eval", "lark", MAKEFILE, ("$(BACKEND_LARK)",),
        make((LARK, "BACKEND_LARK = lark|golang")),
        also=None, says="no definition of five fields",
    ),
    "a definition without eval": Case(
        "makefile-missing-eval", "lark", MAKEFILE, ("$(BACKEND_WREN_CPP)",),
        make((LARK_EVAL, "")),
        fix=True, restores=True, says="docker-build-lark",
    ),
    "an eval without definition": Case(
        "makefile-missing-eval", "gone", MAKEFILE, ("$(BACKEND_GONE)",),
        make((LARK_EVAL, LARK_EVAL + LARK_EVAL.replace("LARK", "GONE"))),
    ),
    "one entry with another context": Case(
        "makefile-definition-mismatch", "lark", MATRIX, ("-cpu-lark", "context:"),
        MINIATURE.edit_in(entry("-cpu-lark", "amd64"), ('context: "./"', 'context: "./backend"')),
        also=None, severity=Severity.error, says="is built from './backend'",
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
    "another folder than the matrix says": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(context="./backend"),
        fix=True, restores=True, says="context is './backend'",
    ),
    "a rule for macOS alone": Case(
        "makefile-missing-definition", "lark", MAKEFILE, ("BACKEND_WREN_CPP =",),
        make((f"{LARK}\n", ""), (LARK_EVAL, "")).append(MAKEFILE, DARWIN_RULE),
        also=None, fix=True,
    ),
    "a progress with a typing error": Case(
        "makefile-definition-mismatch", "lark", MAKEFILE, ("BACKEND_LARK =",),
        lark(progress="--progess=plain"),
        fix=True, says="|--progress=plain|",
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
    "an explicit rule that builds for macOS and Linux": (
        make((f"{LARK}\n", ""), (LARK_EVAL, "")).append(
            MAKEFILE, RULE.format("docker-build-lark") + DARWIN_RULE
        ),
        None,
    ),
    "no Makefile": (MINIATURE.write(MAKEFILE, None), "makefile-missing-definition"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


@pytest.mark.parametrize("lost", [(LARK,), (LARK_EVAL.strip(),), (LARK, LARK_EVAL.strip())])
def test_only_what_is_missing_comes_back(lost: tuple[str, ...]) -> None:
    tree = make(*((f"{line}\n", "") for line in lost)).tree()
    after = text_of(fix.repair(tree, check.Scope()).changes.overlay(), MAKEFILE)
    assert [after.count(text) for text in ("\nBACKEND_LARK =", LARK_EVAL)] == [1, 1]


def test_an_eval_that_is_there_is_not_asked_for() -> None:
    (finding,) = findings(make((f"{LARK}\n", "")).tree(), "makefile-missing-definition")
    assert "eval" not in finding.help
