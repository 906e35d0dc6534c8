"""The patterns of filters."""

from __future__ import annotations

import pytest

from scaffold.pipeline.patterns import takes


@pytest.mark.parametrize(
    ("patterns", "path", "taken"),
    [
        (["*.js"], "a.js", True),
        (["*.js"], "a/b.js", False),
        (["**.js"], "a/b.js", True),
        (["docs/**"], "docs/a/b.md", True),
        (["**/docs/**"], "docs/a.md", True),
        (["docs/*", "!docs/a.md"], "docs/a.md", False),
        (["!docs/a.md", "docs/*"], "docs/a.md", True),
        (["a?b"], "ab", True),
        (["v[12].[0-9]+"], "v2.15", True),
        (["**/" * 50 + "x"], "a/" * 40 + "y", False),
        (["*a" * 50 + "x"], "a" * 200, True),
    ],
)
def test_patterns(patterns: list[str], path: str, taken: bool) -> None:
    assert takes(patterns, path) is taken
