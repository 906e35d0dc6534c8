"""Rules about backends that are gone: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.makefile.trees import GONE, LARK, MAKEFILE, ROOKERY, RULE, make
from tests.rules.trees import Case, assert_fine, assert_found

CASES = {
    "a definition of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("BACKEND_GONE =",),
        make((f"{LARK}\n", f"{LARK}\n{GONE}")),
        fix=True, restores=True, says="backend/",
    ),
    "a list word of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("docker-build-backends:",),
        make((" docker-build-nest-store\n", " docker-build-nest-store docker-build-gone\n")),
        fix=True, restores=True, severity=Severity.error,
    ),
    "a .NOTPARALLEL word of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, (".NOTPARALLEL",),
        make((" backends/kestrel ", " backends/kestrel backends/gone ")),
        fix=True, restores=True,
    ),
    "a test line of what is gone": Case(
        "makefile-stale-backend", "gone", MAKEFILE, ("-C backend/go/gone test",),
        make((f"{ROOKERY} test\n", f"{ROOKERY} test\n\t$(MAKE) -C backend/go/gone test\n")),
        fix=True, restores=True, severity=Severity.error,
    ),
}  # fmt: skip

FINE = {
    "a word with a rule of its own": (
        make((" backends/kestrel ", " backends/kestrel backends/all-small ")).append(
            MAKEFILE, RULE.format("backends/all-small")
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
