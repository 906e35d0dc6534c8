"""LocalAI moves something that a reader relies on: the check says what it misses and where."""

from __future__ import annotations

from tests.moves import NAMES, files, silent
from tests.rules.trees import BASE


def test_no_move_goes_unnoticed() -> None:
    wrong, seen = silent(BASE, [*files(BASE), *NAMES])
    assert wrong == []
    assert seen >= 60
