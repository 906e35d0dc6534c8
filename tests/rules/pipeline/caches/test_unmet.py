"""Caches that one side writes or reads alone."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, image, job

HOME = "type=registry,ref=example/cache"


def layers(written: str, read: str, more: str = "") -> str:
    return image(f'cache-to: "{written}"\ncache-from: "{read}"{more}', head=TWO)


LOST = layers(f"{HOME}:app-${{{{ matrix.arch }}}}", f"{HOME}:app")
KEPT = layers(f"{HOME}:app-${{{{ matrix.arch }}}}", f"{HOME}:app-${{{{ matrix.arch }}}}")
CASES = {"cache-never-met": Case(tree({"ci": LOST}), "cache-from:", tree({"ci": KEPT}))}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("written", "read", "told"),
    [
        ("type=gha,scope=a", "type=gha,scope=b", ["cache-from"]),
        ("type=gha", "type=gha,scope=buildkit", []),
        ("type=gha,scope=${{ vars.A }}", "type=gha,scope=b", []),
        ("${{ vars.A }}", "type=gha,scope=b", []),
        (
            "type=gha,scope=a-${{ matrix.arch }}",
            "type=gha,scope=b-${{ matrix.arch }}",
            ["cache-from"],
        ),
        (f"{HOME}:a", "type=registry,ref=other/cache:b", ["cache-to"]),
        (f"{HOME}:a,mode=max", "example/cache:a", []),
        ("type=inline", f"{HOME}:b", []),
        (f"{HOME}:${{{{ matrix.arch }}}}-x", f"{HOME}:${{{{ matrix.arch }}}}", ["cache-from"]),
        (f"{HOME}:${{{{ matrix.arch }}}}", f"{HOME}:${{{{ matrix.arch || 'x' }}}}", []),
        (f"{HOME}:${{{{ matrix.arch }}}}-x", f"{HOME}:${{{{ vars.arch }}}}", []),
    ],
)
def test_layers(written: str, read: str, told: list[str]) -> None:
    findings = found(tree({"ci": layers(written, read)}), "cache-never-met")
    assert sorted(finding.subject.rpartition(" ")[2] for finding in findings) == told


def test_another_workflow_and_a_pushed_image_count() -> None:
    one, other = image(f"cache-to: {HOME}:a"), image(f"cache-from: {HOME}:a")
    assert found(tree({"one": one, "other": other}), "cache-never-met") == []
    pushed = image(f"push: true\ntags: example/cache:b\ncache-from: {HOME}:b\ncache-to: {HOME}:c")
    assert [f.subject.rpartition(" ")[2] for f in found(tree({"ci": pushed}), "cache-never-met")] == [
        "cache-to"
    ]
    baked = job(
        f"- uses: docker/build-push-action@v6\n  with: {{cache-to: '{HOME}:a'}}\n- uses: docker/bake-action@v6"
    )
    assert found(tree({"ci": baked}), "cache-never-met") == []


@pytest.mark.parametrize(
    ("save", "restore", "told"),
    [
        ("{path: a, key: x-1}", "{path: a, key: x-1}", []),
        (
            "{path: a, key: x-1}",
            "{path: b, key: x-1}",
            ["restore"],
        ),
        ("{path: a, key: x-1}", "{path: a, key: y, restore-keys: x-}", []),
        (
            "{path: a, key: y-1}",
            "{path: a, key: x-1}",
            ["restore"],
        ),
        ("{path: a, key: \"x-${{ hashFiles('a') }}\"}", "{path: a, key: \"x-${{ hashFiles('b') }}\"}", []),
        ('{path: "${{ env.A }}", key: x-1}', "{path: a, key: x-1}", []),
    ],
)
def test_folders(save: str, restore: str, told: list[str]) -> None:
    one = job(f"- uses: actions/cache/save@v4\n  with: {save}")
    other = job(f"- uses: actions/cache/restore@v4\n  with: {restore}", on="pull_request")
    findings = found(tree({"one": one, "other": other}), "cache-never-met")
    assert [finding.subject.split()[0].rpartition("/")[2].partition("@")[0] for finding in findings] == told


def test_a_writer_and_a_reader_that_miss_each_other_are_told_once() -> None:
    (layers_lost,) = found(tree({"ci": LOST}), "cache-never-met")
    assert "is read and never written, and example/cache:app-" in layers_lost.message
    save, restore = (
        f"- uses: actions/cache/{use}\n  with: {{path: a, key: {key}}}"
        for use, key in (("save@v4", "x"), ("restore@v4", "y"))
    )
    where = tree({"ci": job(f"{restore}\n{save}")})
    assert [len(found(where, slug)) for slug in ("save-restore-differ", "cache-never-met")] == [1, 0]
    must = restore.replace("y}", "y, fail-on-cache-miss: true}")
    where = tree({"one": job(save), "other": job(must)})
    assert [len(found(where, slug)) for slug in ("restore-without-writer", "cache-never-met")] == [1, 0]
    where = tree({"one": job(save), "other": job(restore)})
    assert [len(found(where, slug)) for slug in ("save-restore-differ", "cache-never-met")] == [0, 1]


def test_what_a_pull_request_writes_for_all_is_told_once() -> None:
    written = tree({"ci": image(f"cache-to: {HOME}:a", on="pull_request")})
    assert [len(found(written, slug)) for slug in ("cache-to-on-pr", "cache-never-met")] == [1, 0]
    of_push = tree({"ci": image(f"cache-to: {HOME}:a", on="push")})
    assert [len(found(of_push, slug)) for slug in ("cache-to-on-pr", "cache-never-met")] == [0, 1]


@pytest.mark.parametrize(
    ("script", "told"), [("docker build --cache-to=type=gha,scope=a-$ARCH .", 0), ("make", 1)]
)
def test_a_script_may_write_what_is_read(script: str, told: int) -> None:
    steps = "- uses: docker/build-push-action@v6\n  with: {cache-from: 'type=gha,scope=a-amd64'}\n- run: ./ci/push.sh\n"
    assert len(found(tree({"ci": job(steps), "ci/push.sh": f"{script}\n"}), "cache-never-met")) == told


@pytest.mark.parametrize(("given", "told"), [("{cache-scope: a}", 0), ("{target: a}", 1)])
def test_a_workflow_of_another_repository_may_write_what_is_read(given: str, told: int) -> None:
    step = "- uses: docker/build-push-action@v6\n  with: {cache-from: 'type=gha,scope=a-linux-amd64'}\n"
    call = f"  other:\n    uses: x/y/.github/workflows/bake.yml@v1\n    with: {given}\n"
    assert len(found(tree({"ci": job(step, rest=call)}), "cache-never-met")) == told
