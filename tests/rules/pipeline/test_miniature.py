"""The workflows of the miniature are clean."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import RULES, found, miniature
from tests.rules.pipeline.workflows import BUILD


@pytest.mark.parametrize("slug", sorted(slug for slug, rule in RULES.items() if rule.default))
def test_the_miniature_is_clean(slug: str) -> None:
    assert found(miniature(BUILD), slug) == []
