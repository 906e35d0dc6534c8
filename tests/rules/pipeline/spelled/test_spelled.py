"""A rule tells a fault in every spelling, and is silent about what only looks like one."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.spelled import (
    artifacts,
    builds,
    digests,
    groups,
    keys,
    logins,
    programs,
    publishing,
    restores,
)
from tests.rules.pipeline.spelled.case import case
from tests.rules.pipeline.trees import found, tree

MODULES = artifacts, builds, digests, groups, keys, logins, programs, publishing, restores
CASES = {name: case(name, files) for module in MODULES for name, files in module.SPELLED.items()}


@pytest.mark.parametrize("name", CASES)
def test_spelling(name: str) -> None:
    rule, told, files = CASES[name]
    assert bool(found(tree(files), rule)) is told
