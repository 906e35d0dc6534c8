"""The moves of tests/moves.py, each made in the real LocalAI."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import GitTree
from tests.conftest import real_repository
from tests.moves import NAMES, files, silent

pytestmark = pytest.mark.skipif(real_repository() is None, reason="LOCALAI_REPO does not name a clone")


def test_no_move_goes_unnoticed() -> None:
    repository = real_repository()
    assert repository is not None
    head = GitTree(repository, "HEAD")
    try:
        wrong, seen = silent(head, [*files(head), *NAMES])
    finally:
        head.close()
    assert wrong == []
    assert seen >= 60
