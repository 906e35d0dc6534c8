"""Caches that are restored, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

RESTORED = '- {uses: actions/cache/restore@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}'

rebuilt = workflow("""
on: push
jobs:
  packages:
    runs-on: ubuntu-latest
    steps:
      - run: ...
      - {uses: actions/cache/save@v4, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}"}}
  eve:
    needs: packages
    runs-on: ubuntu-latest
    steps:
      ...
      - run: ...
""")

restored_twice = workflow("""
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      ...
      - uses: actions/cache/restore@v4
        ...
        with: {path: ~/cache, key: "tools-amd64"}
      - uses: actions/cache/restore@v4
        if: ...
        with: {path: ~/cache, key: "pk-${{ matrix.arch }}"}
      - run: make
""")

placed_twice = workflow("""
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}
      - {uses: actions/cache/restore@v4, with: {path: ..., key: "tools-amd64"}}
      - uses: actions/cache/restore@v4
        if: steps.arch.outputs.matched == 'true'
        with: {path: ..., key: "pk-${{ matrix.arch }}"}
""")

must_find = workflow("""
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      ...
""")
MUST = 'path: pk, key: "p-1", fail-on-cache-miss: true'
SAVES = "uses: actions/cache/save@v4, with: {path: pk, key: p-1}"

saved_and_restored = workflow("""
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache/restore@v4
        id: r
        with:
          ...
      - run: make
      - uses: actions/cache/save@v4
        with:
          ...
""")

written = workflow("""
on: push
jobs:
  w:
    strategy: {matrix: {platform: [generic, nvidia]}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/save@v4, with: {path: pk, key: ...}}]
  r:
    needs: w
    strategy: {matrix: {platform: ...}}
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/restore@v4, with: {path: pk, key: ..., fail-on-cache-miss: true}}]
""")

SPELLED: Cases = {
    "save-restore-differ: primary": saved_and_restored(
        """
path: x
key: k-1
""",
        """
path: y
key: ${{ steps.r.outputs.cache-primary-key }}
""",
    ),
    "save-restore-differ: order": saved_and_restored(
        """
path: |
  a
  b
key: k-v1
""",
        """
path: |
  b
  c
key: k-v1
""",
    ),
    "save-restore-differ: not primary": saved_and_restored(
        """
path: x
key: k-1
""",
        """
path: x
key: ${{ steps.r.outputs.cache-primary-key }}
""",
    ),
    "rebuild-after-restore: prefix": rebuilt("gmake pkgs", RESTORED, "gmake pkgs"),
    "rebuild-after-restore: spelled": """
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
    "rebuild-after-restore: composite": {
        "a": rebuilt(
            "make pkgs",
            '- {uses: ./.github/actions/r, with: {path: ~/.linuxkit/cache, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}',
            "make pkgs",
        ),
        ".github/actions/r/action.yml": """
inputs: {path: {}, key: {}, fail-on-cache-miss: {}}
runs: {using: composite, steps: [{uses: actions/cache/restore@v4, with: {path: "${{ inputs.path }}", key: "${{ inputs.key }}", fail-on-cache-miss: true}}]}
""",
    },
    "rebuild-after-restore: v": rebuilt("make V=1 ZARCH=amd64 pkgs", RESTORED, "make -j4 -C . pkgs eve"),
    "rebuild-after-restore: not path": rebuilt(
        "make pkgs",
        '- {uses: actions/cache/restore@v4, with: {path: ~/other, key: "k-${{ github.sha }}", fail-on-cache-miss: true}}',
        "make pkgs",
    ),
    "skippable-second-restore: bracket": restored_twice(
        "- {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}",
        "",
        "steps['arch'].outputs['matched'] == 'true'",
    ),
    "skippable-second-restore: needs": """
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
    "skippable-second-restore: env": restored_twice(
        "- {run: 'echo MATCHED=true >> $GITHUB_ENV'}", "", "env.MATCHED != 'true'"
    ),
    "skippable-second-restore: conclusion": restored_twice(
        "- {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}",
        "",
        "steps.arch.conclusion == 'success' && steps.arch.outputs.matched == 'no'",
    ),
    "skippable-second-restore: not matched": restored_twice(
        "- {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}",
        "id: one",
        "steps.one.outputs.cache-matched-key == ''",
    ),
    "skippable-second-restore: not fallback": restored_twice(
        "- {id: arch, run: 'echo matched=x >> $GITHUB_OUTPUT'}",
        "id: one",
        "steps.one.outputs.cache-hit != 'true'",
    ),
    **{
        f"skippable-second-restore: {kind}in one place: {one}": placed_twice(f"'{one}'", f"'{other}'")
        for kind, one, other in (
            ("", "~/cache/", "~/cache"),
            ("", "out", "./out/"),
            ("", "~/cache", "$HOME/cache"),
            ("", "/home/runner/cache//", "~/cache"),
            ("not ", "~/cache", "~/cache/b"),
            ("not ", "cache", "~/cache"),
        )
    },
    "restore-without-writer: itself": must_find(f"- {{uses: actions/cache@v4, with: {{{MUST}}}}}"),
    "restore-without-writer: another such": written('"p-2"', "[generic]", '"p-1"').replace(
        "steps: [{uses: actions/cache/save@v4",
        "steps: [{uses: actions/cache@v4, with: {" + MUST + "}}, {uses: actions/cache/save@v4",
    ),
    "restore-without-writer: a save behind it": must_find(
        f"- {{uses: actions/cache/restore@v4, with: {{{MUST}}}}}\n- {{{SAVES}}}"
    ),
    "restore-without-writer: not a save before it": must_find(
        f"- {{{SAVES}}}\n- {{uses: actions/cache/restore@v4, with: {{{MUST}}}}}"
    ),
    "restore-without-writer: not a save behind a step that may fail": must_find(
        f"- {{uses: actions/cache/restore@v4, continue-on-error: true, with: {{{MUST}}}}}\n- {{{SAVES}}}"
    ),
    "restore-without-writer: not a save after a failure": must_find(
        f"- {{uses: actions/cache/restore@v4, with: {{{MUST}}}}}\n- {{if: always(), {SAVES}}}"
    ),
    "restore-without-writer: not itself, by a part of its key": must_find(
        f"- {{uses: actions/cache@v4, with: {{{MUST}, restore-keys: p-}}}}"
    ),
    "restore-without-writer: format": written(
        '"p-${{ matrix.platform }}"', "[generic, rt]", '''"${{ format('{0}-{1}', 'p', matrix.platform) }}"'''
    ),
    "restore-without-writer: called": {
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
    "restore-without-writer: not restorekeys": written(
        '"p-x-${{ github.sha }}"', "[generic]", '"p-none", restore-keys: "p-x-"'
    ),
    "restore-without-writer: not other": {
        "a": written('"x"', "[generic]", '"p-main"'),
        "b": """
on: {schedule: [{cron: '0 0 * * *'}]}
jobs: {w: {runs-on: ubuntu-latest, steps: [{uses: actions/cache@v4, with: {path: pk, key: p-main}}]}}
""",
    },
}
