"""Keys of caches, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "key-hard-codes-axis: tern",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: ${{ github.ref == 'refs/heads/main' && 'tools-amd64' || 'dev-amd64' }}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: join",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: ${{ join(fromJSON('["tools","amd64"]'), '-') }}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: env",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
env: {P: tools-amd64}
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: ${{ env.P }}-${{ github.sha }}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: called",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    uses: ./.github/workflows/b.yml
    with: {arch: "${{ matrix.arch }}"}
""",
        "b": """
on: {workflow_call: {inputs: {arch: {type: string}}}}
jobs: {x: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: build, key: "tools-amd64-${{ hashFiles('x') }}"}}]}}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: composite",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/c, with: {k: tools-amd64}}
""",
        ".github/actions/c/action.yml": """
inputs: {k: {}}
runs: {using: composite, steps: [{uses: actions/cache@v4, with: {path: build, key: "${{ inputs.k }}-1"}}]}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: restorekeys",
    "key-hard-codes-axis",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: t-${{ matrix.arch }}-${{ hashFiles('x') }}
          restore-keys: |
            t-amd64-
""",
    },
)

CASES.add(
    "key-hard-codes-axis: not cmp",
    "key-hard-codes-axis",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: x-${{ runner.arch == 'amd64' && 1 || 2 }}
""",
    },
)

CASES.add(
    "key-hard-codes-axis: not guard",
    "key-hard-codes-axis",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [amd64, arm64]}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache@v4, if: "startsWith(matrix.arch, 'amd')", with: {path: b, key: k-amd64}}
""",
    },
)

CASES.add(
    "key-ignores-arch: group",
    "key-ignores-arch",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {os: [ubuntu-24.04, ubuntu-24.04-arm]}
    runs-on: {group: big, labels: "${{ matrix.os }}"}
    steps:
      - uses: actions/cache@v4
        with:
          path: build
          key: nm-${{ runner.os }}
""",
    },
)

CASES.add(
    "key-ignores-arch: selfhosted",
    "key-ignores-arch",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {arch: [X64, ARM64]}
    runs-on: [self-hosted, linux, "${{ matrix.arch }}"]
    steps:
      - uses: actions/cache@v4
        with:
          path: bin
          key: k-v1
""",
    },
)

CASES.add(
    "key-ignores-arch: twofiles",
    "key-ignores-arch",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: .venv, key: "v1-${{ hashFiles('uv.lock') }}"}}]}
""",
        "b": """
on: push
jobs:
  b: {runs-on: ubuntu-24.04-arm, steps: [{uses: actions/cache@v4, with: {path: .venv, key: "v1-${{ hashFiles('uv.lock') }}"}}]}
""",
    },
)

CASES.add(
    "key-ignores-arch: swap",
    "key-ignores-arch",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache/save@v4, with: {path: pkgs, key: "pkgs-${{ github.sha }}"}}]}
  b: {needs: a, runs-on: ubuntu-24.04-arm, steps: [{uses: actions/cache/restore@v4, with: {path: pkgs, key: "pkgs-${{ github.sha }}"}}, {run: make}]}
""",
    },
)

CASES.add(
    "key-ignores-arch: larger",
    "key-ignores-arch",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {os: [ubuntu-latest, ubuntu-24.04-arm64]}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/cache@v4
        with:
          path: .venv
          key: k
""",
    },
)

CASES.add(
    "key-ignores-arch: not m2",
    "key-ignores-arch",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {os: [ubuntu-24.04, ubuntu-24.04-arm]}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/cache@v4
        with:
          path: ~/.m2/repository
          key: k-${{ hashFiles('pom.xml') }}
""",
    },
)

CASES.add(
    "key-ignores-arch: not win",
    "key-ignores-arch",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {os: [ubuntu-latest, windows-latest]}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/cache@v4
        with:
          path: node_modules
          key: k
""",
    },
)

CASES.add(
    "key-spelled-twice: files",
    "key-spelled-twice",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "c"}}]}
""",
        "b": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "d"}}]}
""",
    },
)

CASES.add(
    "key-spelled-twice: restorekeys",
    "key-spelled-twice",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}-${{ github.sha }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "c-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"}}]}
""",
    },
)

CASES.add(
    "key-spelled-twice: format",
    "key-spelled-twice",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "${{ format('b-{0}', hashFiles('a.lock', 'b.lock', 'src/**')) }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"}}]}
""",
    },
)

CASES.add(
    "key-spelled-twice: env",
    "key-spelled-twice",
    True,
    {
        "a": """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache@v4, with: {path: p, key: "${{ env.K }}"}, env: {K: "b-${{ hashFiles('a', 'b') }}"}}
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: p, key: "${{ env.K }}"}, env: {K: "b-${{ hashFiles('a', 'b') }}"}}
""",
    },
)

CASES.add(
    "key-spelled-twice: multi",
    "key-spelled-twice",
    True,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a') }}-${{ hashFiles('b') }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a') }}-${{ hashFiles('b') }}"}}]}
""",
    },
)

CASES.add(
    "key-spelled-twice: not composite",
    "key-spelled-twice",
    False,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: ./.github/actions/c}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: ./.github/actions/c}]}
""",
        ".github/actions/c/action.yml": """
runs: {using: composite, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a', 'b') }}"}}]}
""",
    },
)

CASES.add(
    "key-spelled-twice: not one",
    "key-spelled-twice",
    False,
    {
        "a": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock') }}"}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: "b-${{ hashFiles('a.lock') }}"}}]}
""",
    },
)
