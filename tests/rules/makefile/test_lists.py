"""Rules about lists of targets: each with a defect that it finds."""

from __future__ import annotations

import pytest

from tests.rules.makefile.trees import MAKEFILE, make
from tests.rules.trees import Case, assert_found

CASES = {
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
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])
