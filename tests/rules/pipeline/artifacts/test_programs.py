"""Rules about programs of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree

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


FOLDER = (
    EXEC.replace("target/release/cli", "{path}")
    .replace("          {chmod}\n", "          {before}\n")
    .replace("./bin/cli --version", "{call}")
    .replace("with: {{name: cli, path: {path}}}", "with:\n          name: cli\n          path: {path}")
)


@pytest.mark.parametrize(
    ("path", "before", "call", "count"),
    [
        ("target/release", "ls -l bin", "./bin/cli --version", 1),
        ("target/release/*", "true", "bin/tools/cli", 1),
        ("target/release", "chmod +x bin/*", "./bin/cli", 0),
        ("target/release", "chmod -R +x bin", "./bin/cli", 0),
        ("target/release", "tar xf bin/all.tar", "./bin/cli", 0),
        ("target/release", "make bin/cli", "./bin/cli", 0),
        ("target/release", "python -m venv bin/.venv", "bin/.venv/bin/python", 0),
        ("|\n            ./target/release/cli\n            target/release/tools\n", "true", "bin/cli", 1),
        ("|\n            ./target/release/cli\n            target/release/tools\n", "true", "bin/tools/a", 1),
        ("|\n            ./target/release/cli\n            target/release/tools\n", "true", "bin/other", 0),
        ("|\n            ./target/release/cli\n            target/*/tools\n", "true", "bin/other", 1),
        ("target/release", "true", "./bin/script.sh", 0),
        ("target/release", "true", "./other/cli", 0),
        ("target/release", "true", "python bin/cli", 0),
        ("target/release", "true", "$GITHUB_WORKSPACE/bin/cli", 1),
        ("target/release", "cd lib", '"${{ github.workspace }}/bin/cli"', 1),
        ("target/release", "true", "${GITHUB_WORKSPACE}/bin/script.sh", 0),
    ],
)
def test_a_program_in_a_folder(path: str, before: str, call: str, count: int) -> None:
    where = tree({"ci": FOLDER.format(path=path, before=before, call=call), "bin/script.sh": "true"})
    assert len(found(where, "exec-bit")) == count


@pytest.mark.parametrize(
    ("call", "count"),
    [
        ("env ${{ matrix.env }} ./run.sh", 0),
        ("${{ matrix.env }} ./run.sh", 0),
        ("env $MADE ./run.sh", 0),
        ("env $GIVEN ./run.sh", 0),
        ("env $CLI", 1),
        ("env A=b ./cli", 1),
    ],
)
def test_what_stands_before_a_program_is_none(call: str, count: int) -> None:
    """An expression may be a variable for `env`, or nothing; so may a variable."""
    env = 'matrix: {include: [{n: 1}, {n: 2, env: "SITE=a"}]}'
    variables = '{MADE: "${{ matrix.env }}", GIVEN: "A=b", CLI: ./cli}'
    text = EXEC.format(chmod="echo start").replace(", path: bin", "").replace("./bin/cli --version", call)
    head = f"needs: build\n    strategy: {{{env}}}\n    env: {variables}"
    files = {"ci": text.replace("needs: build", head), "run.sh": "true"}
    assert len(found(tree(files), "exec-bit")) == count


@pytest.mark.parametrize(
    ("folder", "count"), [("${{ github.workspace }}/bin", 1), ("${{ github.workspace }}/lib", 0)]
)
def test_a_folder_below_the_workspace(folder: str, count: int) -> None:
    text = EXEC.format(chmod="true").replace("path: bin}", f'path: "{folder}"}}')
    assert len(found(tree({"ci": text}), "exec-bit")) == count


@pytest.mark.parametrize("call", ["/usr/bin/cli", "/tmp/cli", "~/cli", "$HOME/cli", "../cli"])
def test_a_program_elsewhere(call: str) -> None:
    text = FOLDER.format(path="target/release", before="true", call=call).replace(", path: bin}", "}")
    assert found(tree({"ci": text}), "exec-bit") == []


def test_another_repository_in_the_checkout_has_files_of_its_own() -> None:
    text = EXEC.format(chmod="true").replace(", path: bin", "").replace("./bin/cli --version", "other/run.sh")
    for given, count in ((", with: {repository: acme/other, path: other}", 0), ("", 1)):
        checkout = f"      - {{uses: actions/checkout@v4{given}}}\n"
        download = text.index("      - uses: actions/download-artifact")
        where = tree({"ci": text[:download] + checkout + text[download:]})
        assert len(found(where, "exec-bit")) == count
