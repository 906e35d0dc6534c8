"""Logins and cache mounts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "secret-login-on-fork: env",
    "secret-login-on-fork",
    True,
    {
        "a": """
on: pull_request
env: {P: '${{ secrets.DOCKER }}'}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, with: {username: u, password: '${{ env.P }}'}}
""",
    },
)

CASES.add(
    "secret-login-on-fork: run",
    "secret-login-on-fork",
    True,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: echo ${{ secrets.DOCKER_PASSWORD }} | docker login -u me --password-stdin
""",
    },
)

CASES.add(
    "secret-login-on-fork: runenv",
    "secret-login-on-fork",
    True,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {run: 'docker login -u me -p "$PW"', env: {PW: '${{ secrets.PW }}'}}
""",
    },
)

CASES.add(
    "secret-login-on-fork: composite",
    "secret-login-on-fork",
    True,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/l, with: {pw: '${{ secrets.P }}'}}
""",
        ".github/actions/l/action.yml": """
inputs: {pw: {}}
runs: {using: composite, steps: [{uses: docker/login-action@v3, with: {username: x, password: "${{ inputs.pw }}"}}]}
""",
    },
)

CASES.add(
    "secret-login-on-fork: podman",
    "secret-login-on-fork",
    True,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: redhat-actions/podman-login@v1, with: {username: u, password: '${{ secrets.P }}', registry: quay.io}}
""",
    },
)

CASES.add(
    "secret-login-on-fork: not ortoken",
    "secret-login-on-fork",
    False,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, with: {registry: ghcr.io, username: u, password: '${{ secrets.PAT || secrets.GITHUB_TOKEN }}'}}
""",
    },
)

CASES.add(
    "secret-login-on-fork: not coe",
    "secret-login-on-fork",
    False,
    {
        "a": """
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, continue-on-error: true, with: {username: u, password: '${{ secrets.P }}'}}
""",
    },
)

CASES.add(
    "secret-login-on-fork: not empty",
    "secret-login-on-fork",
    False,
    {
        "a": """
on: pull_request
env: {P: '${{ secrets.P }}'}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, if: "env.P != ''", with: {username: u, password: '${{ secrets.P }}'}}
""",
    },
)

CASES.add(
    "cache-mount-id: run",
    "cache-mount-id",
    True,
    {
        "a": """
on: [push, pull_request]
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: docker build -f build/app.Dockerfile .
""",
        "build/app.Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
)

CASES.add(
    "cache-mount-id: not target",
    "cache-mount-id",
    False,
    {
        "Dockerfile": """
FROM debian
ARG TARGETARCH
RUN --mount=type=cache,target=/root/.ccache/$TARGETARCH make
""",
        "w": """
on: push
jobs: {b: {runs-on: ubuntu-latest, steps: [{run: make}]}}
""",
    },
)

CASES.add(
    "cache-mount-not-exported: workspace",
    "cache-mount-not-exported",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {context: '${{ github.workspace }}', cache-to: 'type=gha,mode=max'}}
""",
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
)

CASES.add(
    "cache-mount-not-exported: run",
    "cache-mount-not-exported",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - run: docker buildx build --cache-to type=registry,ref=a/c .
""",
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
)

CASES.add(
    "cache-mount-not-exported: bracketctx",
    "cache-mount-not-exported",
    True,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {context: '{{defaultContext}}', cache-to: 'type=gha,mode=max'}}
""",
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
)

CASES.add(
    "cache-mount-not-exported: not local",
    "cache-mount-not-exported",
    False,
    {
        "a": """
on: push
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {context: ., cache-to: ''}}
""",
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
)
