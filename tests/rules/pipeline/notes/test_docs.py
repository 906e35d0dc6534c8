"""Notes about docs: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree

CASES: dict[str, Case] = {
    "docs-stale": Case(
        tree({"AGENTS.md": "See `docs/a.md:3`,\nand `docs/gone.md`.\n", "docs/a.md": ""}),
        "docs/gone.md",
        tree(
            {
                "AGENTS.md": "`docs/a.md` `docs/<x>.md` `other/gone.md` `docs/*`\n"
                "A build makes `docs/site/index` and `docs/book`.\n"
                "There is no `docs/b.md`.\n# Missing today\n- `docs/c.md`\n",
                "docs/a.md": "",
                "docs/.gitignore": "/book\n",
                ".gitignore": "# made\ndocs/site/\n",
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
