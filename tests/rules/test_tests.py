"""Rules about the jobs that test backends: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.trees import MINIATURE, TEST_EXTRA, Altered, Case, assert_fine, assert_found

OUTPUT = "      {0}: ${{{{ steps.detect.outputs.{0} }}}}\n"
ROOKERY = OUTPUT.format("rookery")
WAITS = "outputs.rookery == 'true'"
ENTERS = "-C backend/python/rookery test"
BUILDS = "          make docker-build-llama-cpp\n"


def jobs(*pairs: tuple[str, str]) -> Altered:
    return MINIATURE.edit(TEST_EXTRA, *pairs)


def without_job(text: str) -> str:
    return re.sub(r"(?s)  tests-kestrel:\n.*?(?=  tests-heron:\n)", "", text)


AGAIN = """\
  tests-rookery-again:
    needs: detect-changes
    if: needs.detect-changes.outputs.rookery == 'true'
    runs-on: ubuntu-latest
    steps:
      - run: make -C backend/python/rookery test
"""

CASES = {
    "a job that waits for a typing error": Case(
        "testjobs-unknown-output", "rookery", TEST_EXTRA, ("outputs.rokery ==",),
        jobs((WAITS, "outputs.rokery == 'true'")),
        also=("testjobs-unused-output", "testjobs-condition-mismatch"), says="rokery",
    ),
    "an output that two jobs wait for": Case(
        "testjobs-unknown-output", "rookery", TEST_EXTRA, ("outputs.rookery ==",),
        jobs((ROOKERY, "")).append(TEST_EXTRA, AGAIN),
        also=None, says="(and 1 more) waits for output rookery",
    ),
    "an output with brackets and a typing error": Case(
        "testjobs-unknown-output", "rookery", TEST_EXTRA, ("outputs['rokery']",),
        jobs((WAITS, "outputs['rokery'] == 'true'")),
        also=("testjobs-unused-output", "testjobs-condition-mismatch"),
    ),
    "another output's value": Case(
        "testjobs-unknown-output", "rookery", TEST_EXTRA, ("      rookery: ",),
        jobs((ROOKERY, ROOKERY.replace("outputs.rookery", "outputs.lark"))),
        says="filter's output lark",
    ),
    "an output of no backend": Case(
        "testjobs-unknown-output", "gone", TEST_EXTRA, ("      gone: ",),
        jobs((ROOKERY, ROOKERY + OUTPUT.format("gone"))),
        also=("testjobs-unused-output",), says="never set",
    ),
    "a folder that is not there": Case(
        "testjobs-unknown-output", "rokery", TEST_EXTRA, ("-C backend/python/rokery test",),
        jobs((ENTERS, ENTERS.replace("rookery", "rokery"))),
        also=None, says="does not exist",
    ),
    "a target that is not there": Case(
        "testjobs-unknown-output", "llama-cpp", TEST_EXTRA, ("make build-llama-cpp",),
        jobs((BUILDS, "          make build-llama-cpp\n")),
        says="no such target",
    ),
    "an output that no job waits for": Case(
        "testjobs-unused-output", "kestrel", TEST_EXTRA, ("      kestrel: ",),
        MINIATURE.rewrite(TEST_EXTRA, without_job),
    ),
    "a job that waits for its model's output": Case(
        "testjobs-condition-mismatch", "rookery", TEST_EXTRA, ("tests-rookery:", "-C backend/python/rookery"),
        jobs((WAITS, "outputs.lark == 'true'")),
        also=("testjobs-unused-output",), says="waits for lark",
    ),
}  # fmt: skip

FINE = {
    "an output with brackets": (jobs((WAITS, "outputs['rookery'] == 'true'")), None),
    "a wait in a comment": (jobs(("    needs: detect-changes\n    if: needs.detect-changes.outputs.rookery", "    # was: needs.detect-changes.outputs.gone\n    needs: detect-changes\n    if: needs.detect-changes.outputs.rookery")), None),
    "a folder in a comment": (jobs((f"          make --jobs=5 --output-sync=target {ENTERS}\n", f"          make --jobs=5 --output-sync=target {ENTERS}\n          # make -C backend/python/gone test\n")), None),
    "a folder by another spelling": (jobs((ENTERS, ENTERS.replace("backend", "./backend"))), None),
    "a target that a pattern makes": (jobs((BUILDS, f"{BUILDS}          make backends/llama-cpp\n")), None),
    "a target that only a variable names": (
        jobs((BUILDS, "          make docker-build-owl\n")).append("Makefile", "\n$(ALL):\n\ttrue\n"),
        None,
    ),
    "a job that tests a family and waits for one of it": (
        jobs((ENTERS, f"{ENTERS}\n          make -C backend/go/lark test")),
        None,
    ),
    "a checkout whose jobs all run": (
        MINIATURE.rewrite(
            TEST_EXTRA,
            lambda text: re.sub(r"(?m)^    (needs: detect-changes|if: needs.*)\n", "", re.sub(r"(?s)  detect-changes:\n.*?(?=  tests-finch)", "", text)),
        ),
        "testjobs-condition-mismatch",
    ),
    "no such workflow": (MINIATURE.write(TEST_EXTRA, None), "testjobs-unknown-output"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
