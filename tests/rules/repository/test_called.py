"""Files outside of the backends that something runs."""

from __future__ import annotations

import pytest

from tests.rules.trees import BUMP, MINIATURE, Altered, Case, assert_fine, assert_found

SCRIPT = ".github/bump_deps.sh"
CALL = "bash .github/bump_deps.sh"
MOUNTED = ".docker/install-base-deps.sh"
RUN = "      - run: bash {}scripts/night.sh\n"


def running(text: str) -> Altered:
    """The miniature with another workflow."""
    return MINIATURE.write(".github/workflows/night.yml", f"on: push\njobs:\n  a:\n    steps:\n{text}")


ACTION = running("      - uses: ./.github/actions/disk\n")

CASES = {
    "a script of a workflow": Case(
        "called-file-missing", "", BUMP, (CALL,), MINIATURE.write(SCRIPT, None), also=None, says="not there"
    ),
    "one that is empty": Case(
        "called-file-missing", "", BUMP, (CALL,), MINIATURE.write(SCRIPT, "\n"), also=None, says="is empty"
    ),
    "one that was moved into another folder": Case(
        "called-file-missing", "", "backend/Dockerfile.base-grpc-builder", (f"source={MOUNTED}",),
        MINIATURE.write(MOUNTED, None).write(f".docker/base/{MOUNTED[8:]}", "true\n"),
        also=None,
    ),
    "an action": Case(
        "called-file-missing", "", ".github/workflows/night.yml", ("actions/disk",), ACTION, also=None
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_run_and_not_there(case: Case) -> None:
    assert_found(case)


def test_an_action_has_its_file() -> None:
    assert_fine(ACTION.write(".github/actions/disk/action.yml", "runs: {using: composite, steps: []}\n"))


@pytest.mark.parametrize(
    "text",
    [
        RUN.format("other/"),
        RUN.format("$ELSEWHERE/"),
        RUN.replace(".sh", ".$KIND.sh").format(""),
        "      # - run: bash scripts/night.sh\n",
        "      - run: |\n          if [ -f scripts/night.sh ]; then bash scripts/night.sh; fi\n",
        "      - run: go run ./.github\n",
    ],
)
def test_what_is_no_file_of_the_repository(text: str) -> None:
    assert_fine(running(text))
