"""Prerequisites of the root Makefile: what make cannot make is found, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from tests.consumers import run
from tests.rules.makefile.trees import MAKEFILE, make
from tests.rules.trees import MINIATURE, Altered, Case, assert_fine, assert_found, findings

SLUG = "makefile-prerequisite-missing"

NIGHT = ".github/workflows/night.yml"


def step(script: str, more: str = "", checkout: str = "") -> Altered:
    """The miniature with a workflow that runs a script."""
    return MINIATURE.write(
        NIGHT,
        "on: workflow_dispatch\njobs:\n  night:\n    runs-on: ubuntu-latest\n    timeout-minutes: 9\n    steps:\n"
        f"      - uses: actions/checkout@v4\n{checkout}      - run: {script}\n{more}",
    )


CASES = {
    "a rule that is gone": Case(
        SLUG, "", MAKEFILE, ("prepare-test-extra:",),
        make(("prepare-test-extra: protogen-python", "prepare-test-extra: protogen-py")),
        says="prepare-test-extra needs protogen-py",
    ),
    "a prerequisite of two rules": Case(
        SLUG, "", MAKEFILE, ("build:",),
        make(("build: protogen-go ##", "build: gone ##"), ("test: protogen-go ##", "test: gone ##")),
        says="build needs gone",
    ),
    "a pattern that nothing fits": Case(
        SLUG, "", MAKEFILE, ("backends/%:",), make(("docker-build-% docker-save-%", "docker-build-% docker-sav-%")),
        says="backends/% needs docker-sav-%", also=None,
    ),
    "a backend that a step of a workflow misspells": Case(
        SLUG, "", NIGHT, ("jobs 5 build",), step("PATH=$PATH:/go make --jobs 5 build backends/lrk"),
        says="make backends/lrk",
    ),
    "a goal, in the second line of a script": Case(
        SLUG, "", NIGHT, ("make nights",), step("|\n          cd $GITHUB_WORKSPACE\n          make nights"),
    ),
}  # fmt: skip

FINE = {
    "a file": (make(("build: protogen-go ##", "build: go.mod core ##")), None),
    "a name in .PHONY": (make(("build: protogen-go ##", "build: install-go-tools2 ##")).append(MAKEFILE, ".PHONY: install-go-tools2\n"), None),
    "a variable, a pattern": (make(("build: protogen-go ##", "build: $(STAMPS) backends/lark ##")), None),
    "a pattern that .PHONY, a pattern or a variable fits": (
        make(("docker-build-% docker-save-%", "docker-build-% docker-save-% night-% day-% $(DAY)-%")).append(
            MAKEFILE, ".PHONY: night-owl\n$(DAYS) day-%-bird:\n\ttrue\n"
        ),
        SLUG,
    ),
    "what patterns and definitions make": (
        step("make backends/lark docker-build-lark docker-save-owl backends/heron-darwin build A=b"), SLUG,
    ),
    "a goal in another folder": (step("make gone", "        working-directory: core\n"), SLUG),
    "a goal behind cd": (step("cd core && make gone"), SLUG),
    "a goal of another Makefile": (step("make -C core gone && make -f core/m gone && make -Ccore gone"), SLUG),
    "a goal that may fail": (step("make gone || true"), SLUG),
    "a goal that an expression makes": (step("make gone-${{ matrix.a }} $GOAL"), SLUG),
    "a goal that is a file, or made of one": (step("make go.mod core seed").write("seed.sh", "true\n"), SLUG),
    "a goal of another repository": (
        step("make gone", checkout="        with:\n          repository: acme/birds\n"), SLUG,
    ),
    "a goal of what is included": (step("make gone").append(MAKEFILE, "-include more.mk\n"), SLUG),
    "a goal of what is computed": (
        step("make gone").append(MAKEFILE, "$(foreach n,a b,$(eval $(call birds,$(n))))\n"), SLUG,
    ),
    "no Makefile": (MINIATURE.write(MAKEFILE, None), SLUG),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


@pytest.mark.parametrize("phony", [True, False])
@pytest.mark.parametrize(
    "gone", ["protogen-go", "protogen-python", "prepare-test-extra", "build", "backend-images"]
)
def test_make_refuses_what_is_found(miniature: Path, gone: str, phony: bool) -> None:
    text = (miniature / MAKEFILE).read_text()
    without = re.sub(rf"(?m)^{gone}:.*\n(?:\t.*\n|    .*\n)*", "", text)
    if not phony:
        without = re.sub(rf"(?m)^(\.PHONY:.*) {gone}\b(?!-)", r"\1", without)
    assert without != text
    (miniature / MAKEFILE).write_text(without)
    said = [f for f in findings(WorkTree(miniature), SLUG) if f" {gone}," in f.message]
    needing = "|".join(re.findall(rf"(?m)^([\w-]+):(?:.* )?{gone}\b(?!-)", without)) or "all"
    made = run("make", "-n", *needing.split("|"), cwd=miniature, check=False)
    assert bool(said) is (f"No rule to make target '{gone}'" in made.stderr)
