"""Caches of builds, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "cache-to-on-pr: fork",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: useblacksmith/build-push-action@v1, with: {cache-to: 'type=registry,ref=acme/c:app,mode=max'}}
""",
    },
)

CASES.add(
    "cache-to-on-pr: upper",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: Docker/Build-Push-Action@V6, with: {Cache-To: 'type=registry,ref=acme/c:app,mode=max'}}
""",
    },
)

CASES.add(
    "cache-to-on-pr: bake",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v6
        with:
          targets: app
          set: |
            *.platform=linux/amd64
            app.cache-to=type=registry,ref=acme/c:app,mode=max
""",
    },
)

CASES.add(
    "cache-to-on-pr: run",
    "cache-to-on-pr",
    True,
    {
        "a": r"""
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: |
          docker buildx build . \
            --cache-from type=registry,ref=acme/c:app \
            --cache-to=type=registry,ref=acme/c:app,mode=max \
            -t acme/app
""",
    },
)

CASES.add(
    "cache-to-on-pr: composite",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/bld, with: {ref: acme/c}}
""",
        ".github/actions/bld/action.yml": """
inputs: {ref: {required: true}, tag: {default: latest}}
runs:
  using: composite
  steps:
    - uses: docker/build-push-action@v6
      with:
        cache-to: type=registry,ref=${{ inputs.ref }}:${{ inputs.tag }}
""",
    },
)

CASES.add(
    "cache-to-on-pr: jobenv",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    env: {CT: 'type=registry,ref=a/c,mode=max'}
    steps:
      - {uses: docker/build-push-action@v6, with: {cache-to: '${{ env.CT }}'}}
""",
    },
)

CASES.add(
    "cache-to-on-pr: notdraft",
    "cache-to-on-pr",
    True,
    {
        "a": """
on: {pull_request: {types: [opened, synchronize, ready_for_review]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, if: '!github.event.pull_request.draft', with: {cache-to: 'type=registry,ref=a/c'}}
""",
    },
)

CASES.add(
    "cache-to-on-pr: not run",
    "cache-to-on-pr",
    False,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {if: "github.event_name != 'pull_request'", run: 'docker buildx build --cache-to type=registry,ref=acme/c .'}
""",
    },
)

CASES.add(
    "cache-to-on-pr: not prnum",
    "cache-to-on-pr",
    False,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {cache-to: "type=registry,ref=acme/c:${{ github.event_name == 'pull_request' && format('pr-{0}', github.event.number) || 'main' }}"}}
""",
    },
)

CASES.add(
    "legs-share-cache-ref: bake",
    "legs-share-cache-ref",
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
      - uses: docker/bake-action@v6
        with:
          set: |
            *.platform=linux/${{ matrix.arch }}
            *.cache-to=type=registry,ref=acme/c:app,mode=max
""",
    },
)

CASES.add(
    "legs-share-cache-ref: run",
    "legs-share-cache-ref",
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
      - run: docker buildx build --platform linux/${{ matrix.arch }} --cache-to type=registry,ref=acme/c:app,mode=max .
""",
    },
)

CASES.add(
    "legs-share-cache-ref: key",
    "legs-share-cache-ref",
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
      - run: make ARCH=${{ matrix.arch }}
      - {uses: actions/cache/save@v4, with: {path: out, key: "out-${{ github.sha }}"}}
""",
    },
)

CASES.add(
    "legs-share-cache-ref: key2",
    "legs-share-cache-ref",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy:
      matrix: {py: ["3.9", "3.10"]}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/setup-python@v5, with: {python-version: '${{ matrix.py }}'}}
      - run: python -m venv .venv
      - {uses: actions/cache/save@v4, with: {path: .venv, key: "venv-${{ hashFiles('x') }}"}}
""",
    },
)

CASES.add(
    "legs-share-cache-ref: not samekey",
    "legs-share-cache-ref",
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
      - run: npm ci
      - {uses: actions/cache/save@v4, with: {path: node_modules, key: "out-${{ github.sha }}"}}
      - run: npm test ${{ matrix.arch }}
""",
    },
)

CASES.add(
    "cache-never-met: env",
    "cache-never-met",
    True,
    {
        "a": """
on: push
env: {C: a/c}
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: linux/${{ matrix.arch }}
          cache-from: type=registry,ref=${{ env.C }}:app
          cache-to: type=registry,ref=${{ env.C }}:app-${{ matrix.arch }}
""",
    },
)

CASES.add(
    "cache-never-met: bake",
    "cache-never-met",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v6
        with:
          set: |
            *.cache-from=type=registry,ref=a/c:app
            *.cache-to=type=registry,ref=a/c:app-amd64
""",
    },
)

CASES.add(
    "cache-never-met: run",
    "cache-never-met",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: docker buildx build --cache-from type=gha,scope=x --cache-to type=gha,scope=y .
""",
    },
)

CASES.add(
    "cache-never-met: called",
    "cache-never-met",
    True,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    uses: ./.github/workflows/b.yml
    with: {from: 'type=registry,ref=a/c:app', to: "type=registry,ref=a/c:app-${{ matrix.arch }}"}
""",
        "b": """
on: {workflow_call: {inputs: {from: {type: string}, to: {type: string}}}}
jobs: {x: {runs-on: ubuntu-latest, steps: [{uses: docker/build-push-action@v6, with: {cache-from: "${{ inputs.from }}", cache-to: "${{ inputs.to }}"}}]}}
""",
    },
)

CASES.add(
    "cache-never-met: not bake",
    "cache-never-met",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: linux/${{ matrix.arch }}
          cache-from: type=gha,scope=x
          cache-to: ""
""",
        "b": """
on: push
jobs: {b: {runs-on: ubuntu-latest, steps: [{uses: docker/bake-action@v6, with: {set: "*.cache-to=type=gha,scope=x"}}]}}
""",
    },
)

CASES.add(
    "cache-never-met: not image",
    "cache-never-met",
    False,
    {
        "a": """
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: linux/${{ matrix.arch }}
          cache-from: type=registry,ref=a/c:latest
          tags: a/c:latest
          push: true
          cache-to: type=inline
""",
    },
)
