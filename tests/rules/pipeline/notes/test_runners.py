"""Notes about runners: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay
from tests.rules.pipeline.trees import MINIATURE, Case, assert_case, found, miniature, tree
from tests.rules.pipeline.workflows import image, job

BOTH = image("context: .\nplatforms: linux/amd64,linux/arm64", head="runs-on: ubuntu-latest")

CASES: dict[str, Case] = {
    "qemu-unneeded": Case(
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/amd64}"
                )
            }
        ),
        "setup-qemu",
        tree(
            {
                "ci": job(
                    "- uses: docker/setup-qemu-action@v3\n- uses: docker/build-push-action@v6\n  with: {platforms: linux/s390x}"
                )
            }
        ),
    ),
    "runner-allow-list": Case(
        miniature(".github/workflows/backend.yml", ("runs-on: ubuntu-latest", "runs-on: arc-runner-set")),
        "runs-on: ",
        tree({"ci": job("- run: a", head="runs-on: own-runner")}),
        5,
    ),
    "platforms-unsplit": Case(
        tree({"ci": BOTH, "Dockerfile": "FROM a\nRUN make\n"}),
        "platforms:",
        tree({"ci": BOTH, "Dockerfile": "FROM --platform=$BUILDPLATFORM a\nRUN make\n"}),
    ),
    "disk-before-buildx": Case(
        tree({"ci": job("- uses: docker/setup-buildx-action@v3\n- uses: jlumbroso/free-disk-space@main")}),
        "free-disk-space",
        tree({"ci": job("- uses: jlumbroso/free-disk-space@main\n- uses: docker/setup-buildx-action@v3")}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_a_label_that_an_expression_makes() -> None:
    path = ".github/workflows/own.yml"
    text = "on: push\njobs:\n  a:\n    strategy:\n      matrix: {os: [ubuntu-latest, own-runner]}\n    runs-on: ${{ matrix.os }}\n    steps: []\n"
    where = Overlay(MINIATURE, {path: text.encode()})
    assert [finding.subject for finding in found(where, "runner-allow-list") if finding.path == path] == [
        "a own-runner"
    ]


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("vars.LABEL || 'own-runner'", True),
        ("vars.BIG == 'yes' && 'own-runner' || 'ubuntu-latest'", True),
        ("vars.LABEL || 'ubuntu-latest'", False),
        ("vars.LABEL == 'own-runner' && 'macos-15' || 'ubuntu-latest'", False),
        ("vars.LABEL", False),
    ],
)
def test_what_a_label_falls_back_to(label: str, told: bool) -> None:
    path = ".github/workflows/own.yml"
    text = f"on: push\njobs:\n  a:\n    runs-on: ${{{{ {label} }}}}\n    steps: []\n"
    where = Overlay(MINIATURE, {path: text.encode()})
    reports = [finding for finding in found(where, "runner-allow-list") if finding.path == path]
    assert bool(reports) is told


FREE = "- uses: jlumbroso/free-disk-space@main"
REMOVE = "- run: sudo rm -rf /usr/local/lib/android"
BUILDERS = {
    "buildx": "- uses: docker/setup-buildx-action@v3",
    "bake": "- uses: docker/bake-action@v6",
    "docker build": "- run: docker build .",
    "docker buildx create": "- run: docker buildx create --use",
    "an action": "- uses: ./a",
}
ACTION = {"a/action.yml": "runs: {using: composite, steps: [{uses: docker/setup-buildx-action@v3}]}\n"}


@pytest.mark.parametrize("builder", BUILDERS.values(), ids=BUILDERS)
@pytest.mark.parametrize("frees", [FREE, REMOVE])
def test_room_that_comes_too_late(builder: str, frees: str) -> None:
    assert found(tree({"ci": job(f"{builder}\n{frees}"), **ACTION}), "disk-before-buildx")
    assert not found(tree({"ci": job(f"{frees}\n{builder}"), **ACTION}), "disk-before-buildx")
    apart = f"{builder}\n  if: matrix.os == 'a'\n{frees}\n  if: matrix.os == 'b'"
    assert not found(tree({"ci": job(apart), **ACTION}), "disk-before-buildx")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("- run: docker buildx build --platform linux/amd64 .", True),
        ("- uses: docker/build-push-action@v6", True),
        ("- run: docker buildx build --platform linux/arm64 .", False),
        ("- uses: docker/build-push-action@v6\n- run: docker run --platform linux/arm64 example/app", False),
    ],
)
def test_where_something_is_emulated(step: str, told: bool) -> None:
    where = tree({"ci": job(f"- uses: docker/setup-qemu-action@v3\n{step}")})
    assert bool(found(where, "qemu-unneeded")) is told
