"""Caches of builds, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, each_arch, on_push, workflow

on_pull_requests = workflow("""
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      ...
""")

each_platform = workflow("""
on: push
jobs:
  b:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          platforms: linux/${{ matrix.arch }}
          ...
""")

SPELLED: Cases = {
    "cache-to-on-pr: fork": on_pull_requests(
        "- {uses: useblacksmith/build-push-action@v1, with: {cache-to: 'type=registry,ref=acme/c:app,mode=max'}}"
    ),
    "cache-to-on-pr: upper": on_pull_requests(
        "- {uses: Docker/Build-Push-Action@V6, with: {Cache-To: 'type=registry,ref=acme/c:app,mode=max'}}"
    ),
    "cache-to-on-pr: bake": on_pull_requests("""
- uses: docker/bake-action@v6
  with:
    targets: app
    set: |
      *.platform=linux/amd64
      app.cache-to=type=registry,ref=acme/c:app,mode=max
"""),
    "cache-to-on-pr: run": on_pull_requests(r"""
- run: |
    docker buildx build . \
      --cache-from type=registry,ref=acme/c:app \
      --cache-to=type=registry,ref=acme/c:app,mode=max \
      -t acme/app
"""),
    "cache-to-on-pr: composite": {
        "a": on_pull_requests("- {uses: ./.github/actions/bld, with: {ref: acme/c}}"),
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
    "cache-to-on-pr: jobenv": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    env: {CT: 'type=registry,ref=a/c,mode=max'}
    steps:
      - {uses: docker/build-push-action@v6, with: {cache-to: '${{ env.CT }}'}}
""",
    "cache-to-on-pr: notdraft": """
on: {pull_request: {types: [opened, synchronize, ready_for_review]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, if: '!github.event.pull_request.draft', with: {cache-to: 'type=registry,ref=a/c'}}
""",
    "cache-to-on-pr: not run": on_pull_requests(
        """- {if: "github.event_name != 'pull_request'", run: 'docker buildx build --cache-to type=registry,ref=acme/c .'}"""
    ),
    "cache-to-on-pr: not prnum": on_pull_requests(
        """- {uses: docker/build-push-action@v6, with: {cache-to: "type=registry,ref=acme/c:${{ github.event_name == 'pull_request' && format('pr-{0}', github.event.number) || 'main' }}"}}"""
    ),
    "legs-share-cache-ref: bake": each_arch("""
- uses: docker/bake-action@v6
  with:
    set: |
      *.platform=linux/${{ matrix.arch }}
      *.cache-to=type=registry,ref=acme/c:app,mode=max
"""),
    "legs-share-cache-ref: run": each_arch(
        "- run: docker buildx build --platform linux/${{ matrix.arch }} --cache-to type=registry,ref=acme/c:app,mode=max ."
    ),
    "legs-share-cache-ref: key": each_arch("""
- run: make ARCH=${{ matrix.arch }}
- {uses: actions/cache/save@v4, with: {path: out, key: "out-${{ github.sha }}"}}
"""),
    "legs-share-cache-ref: key2": """
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
    "legs-share-cache-ref: not samekey": each_arch("""
- run: npm ci
- {uses: actions/cache/save@v4, with: {path: node_modules, key: "out-${{ github.sha }}"}}
- run: npm test ${{ matrix.arch }}
"""),
    "cache-never-met: env": """
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
    "cache-never-met: bake": on_push("""
- uses: docker/bake-action@v6
  with:
    set: |
      *.cache-from=type=registry,ref=a/c:app
      *.cache-to=type=registry,ref=a/c:app-amd64
"""),
    "cache-never-met: run": on_push(
        "- uses: crazy-max/ghaction-github-runtime@v3\n"
        "- run: docker buildx build --cache-from type=gha,scope=x --cache-to type=gha,scope=y ."
    ),
    "cache-never-met: called": {
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
    "cache-never-met: not bake": {
        "a": each_platform("""
cache-from: type=gha,scope=x
cache-to: ""
"""),
        "b": """
on: push
jobs: {b: {runs-on: ubuntu-latest, steps: [{uses: docker/bake-action@v6, with: {set: "*.cache-to=type=gha,scope=x"}}]}}
""",
    },
    "cache-never-met: not image": each_platform("""
cache-from: type=registry,ref=a/c:latest
tags: a/c:latest
push: true
cache-to: type=inline
"""),
}
