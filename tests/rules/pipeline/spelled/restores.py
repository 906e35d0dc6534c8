"""Caches that are restored, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "save-restore-differ: primary",
    "save-restore-differ",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache/restore@v4
        id: r
        with:
          path: x
          key: k-1
      - run: make
      - uses: actions/cache/save@v4
        with:
          path: y
          key: ${{ steps.r.outputs.cache-primary-key }}
""",
    },
)

CASES.add(
    "save-restore-differ: order",
    "save-restore-differ",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache/restore@v4
        id: r
        with:
          path: |
            a
            b
          key: k-v1
      - run: make
      - uses: actions/cache/save@v4
        with:
          path: |
            b
            c
          key: k-v1
""",
    },
)

CASES.add(
    "save-restore-differ: not primary",
    "save-restore-differ",
    False,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache/restore@v4
        id: r
        with:
          path: x
          key: k-1
      - run: make
      - uses: actions/cache/save@v4
        with:
          path: x
          key: ${{ steps.r.outputs.cache-primary-key }}
""",
    },
)

CASES.add(
    "rebuild-after-restore: prefix",
    "rebuild-after-restore",
    True,
    {
        "a": """
on: push
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: gmake pkgs
      - {uses: actions/cache/save@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}
      - run: gmake pkgs
""",
    },
)

CASES.add(
    "rebuild-after-restore: spelled",
    "rebuild-after-restore",
    True,
    {
        "a": """
on: push
env: {D: ~/.linuxkit/cache}
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: make pkgs
      - {uses: actions/cache/save@v4, with: {path: "${{ env.D }}", key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}
      - run: make pkgs
""",
    },
)

CASES.add(
    "rebuild-after-restore: composite",
    "rebuild-after-restore",
    True,
    {
        "a": """
on: push
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: make pkgs
      - {uses: actions/cache/save@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/r, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}
      - run: make pkgs
""",
        ".github/actions/r/action.yml": """
inputs: {path: {}, key: {}, fail-on-cache-miss: {}}
runs: {using: composite, steps: [{uses: actions/cache/restore@v4, with: {path: "${{ inputs.path }}", key: "${{ inputs.key }}", fail-on-cache-miss: true}}]}
""",
    },
)

CASES.add(
    "rebuild-after-restore: v",
    "rebuild-after-restore",
    True,
    {
        "a": """
on: push
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: make V=1 ZARCH=amd64 pkgs
      - {uses: actions/cache/save@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}
      - run: make -j4 -C . pkgs eve
""",
    },
)

CASES.add(
    "rebuild-after-restore: not path",
    "rebuild-after-restore",
    False,
    {
        "a": """
on: push
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: make pkgs
      - {uses: actions/cache/save@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: ~/other, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}
      - run: make pkgs
""",
    },
)

CASES.add(
    "skippable-second-restore: bracket",
    "skippable-second-restore",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - uses: actions/cache/restore@v4
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: steps['arch'].outputs['matched'] == 'true'
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "skippable-second-restore: needs",
    "skippable-second-restore",
    True,
    {
        "a": """
on: push
jobs:
  x: {runs-on: ubuntu-latest, outputs: {y: "${{ steps.a.outputs.b }}"}, steps: [{id: a, run: "echo b=1 >> $GITHUB_OUTPUT"}]}
  b:
    needs: x
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - uses: actions/cache/restore@v4
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: needs.x.outputs.y == 'true'
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "skippable-second-restore: env",
    "skippable-second-restore",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {run: 'echo MATCHED=true >> $GITHUB_ENV'}
      - uses: actions/cache/restore@v4
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: env.MATCHED != 'true'
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "skippable-second-restore: conclusion",
    "skippable-second-restore",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - uses: actions/cache/restore@v4
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: steps.arch.conclusion == 'success' && steps.arch.outputs.matched == 'no'
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "skippable-second-restore: not matched",
    "skippable-second-restore",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - uses: actions/cache/restore@v4
        id: one
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: steps.one.outputs.cache-matched-key == ''
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "skippable-second-restore: not fallback",
    "skippable-second-restore",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - uses: actions/cache/restore@v4
        id: one
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: steps.one.outputs.cache-hit != 'true'
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""",
    },
)

CASES.add(
    "restore-without-writer: format",
    "restore-without-writer",
    True,
    {
        "a": """
on: push
jobs:
  w:
    strategy: {matrix: {platform: [generic, nvidia]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/save@v4, with: {path: pk, key: "p-${{ matrix.platform }}"}}]
  r:
    needs: w
    strategy: {matrix: {platform: [generic, rt]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/restore@v4, with: {path: pk, key: "${{ format('{0}-{1}', 'p', matrix.platform) }}", fail-on-cache-miss: true}}]
""",
    },
)

CASES.add(
    "restore-without-writer: called",
    "restore-without-writer",
    True,
    {
        "a": """
on: push
jobs:
  w: {runs-on: ubuntu-latest, steps: [{uses: actions/cache/save@v4, with: {path: pk, key: "p-generic"}}]}
  r: {needs: w, uses: ./.github/workflows/b.yml, with: {p: rt}}
""",
        "b": """
on: {workflow_call: {inputs: {p: {type: string, default: generic}}}}
jobs: {r: {runs-on: ubuntu-latest, steps: [{uses: actions/cache/restore@v4, with: {path: pk, key: "p-${{ inputs.p }}", fail-on-cache-miss: true}}]}}
""",
    },
)

CASES.add(
    "restore-without-writer: not restorekeys",
    "restore-without-writer",
    False,
    {
        "a": """
on: push
jobs:
  w:
    strategy: {matrix: {platform: [generic, nvidia]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/save@v4, with: {path: pk, key: "p-x-${{ github.sha }}"}}]
  r:
    needs: w
    strategy: {matrix: {platform: [generic]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/restore@v4, with: {path: pk, key: "p-none", restore-keys: "p-x-", fail-on-cache-miss: true}}]
""",
    },
)

CASES.add(
    "restore-without-writer: not other",
    "restore-without-writer",
    False,
    {
        "a": """
on: push
jobs:
  w:
    strategy: {matrix: {platform: [generic, nvidia]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/save@v4, with: {path: pk, key: "x"}}]
  r:
    needs: w
    strategy: {matrix: {platform: [generic]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/restore@v4, with: {path: pk, key: "p-main", fail-on-cache-miss: true}}]
""",
        "b": """
on: {schedule: [{cron: '0 0 * * *'}]}
jobs: {w: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: pk, key: p-main}}]}}
""",
    },
)
