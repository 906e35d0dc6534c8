"""Patterns of artifacts: on a repository of the shape of the incident, and of others that mean what they say."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import NAMED, digests

LOOSE = "digests${{ matrix.suffix }}-${{ matrix.arch }}"


CASES: dict[str, Case] = {
    "artifact-glob-overmatch": Case(
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}-*", LOOSE, "[-vllm, -vllm-omni]")),
        "pattern:",
        tree(digests("[-vllm, -vllm-omni]", "digests${{ inputs.suffix }}--*", NAMED, "[-vllm, -vllm-omni]")),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_what_becomes_a_tag_is_an_error() -> None:
    (finding,) = found(CASES["artifact-glob-overmatch"].fails, "artifact-glob-overmatch")
    assert finding.severity == "error"


@pytest.mark.parametrize(
    ("pattern", "count"), [("digests*", 1), ("digests${{ inputs.suffix }}--*", 0), ("digests-cpu*", 0)]
)
def test_a_pattern_that_says_nothing_of_its_caller(pattern: str, count: int) -> None:
    for suffixes in ("[-cpu-a, -gpu-b]", "[-a, -b]"):
        files = digests(suffixes, pattern, NAMED, suffixes)
        assert len(found(tree(files), "artifact-glob-overmatch")) == count


@pytest.mark.parametrize(
    ("build", "merges", "slugs"),
    [
        (
            "docker/build-push-action@v6",
            "docker buildx imagetools create",
            {"artifact-glob-overmatch", "download-takes-build-records"},
        ),
        ("docker/build-push-action@v5", "docker buildx imagetools create", {"artifact-glob-overmatch"}),
        ("docker/build-push-action@v5", "cat", set()),
    ],
)
def test_a_merge_of_every_callers_digests_without_a_pattern(build: str, merges: str, slugs: set[str]) -> None:
    files = digests("[-a, -b]", "path", NAMED, "[-a, -b]")
    files["merge"] = files["merge"].replace("pattern: path", "path: x")
    files["merge"] = files["merge"].replace("docker buildx imagetools create", merges)
    files["ci"] = files["ci"].replace("docker/build-push-action@v6", build)
    asked = ("artifact-glob-overmatch", "download-takes-build-records")
    assert {slug for slug in asked if found(tree(files), slug)} == slugs


SHARED = """
on: push
jobs:
  build:
    strategy: {{matrix: {{s: {values}}}}}
    runs-on: ubuntu-latest
    steps:
      - {{run: "{build}"}}
      - {{uses: actions/upload-artifact@v4, with: {{name: "{name}${{{{ matrix.s }}}}-out", path: out}}}}
  use:
    needs: build
    strategy: {{matrix: {{s: {values}}}}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {{pattern: "{pattern}", path: got, merge-multiple: {merged}}}
      - run: {run}
"""
TAGS = "docker buildx imagetools create -t a/b:${{ matrix.s }} $(cat *)"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 0),
        ({"merged": "true"}, 0),
        ({"name": "digests-", "pattern": "digests-*"}, 0),
        ({"run": TAGS}, 0),
        ({"name": "digests-", "pattern": "digests-*", "run": TAGS}, 1),
        ({"build": "docker buildx build -o type=image,push-by-digest=true,push=true .", "run": TAGS}, 1),
        ({"name": "digests-", "pattern": "digests-*", "run": "cd got; crane index append -m $(cat *)"}, 1),
        ({"name": "digests-", "pattern": "digests-*", "run": "docker manifest create a/b $(cat got/*)"}, 1),
        ({"name": "digests-", "pattern": "digests-*", "run": "docker login -u x; ./merge.sh"}, 1),
        ({"name": "digests-", "pattern": "digests-*", "run": "docker buildx imagetools inspect $(cat *)"}, 0),
        ({"name": "digests-", "pattern": "digests-*", "run": f"cd got/*${{{{ matrix.s }}}}-out; {TAGS}"}, 0),
        ({"name": "digests-", "pattern": "digests-*", "run": f"cd got; cat digests-$S-out/*; {TAGS}"}, 0),
        (
            {"name": "digests-", "pattern": "digests-*", "run": f"cd got/${{{{ matrix.s }}}}; {TAGS}"}
            | {"merged": "true"},
            1,
        ),
    ],
)
def test_legs_that_take_everything_may_mean_it(change: dict[str, str], told: int) -> None:
    """Unless what they take becomes a tag, and they do not go into their own folder."""
    given = {
        "values": "[linux, other]",
        "name": "bin-",
        "pattern": "bin-*",
        "merged": "false",
        "run": "ls",
        "build": "make",
    }
    files = {"ci": SHARED.format(**given | change), "merge.sh": TAGS.replace("${{ matrix.s }}", "x")}
    findings = found(tree(files), "artifact-glob-overmatch")
    assert [finding.severity for finding in findings] == ["error"] * told
    assert all(finding.help == "say in `pattern` which artifacts are its own" for finding in findings)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ["warning"]),
        ({"merged": "true"}, ["warning"]),
        ({"run": "ls got/*-${{ matrix.s }}-out"}, []),
        ({"run": "ls got/*-${{ matrix.s }}-out", "merged": "true"}, ["warning"]),
        ({"name": "digests-", "pattern": "digests-${{ matrix.s }}-*", "run": TAGS}, ["error"]),
        (
            {
                "values": "['linux*', 'linux-musl*']",
                "name": "bin-linux-musl",
                "pattern": "bin-${{ matrix.s }}",
            },
            [],
        ),
    ],
)
def test_a_pattern_that_takes_what_another_leg_takes(change: dict[str, str], told: list[str]) -> None:
    given = {"values": "[linux, linux-musl]", "name": "bin-", "pattern": "bin-${{ matrix.s }}-*"}
    given |= {"merged": "false", "run": "ls", "build": "make"} | change
    findings = found(tree({"ci": SHARED.format(**given)}), "artifact-glob-overmatch")
    assert [finding.severity for finding in findings] == told
    assert all(finding.message.count("musl") == 2 for finding in findings)


def test_what_an_artifact_is_merged_of_is_in_it() -> None:
    given = {"values": "[linux, linux-musl]", "name": "bin-", "pattern": "bin-${{ matrix.s }}-*"}
    workflow = SHARED.format(**given, build="make", merged="false", run="ls got/*-${{ matrix.s }}-out")
    for action in ("download-artifact", "upload-artifact/merge"):
        files = {"ci": workflow.replace("actions/download-artifact", f"actions/{action}")}
        findings = found(tree(files), "artifact-glob-overmatch")
        assert [finding.severity for finding in findings] == ["error"] * ("merge" in action)
