"""Rules about inputs of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree
from tests.rules.pipeline.workflows import image, job

TAG_WORKFLOW = job(
    """
- id: tag
  run: python3 scripts/tag.py
- id: there
  run: docker manifest inspect example/ci:${{ steps.tag.outputs.tag }}
- uses: docker/build-push-action@v6
  if: steps.there.outcome == 'failure'
  with:
    context: .
    file: docker/ci/Dockerfile
    push: true
    tags: example/ci:${{ steps.tag.outputs.tag }}
"""
)
TAGGED = {
    "ci": TAG_WORKFLOW,
    "docker/ci/Dockerfile": "FROM x\nCOPY tools.txt /\n",
    "tools.txt": "",
}

DOCKERFILE = {
    "Dockerfile": "FROM a\nRUN --mount=type=bind,source=install.sh,target=/i bash /i\n",
    "install.sh": "",
}
PUSHED = "context: .\npush: true"


def watched(*paths: str) -> dict[str, str]:
    listed = "".join(f"\n      - '{path}'" for path in paths)
    return {"ci": image(PUSHED, on=f"\n  push:\n    branches: [main]\n    paths:{listed}"), **DOCKERFILE}


CASES: dict[str, Case] = {
    "paths-cover-inputs": Case(tree(watched("Dockerfile")), "paths:", tree(watched("Dockerfile", "*.sh"))),
    "tag-covers-inputs": Case(
        tree({**TAGGED, "scripts/tag.py": "# docker/ci/Dockerfile\nread('rust-toolchain.toml')\n"}),
        "- id: tag",
        tree(
            {**TAGGED, "scripts/tag.py": "read(root / 'docker' / 'ci' / 'Dockerfile')\nread('tools.txt')\n"}
        ),
        2,
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
