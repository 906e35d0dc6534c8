"""Programs in artifacts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

taken = workflow("""
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
      ...
""")

made = workflow("""
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: cli, path: target/release/cli}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    ...
""")

SPELLED: Cases = {
    "exec-bit: var": taken("""
- run: |
    CLI=./bin/cli
    $CLI --version
"""),
    "exec-bit: varenv": made("""
env: {CLI: ./bin/cli}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
  - run: $CLI --version
"""),
    "exec-bit: cd": taken("""
- run: |
    cd bin
    ./cli --version
"""),
    "exec-bit: path": taken("""
- run: echo "$PWD/bin" >> $GITHUB_PATH
- run: cli --version
"""),
    "exec-bit: pattern": made("""
steps:
  - {uses: actions/download-artifact@v4, with: {pattern: "cl*", path: bin, merge-multiple: true}}
  - run: ./bin/cli --version
"""),
    "exec-bit: multiname": made("""
steps:
  - {uses: actions/download-artifact@v4, with: {pattern: "cl*", path: bin}}
  - run: ./bin/cli/cli --version
"""),
    "exec-bit: all": made("""
steps:
  - {uses: actions/download-artifact@v4}
  - run: ./cli/cli --version
"""),
    "exec-bit: chmodminus": taken("""
- run: |
    chmod 644 bin/cli
    ./bin/cli --version
"""),
    "exec-bit: nested": taken('- run: bash -c "./bin/cli --version"'),
    "exec-bit: mv": taken("""
- run: |
    mv bin/cli ./tool
    ./tool --version
"""),
    "exec-bit: upper": made("""
steps:
  - {uses: Actions/Download-Artifact@v4, with: {Name: cli, Path: bin}}
  - run: ./bin/cli
"""),
    "exec-bit: xargs": taken("- run: echo a | xargs ./bin/cli"),
    "exec-bit: cp": taken("""
- run: |
    cp bin/cli ./cli
    ./cli x
"""),
    "exec-bit: not cdchmod": taken("""
- run: |
    cd bin
    chmod +x cli
    ./cli
"""),
    "exec-bit: not python3": made("""
env: {F: bin/cli}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
  - run: chmod u+x "$F" && "$F" --v
"""),
    "exec-bit: not xargs": taken("""
- run: |
    find bin -type f | xargs chmod +x
    ./bin/cli --version
"""),
    "exec-bit: not option": taken("""
- run: |
    sudo chmod -v 0755 ./bin/cli
    ./bin/cli --version
"""),
    "exec-bit: not loop": taken("""
- run: |
    for b in cli x; do chmod +x bin/$b; done
    ./bin/cli --version
"""),
    "exec-bit: not mvchmod": taken("""
- run: |
    mv bin/cli ./tool
    chmod a+x tool
    ./tool x
"""),
}
