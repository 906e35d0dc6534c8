"""Rules about programs of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, tree

EXEC = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/upload-artifact@v4
        with: {{name: cli, path: target/release/cli}}
  use:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {{name: cli, path: bin}}
      - run: |
          {chmod}
          ./bin/cli --version
"""

CASES: dict[str, Case] = {
    "exec-bit": Case(
        tree({"ci": EXEC.format(chmod="echo start")}),
        "./bin/cli",
        tree({"ci": EXEC.format(chmod="chmod +x bin/cli")}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])
