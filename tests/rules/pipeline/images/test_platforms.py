"""Rules about platforms of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, image, job

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


@pytest.mark.parametrize(
    "text", ["# BUILDPLATFORM\nFROM a\nRUN make\n", "FROM a\nARG BUILDPLATFORM\nRUN make\n"]
)
def test_a_word_alone_compiles_nothing_for_another_platform(text: str) -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    assert found(tree({"ci": workflow, "Dockerfile": text}), "qemu-leg")


def test_an_image_that_is_only_set_up_needs_no_runner_of_its_own() -> None:
    workflow = image('context: .\nplatforms: "linux/${{ matrix.arch }}"', head=TWO)
    file = "FROM a\nRUN apk add --no-cache tini && mkdir /data\nCOPY app /\n"
    assert found(tree({"ci": workflow, "Dockerfile": file}), "qemu-leg") == []


STAGES = """
ARG KIND
FROM a AS base_tool
RUN make tool
FROM a AS base_plain
RUN apk add tini
FROM base_${KIND} AS any
FROM a AS mounted
RUN --mount=type=bind,from=base_tool,target=/x cp /x/tool /tool
FROM base_plain AS release
COPY --from=base_plain /x /x
"""


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("", False),
        ("release", False),
        ("Base_Tool", True),
        ("any", True),
        ("mounted", True),
        ("base_plain", False),
        ("${{ steps.a.outputs.b }}", False),
    ],
)
def test_only_what_a_target_is_made_of_is_emulated(target: str, told: bool) -> None:
    text = 'context: .\nplatforms: "linux/${{ matrix.arch }}"' + (f"\ntarget: {target}" if target else "")
    where = tree({"ci": image(text, head=TWO), "Dockerfile": STAGES})
    assert bool(found(where, "qemu-leg")) is told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("", True),
        ("- uses: docker/setup-buildx-action@v3\n", True),
        ("- uses: docker/setup-buildx-action@v3\n  with: {driver: cloud}\n", False),
        ("- uses: docker/setup-buildx-action@v3\n  with: {append: '- endpoint: tcp://arm:1'}\n", False),
    ],
)
def test_builders_that_have_machines_of_their_own(steps: str, told: bool) -> None:
    build = "- uses: docker/build-push-action@v6\n  with: {platforms: linux/arm64}"
    files = {"ci": job(steps + build), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told


@pytest.mark.parametrize(
    ("runner", "told"),
    [
        ("[ubuntu-24.04]", True),
        ("{group: big, labels: [ubuntu-24.04]}", True),
        ("[self-hosted, linux, X64]", True),
        ("[self-hosted, linux, ARM64]", False),
        ("{group: arm}", False),
        ('"${{ fromJSON(\'[\\"ubuntu-24.04\\"]\') }}"', True),
    ],
)
def test_runners_of_several_labels(runner: str, told: bool) -> None:
    build = "- uses: docker/build-push-action@v6\n  with: {platforms: linux/arm64}"
    files = {"ci": job(build, head=f"runs-on: {runner}"), "Dockerfile": "FROM a\nRUN make\n"}
    assert bool(found(tree(files), "qemu-leg")) is told
