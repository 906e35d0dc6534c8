"""Caches that two kinds of runners share."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

HEAD = "runs-on: ${{{{ matrix.os }}}}\nstrategy:\n  matrix: {{os: [{}]}}"
TWO_ARCHES = "ubuntu-24.04, ubuntu-24.04-arm"
LOCK = "${{ hashFiles('uv.lock') }}"


def cache(runners: str, key: str, path: str = ".venv", action: str = "cache") -> str:
    return job(
        f'- uses: actions/{action}@v4\n  with:\n    path: {path}\n    key: "{key}"', head=HEAD.format(runners)
    )


CASES = {
    "key-ignores-arch": Case(
        tree({"ci": cache(TWO_ARCHES, f"venv-${{{{ runner.os }}}}-{LOCK}")}),
        "key:",
        tree({"ci": cache(TWO_ARCHES, f"venv-${{{{ runner.arch }}}}-{LOCK}")}),
    )
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("runners", "path", "action", "count"),
    [
        ("ubuntu-latest, macos-15", "target", "cache", 1),
        ("ubuntu-latest, macos-15", "target", "cache/save", 1),
        ("ubuntu-latest, macos-15", "target", "cache/restore", 0),
        ("ubuntu-latest, windows-latest", "target", "cache", 0),
        ("windows-latest, windows-11-arm", "target", "cache", 1),
        ("ubuntu-22.04, ubuntu-24.04", "target", "cache", 0),
        ("ubuntu-latest, own-runner", "target", "cache", 0),
        ("ubuntu-latest, macos-15", "~/.m2/repository", "cache", 0),
        ("ubuntu-latest, macos-15", "~/go/pkg/mod", "cache", 0),
        ("ubuntu-latest, macos-15", ".git", "cache", 0),
        ("ubuntu-latest, macos-15", ".git/lfs", "cache", 0),
        ("ubuntu-latest, macos-15", "mirrors/linux.git", "cache", 0),
        ("ubuntu-latest, macos-15", "llm/tiny.gguf", "cache", 0),
        ("ubuntu-latest, macos-15", ".github/tools", "cache", 1),
        ("ubuntu-latest, macos-15", "tools/dumps/seen", "cache", 0),
        ("ubuntu-latest, macos-15", "~/app/blocks", "cache", 0),
        ("ubuntu-latest, macos-15", "build/fetched/zones", "cache", 0),
        ("ubuntu-latest, macos-15", "build/", "cache", 1),
        ("ubuntu-latest, macos-15", "~/.cargo/bin/cross", "cache", 1),
        ("ubuntu-latest, macos-15", "~/.linuxkit/cache", "cache", 1),
        ("ubuntu-latest, macos-15", "~/apt-cache", "cache", 1),
        ("ubuntu-latest, macos-15", "web/node_modules", "cache", 1),
        ("ubuntu-latest, macos-15", "~/.cache/go-build", "cache", 1),
        ("ubuntu-latest, macos-15", "${{ vars.TOOL_DIR }}", "cache", 1),
        ("ubuntu-latest, macos-15", "${{ vars.SOMEWHERE }}", "cache", 0),
        ("ubuntu-latest, macos-15", "target\n    lookup-only: true", "cache", 0),
        ("ubuntu-latest, macos-15", "target\n    lookup-only: false", "cache", 1),
        ("ubuntu-24.04, ubuntu-24.04-arm", "target\n    lookup-only: true", "cache", 0),
    ],
)
def test_runners_that_share_a_key(runners: str, path: str, action: str, count: int) -> None:
    assert len(found(tree({"ci": cache(runners, f"v-{LOCK}", path, action)}), "key-ignores-arch")) == count


@pytest.mark.parametrize(
    ("folder", "key", "told"),
    [("build/fetched", "zones", 0), ("~/.cargo/bin", "zones", 1), ("build/fetched", "compiled-zones", 1)],
)
def test_what_is_cached_is_known_by_its_caller_and_its_key(folder: str, key: str, told: int) -> None:
    step = f"{{uses: actions/cache@v4, with: {{path: '${{{{ inputs.in }}}}/zones', key: {key}-v1}}}}"
    files = {
        "ci": job(f"- uses: ./act\n  with: {{in: {folder}}}", head=HEAD.format("ubuntu-latest, macos-15")),
        "act/action.yml": f"inputs: {{in: {{}}}}\nruns:\n  using: composite\n  steps:\n    - {step}\n",
    }
    assert len(found(tree(files), "key-ignores-arch")) == told


@pytest.mark.parametrize(("path", "told"), [("seen", 0), ("target", 1)])
def test_a_prefix_of_all_systems_takes_data(path: str, told: int) -> None:
    key = f'v-${{{{ runner.arch }}}}-{LOCK}", restore-keys: "v-'
    step = f'- uses: actions/cache@v4\n  with: {{path: {path}, key: "{key}"}}'
    where = tree({"ci": job(step, head=HEAD.format(TWO_ARCHES))})
    assert len(found(where, "key-ignores-arch")) == told


MAIN = "{push: {branches: [main]}}"


@pytest.mark.parametrize(
    ("maker", "taker", "action", "key", "told"),
    [
        (MAIN, "pull_request", "cache/restore", LOCK, 1),
        (MAIN, "pull_request", "cache", LOCK, 1),
        (MAIN, "pull_request", "cache/save", LOCK, 0),
        (MAIN, "release", "cache/restore", LOCK, 1),
        (MAIN, "{schedule: [{cron: '0 0 * * *'}]}", "cache/restore", LOCK, 1),
        ("workflow_dispatch", "pull_request_target", "cache/save", LOCK, 1),
        ("pull_request", MAIN, "cache/restore", LOCK, 0),
        ("pull_request", "release", "cache", LOCK, 0),
        (MAIN, "pull_request", "cache/restore", "${{ github.sha }}", 0),
        (MAIN, "pull_request", "cache/restore", '${{ github.sha }}", restore-keys: "v-', 1),
        (MAIN, "pull_request", "cache/restore", "${{ github.run_id }}", 0),
        (MAIN, "pull_request", "cache/restore", "${{ needs.a.outputs.b }}", 0),
        (MAIN, "pull_request", "cache/restore", "${{ runner.arch }}", 0),
    ],
)
def test_who_finds_the_caches_of_whom(maker: str, taker: str, action: str, key: str, told: int) -> None:
    step = '- uses: actions/{}@v4\n  with: {{path: out, key: "v-{}"}}'
    files = {
        "a": job(step.format("cache/save", key.partition('"')[0]), on=maker),
        "b": job(step.format(action, key), head="runs-on: ubuntu-24.04-arm", on=taker),
    }
    assert len(found(tree(files), "key-ignores-arch")) == told


@pytest.mark.parametrize(
    ("key", "slugs"),
    [
        ("v-x86_64", {"key-hard-codes-axis"}),
        ("v-amd64", {"key-hard-codes-axis"}),
        ("v-1", {"key-ignores-arch"}),
        ("v-${{ matrix.arch }}", set()),
    ],
)
def test_a_key_that_spells_out_an_architecture_is_told_once(key: str, slugs: set[str]) -> None:
    rows = "[{arch: amd64, os: ubuntu-24.04}, {arch: arm64, os: ubuntu-24.04-arm}]"
    workflow = job(
        f'- uses: actions/cache@v4\n  with: {{path: out, key: "{key}"}}',
        head=f"runs-on: ${{{{ matrix.os }}}}\nstrategy:\n  matrix: {{include: {rows}}}",
    )
    where = tree({"ci": workflow})
    assert {slug for slug in ("key-hard-codes-axis", "key-ignores-arch") if found(where, slug)} == slugs


def test_jobs_of_one_name_are_told_with_their_files() -> None:
    step = "- uses: actions/cache@v4\n  with: {path: out, key: v}"
    files = {"a": job(step), "b": job(step, head="runs-on: ubuntu-24.04-arm")}
    (told,) = found(tree(files), "key-ignores-arch")
    assert "(build in a.yml)" in told.message
    assert "(build in b.yml)" in told.message


@pytest.mark.parametrize(
    ("made", "needs", "told"),
    [("macos-15", "build", 0), ("macos-15", "[]", 1), ("ubuntu-24.04-arm", "build", 1)],
)
def test_a_job_of_another_system_may_take_what_one_before_made(made: str, needs: str, told: int) -> None:
    step = "- uses: actions/cache@v4\n  with: {path: dist, key: 'dist-${{ github.sha }}'}"
    rest = f"  release:\n    needs: {needs}\n    runs-on: ubuntu-24.04\n    steps:\n      " + step.replace(
        "\n", "\n      "
    )
    workflow = job(step, head=f"runs-on: {made}", rest=f"{rest}\n")
    assert len(found(tree({"ci": workflow}), "key-ignores-arch")) == told


@pytest.mark.parametrize(
    ("looks", "takes", "runner", "told"),
    [
        ("true", "lookup-only: false", "ubuntu-24.04", True),
        ("true", "lookup-only: false", "ubuntu-24.04-arm", True),
        ("true", "lookup-only: true", "ubuntu-24.04-arm", False),
        ("true", 'lookup-only: true, restore-keys: "v-"', "ubuntu-24.04-arm", False),
        ("${{ github.event_name == 'push' }}", "lookup-only: true", "ubuntu-24.04-arm", False),
    ],
)
@pytest.mark.parametrize("action", ["cache", "cache/restore"])
def test_what_only_looks_restores_nothing(
    looks: str, takes: str, runner: str, told: bool, action: str
) -> None:
    step = "- uses: actions/{}@v4\n  with: {{path: out, key: v-1, {}}}"
    made = step.format("cache", f'lookup-only: "{looks}"')
    files = {
        "a": job(made, head=HEAD.format(TWO_ARCHES)),
        "b": job(step.format(action, takes), head=f"runs-on: {runner}"),
    }
    assert bool(found(tree(files), "key-ignores-arch")) is told


@pytest.mark.parametrize(("more", "told"), [("true", 0), ("false", 1)])
def test_an_archive_for_all_systems(more: str, told: int) -> None:
    step = f"- uses: actions/cache@v4\n  with: {{path: out, key: v-1, enableCrossOsArchive: {more}}}"
    where = tree({"ci": job(step, head=HEAD.format("ubuntu-latest, macos-15"))})
    assert len(found(where, "key-ignores-arch")) == told


@pytest.mark.parametrize(("needs", "told"), [("build", 0), ("[]", 1)])
def test_what_the_default_branch_made_as_the_job_before_does(needs: str, told: int) -> None:
    step = "- uses: actions/cache@v4\n  with: {path: out, key: v-1}"
    inner = step.replace("\n", "\n      ")
    rest = f"  mac:\n    needs: {needs}\n    runs-on: macos-15\n    steps:\n      {inner}\n"
    workflow = job(step, on="{pull_request: {}, push: {branches: [main]}}", rest=rest)
    assert len(found(tree({"ci": workflow}), "key-ignores-arch")) == told
