"""Workflows after public reports about artifacts: what must be told of each."""

from __future__ import annotations

PUBLIC: dict[str, tuple[set[str], dict[str, str]]] = {
    "dl-no-needs-pattern": (
        {"download-without-needs"},
        {
            "ci": """
                on: push
                jobs:
                  build:
                    strategy: {matrix: {os: [ubuntu-latest, macos-14]}}
                    runs-on: ${{ matrix.os }}
                    steps:
                      - run: make
                      - uses: actions/upload-artifact@v4
                        with:
                          name: wheels-${{ matrix.os }}
                          path: dist/*.whl
                  publish:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with:
                          pattern: wheels-*
                          merge-multiple: true
                """,
        },
    ),
    "dl-no-needs-callee": (
        {"download-without-needs"},
        {
            "ci": """
                on: push
                jobs:
                  build:
                    uses: ./.github/workflows/b.yml
                  publish:
                    needs: lint
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v5
                        with: {name: pkg}
                  lint: {runs-on: ubuntu-latest, steps: [{run: make lint}]}
                """,
            "b": """
                on: workflow_call
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - run: make
                      - uses: actions/upload-artifact@v4
                        with: {name: pkg, path: out}
                """,
        },
    ),
    "exec-folder": (
        {"exec-bit"},
        {
            "ci": """
                on: push
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - run: cargo build --release
                      - uses: actions/upload-artifact@v4
                        with: {name: tools, path: target/release/}
                  t:
                    needs: b
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/checkout@v4
                      - uses: actions/download-artifact@v4
                        with: {name: tools, path: ./tools}
                      - run: |
                          set -e
                          tools/mytool --check
                """,
        },
    ),
    "ok-exec-chmod-all": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - run: cargo build --release
                      - uses: actions/upload-artifact@v4
                        with: {name: tools, path: target/release/}
                  t:
                    needs: b
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {name: tools, path: ./tools}
                      - run: chmod -R +x tools && ./tools/mytool --check
                """,
        },
    ),
    "reduce-by-leg": (
        {"reduce-skipped-by-one-leg"},
        {
            "ci": """
                on: push
                jobs:
                  m:
                    runs-on: ubuntu-latest
                    outputs: {a: "${{ steps.s.outputs.a }}", b: "${{ steps.s.outputs.b }}"}
                    steps: [{id: s, run: "./m.sh >> $GITHUB_OUTPUT"}]
                  build:
                    needs: m
                    strategy: {fail-fast: false, matrix: {include: "${{ fromJSON(needs.m.outputs.a) }}"}}
                    runs-on: ubuntu-latest
                    steps: [{run: make}]
                  merge:
                    needs: [m, build]
                    strategy: {matrix: {include: "${{ fromJSON(needs.m.outputs.b) }}"}}
                    runs-on: ubuntu-latest
                    steps: [{run: make merge}]
                """,
        },
    ),
    "ok-archive-false": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  b:
                    strategy: {matrix: {a: [x, y]}}
                    runs-on: ubuntu-latest
                    steps:
                      - run: make
                      - uses: actions/upload-artifact@v7
                        with: {archive: false, path: "dist/${{ matrix.a }}-${{ github.sha }}.tar"}
                """,
        },
    ),
    "reduce-none": (
        {"reduce-waits-for-strangers"},
        {
            "ci": """
                on: push
                jobs:
                  build:
                    strategy: {matrix: {a: [x, y, z]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/upload-artifact@v4
                        with: {name: "out-${{ matrix.a }}", path: out}
                  other:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/upload-artifact@v4
                        with: {name: doc, path: out}
                  use:
                    needs: [build, other]
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {name: doc}
                  all:
                    needs: build
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {pattern: out-*}
                """,
        },
    ),
    "artifact-two-legs": (
        {"legs-share-cache-ref"},
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {os: [ubuntu-22.04, ubuntu-24.04]}}
                    runs-on: ${{ matrix.os }}
                    steps:
                      - uses: actions/upload-artifact@v4.6.0
                        with: {path: out}
                """,
        },
    ),
    "ok-artifact-one-leg": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {os: [ubuntu-22.04, ubuntu-24.04]}}
                    runs-on: ${{ matrix.os }}
                    steps:
                      - uses: actions/upload-artifact@v4
                        if: matrix.os == 'ubuntu-24.04'
                        with: {path: out}
                """,
        },
    ),
    "reduce-exact": (
        {"reduce-waits-for-strangers"},
        {
            "ci": """
                on: push
                jobs:
                  build:
                    strategy: {matrix: {a: [x, y, z]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/upload-artifact@v4
                        with: {name: "out-${{ matrix.a }}", path: out}
                  use:
                    needs: build
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {name: out-x}
                  all:
                    needs: build
                    strategy: {matrix: {a: [x, y, z]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {name: "out-${{ matrix.a }}"}
                """,
        },
    ),
    "reduce-axis": (
        {"reduce-skipped-by-one-leg"},
        {
            "ci": """
                on: push
                jobs:
                  m:
                    runs-on: ubuntu-latest
                    outputs: {a: "${{ steps.s.outputs.a }}", b: "${{ steps.s.outputs.b }}"}
                    steps: [{id: s, run: "./m.sh >> $GITHUB_OUTPUT"}]
                  build:
                    needs: m
                    strategy: {fail-fast: false, matrix: "${{ fromJson(needs.m.outputs.a) }}"}
                    runs-on: ubuntu-latest
                    steps: [{run: make}]
                  merge:
                    needs: [m, build]
                    if: needs.m.outputs.b != '[]'
                    strategy: {matrix: {image: "${{ fromJson(needs.m.outputs.b) }}"}}
                    runs-on: ubuntu-latest
                    steps: [{run: make merge}]
                """,
        },
    ),
    "ok-reduce-continues": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  m:
                    runs-on: ubuntu-latest
                    outputs: {a: "${{ steps.s.outputs.a }}"}
                    steps: [{id: s, run: "./m.sh >> $GITHUB_OUTPUT"}]
                  build:
                    needs: m
                    strategy: {fail-fast: false, matrix: {image: "${{ fromJson(needs.m.outputs.a) }}", arch: [amd64, arm64]}}
                    runs-on: ubuntu-latest
                    steps: [{run: make}]
                  merge:
                    needs: [m, build]
                    strategy: {matrix: {image: "${{ fromJson(needs.m.outputs.a) }}"}}
                    runs-on: ubuntu-latest
                    steps: [{run: make merge}]
                """,
        },
    ),
}
