"""Rules about platforms of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, image

CASES: dict[str, Case] = {
    "qemu-leg": Case(
        tree(
            {
                "ci": image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO),
                "Dockerfile": "FROM a\nRUN make\n",
            }
        ),
        "platforms:",
        tree(
            {
                "ci": image(
                    'context: .\nplatforms: "linux/${{ matrix.arch }}"',
                    head=TWO.replace(
                        "ubuntu-latest",
                        "${{ matrix.arch == 'arm64' && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}",
                    ),
                ),
                "Dockerfile": "FROM a\nRUN make\n",
                "cross": image('context: cross\nplatforms: "linux/${{ matrix.arch }}"', head=TWO),
                "cross/Dockerfile": "FROM --platform=$BUILDPLATFORM a\n",
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize("text", ["# BUILDPLATFORM\nFROM a\n", "FROM a\nARG BUILDPLATFORM\nRUN make\n"])
def test_a_word_alone_compiles_nothing_for_another_platform(text: str) -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    assert found(tree({"ci": workflow, "Dockerfile": text}), "qemu-leg")


def test_an_image_that_is_only_set_up_needs_no_runner_of_its_own() -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    file = "FROM a\nRUN apk add --no-cache tini && mkdir /data\nCOPY app /\n"
    assert found(tree({"ci": workflow, "Dockerfile": file}), "qemu-leg") == []
