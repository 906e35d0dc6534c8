"""Caches that reports are about."""

from __future__ import annotations

from tests.rules.pipeline.reported.report import Reports

REPORTS = Reports()

REPORTS.add(
    "python-kasa/python-kasa#866",
    "key-ignores-arch",
    {
        "ci": """
on: [push, pull_request]
jobs:
  tests:
    strategy: {matrix: {os: [ubuntu-latest, macos-13, macos-latest], python: ['3.11', '3.12']}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - uses: ./.github/actions/setup
        with: {python-version: "${{ matrix.python }}"}
      - run: poetry run pytest
""",
        ".github/actions/setup/action.yml": """
name: Setup
inputs: {python-version: {required: true}}
runs:
  using: composite
  steps:
    - id: setup-python
      uses: actions/setup-python@v5
      with: {python-version: "${{ inputs.python-version }}"}
    - id: pipx-env-setup
      shell: bash
      run: echo "pipx-cache-path=$GITHUB_WORKSPACE/pipx_cache" >> $GITHUB_OUTPUT
    - id: pipx-cache
      uses: actions/cache@v4
      with:
        path: ${{ steps.pipx-env-setup.outputs.pipx-cache-path }}
        key: ${{ runner.os }}-python-${{ steps.setup-python.outputs.python-version }}-pipx-tools
""",
    },
    ("${{ runner.os }}-python", "${{ runner.os }}-${{ runner.arch }}-python"),
)
REPORTS.add(
    "restore-keys alone without arch",
    "key-ignores-arch",
    """
on: push
jobs:
  test:
    strategy: {matrix: {os: [ubuntu-latest, ubuntu-24.04-arm]}}
    runs-on: ${{ matrix.os }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with:
          path: target
          key: cargo-${{ matrix.os }}-${{ hashFiles('**/Cargo.lock') }}
          restore-keys: cargo-
""",
    ("          restore-keys: cargo-", "          restore-keys: cargo-${{ matrix.os }}-"),
)
REPORTS.add(
    "firezone/firezone#2341 two workflows",
    "key-ignores-arch",
    {
        "ci": """
on: push
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/cache@v4, with: {path: target, key: "rust-${{ hashFiles('Cargo.lock') }}"}}
""",
        "arm": """
on: push
jobs:
  test:
    runs-on: ubuntu-24.04-arm
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/cache@v4, with: {path: target, key: "rust-${{ hashFiles('Cargo.lock') }}"}}
""",
    },
    (
        'runs-on: ubuntu-24.04-arm\n    steps:\n      - uses: actions/checkout@v4\n      - {uses: actions/cache@v4, with: {path: target, key: "rust-',
        'runs-on: ubuntu-24.04-arm\n    steps:\n      - uses: actions/checkout@v4\n      - {uses: actions/cache@v4, with: {path: target, key: "rust-arm-',
    ),
)
REPORTS.add(
    "moby/buildkit#2885 two images in one job",
    "legs-share-cache-ref",
    """
on: push
jobs:
  docker:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {uses: docker/build-push-action@v6, with: {context: api, tags: "acme/api:1", push: true, cache-from: type=gha, cache-to: "type=gha,mode=max"}}
      - {uses: docker/build-push-action@v6, with: {context: web, tags: "acme/web:1", push: true, cache-from: "type=gha", cache-to: "type=gha,mode=max"}}
""",
    (
        'cache-from: type=gha, cache-to: "type=gha,mode=max"',
        'cache-from: "type=gha,scope=api", cache-to: "type=gha,mode=max,scope=api"',
    ),
)
REPORTS.add(
    "buildx in run with type=gha",
    "legs-share-cache-ref",
    """
on: push
jobs:
  docker:
    strategy: {matrix: {svc: [api, web]}}
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: crazy-max/ghaction-github-runtime@v3
      - run: |
          docker buildx build ./${{ matrix.svc }} \\
            --cache-from type=gha --cache-to type=gha,mode=max \\
            --tag acme/${{ matrix.svc }}:1 --push
""",
    (
        "--cache-from type=gha --cache-to type=gha,mode=max",
        "--cache-from type=gha,scope=${{ matrix.svc }} --cache-to type=gha,mode=max,scope=${{ matrix.svc }}",
    ),
)
REPORTS.add(
    "docker/bake-action#196",
    "legs-share-cache-ref",
    """
on: push
jobs:
  docker:
    strategy: {matrix: {target: [php, pwa]}}
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v5
        with:
          targets: ${{ matrix.target }}
          push: true
          set: |
            *.cache-from=type=gha
            *.cache-to=type=gha,mode=max
""",
    ("=type=gha\n", "=type=gha,scope=${{ matrix.target }}\n"),
    ("=type=gha,mode=max", "=type=gha,mode=max,scope=${{ matrix.target }}"),
)
REPORTS.add(
    "docker/bake-action#91 two targets, one scope",
    "legs-share-cache-ref",
    """
on: push
jobs:
  docker:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v5
        with:
          targets: |
            php
            pwa
          push: true
          set: |
            *.cache-from=type=gha
            *.cache-to=type=gha,mode=max
""",
    (
        "            *.cache-from=type=gha\n            *.cache-to=type=gha,mode=max\n",
        """            php.cache-from=type=gha,scope=php
            php.cache-to=type=gha,mode=max,scope=php
            pwa.cache-from=type=gha,scope=pwa
            pwa.cache-to=type=gha,mode=max,scope=pwa
""",
    ),
)
REPORTS.add(
    "buildx in run reads another ref",
    "cache-never-met",
    """
on: {push: {branches: [main]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: |
          docker buildx build . --push -t ghcr.io/acme/app:1 \\
            --cache-from=type=registry,ref=ghcr.io/acme/app:cache \\
            --cache-to=type=registry,ref=ghcr.io/acme/app:cache-main,mode=max
""",
    ("app:cache-main", "app:cache"),
)
REPORTS.add(
    "buildx in run writes the registry cache",
    "cache-to-on-pr",
    """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: |
          docker buildx build . --cache-from type=registry,ref=ghcr.io/acme/app:cache \\
            --cache-to type=registry,ref=ghcr.io/acme/app:cache,mode=max -t app --load
""",
    ("      - run: |", "      - if: github.event_name == 'push'\n        run: |"),
)
REPORTS.add(
    "bake writes the registry cache",
    "cache-to-on-pr",
    """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v6
        with:
          push: ${{ github.event_name != 'pull_request' }}
          set: |
            *.cache-from=type=registry,ref=ghcr.io/acme/app:cache
            *.cache-to=type=registry,ref=ghcr.io/acme/app:cache,mode=max
""",
    (
        "            *.cache-to=type=registry,ref=ghcr.io/acme/app:cache,mode=max",
        "            ${{ github.event_name != 'pull_request' && '*.cache-to=type=registry,ref=ghcr.io/acme/app:cache,mode=max' || '' }}",
    ),
)
REPORTS.add(
    "brouberol/bo#51",
    "hash-before-checkout",
    """
on: push
jobs:
  t:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache@v4
        with: {path: target, key: "cargo-${{ hashFiles('**/Cargo.lock') }}"}
      - uses: actions/checkout@v4
      - run: cargo build
""",
    (
        """      - uses: actions/cache@v4
        with: {path: target, key: "cargo-${{ hashFiles('**/Cargo.lock') }}"}
      - uses: actions/checkout@v4
""",
        """      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with: {path: target, key: "cargo-${{ hashFiles('**/Cargo.lock') }}"}
""",
    ),
)
REPORTS.add(
    "haskell-actions/hlint-scan#246",
    "hash-before-checkout",
    """
on: push
jobs:
  t:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/setup-node@v4
        with: {node-version: 20}
      - name: cache
        uses: actions/cache/restore@v4
        with:
          path: ~/.npm
          key: npm-${{ runner.os }}-${{ hashFiles('package-lock.json') }}
          restore-keys: npm-
      - uses: actions/checkout@v4
      - run: npm ci
      - uses: actions/cache/save@v4
        with:
          path: ~/.npm
          key: npm-${{ runner.os }}-${{ hashFiles('package-lock.json') }}
""",
    (
        """      - uses: actions/checkout@v4
      - run: npm ci""",
        "      - run: npm ci",
    ),
    ("    steps:\n", "    steps:\n      - uses: actions/checkout@v4\n"),
)
REPORTS.add(
    "liftwizard/liftwizard#1968: prefix of another key",
    "cache-never-met",
    """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache@v4
        with:
          path: ~/.m2/repository
          key: build-and-test-${{ hashFiles('**/pom.xml') }}
          restore-keys: |
            ${{ runner.os }}-maven-
""",
    ("            ${{ runner.os }}-maven-", "            build-and-test-"),
)
REPORTS.add(
    "ptr727/NxWitness#466",
    "cache-never-met",
    """
on: {push: {branches: [main]}}
jobs:
  base:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: base
          cache-from: type=registry,ref=docker.io/acme/base:buildcache-main
          cache-to: type=registry,ref=docker.io/acme/base:buildcache-${{ github.sha }},mode=max
""",
    ("buildcache-${{ github.sha }}", "buildcache-main"),
)
REPORTS.add(
    "sound: an image that is tested, and then pushed",
    "",
    """on: {push: {branches: [main]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {context: ., load: true, tags: "app:test", cache-from: type=gha, cache-to: "type=gha,mode=max"}}
      - run: docker run app:test
      - {uses: docker/build-push-action@v6, with: {context: ., push: true, platforms: "linux/amd64", tags: "acme/app:1", cache-from: type=gha, cache-to: "type=gha,mode=max"}}
""",
)
REPORTS.add(
    "sound: a key that a script makes, in two workflows whose jobs have one name",
    "",
    {
        name: f"""on: {{push: {{branches: [main]}}}}
jobs:
  build:
    runs-on: {runner}
    steps:
      - {{id: key, run: './key.sh "${{{{ runner.arch }}}}" >> $GITHUB_OUTPUT'}}
      - {{uses: actions/cache@v4, with: {{path: deps, key: "${{{{ steps.key.outputs.key }}}}"}}}}
"""
        for name, runner in (("a", "ubuntu-24.04"), ("b", "ubuntu-24.04-arm"))
    },
)
REPORTS.add(
    "sound: a cache that the action of another repository may write",
    "",
    """on: {push: {branches: [main]}}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - uses: acme/shared/.github/actions/build@v1
  t:
    needs: b
    runs-on: ubuntu-latest
    steps:
      - uses: actions/cache/restore@v4
        with: {path: ~/.m2, key: "maven-${{ hashFiles('pom.xml') }}", restore-keys: maven-}
""",
)
REPORTS.add(
    "sound: one cache of all pull requests, which they alone read",
    "",
    """on: {push: {branches: [main]}, pull_request: {}}
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with:
          context: .
          push: ${{ github.event_name == 'push' }}
          cache-from: |
            type=registry,ref=ghcr.io/acme/app-cache:main
            ${{ github.event_name == 'pull_request' && 'type=registry,ref=ghcr.io/acme/app-cache:pr' || '' }}
          cache-to: type=registry,ref=ghcr.io/acme/app-cache:${{ github.event_name == 'push' && 'main' || 'pr' }},mode=max
""",
)
REPORTS.add(
    "sound: the input of an action whose name has capitals",
    "",
    {
        "ci": """on: push
jobs:
  b:
    strategy: {matrix: {k8sVersion: ["1.30.x", "1.36.x"]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/deps, with: {k8sVersion: "${{ matrix.k8sVersion }}"}}
""",
        ".github/actions/deps/action.yml": """inputs: {k8sVersion: {default: 1.36.x}}
runs:
  using: composite
  steps:
    - {uses: actions/cache@v4, with: {path: bin, key: "deps-${{ inputs.k8sVersion }}"}}
""",
    },
)
