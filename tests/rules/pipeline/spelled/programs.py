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

whole = workflow("""
on: push
jobs:
  u: {runs-on: ubuntu-latest, steps: [{run: make}, {uses: actions/upload-artifact@v4, with: {name: dist, path: dist}}]}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: dist, path: dist}}
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
    "exec-bit: folder in a variable": made("""
env: {TOOLS: ./bin}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: "${{ env.TOOLS }}"}}
  - run: $TOOLS/cli --version
"""),
    "exec-bit: folder in a variable, in quotes": made("""
env: {TOOLS: bin}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
  - run: '"./$TOOLS/cli" --version'
"""),
    "exec-bit: not another folder in a variable": made("""
env: {TOOLS: ./tools}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
  - run: $TOOLS/cli --version && $ELSEWHERE/bin/cli --version
"""),
    "exec-bit: not chmod in a variable": made("""
env: {TOOLS: ./bin}
steps:
  - {uses: actions/download-artifact@v4, with: {name: cli, path: bin}}
  - run: chmod +x $TOOLS/* && $TOOLS/cli --version
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
    "exec-bit: not asked": taken("- run: if [ -x ./bin/cli ]; then ./bin/cli; fi"),
    "exec-bit: not asked by test": taken("- run: test -x bin/cli && ./bin/cli"),
    "exec-bit: not asked by variable": taken("- run: '[[ -x \"$CLI\" ]] && ./bin/cli'"),
    "exec-bit: not looked for": taken("- run: if command -v ./bin/cli; then ./bin/cli; fi"),
    "exec-bit: another is asked": taken("""
- run: |
    if [ -x ./bin/other ]; then echo; fi
    [ -f ./bin/cli ] && ./bin/cli
"""),
    "exec-bit: X": taken("""
- run: |
    chmod -R u+rwX,go+rX bin
    ./bin/cli
"""),
    "exec-bit: other": taken("""
- run: |
    chmod 0664 bin/cli; chmod +x bin/other
    ./bin/cli
"""),
    "exec-bit: a step that never runs": taken("""
- {run: chmod +x bin/cli, if: false}
- run: ./bin/cli
"""),
    "exec-bit: not a step that may run": taken("""
- {run: chmod +x bin/cli, if: "!(github.event_name != 'push')"}
- run: ./bin/cli
"""),
    "exec-bit: not run": taken("- {run: ./bin/cli, if: github.event_name == 'release'}"),
    "exec-bit: not owner": taken("- run: chmod 0700 bin/cli && ./bin/cli"),
    "exec-bit: not glob": taken("- run: chmod u=rwx,g=rx bin/cl? && ./bin/cli"),
    "exec-bit: not install": taken("- run: install -Dm755 bin/cli bin/cli && ./bin/cli"),
    "exec-bit: not python": taken("""
- run: |
    python3 -c "import os; os.chmod('bin/cli', 0o755)"
    ./bin/cli
"""),
    "exec-bit: folder": whole("- run: dist/tool/bin/x"),
    "exec-bit: not venv": whole("- run: python -m venv dist/t && dist/t/bin/pip install x"),
    "exec-bit: not venv in it": whole("""
- run: |
    cd dist
    uv venv t
    ./t/bin/python x
"""),
    "exec-bit: not synced": whole("- run: cd dist && uv sync && .venv/bin/x"),
    "exec-bit: not modules": whole("- run: (cd dist; npm ci); dist/node_modules/.bin/x"),
}
for number, (root, called) in enumerate(
    (
        ("${{ runner['temp'] }}", "$RUNNER_TEMP"),
        ("${{ runner.temp }}", "${{ runner['temp'] }}"),
        ("${{ github['workspace'] }}", "."),
        ("$GITHUB_WORKSPACE", "${{ github['workspace'] }}"),
    )
):
    given = made(f"""
steps:
  - {{uses: actions/download-artifact@v4, with: {{name: cli, path: "{root}/b"}}}}
  - run: {called}/b/cli --version
""")
    SPELLED[f"exec-bit: root {number}"] = given
    for at in (root, called):
        run = f"- run: |\n        chmod +x {at}/b/cli\n        {called}"
        SPELLED[f"exec-bit: not root {number} {at}"] = given.replace(f"- run: {called}", run)
