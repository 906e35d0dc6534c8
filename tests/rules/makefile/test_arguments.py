"""Arguments that the Makefile gives to the builds of images."""

from __future__ import annotations

import pytest

from tests.rules.makefile.trees import MAKEFILE
from tests.rules.trees import MINIATURE, Altered, Case, assert_fine, assert_found

SLUG = "build-arg-undeclared"


def building(command: str) -> Altered:
    return MINIATURE.append(MAKEFILE, f"\nimage:\n\tdocker build {command} .\n")


GO = "-f backend/Dockerfile.golang"
CASES = {
    "the words in another order": Case(
        SLUG, "", MAKEFILE, ("docker build --build-arg IMAGE_BASE",),
        building(f"--build-arg IMAGE_BASE=a {GO}"),
        says="BASE_IMAGE keeps its default",
    ),
    "a letter apart, in a second line": Case(
        SLUG, "", MAKEFILE, ("BUILD_TPE",),
        building(f"--build-arg BASE_IMAGE=a \\\n\t\t--build-arg BUILD_TPE=a {GO}"),
    ),
}  # fmt: skip
FINE = {
    "an argument of the Dockerfile": (building(f"--build-arg BASE_IMAGE=a {GO}"), None),
    "one that no argument is meant by": (building(f"--build-arg OTHER_THING=a {GO}"), None),
    "what Docker reads": (building(f"--build-arg HTTP_PROXY=a --build-arg http_proxy=b {GO}"), None),
    "a Dockerfile that is not there": (building("--build-arg IMAGE_BASE=a -f docker/Dockerfile"), None),
    "a name that make puts together": (
        building("--build-arg BUILD_TYPE=a -f backend/Dockerfile.$(KIND)"), None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_fine(name: str) -> None:
    assert_fine(*FINE[name])
