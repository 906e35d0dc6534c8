"""Programs in artifacts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "exec-bit: var",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          CLI=./bin/cli
          $CLI --version
""",
    },
)

CASES.add(
    "exec-bit: varenv",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    env: {CLI: ./bin/cli}
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: $CLI --version
""",
    },
)

CASES.add(
    "exec-bit: cd",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          cd bin
          ./cli --version
""",
    },
)

CASES.add(
    "exec-bit: path",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: echo "$PWD/bin" >> $GITHUB_PATH
      - run: cli --version
""",
    },
)

CASES.add(
    "exec-bit: pattern",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "cl*", path: bin, merge-multiple: true}}
      - run: ./bin/cli --version
""",
    },
)

CASES.add(
    "exec-bit: multiname",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "cl*", path: bin}}
      - run: ./bin/cli/cli --version
""",
    },
)

CASES.add(
    "exec-bit: all",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
      - run: ./cli/cli --version
""",
    },
)

CASES.add(
    "exec-bit: chmodminus",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          chmod 644 bin/cli
          ./bin/cli --version
""",
    },
)

CASES.add(
    "exec-bit: nested",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: bash -c "./bin/cli --version"
""",
    },
)

CASES.add(
    "exec-bit: mv",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          mv bin/cli ./tool
          ./tool --version
""",
    },
)

CASES.add(
    "exec-bit: upper",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: Actions/Download-Artifact@v4, with: {Name: cli, Path: bin}}
      - run: ./bin/cli
""",
    },
)

CASES.add(
    "exec-bit: xargs",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: echo a | xargs ./bin/cli
""",
    },
)

CASES.add(
    "exec-bit: cp",
    "exec-bit",
    True,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          cp bin/cli ./cli
          ./cli x
""",
    },
)

CASES.add(
    "exec-bit: not cdchmod",
    "exec-bit",
    False,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          cd bin
          chmod +x cli
          ./cli
""",
    },
)

CASES.add(
    "exec-bit: not python3",
    "exec-bit",
    False,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    env: {F: bin/cli}
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: chmod u+x "$F" && "$F" --v
""",
    },
)

CASES.add(
    "exec-bit: not mvchmod",
    "exec-bit",
    False,
    {
        "a": """
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      - run: |
          mv bin/cli ./tool
          chmod a+x tool
          ./tool x
""",
    },
)
