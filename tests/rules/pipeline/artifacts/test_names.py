"""Rules about names of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import NAMED, TWO, digests, job

LOOSE = "digests${{ matrix.suffix }}-${{ matrix.arch }}"

CASES: dict[str, Case] = {
    "artifact-not-uploaded": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {name: bin}\n",
                )
            }
        ),
        "uses: actions/download-artifact",
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {pattern: bin-*}\n      - uses: actions/download-artifact@v4\n        with: {name: other, run-id: 5}\n",
                )
            }
        ),
    ),
    "artifact-glob-overmatch": Case(
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}-*", LOOSE, "[-vllm, -vllm-omni]")),
        "pattern:",
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}--*", NAMED, "[-vllm, -vllm-omni]")),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_unknown_uploads_are_given_the_benefit_of_the_doubt() -> None:
    rest = (
        "  use:\n    needs: build\n    runs-on: x\n    steps:\n"
        "      - uses: actions/download-artifact@v4\n        with: {name: bin-1}\n"
    )
    for step in (
        '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ steps.x.outputs.n }}", path: x}',
        "- uses: someone/upload-artifacts-action@v1",
    ):
        assert found(tree({"ci": job(step, rest=rest)}), "artifact-not-uploaded") == []
    external = job("- run: a", rest=rest).replace(
        "jobs:\n", "jobs:\n  other:\n    uses: a/b/.github/workflows/c.yml@v1\n"
    )
    assert found(tree({"ci": external}), "artifact-not-uploaded") == []
