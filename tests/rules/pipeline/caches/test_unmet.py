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


SAVE, RESTORE = (
    "- uses: actions/cache/save@v4\n  with: {{{}}}\n",
    "- uses: actions/cache/restore@v4\n  with: {{{}}}\n",
)
INDEX = 'path: posts, key: "${{ steps.index.outputs.prefix }}${{ github.run_id }}"'


@pytest.mark.parametrize(
    ("maker", "use", "told"),
    [
        ("- {id: index, uses: acme/bots/actions/restore-index@v1}", SAVE.format(INDEX), 0),
        ("- {id: index, uses: acme/bots/actions/save-index@v1}", RESTORE.format(INDEX), 0),
        ("- {id: index, run: ./index}", SAVE.format(INDEX), 1),
        ("- {id: index, uses: actions/setup-go@v6}", SAVE.format(INDEX), 1),
        ("- {id: index, uses: acme/rust-toolchain@v1}", SAVE.format(INDEX.replace('"$', '"go-$')), 1),
        ("- {id: other, uses: acme/bots/actions/restore-index@v1}", SAVE.format(INDEX), 1),
    ],
)
def test_an_action_that_says_the_key_may_use_the_cache(maker: str, use: str, told: int) -> None:
    assert len(found(tree({"ci": job(f"{maker}\n{use}")}), "cache-never-met")) == told


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        (RESTORE.format("path: a, key: v2-"), 0),
        (RESTORE.format("path: a, key: v2-, restore-keys: v2-"), 0),
        (RESTORE.format("path: a, key: v2-1") + SAVE.format("path: a, key: v3-1"), 1),
        (RESTORE.format("path: a, key: v3-1, restore-keys: v2-") + SAVE.format("path: a, key: v3-1"), 1),
        (SAVE.format("path: a, key: v3-1"), 1),
    ],
)
def test_a_workflow_of_another_repository_may_save_folders(steps: str, told: int) -> None:
    call = "  other:\n    uses: x/y/.github/workflows/embeddings.yml@v1\n"
    own = found(tree({"ci": job(steps, rest=call)}), "cache-never-met")
    differ = found(tree({"ci": job(steps, rest=call)}), "save-restore-differ")
    assert len(own) + len(differ) == told


@pytest.mark.parametrize(
    ("setup", "key", "told"),
    [
        ("actions/setup-go@v6", "setup-go-Linux-x64-go-1.24-1", 0),
        (
            "actions/setup-go@v6\n  with: {cache: \"${{ github.ref == 'refs/heads/main' }}\"}",
            "setup-go-Linux-1",
            0,
        ),
        ("actions/setup-go@v6\n  with: {cache: false}", "setup-go-Linux-x64-go-1.24-1", 1),
        ("actions/setup-node@v4\n  with: {cache: npm}", "node-cache-Linux-npm-1", 0),
        ("actions/setup-python@v5\n  with: {cache: pip}", "setup-python-Linux-1", 0),
        ("actions/setup-python@v5\n  with: {cache: pip}", "setup-go-Linux-1", 1),
        ("actions/setup-go@v6", "go-Linux-1", 1),
        ("aquasecurity/trivy-action@v1", "cache-trivy-2026-01-01", 0),
        ("aquasecurity/trivy-action@v1\n  with: {cache-dir: ./cache}", "cache-trivy-2026-01-01", 1),
    ],
)
@pytest.mark.parametrize("use", [SAVE, RESTORE])
def test_an_action_has_a_cache_of_its_own(setup: str, key: str, told: int, use: str) -> None:
    where = tree({"ci": job(f"- uses: {setup}\n{use.format(f'path: a, key: {key}')}")})
    assert len(found(where, "cache-never-met")) == told
