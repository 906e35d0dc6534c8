"""Notes about jobs: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree
from tests.rules.pipeline.workflows import NAMED, digests, job

CASES: dict[str, Case] = {
    "reduce-waits-for-strangers": Case(
        tree(digests("[-a, -b, -c, -d, -e]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "merge:",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
    "repeated-step-if": Case(
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: steps.c.outputs.cache-hit != 'true'\n  run: b"
                )
            }
        ),
        "if: steps.c",
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: matrix.a\n  run: b\n- if: matrix.a\n  run: c"
                )
            }
        ),
    ),
    "dead-output": Case(
        tree({"ci": job("- run: a", head="runs-on: x\noutputs:\n  a: b")}),
        "a: b",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head="runs-on: x\noutputs:\n  a: b",
                    rest="  use:\n    needs: build\n    if: needs.build.outputs['a']\n    runs-on: x\n",
                )
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
