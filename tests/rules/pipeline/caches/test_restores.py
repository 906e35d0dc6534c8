"""Rules about restores of caches: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, job

RESTORE_TWICE = """
- uses: actions/cache/restore@v4
{first}  with: {{path: cache, key: tools-amd64}}
- id: arch
  run: echo matched >> "$GITHUB_OUTPUT"
- uses: actions/cache/restore@v4
{second}  with: {{path: cache, key: "packages-${{{{ matrix.arch }}}}"}}
"""


def packages(targets: str) -> str:
    return f"""
        on: push
        jobs:
          packages:
            runs-on: ubuntu-latest
            steps:
              - uses: actions/cache@v4
                with: {{path: cache, key: k}}
              - run: make V=1 pkgs
          app:
            needs: packages
            runs-on: ubuntu-latest
            steps:
              - uses: actions/cache/restore@v4
                with: {{path: cache, key: k, fail-on-cache-miss: true}}
              - run: make V=1 {targets}
        """


CASES: dict[str, Case] = {
    "rebuild-after-restore": Case(
        tree({"ci": packages("pkgs app")}), "run: make V=1 pkgs app", tree({"ci": packages("app")})
    ),
    "skippable-second-restore": Case(
        tree(
            {
                "ci": job(
                    RESTORE_TWICE.format(first="", second="  if: steps.arch.outputs.matched != 'true'\n"),
                    head=TWO,
                )
            }
        ),
        "if: steps.arch.outputs.matched",
        tree({"ci": job(RESTORE_TWICE.format(first="  if: matrix.arch == 'arm64'\n", second=""), head=TWO)}),
    ),
    "restore-without-writer": Case(
        tree(
            {
                "ci": """
            on: push
            jobs:
              packages:
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic]}}
                steps:
                  - uses: actions/cache@v4
                    with: {path: cache, key: "p-${{ github.sha }}-${{ matrix.platform }}"}
              app:
                needs: packages
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic, rt]}}
                steps:
                  - uses: actions/cache/restore@v4
                    with:
                      path: cache
                      key: p-${{ github.sha }}-${{ matrix.platform }}
                      fail-on-cache-miss: true
            """
            }
        ),
        "key: p-${{ github.sha }}-${{ matrix.platform }}",
        tree(
            {
                "ci": """
            on: push
            jobs:
              packages:
                runs-on: ubuntu-latest
                steps:
                  - uses: actions/cache@v4
                    with: {path: cache, key: "p-${{ github.sha }}-generic"}
              app:
                runs-on: ubuntu-latest
                strategy: {matrix: {platform: [generic, rt]}}
                steps:
                  - uses: actions/cache/restore@v4
                    with:
                      path: cache
                      key: p-${{ github.sha }}-${{ matrix.platform == 'rt' && 'generic' || matrix.platform }}
                      fail-on-cache-miss: true
            """
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_a_cache_of_another_workflow_may_be_restored() -> None:
    restore = "- uses: actions/cache/restore@v4\n  with: {path: p, key: k, fail-on-cache-miss: true}"
    alone = tree({"ci": job(restore)})
    assert len(found(alone, "restore-without-writer")) == 1
    both = tree({"ci": job(restore), "nightly": job("- uses: actions/cache@v4\n  with: {path: p, key: k}")})
    assert found(both, "restore-without-writer") == []


def test_what_cleans_builds_nothing() -> None:
    both = packages("app").replace("make V=1 pkgs", "make pkgs clean").replace("V=1 app", "app clean")
    assert both.count("clean") == 2
    assert found(tree({"ci": both}), "rebuild-after-restore") == []


@pytest.mark.parametrize(
    ("folder", "key", "told"),
    [("$RUNNER_TEMP/tools", "k", 0), ("$RUNNER_TEMP/tools", "other", 1), ("", "k", 1)],
)
def test_jobs_may_mean_one_folder_that_only_a_run_knows(folder: str, key: str, told: int) -> None:
    """`folder` is where the job that restores has it; without one it has another that is known."""
    makes = "- run: echo AT=$RUNNER_TEMP/tools >> $GITHUB_ENV"
    path = "p-${{ env.AT }}"
    rest = f"""  app:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - run: echo AT={folder} >> $GITHUB_ENV
      - uses: actions/cache/restore@v4
        with: {{path: "{path if folder else "elsewhere"}", key: k, fail-on-cache-miss: true}}
"""
    steps = f'{makes}\n- uses: actions/cache@v4\n  with: {{path: "{path}", key: {key}}}'
    assert len(found(tree({"ci": job(steps, rest=rest)}), "restore-without-writer")) == told
