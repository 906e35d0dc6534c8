"""Versions of Go that workflows spell out."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Tree
from scaffold.operations import check
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

MODULE = "module example.org/app\n\ngo 1.26.0\n"
SETUP = "- uses: actions/setup-go@v5\n  with:\n    {}"
MATRIX = "runs-on: ubuntu-latest\nstrategy:\n  matrix: {{go-version: {}}}"
CALL = "on: push\njobs:\n  build:\n    uses: ./.github/workflows/x.yml\n    with:\n      go-version: {}\n"

ROWS = (
    "runs-on: ubuntu-latest\nstrategy:\n  matrix: {{include: [{{base-image: '{}', ubuntu-version: '{}'}}]}}"
)
HANDED = "on: push\njobs:\n  build:\n    uses: ./.github/workflows/x.yml\n    with:\n      base-image: {}\n      ubuntu-version: '{}'\n"

CASES = {
    "go-version-old": Case(
        tree({"go.mod": MODULE, "ci": job(SETUP.format("go-version: '1.25.4'"))}),
        "1.25.4",
        tree({"go.mod": MODULE, "ci": job(SETUP.format("go-version-file: go.mod"))}),
    ),
    "base-release": Case(
        tree({"ci": job("- run: make", head=ROWS.format("ubuntu:22.04", "2404"))}),
        "2404",
        tree({"ci": job("- run: make", head=ROWS.format("ubuntu:24.04", "2404"))}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("'1.25.x'", True),
        ("1.9", True),
        ("'1.25.99'", True),
        ("'1.26.x'", False),
        ("1.26", False),
        ("1.26.0", False),
        ("'1.27.1'", False),
        ("stable", False),
        ("'^1.22'", False),
        ("${{ inputs.go-version }}", False),
    ],
)
def test_what_is_older(version: str, is_old: bool) -> None:
    for text in (
        job(SETUP.format(f"go-version: {version}")),
        job("- run: go test", head=MATRIX.format(f'["{version.strip(chr(39))}"]')),
        CALL.format(version),
    ):
        assert bool(found(tree({"go.mod": MODULE, "ci": text}), "go-version-old")) == is_old, text


@pytest.mark.parametrize(("axis", "told"), [("go", 1), ("node", 0)])
def test_a_version_of_an_axis_with_another_name(axis: str, told: int) -> None:
    head = f"runs-on: x\nstrategy: {{matrix: {{{axis}: ['1.21']}}}}"
    step = "- uses: actions/setup-go@v5\n  with: {go-version: '${{ matrix.go }}'}"
    where = tree({"ci": job(step, head=head), "go.mod": "module a\n\ngo 1.24.0\n"})
    assert len(found(where, "go-version-old")) == told


def test_one_finding_for_a_workflow_and_version() -> None:
    twice = "\n".join([SETUP.format("go-version: 1.25")] * 2 + [SETUP.format("go-version: 1.24")])
    findings = found(tree({"go.mod": MODULE, "ci": job(twice), "cd": job(twice)}), "go-version-old")
    assert len(findings) == 4
    assert sum("2 places" in f.message for f in findings) == 2


@pytest.mark.parametrize("module", ["module example.org/app\n", "// go 1.26\n", ""])
def test_a_module_that_asks_for_nothing(module: str) -> None:
    where = tree({"go.mod": module, "ci": job(SETUP.format("go-version: 1.2"))})
    assert found(where, "go-version-old") == []


@pytest.mark.parametrize(
    ("image", "told", "differs"),
    [
        ("ubuntu:24.04", "2404", False),
        ("nvidia/cuda:12.8.1-devel-ubuntu24.04", "2204", True),
        ("rocm/dev-ubuntu-24.04:7.2.1", "2404", False),
        ("rocm/dev-ubuntu-22.04:6.1", "2404", True),
        ("nvcr.io/nvidia/l4t-jetpack:r36.4.0", "2404", False),
        ("ubuntu:latest", "2404", False),
        ("${{ inputs.base-image }}", "2404", False),
        ("ubuntu:24.04", "${{ matrix.ubuntu }}", False),
    ],
)
def test_one_release_in_image_and_version(image: str, told: str, differs: bool) -> None:
    assert bool(found(tree({"ci": HANDED.format(image, told)}), "base-release")) == differs


@pytest.mark.parametrize(
    ("version", "run", "is_old"),
    [
        ("1.25.4", "curl https://go.example/go${GO_VERSION}.tar.gz", True),
        ("1.26.0", "curl https://go.example/go${GO_VERSION}.tar.gz", False),
        ("1.25.4", "true", False),
        ("1.25.4", "true\n# curl https://go.example/go${GO_VERSION}.tar.gz", False),
    ],
)
def test_a_dockerfile_may_fetch_an_older_go(version: str, run: str, is_old: bool) -> None:
    file = f"FROM scratch\nARG GO_VERSION={version}\nRUN {run}\n"
    findings = found(tree({"go.mod": MODULE, "backend/Dockerfile.golang": file}), "go-version-old")
    assert [(f.path, f.line) for f in findings] == ([("backend/Dockerfile.golang", 2)] if is_old else [])


@pytest.mark.parametrize(
    ("later", "new"),
    [
        (["'1.25'"], []),
        (["'1.24'", "'1.25'"], ["1.25"]),
        (["'1.26'"], []),
    ],
)
def test_a_version_that_is_raised_and_still_too_old_is_not_new(later: list[str], new: list[str]) -> None:
    def of(*versions: str) -> Tree:
        steps = "\n".join(SETUP.format(f"go-version: {version}") for version in versions)
        return tree({"go.mod": MODULE, "ci": job(steps)})

    scope = check.Scope(select=["go-version-old"])
    result = check.run(of(*later), scope, of("'1.24'"), "main")
    assert [f.subject.split()[1] for i, f in enumerate(result.findings) if result.is_new(i)] == new
