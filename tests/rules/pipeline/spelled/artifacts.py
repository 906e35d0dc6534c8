"""Artifacts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

passed = workflow("""
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      ...
  d:
    needs: ...
    runs-on: ubuntu-latest
    steps:
      ...
""")

everything_taken = workflow("""
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      ...
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""")

of_legs = workflow("""
on: push
jobs:
  u:
    strategy: {matrix: ...}
    runs-on: ubuntu-latest
    steps:
      - run: make
      ...
  d:
    ...
    runs-on: ubuntu-latest
    steps:
      ...
""")

SPELLED: Cases = {
    "artifact-not-uploaded: fork": passed(
        "- {uses: acme/upload-artifact@v4, with: {name: bin, path: out}}",
        "u",
        "- {uses: actions/download-artifact@v4, with: {name: bins}}",
    ),
    "artifact-not-uploaded: merge": of_legs(
        "{arch: [amd64, arm64]}",
        '- {uses: actions/upload-artifact@v4, with: {name: "b-${{ matrix.arch }}", path: out}}',
        "needs: u",
        "- {uses: actions/upload-artifact/merge@v4, with: {name: all, pattern: 'bin-*'}}",
    ),
    "artifact-not-uploaded: not fork": passed(
        "- {uses: acme/upload-artifact@v4, with: {name: bin, path: out}}",
        "u",
        "- {uses: actions/download-artifact@v4, with: {name: bin}}",
    ),
    "artifact-not-uploaded: not merge": of_legs(
        "{arch: [amd64, arm64]}",
        """
- {uses: actions/upload-artifact@v4, with: {name: "b-${{ matrix.arch }}", path: out}}
- {uses: actions/upload-artifact/merge@v4, with: {name: all}}
""",
        "needs: u",
        "- {uses: actions/download-artifact@v4, with: {name: all}}",
    ),
    "artifact-glob-overmatch: merge": of_legs(
        "{s: [-x, -x-y]}",
        '- {uses: actions/upload-artifact@v4, with: {name: "d${{ matrix.s }}-amd64", path: out}}',
        """
needs: u
strategy: {matrix: {s: [-x, -x-y]}}
""",
        '- {uses: actions/upload-artifact/merge@v4, with: {name: "all${{ matrix.s }}", pattern: "d${{ matrix.s }}-*"}}',
    ),
    "artifact-glob-overmatch: not one": of_legs(
        "{arch: [amd64, arm64]}",
        '- {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.arch }}", path: out}}',
        "needs: u",
        '- {uses: actions/download-artifact@v4, with: {pattern: "d-*"}}',
    ),
    "download-without-needs: all": passed(
        "- {uses: actions/upload-artifact@v4, with: {name: bin, path: out}}",
        "[]",
        "- {uses: actions/download-artifact@v4, with: {path: dist}}",
    ),
    "download-without-needs: unknown": passed(
        '- {uses: actions/upload-artifact@v4, with: {name: "b-${{ github.actor }}", path: out}}',
        "[]",
        '- {uses: actions/download-artifact@v4, with: {name: "b-${{ github.actor }}"}}',
    ),
    "download-without-needs: varname": passed(
        '- {uses: actions/upload-artifact@v4, with: {name: "${{ vars.N }}", path: out}}',
        "[]",
        '- {uses: actions/download-artifact@v4, with: {name: "${{ vars.N }}"}}',
    ),
    "download-without-needs: late": """
on: push
jobs:
  t:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: x}}
      - {uses: actions/upload-artifact@v4, with: {name: x, path: o}}
""",
    "download-without-needs: composite": {
        "a": passed(
            "- {uses: actions/upload-artifact@v4, with: {name: bin, path: out}}",
            "[]",
            "- {uses: ./.github/actions/g}",
        ),
        ".github/actions/g/action.yml": """
runs: {using: composite, steps: [{uses: actions/download-artifact@v4, with: {name: bin}}]}
""",
    },
    "download-without-needs: not two": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: bin, path: out}}
  d:
    needs: [v]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: bin}}
  v: {runs-on: ubuntu-latest, steps: [{uses: actions/upload-artifact@v3, with: {name: bin, path: x}}]}
""",
    "download-takes-build-records: sha": everything_taken(
        "- {uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83, with: {push: true}}"
    ),
    "download-takes-build-records: master": everything_taken(
        "- {uses: docker/build-push-action@master, with: {push: true}}"
    ),
    "download-takes-build-records: bakesha": everything_taken(
        "- {uses: docker/bake-action@76f9fa3a758507623da19f6092dc4089a7e61592}"
    ),
    "download-takes-build-records: not oldsha": everything_taken("""
- uses: docker/build-push-action@2eb1c1961a95fc15694676618e422e8ba1d63825 # v4.1.1
  with: {push: true}
"""),
    "download-takes-build-records: not oldsha2": everything_taken(
        "- {uses: docker/build-push-action@ca052bb54ab0790a636c9b5f226502c73d547a25, with: {push: true}}"
    ),
    "reduce-waits-for-strangers: lists": of_legs(
        "{s: [a, b, c, d, e]}",
        '- {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.s }}", path: out}}',
        "needs: ['u']",
        '- {uses: actions/download-artifact@v4, with: {pattern: "d-a"}}',
    ),
    "reduce-waits-for-strangers: not eachleg": of_legs(
        "{s: [a, b, c]}",
        '- {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.s }}", path: out}}',
        """
needs: u
strategy: {matrix: {s: [a, b, c]}}
""",
        '- {uses: actions/download-artifact@v4, with: {pattern: "d-${{ matrix.s }}"}}',
    ),
}
