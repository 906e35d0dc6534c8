"""Rules about lists of tests: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.makefile.trees import MAKEFILE, ROOKERY, make
from tests.rules.trees import MINIATURE, TEST_EXTRA, Altered, Case, assert_fine, assert_found


def untested(text: str) -> str:
    """test-extra.yml without the job of rookery."""
    return re.sub(r"(?s)  tests-rookery:\n.*?(?=  tests-nest-store:\n)", "", text)


def with_rules(*lines: str) -> Altered:
    """The miniature with rules of tests at the end of its Makefile."""
    return MINIATURE.append(MAKEFILE, "\n" + "".join(f"{line}\n" for line in (*lines, "\ne2e:", "\ttrue")))


NO_LINES = make((f"{ROOKERY}\n", ""), (f"{ROOKERY} test\n", ""))

CASES = {
    "prepared and not tested": Case(
        "makefile-test-lists", "rookery", MAKEFILE, ("prepare-test-extra:", "backend/python/rookery"),
        make((f"{ROOKERY} test\n", "")),
        fix=True, restores=True, says="not in test-extra",
    ),
    "tested and not prepared": Case(
        "makefile-test-lists", "rookery", MAKEFILE, ("backend/python/rookery test",),
        make((f"{ROOKERY}\n", "")),
        fix=True, restores=True, says="not in prepare-test-extra",
    ),
    "tests that nothing runs": Case(
        "makefile-test-lists", "rookery", "backend/python/rookery/Makefile", (),
        NO_LINES.rewrite(TEST_EXTRA, untested),
        also=("testjobs-unused-output",), says="neither",
    ),
    "an image that a test does not build": Case(
        "makefile-test-image", "rookery", MAKEFILE, ("test-rookery:",),
        with_rules("test-rookery:", "\tBACKEND_IMAGE=local-ai-backend:rookery $(MAKE) e2e"),
        says="tests the image of rookery",
    ),
}  # fmt: skip

FINE = {
    "an image that a test needs": (
        with_rules(
            "test-rookery: docker-build-rookery", "\tBACKEND_IMAGE=local-ai-backend:rookery $(MAKE) e2e"
        ),
        None,
    ),
    "an image that what a test needs makes": (
        with_rules(
            "images: docker-build-rookery", "test-rookery: images", "\tBACKEND_IMAGE=x/y:rookery $(MAKE) e2e"
        ),
        None,
    ),
    "an image that the test makes itself": (
        with_rules(
            "test-rookery:", "\t$(MAKE) docker-build-rookery", "\tBACKEND_IMAGE=a:rookery $(MAKE) e2e"
        ),
        None,
    ),
    "an image that no rule makes, or anybody's": (
        with_rules(
            "test-any:", "\tBACKEND_IMAGE=a:none $(MAKE) e2e", "\tBACKEND_IMAGE=a:$(NAME) $(MAKE) e2e"
        ),
        None,
    ),
    "a test without preparation, explained": (
        make((f"{ROOKERY}\n", "\t# rookery brings its own environment\n")),
        None,
    ),
    "a go test compiles what it needs": (make(("\t$(MAKE) -C backend/go/lark\n", "")), None),
    "a job in place of the lists": (NO_LINES, None),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
