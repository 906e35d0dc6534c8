"""Rules about inputs of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
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


@pytest.mark.parametrize(
    ("dockerfile", "inputs", "missing"),
    [
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "", {"install.sh"}),
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "\nbuild-args: FILE=other.sh", set()),
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "\nbuild-args: ${{ vars.ARGS }}", set()),
        ("FROM a\nRUN <<EOF bash\nCOPY install.sh /\nEOF\n", "", set()),
        ("FROM a\nCOPY --link \\\n  # the installer\n  install.sh /\n", "", {"install.sh"}),
    ],
)
def test_inputs_are_what_the_build_takes(dockerfile: str, inputs: str, missing: set[str]) -> None:
    on = "\n  push:\n    branches: [main]\n    paths: [Dockerfile]"
    where = tree({"ci": image(PUSHED + inputs, on=on), "Dockerfile": dockerfile, "install.sh": ""})
    assert {finding.subject for finding in found(where, "paths-cover-inputs")} == missing
