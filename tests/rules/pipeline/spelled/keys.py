"""Keys of caches, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, each_arch, workflow

LOCKS = '''"b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"'''

each_key = workflow("""
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
          ...
""")

each_runner = workflow("""
on: push
jobs:
  b:
    strategy:
      matrix: ...
    runs-on: ...
    steps:
      - uses: actions/cache@v4
        with:
          path: ...
          key: ...
""")

two = workflow("""
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: ...}}]}
  b: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: p, key: ...}}]}
""")

each_value = workflow("""
on: push
jobs:
  b:
    strategy:
      matrix: {target: [...]}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache@v4, with: {path: build, key: "tools-..."}}
""")

SPELLED: Cases = {
    **{
        f"key-hard-codes-axis: {kind}other name: {name} of {axis}": each_value(
            axis, f"{name}-${{{{ github.sha }}}}"
        )
        for kind, axis, names in (
            (
                "",
                "amd64, arm64",
                ("x86_64", "x64", "X64", "linux-x86-64", "aarch64", "linux_arm64v8", "AARCH64"),
            ),
            ("", "x86_64, aarch64", ("amd64", "linux-arm64")),
            ("", "linux/amd64, linux/arm64", ("amd64", "linux-amd64", "x64", "arm64")),
            ("", "x86_64-unknown-linux-musl, aarch64-unknown-linux-musl", ("x86_64-musl", "arm64")),
            ("", "linux/amd64, linux/arm/v7, linux/386", ("armhf", "i386", "x64")),
            ("not ", "amd64, arm64", ("x86_64-and-aarch64", "x86", "pax64", "arm", "x64bit", "riscv64")),
            ("not ", "x86_64-linux, x86_64-windows", ("x86_64", "amd64")),
            ("not ", "gcc, clang", ("x64", "arm64")),
        )
        for name in names
    },
    "key-hard-codes-axis: not other name: read": each_value("amd64, arm64", "x86_64-${{ matrix.target }}"),
    "key-hard-codes-axis: tern": each_key(
        "key: ${{ github.ref == 'refs/heads/main' && 'tools-amd64' || 'dev-amd64' }}"
    ),
    "key-hard-codes-axis: join": each_key("""key: ${{ join(fromJSON('["tools","amd64"]'), '-') }}"""),
    "key-hard-codes-axis: env": """
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
    "key-hard-codes-axis: called": {
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
    "key-hard-codes-axis: composite": {
        "a": each_arch("- {uses: ./.github/actions/c, with: {k: tools-amd64}}"),
        ".github/actions/c/action.yml": """
inputs: {k: {}}
runs: {using: composite, steps: [{uses: actions/cache@v4, with: {path: build, key: "${{ inputs.k }}-1"}}]}
""",
    },
    "key-hard-codes-axis: restorekeys": each_key("""
key: t-${{ matrix.arch }}-${{ hashFiles('x') }}
restore-keys: |
  t-amd64-
"""),
    "key-hard-codes-axis: not cmp": each_key("key: x-${{ runner.arch == 'amd64' && 1 || 2 }}"),
    "key-hard-codes-axis: not guard": each_arch(
        """- {uses: actions/cache@v4, if: "startsWith(matrix.arch, 'amd')", with: {path: b, key: k-amd64}}"""
    ),
    "key-ignores-arch: group": each_runner(
        "{os: [ubuntu-24.04, ubuntu-24.04-arm]}",
        '{group: big, labels: "${{ matrix.os }}"}',
        "build",
        "nm-${{ runner.os }}",
    ),
    "key-ignores-arch: selfhosted": each_runner(
        "{arch: [X64, ARM64]}", '[self-hosted, linux, "${{ matrix.arch }}"]', "bin", "k-v1"
    ),
    "key-ignores-arch: twofiles": {
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
    "key-ignores-arch: swap": """
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/cache/save@v4, with: {path: pkgs, key: "pkgs-${{ github.sha }}"}}]}
  b: {needs: a, runs-on: ubuntu-24.04-arm, steps: [{uses: actions/cache/restore@v4, with: {path: pkgs, key: "pkgs-${{ github.sha }}"}}, {run: make}]}
""",
    "key-ignores-arch: larger": each_runner(
        "{os: [ubuntu-latest, ubuntu-24.04-arm64]}", "${{ matrix.os }}", ".venv", "k"
    ),
    "key-ignores-arch: not m2": each_runner(
        "{os: [ubuntu-24.04, ubuntu-24.04-arm]}",
        "${{ matrix.os }}",
        "~/.m2/repository",
        "k-${{ hashFiles('pom.xml') }}",
    ),
    "key-ignores-arch: not win": each_runner(
        "{os: [ubuntu-latest, windows-latest]}", "${{ matrix.os }}", "node_modules", "k"
    ),
    "key-spelled-twice: files": {
        "a": two(LOCKS, '"c"'),
        "b": two(LOCKS, '"d"'),
    },
    "key-spelled-twice: restorekeys": two(
        '''"b-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}-${{ github.sha }}"''',
        '''"c-${{ hashFiles('a.lock', 'b.lock', 'src/**') }}"''',
    ),
    "key-spelled-twice: format": two(
        '''"${{ format('b-{0}', hashFiles('a.lock', 'b.lock', 'src/**')) }}"''', LOCKS
    ),
    "key-spelled-twice: env": """
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
    "key-spelled-twice: multi": two(
        '''"b-${{ hashFiles('a') }}-${{ hashFiles('b') }}"''',
        '''"b-${{ hashFiles('a') }}-${{ hashFiles('b') }}"''',
    ),
    "key-spelled-twice: not composite": {
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
    "key-spelled-twice: not one": two(
        '''"b-${{ hashFiles('a.lock') }}"''', '''"b-${{ hashFiles('a.lock') }}"'''
    ),
}
