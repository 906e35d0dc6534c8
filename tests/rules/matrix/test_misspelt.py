"""Typing errors in the build matrix: each is told where it stands, with the right word, and nothing beside it."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Tree
from scaffold.operations import check, fix
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from tests.rules.trees import BASE, MATRIX, MINIATURE, Altered, Case, assert_fine, assert_found, entry

CUDA = entry("-gpu-nvidia-cuda-12-rookery")
SUFFIX = "'-gpu-nvidia-cuda-12-rookery'"


def altered(old: str, new: str) -> Altered:
    return MINIATURE.edit_in(CUDA, (old, new))


def told(tree: Tree) -> tuple[Finding, ...]:
    return check.run(tree, check.Scope()).findings


CASES = {
    "a build type": Case(
        "matrix-misspelt", "rookery", MATRIX, (SUFFIX, "^- build-type"),
        altered("'cublas'", "'cubals'"), also=None, says="'cublas' is meant",
    ),
    "a key": Case(
        "matrix-misspelt", "rookery", MATRIX, (SUFFIX, "skip-driver:"),
        altered("skip-drivers:", "skip-driver:"), also=None, says="no skip-drivers", fix=True, restores=True,
    ),
    "an alias of nothing": Case(
        "matrix-misspelt", "rookery", MATRIX, (SUFFIX, "base-image"),
        altered('"ubuntu:24.04"', "*x"), also=None, says="nothing above has the anchor &x",
    ),
    "a base image": Case(
        "matrix-misspelt", "rookery", MATRIX, (SUFFIX, "base-image"),
        altered('"ubuntu:24.04"', '"ubunut:24.04"'), also=None, says="'ubuntu:24.04' is meant",
    ),
    "what is latest": Case(
        "matrix-misspelt", "rookery", MATRIX, (SUFFIX, "^tag-latest"),
        altered("'auto'", "'atuo'"), also=None, says="'auto' is meant",
    ),
}  # fmt: skip

FINE = {
    "a build type that the Dockerfile knows": (
        altered("'cublas'", "'clblas'").append(
            "backend/Dockerfile.python", 'RUN if [ "$BUILD_TYPE" = "clblas" ]; then true; fi\n'
        ),
        "matrix-misspelt",
    ),
    "a word of which a comment speaks": (
        altered("    tag-latest: 'auto'", "    # tag-latest is no word\n    tag-latest: 'atuo'"),
        "matrix-misspelt",
    ),
    "skip-drivers where there is no toolkit": (
        MINIATURE.edit_in(entry("-cpu-rookery"), ("skip-drivers: 'true'", "skip-drivers: 'ture'")),
        "matrix-misspelt",
    ),
    "an alias with its anchor above": (
        MINIATURE.edit_in(entry("-cpu-rookery"), ('"ubuntu:24.04"', '&x "ubuntu:24.04"')).edit_in(
            CUDA, ('"ubuntu:24.04"', "*x")
        ),
        "matrix-misspelt",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_is_told_with_the_right_word(case: Case) -> None:
    assert_found(case)


@pytest.mark.parametrize(("altered", "rule"), FINE.values(), ids=FINE)
def test_each_likeness_passes(altered: Altered, rule: str) -> None:
    assert_fine(altered, rule)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_follows_is_not_told_beside_it(case: Case) -> None:
    assert [finding.rule for finding in told(case.altered.tree())] == ["matrix-misspelt"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('    base-image: "ubuntu:24.04"\n', ""),
        ('"ubuntu:24.04"', '""'),
        ('cuda-minor-version: "8"', 'cuda-minor-version: ""'),
    ],
)
def test_what_certainly_ends_a_build_is_an_error(old: str, new: str) -> None:
    (found,) = (f for f in told(altered(old, new).tree()) if f.rule == "matrix-outlier-field")
    assert found.severity is Severity.error
    assert "or say in a comment" not in found.help


def test_a_key_that_stands_twice_is_the_one_thing_that_is_told() -> None:
    twice = MINIATURE.edit_in(CUDA, (f"    tag-suffix: {SUFFIX}\n", "")).edit_in(
        entry("-cpu-rookery"), ("    runs-on", f"    tag-suffix: {SUFFIX}\n    runs-on")
    )
    assert [finding.rule for finding in told(twice.tree())] == ["duplicate-key"]


ENTRIES = {
    "Linux": CUDA,
    "a leg of two": entry("-cpu-finch-tts", "amd64"),
    "a builder image": entry("-gpu-nvidia-cuda-12-llama-cpp"),
    "macOS": entry("-metal-darwin-arm64-lark"),
}


def keys(name: str) -> list[str]:
    return list(ENTRIES[name](Registry(BASE)).item.fields)


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in ENTRIES for key in keys(name)])
def test_whatever_follows_from_a_key_is_not_told_beside_it(name: str, key: str) -> None:
    wrong = key[:1] + key[2:] if len(key) % 2 else key + key[-1]
    indented = "- " if key == keys(name)[0] else "  "
    tree = MINIATURE.edit_in(ENTRIES[name], (f"{indented}{key}:", f"{indented}{wrong}:")).tree()
    (found,) = told(tree)
    assert (found.rule, found.path, found.help.partition(";")[0]) == (
        "matrix-misspelt",
        MATRIX,
        f"write {key}",
    )
    repair = fix.repair(tree, check.Scope())
    assert repair.changes.overlay().content(MATRIX) == BASE.content(MATRIX)


def test_what_does_not_follow_from_a_key_is_told() -> None:
    both = altered("skip-drivers:", "skip-driver:").write("backend/go/nest-store/run.sh", None)
    assert [f.rule for f in told(both.tree())] == ["files-missing", "matrix-misspelt"]
