"""A rule tells a fault in every spelling, and is silent about what only looks like one."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.spelled import (
    artifacts,
    builds,
    diffs,
    digests,
    files,
    groups,
    guards,
    inputs,
    inside,
    keys,
    logins,
    programs,
    publishing,
    restores,
    shared,
    told,
)
from tests.rules.pipeline.spelled.case import case
from tests.rules.pipeline.trees import found, tree

MODULES = (
    artifacts, builds, diffs, digests, files, groups, guards, inputs, inside, keys, logins, programs, publishing, restores,
    shared, told,
)  # fmt: skip
CASES = {name: case(name, given) for module in MODULES for name, given in module.SPELLED.items()}


@pytest.mark.parametrize("name", CASES)
def test_spelling(name: str) -> None:
    rule, expected, given = CASES[name]
    assert bool(found(tree(given), rule)) is expected
