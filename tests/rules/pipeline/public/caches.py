"""Workflows after public reports about caches: what must be told of each."""

from __future__ import annotations

PUBLIC: dict[str, tuple[set[str], dict[str, str]]] = {
    "key-arch-both": (
        {"key-ignores-arch"},
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy:
                      matrix:
                        include:
                          - runner: ubuntu-24.04
                          - runner: ubuntu-24.04-arm
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - uses: actions/cache@v3
                        with:
                          path: |
                            ~/.cargo/registry
                            target
                          key: cargo-${{ runner.os }}-${{ hashFiles('**/Cargo.lock') }}
                """,
        },
    ),
    "key-os-two-jobs": (
        {"key-ignores-arch"},
        {
            "ci": """
                on: push
                jobs:
                  linux:
                    runs-on: ubuntu-22.04
                    steps:
                      - uses: actions/cache@v4
                        with: {path: target, key: "cargo-${{ hashFiles('Cargo.lock') }}"}
                  mac:
                    runs-on: macos-15
                    steps:
                      - uses: actions/cache@v4
                        with: {path: target, key: "cargo-${{ hashFiles('Cargo.lock') }}"}
                """,
        },
    ),
    "key-arch-composite": (
        {"key-ignores-arch"},
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {r: [ubuntu-latest, ubuntu-24.04-arm]}}
                    runs-on: ${{ matrix.r }}
                    steps:
                      - uses: ./.github/actions/setup
                        with: {prefix: v1}
                """,
            ".github/actions/setup/action.yml": """
                name: setup
                inputs: {prefix: {default: v0}}
                runs:
                  using: composite
                  steps:
                    - uses: actions/cache@v4
                      with:
                        path: .venv
                        key: ${{ inputs.prefix }}-venv-${{ hashFiles('uv.lock') }}
                """,
        },
    ),
    "ok-key-arch": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {r: [ubuntu-latest, ubuntu-24.04-arm]}}
                    runs-on: ${{ matrix.r }}
                    steps:
                      - uses: actions/cache@v4
                        with: {path: .venv, key: "venv-${{ runner.os }}-${{ runner.arch }}-${{ hashFiles('uv.lock') }}"}
                """,
        },
    ),
    "gha-scope-two-steps": (
        {"legs-share-cache-ref"},
        {
            "ci": """
                on: push
                jobs:
                  api:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {context: api, cache-from: type=gha, cache-to: "type=gha,mode=max"}
                  web:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {context: web, cache-from: type=gha, cache-to: "type=gha,mode=max"}
                """,
        },
    ),
    "gha-scope-env": (
        {"legs-share-cache-ref"},
        {
            "ci": """
                on: push
                env: {SCOPE: all}
                jobs:
                  b:
                    strategy: {matrix: {svc: [api, web]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          context: ./${{ matrix.svc }}
                          cache-from: type=gha,scope=${{ env.SCOPE }}
                          cache-to: type=gha,mode=max,scope=${{ env.SCOPE }}
                """,
        },
    ),
    "unmet-actions-prefix": (
        {"cache-never-met"},
        {
            "ci": """
                on: push
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/cache/save@v4
                        with: {path: build, key: "build-v2-${{ github.sha }}"}
                  b:
                    needs: a
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/cache/restore@v4
                        with: {path: build, key: "builds-v2-${{ github.sha }}"}
                """,
        },
    ),
    "unmet-registry-arch": (
        {"cache-never-met"},
        {
            "ci": """
                on: push
                jobs:
                  b:
                    strategy: {matrix: {include: [{a: amd64, r: ubuntu-latest},{a: arm64, r: ubuntu-24.04-arm}]}}
                    runs-on: ${{ matrix.r }}
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          cache-from: |
                            type=registry,ref=ghcr.io/acme/app:buildcache
                          cache-to: |
                            type=registry,ref=ghcr.io/acme/app:buildcache-${{ matrix.a }},mode=max
                """,
        },
    ),
    "ok-met-cross": (
        set(),
        {
            "ci": """
                on: {push: {branches: [main]}}
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          cache-from: type=registry,ref=ghcr.io/acme/app:buildcache
                          cache-to: type=registry,ref=ghcr.io/acme/app:buildcache,mode=max
                """,
            "pr": """
                on: pull_request
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          cache-from: ghcr.io/acme/app:buildcache
                """,
        },
    ),
    "key-axes-second": (
        {"key-hard-codes-axis"},
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {os: [ubuntu-22.04, macos-14], py: ['3.11', '3.12']}}
                    runs-on: ${{ matrix.os }}
                    steps:
                      - uses: actions/setup-python@v5
                        with: {python-version: "${{ matrix.py }}"}
                      - uses: actions/cache@v4
                        with: {path: .venv, key: "${{ runner.os }}-venv-3.11-${{ hashFiles('poetry.lock') }}"}
                """,
        },
    ),
    "key-axes-float": (
        {"key-hard-codes-axis"},
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {go: [1.22, 1.23]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/cache@v4
                        with: {path: ~/go/pkg/mod, key: "${{ runner.os }}-go1.22-${{ hashFiles('**/go.sum') }}"}
                """,
        },
    ),
    "ok-key-version-longer": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  t:
                    strategy: {matrix: {go: ['1.2', '1.3']}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/cache@v4
                        with: {path: ~/go/pkg/mod, key: "tool-1.2.3-${{ hashFiles('**/go.sum') }}"}
                """,
        },
    ),
}
