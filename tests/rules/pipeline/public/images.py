"""Workflows after public reports about images: what must be told of each."""

from __future__ import annotations

PUBLIC: dict[str, tuple[set[str], dict[str, str]]] = {
    "push-run-buildx": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: {push: {branches: [main]}}
                jobs:
                  image:
                    strategy:
                      matrix:
                        include:
                          - arch: amd64
                            os: ubuntu-24.04
                          - arch: arm64
                            os: ubuntu-24.04-arm
                    runs-on: ${{ matrix.os }}
                    steps:
                      - uses: actions/checkout@v4
                      - run: |
                          docker buildx build --platform linux/${{ matrix.arch }} \\
                            --tag ghcr.io/acme/app:edge --push .
                """,
        },
    ),
    "push-env-tag": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: {push: {tags: ['v*']}}
                env:
                  IMAGE: ghcr.io/acme/app
                jobs:
                  image:
                    strategy:
                      matrix:
                        runner: [ubuntu-24.04, ubuntu-24.04-arm]
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - uses: docker/build-push-action@v5
                        with:
                          context: .
                          push: true
                          tags: |
                            ${{ env.IMAGE }}:${{ github.ref_name }}
                """,
        },
    ),
    "push-two-jobs": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: push
                jobs:
                  amd:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {push: true, platforms: linux/amd64, tags: acme/app:1}
                  arm:
                    runs-on: ubuntu-24.04-arm
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {push: true, platforms: linux/arm64, tags: acme/app:1}
                """,
        },
    ),
    "push-reusable-tag": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: push
                jobs:
                  image:
                    strategy:
                      matrix:
                        platform: [linux/amd64, linux/arm64]
                    uses: ./.github/workflows/build.yml
                    with:
                      platform: ${{ matrix.platform }}
                      tag: acme/app:nightly
                """,
            "build": """
                on:
                  workflow_call:
                    inputs:
                      platform: {type: string, required: true}
                      tag: {type: string}
                      runner: {type: string, default: ubuntu-latest}
                jobs:
                  build:
                    runs-on: ${{ inputs.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || inputs.runner }}
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          push: true
                          platforms: ${{ inputs.platform }}
                          tags: ${{ inputs.tag }}
                """,
        },
    ),
    "push-reusable-meta-latest": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: {push: {tags: ['v*.*.*']}}
                jobs:
                  image:
                    strategy:
                      matrix:
                        include:
                          - {platform: linux/amd64, runner: ubuntu-latest}
                          - {platform: linux/arm64, runner: ubuntu-24.04-arm}
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - id: meta
                        uses: docker/metadata-action@v5
                        with:
                          images: acme/app
                          tags: |
                            type=semver,pattern={{version}}
                      - uses: docker/build-push-action@v6
                        with:
                          push: true
                          platforms: ${{ matrix.platform }}
                          tags: ${{ steps.meta.outputs.tags }}
                """,
        },
    ),
    "push-suffix-but-latest": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: {push: {tags: ['v*.*.*']}}
                jobs:
                  image:
                    strategy:
                      matrix:
                        include:
                          - {arch: amd64, runner: ubuntu-latest}
                          - {arch: arm64, runner: ubuntu-24.04-arm}
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - id: meta
                        uses: docker/metadata-action@v5
                        with:
                          images: acme/app
                          tags: |
                            type=semver,pattern={{version}}-${{ matrix.arch }}
                      - uses: docker/build-push-action@v6
                        with:
                          push: true
                          platforms: linux/${{ matrix.arch }}
                          tags: ${{ steps.meta.outputs.tags }}
                """,
        },
    ),
    "ok-push-suffix-flavor": (
        set(),
        {
            "ci": """
                on: {push: {tags: ['v*.*.*']}}
                jobs:
                  image:
                    strategy:
                      matrix:
                        include:
                          - {arch: amd64, runner: ubuntu-latest}
                          - {arch: arm64, runner: ubuntu-24.04-arm}
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - id: meta
                        uses: docker/metadata-action@v5
                        with:
                          images: acme/app
                          flavor: |
                            latest=auto
                            suffix=-${{ matrix.arch }},onlatest=true
                          tags: |
                            type=semver,pattern={{version}}
                      - uses: docker/build-push-action@v6
                        with:
                          push: true
                          platforms: linux/${{ matrix.arch }}
                          tags: ${{ steps.meta.outputs.tags }}
                """,
        },
    ),
    "ok-push-load-only": (
        set(),
        {
            "ci": """
                on: pull_request
                jobs:
                  image:
                    strategy:
                      matrix: {runner: [ubuntu-latest, ubuntu-24.04-arm]}
                    runs-on: ${{ matrix.runner }}
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {load: true, tags: "acme/app:test"}
                """,
        },
    ),
    "push-meta-job": (
        {"legs-push-one-tag"},
        {
            "ci": """
                on: {push: {branches: [main]}}
                jobs:
                  meta:
                    runs-on: ubuntu-latest
                    outputs: {tags: "${{ steps.m.outputs.tags }}"}
                    steps:
                      - id: m
                        uses: docker/metadata-action@v5
                        with: {images: acme/app}
                  image:
                    needs: meta
                    strategy:
                      matrix: {include: [{p: linux/amd64, r: ubuntu-latest}, {p: linux/arm64, r: ubuntu-24.04-arm}]}
                    uses: ./.github/workflows/build.yml
                    with: {platform: "${{ matrix.p }}", runner: "${{ matrix.r }}", tags: "${{ needs.meta.outputs.tags }}"}
                """,
            "build": """
                on:
                  workflow_call:
                    inputs:
                      platform: {type: string, required: true}
                      runner: {type: string, required: true}
                      tags: {type: string, required: true}
                      push: {type: boolean, default: true}
                jobs:
                  build:
                    runs-on: ${{ inputs.runner }}
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {push: "${{ inputs.push }}", platforms: "${{ inputs.platform }}", tags: "${{ inputs.tags }}"}
                """,
        },
    ),
    "ok-latest-by-branch": (
        set(),
        {
            "ci": """
                on: {push: {branches: [main], tags: ['v*']}}
                jobs:
                  image:
                    strategy:
                      matrix: {include: [{a: amd64, r: ubuntu-latest}, {a: arm64, r: ubuntu-24.04-arm}]}
                    runs-on: ${{ matrix.r }}
                    steps:
                      - id: meta
                        uses: docker/metadata-action@v5
                        with: {images: acme/app, flavor: "latest=false", tags: "type=semver,pattern={{version}}-${{ matrix.a }}"}
                      - uses: docker/build-push-action@v6
                        with: {push: true, platforms: "linux/${{ matrix.a }}", tags: "${{ steps.meta.outputs.tags }}"}
                """,
        },
    ),
}
