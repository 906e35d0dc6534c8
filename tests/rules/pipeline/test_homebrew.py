"""Rules about Homebrew: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

BREW = """
- uses: actions/cache/restore@v4
  with:
    path: |
      /opt/homebrew/Cellar/ccache
      /opt/homebrew/Cellar/fmt
    key: brew
- run: |
    brew install ccache fmt
{then}"""
BREW_ENV = "runs-on: macos-latest\nenv:\n  HOMEBREW_NO_AUTO_UPDATE: '1'\n  HOMEBREW_NO_INSTALL_CLEANUP: '1'"


def brew(then: str, head: str = BREW_ENV) -> str:
    return job(BREW.format(then=then), head=head)


CASES: dict[str, Case] = {
    "brew-link": Case(
        tree({"ci": brew("")}), "brew install", tree({"ci": brew("    brew link ccache fmt\n")})
    ),
    "brew-closure": Case(
        tree({"ci": brew("    brew link ccache fmt\n")}),
        "/opt/homebrew/Cellar/ccache",
        tree({"ci": brew("    brew reinstall ccache\n    brew link fmt\n")}),
    ),
    "brew-env": Case(
        tree({"ci": brew("    brew link ccache fmt\n", head="runs-on: macos-latest")}),
        "build:",
        tree({"ci": brew("    brew link ccache fmt\n")}),
    ),
}


def test_a_reinstalled_formula_brings_what_it_needs() -> None:
    script = BREW.replace("fmt", "zstd").replace("{then}", "    brew link ccache zstd\n{then}")
    for then, told in (("", ["ccache", "zstd"]), ("    brew reinstall ccache\n", [])):
        findings = found(tree({"ci": job(script.format(then=then), head=BREW_ENV)}), "brew-closure")
        assert [f.message.partition(" ")[0] for f in findings] == told


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
