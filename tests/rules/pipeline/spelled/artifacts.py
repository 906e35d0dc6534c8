"""Artifacts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "artifact-not-uploaded: fork",
    "artifact-not-uploaded",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: acme/upload-artifact@v4, with: {name: bin, path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: bins}}
""",
    },
)

CASES.add(
    "artifact-not-uploaded: merge",
    "artifact-not-uploaded",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "b-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/upload-artifact/merge@v4, with: {name: all, pattern: 'bin-*'}}
""",
    },
)

CASES.add(
    "artifact-not-uploaded: not fork",
    "artifact-not-uploaded",
    False,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: acme/upload-artifact@v4, with: {name: bin, path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: bin}}
""",
    },
)

CASES.add(
    "artifact-not-uploaded: not merge",
    "artifact-not-uploaded",
    False,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "b-${{ matrix.arch }}", path: out}}
      - {uses: actions/upload-artifact/merge@v4, with: {name: all}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: all}}
""",
    },
)

CASES.add(
    "artifact-glob-overmatch: merge",
    "artifact-glob-overmatch",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {s: [-x, -x-y]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "d${{ matrix.s }}-amd64", path: out}}
  d:
    needs: u
    strategy: {matrix: {s: [-x, -x-y]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/upload-artifact/merge@v4, with: {name: "all${{ matrix.s }}", pattern: "d${{ matrix.s }}-*"}}
""",
    },
)

CASES.add(
    "artifact-glob-overmatch: not one",
    "artifact-glob-overmatch",
    False,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "d-*"}}
""",
    },
)

CASES.add(
    "download-without-needs: all",
    "download-without-needs",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: bin, path: out}}
  d:
    needs: []
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {path: dist}}
""",
    },
)

CASES.add(
    "download-without-needs: unknown",
    "download-without-needs",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "b-${{ github.actor }}", path: out}}
  d:
    needs: []
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: "b-${{ github.actor }}"}}
""",
    },
)

CASES.add(
    "download-without-needs: varname",
    "download-without-needs",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "${{ vars.N }}", path: out}}
  d:
    needs: []
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: "${{ vars.N }}"}}
""",
    },
)

CASES.add(
    "download-without-needs: late",
    "download-without-needs",
    True,
    {
        "a": """
on: push
jobs:
  t:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: x}}
      - {uses: actions/upload-artifact@v4, with: {name: x, path: o}}
""",
    },
)

CASES.add(
    "download-without-needs: composite",
    "download-without-needs",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: bin, path: out}}
  d:
    needs: []
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/g}
""",
        ".github/actions/g/action.yml": """
runs: {using: composite, steps: [{uses: actions/download-artifact@v4, with: {name: bin}}]}
""",
    },
)

CASES.add(
    "download-without-needs: not two",
    "download-without-needs",
    False,
    {
        "a": """
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
    },
)

CASES.add(
    "download-takes-build-records: sha",
    "download-takes-build-records",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: docker/build-push-action@263435318d21b8e681c14492fe198d362a7d2c83, with: {push: true}}
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""",
    },
)

CASES.add(
    "download-takes-build-records: master",
    "download-takes-build-records",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: docker/build-push-action@master, with: {push: true}}
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""",
    },
)

CASES.add(
    "download-takes-build-records: bakesha",
    "download-takes-build-records",
    True,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: docker/bake-action@76f9fa3a758507623da19f6092dc4089a7e61592}
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""",
    },
)

CASES.add(
    "download-takes-build-records: not oldsha",
    "download-takes-build-records",
    False,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - uses: docker/build-push-action@2eb1c1961a95fc15694676618e422e8ba1d63825 # v4.1.1
        with: {push: true}
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""",
    },
)

CASES.add(
    "download-takes-build-records: not oldsha2",
    "download-takes-build-records",
    False,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: docker/build-push-action@ca052bb54ab0790a636c9b5f226502c73d547a25, with: {push: true}}
  d:
    needs: [u]
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4}
""",
    },
)

CASES.add(
    "reduce-waits-for-strangers: lists",
    "reduce-waits-for-strangers",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {s: [a, b, c, d, e]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.s }}", path: out}}
  d:
    needs: ['u']
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "d-a"}}
""",
    },
)

CASES.add(
    "reduce-waits-for-strangers: not eachleg",
    "reduce-waits-for-strangers",
    False,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {s: [a, b, c]}}
    runs-on: ubuntu-latest
    steps:
      - run: make
      - {uses: actions/upload-artifact@v4, with: {name: "d-${{ matrix.s }}", path: out}}
  d:
    needs: u
    strategy: {matrix: {s: [a, b, c]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "d-${{ matrix.s }}"}}
""",
    },
)
