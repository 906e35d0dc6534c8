"""Rules about the jobs of the matrix: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import re

import pytest

from tests.rules.matrix.trees import HERON_AMD, HERON_ARM
from tests.rules.trees import (
    MATRIX,
    MINIATURE,
    Altered,
    Case,
    assert_fine,
    assert_found,
    findings,
    line_of,
    text_of,
    told,
)

PUSH = ".github/workflows/backend.yml"
PULL = ".github/workflows/backend_pr.yml"
SCRIPT = "scripts/changed-backends.js"


def many_on_macos(number: int) -> Altered:
    """A macOS matrix of this size."""

    def grow(text: str) -> str:
        head, _, _ = text.partition("includeDarwin:\n")
        one = '  - backend: "rookery"\n    tag-suffix: "-metal-{}"\n    build-type: "mps"\n'
        return f"{head}includeDarwin:\n" + "".join(one.format(n) for n in range(number))

    return MINIATURE.rewrite(MATRIX, grow)


def without_forwarded_platform_tag(text: str) -> str:
    """The push workflow whose single-arch jobs do not hand the platform tag on."""
    multiarch, job, rest = text.partition("  backend-jobs-singlearch-1:")
    return multiarch + job + rest.replace("      platform-tag: ${{ matrix.platform-tag || '' }}\n", "")


CASES = {
    "a shard without a job": Case(
        "matrix-shard-limit", "", PUSH, ("  backend-jobs-darwin:",),
        MINIATURE.edit(SCRIPT, ("SINGLEARCH_SHARDS = 2;", "SINGLEARCH_SHARDS = 3;")),
        times=3, says="shard 3",
    ),
    "a job without a shard": Case(
        "matrix-shard-limit", "", PUSH, ("  backend-jobs-singlearch-2:",),
        MINIATURE.edit(SCRIPT, ("SINGLEARCH_SHARDS = 2;", "SINGLEARCH_SHARDS = 1;")),
        times=3, says="1 shards",
    ),
    "too many jobs": Case(
        "matrix-shard-limit", "", SCRIPT, ("const SINGLEARCH_SHARDS",),
        many_on_macos(256),
        also=None, says="256 entries",
    ),
    "a field that one workflow keeps to itself": Case(
        "matrix-unforwarded-field", "", PULL, ("  backend-jobs-multiarch:",),
        MINIATURE.rewrite(PULL, lambda text: text.replace("      ubuntu-version: ${{ matrix.ubuntu-version }}\n", "", 1)),
        says="ubuntu-version",
    ),
    "a new field that nobody hands on": Case(
        "matrix-unforwarded-field", "heron", PUSH, ("  backend-jobs-multiarch:",),
        MINIATURE.edit_in(HERON_AMD, ("    context: ", "    gpu: 'big'\n    context: ")).edit_in(HERON_ARM, ("    context: ", "    gpu: 'big'\n    context: ")),
        times=6, also=None, says="hand on gpu",
    ),
}  # fmt: skip

FINE = {
    "just below the limit": (many_on_macos(255), "matrix-shard-limit"),
    "a platform tag is no matter of single-arch jobs": (
        MINIATURE.rewrite(PUSH, without_forwarded_platform_tag),
        None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])


def test_every_job_that_drops_a_field_is_named() -> None:
    tree = MINIATURE.each(PULL, "      ubuntu-version: ${{ matrix.ubuntu-version }}\n", "").tree()
    jobs = re.findall(r"(?m)^  (backend-jobs-(?!darwin)\S+):", text_of(tree, PULL))
    assert jobs
    assert told(findings(tree)) == [
        ("matrix-unforwarded-field", "", PULL, line_of(tree, PULL, f"  {job}:")) for job in jobs
    ]


@pytest.mark.parametrize(
    ("job", "lost"), [("backend-merge-jobs", "never tagged"), ("backend-jobs", "never built")]
)
def test_a_shard_without_a_job(job: str, lost: str) -> None:
    altered = MINIATURE.each(PUSH, f"  {job}-singlearch-2:", f"  {job}-last:")
    found = findings(altered.tree(), "matrix-shard-limit")
    assert found
    assert all(f.path == PUSH and lost in f.message for f in found)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("${{ matrix.skip-drivers }}", "${{ matrix['skip-drivers'] }}", ""),
        ("${{ matrix.skip-drivers }}", "${{ matrix.skip-drivers || 'true' }}", ""),
        ("skip-drivers: ${{ matrix", "# skip-drivers: ${{ matrix", "matrix-unforwarded-field"),
        ("outputs['matrix-singlearch-2']) }}", "outputs['matrix-singlearch-1']) }}", "matrix-shard-limit"),
        ("outputs['matrix-singlearch-2']) }}", "outputs.matrix-singlearch-2) }}", ""),
    ],
)
def test_other_spellings_of_a_call(old: str, new: str, rule: str) -> None:
    where = MINIATURE.rewrite(PUSH, lambda text: text.replace(old, new)).tree()
    of_jobs = {f.rule for f in findings(where)} & {"matrix-shard-limit", "matrix-unforwarded-field"}
    assert of_jobs == ({rule} if rule else set())
