"""Workflows after public reports about inputs: what must be told of each."""

from __future__ import annotations

PUBLIC: dict[str, tuple[set[str], dict[str, str]]] = {
    "records-reusable": (
        {"download-takes-build-records"},
        {
            "ci": """
                on: {push: {tags: ['v*']}}
                jobs:
                  image:
                    uses: ./.github/workflows/img.yml
                  bin:
                    runs-on: ubuntu-latest
                    steps:
                      - run: make
                      - uses: actions/upload-artifact@v4
                        with: {name: bin, path: out}
                  release:
                    needs: [image, bin]
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {path: dist}
                      - run: gh release create ${{ github.ref_name }} dist/*
                """,
            "img": """
                on: workflow_call
                jobs:
                  i:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6.9.0
                        with: {push: true, tags: acme/app:1}
                """,
        },
    ),
    "ok-records-env-off": (
        set(),
        {
            "ci": """
                on: {push: {tags: ['v*']}}
                env: {DOCKER_BUILD_RECORD_UPLOAD: 'false'}
                jobs:
                  image:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {push: true, tags: acme/app:1}
                      - uses: actions/upload-artifact@v4
                        with: {name: bin, path: out}
                  release:
                    needs: [image]
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {path: dist}
                """,
        },
    ),
    "unsplit-newline": (
        {"platforms-unsplit"},
        {
            "ci": """
                on: push
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/setup-qemu-action@v3
                      - uses: docker/build-push-action@v6
                        with:
                          context: .
                          platforms: |
                            linux/amd64
                            linux/arm64
                """,
            "Dockerfile": """
                FROM python:3.12
                RUN pip install numpy && python setup.py build
                """,
        },
    ),
    "wide-digests": (
        {"artifact-glob-overmatch"},
        {
            "ci": """
                on: push
                jobs:
                  build:
                    strategy:
                      matrix:
                        image: [api, web]
                        platform: [amd64, arm64]
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {outputs: "type=image,name=acme/x,push-by-digest=true,push=true"}
                      - uses: actions/upload-artifact@v4
                        with: {name: "digests-${{ matrix.image }}-${{ matrix.platform }}", path: /tmp/d/*}
                  merge:
                    needs: build
                    strategy: {matrix: {image: [api, web]}}
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/download-artifact@v4
                        with: {pattern: digests-*, path: /tmp/d, merge-multiple: true}
                      - run: docker buildx imagetools create -t acme/${{ matrix.image }}:1 $(printf 'acme/x@sha256:%s ' *)
                """,
        },
    ),
    "pr-cache-needs": (
        {"cache-to-on-pr"},
        {
            "ci": """
                on: [push, pull_request]
                jobs:
                  c:
                    runs-on: ubuntu-latest
                    outputs: {go: "${{ steps.x.outputs.go }}"}
                    steps: [{id: x, run: 'echo "go=1" >> "$GITHUB_OUTPUT"'}]
                  b:
                    needs: c
                    if: ${{ needs.c.outputs.go == '1' }}
                    uses: ./.github/workflows/b.yml
                """,
            "b": """
                on: workflow_call
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with:
                          cache-from: type=registry,ref=acme/app:cache
                          cache-to: type=registry,ref=acme/app:cache,mode=max
                """,
        },
    ),
    "pr-login-needs": (
        {"secret-login-on-fork"},
        {
            "ci": """
                on: pull_request
                jobs:
                  c:
                    runs-on: ubuntu-latest
                    outputs: {go: "${{ steps.x.outputs.go }}"}
                    steps: [{id: x, run: 'echo "go=1" >> "$GITHUB_OUTPUT"'}]
                  b:
                    needs: c
                    if: needs.c.outputs.go == '1'
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/login-action@v3
                        with: {username: "${{ secrets.U }}", password: "${{ secrets.P }}"}
                """,
        },
    ),
    "pr-save-needs": (
        {"cache-save-on-pr"},
        {
            "ci": """
                on: [push, pull_request]
                jobs:
                  c:
                    runs-on: ubuntu-latest
                    outputs: {go: "${{ steps.x.outputs.go }}"}
                    steps: [{id: x, run: 'echo "go=1" >> "$GITHUB_OUTPUT"'}]
                  b:
                    needs: [c]
                    if: fromJSON(needs.c.outputs.go)
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/cache/restore@v4
                        with: {path: x, key: "x-${{ hashFiles('a') }}"}
                      - run: make x
                      - uses: actions/cache/save@v4
                        with: {path: x, key: "x-${{ hashFiles('a') }}"}
                """,
        },
    ),
    "base-release-with": (
        {"base-release"},
        {
            "ci": """
                on: push
                jobs:
                  b:
                    uses: ./.github/workflows/x.yml
                    with:
                      base-image: ubuntu:22.04
                      ubuntu-version: '2404'
                """,
            "x": """
                on:
                  workflow_call:
                    inputs: {base-image: {type: string}, ubuntu-version: {type: string}}
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps: [{run: "echo ${{ inputs.base-image }} ${{ inputs.ubuntu-version }}"}]
                """,
        },
    ),
    "tag-hashfiles-env": (
        {"tag-covers-inputs"},
        {
            "ci": """
                on: push
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: actions/checkout@v4
                      - id: there
                        env: {TAG: "ci-${{ hashFiles('requirements.txt') }}"}
                        run: docker manifest inspect acme/ci:$TAG && echo "there=true" >> $GITHUB_OUTPUT || true
                      - if: steps.there.outputs.there != 'true'
                        uses: docker/build-push-action@v6
                        with: {context: ., file: docker/Dockerfile, push: true, tags: "acme/ci:ci-${{ hashFiles('requirements.txt') }}"}
                """,
            "docker/Dockerfile": """
                FROM alpine
                COPY requirements.txt /
                RUN apk add python3
                """,
            "requirements.txt": "x\n",
        },
    ),
    "paths-inputs": (
        {"paths-cover-inputs"},
        {
            "ci": """
                on:
                  push:
                    branches: [main]
                    paths: ["docker/Dockerfile", ".github/workflows/ci.yml"]
                jobs:
                  b:
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {context: ., file: ./docker/Dockerfile, push: true, tags: acme/x}
                """,
            "docker/Dockerfile": """
                FROM alpine
                ADD scripts/run.sh /run.sh
                """,
            "scripts/run.sh": "echo\n",
        },
    ),
    "pr-group": (
        {"pr-group-by-branch"},
        {
            "ci": """
                on: pull_request
                concurrency:
                  group: "${{ github.workflow }}-${{ github.head_ref }}"
                  cancel-in-progress: true
                jobs:
                  a: {runs-on: ubuntu-latest, steps: [{run: make}]}
                """,
        },
    ),
}
