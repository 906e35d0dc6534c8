"""Files outside of the backends that something runs."""

from __future__ import annotations

import pytest

from tests.rules.trees import BUMP, MINIATURE, Altered, Case, assert_fine, assert_found

SCRIPT = ".github/bump_deps.sh"
CALL = "bash .github/bump_deps.sh"
MOUNTED = ".docker/install-base-deps.sh"
UNITS = "backend/cpp/run-unit-tests.sh"
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
    "a script that a recipe runs": Case(
        "called-file-missing", "", "Makefile", (f"\tbash {UNITS}",), MINIATURE.write(UNITS, None), also=None
    ),
    "one that a recipe runs with a variable, in two lines": Case(
        "called-file-missing", "", "Makefile", ("\t./backend/seed.sh",),
        MINIATURE.append("Makefile", 'seed:\n\tA="b c" \\\n\t./backend/seed.sh "$(A)"\n'),
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


@pytest.mark.parametrize(
    "text",
    [
        "\t-bash backend/seed.sh\n",
        "\tbash backend/seed.sh || true\n",
        "\tcd core && bash backend/seed.sh\n",
        "\tbash $(FOLDER)/backend/seed.sh\n",
        "\tbash backend/$(SEED)/seed.sh\n",
        "\tbash seeds/seed.sh\n",
        "\tcurl -o backend/seed.sh https://acme.example\n\tbash backend/seed.sh\n",
        "\ttest -f backend/seed.sh\n\tbash backend/seed.sh\n",
        "\tbash backend/seed.sh\nbackend/seed.sh:\n\ttouch $@\n",
        "\tbash backend/built/seed.sh\n",
    ],
)
def test_what_a_recipe_may_make_or_do_without(text: str) -> None:
    assert_fine(MINIATURE.append("Makefile", f"seed:\n{text}").write("backend/.gitignore", "built/\n"))
