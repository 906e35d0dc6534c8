"""Logins and cache mounts, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, on_push, workflow

on_pull_request = workflow("""
on: pull_request
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      ...
""")

SPELLED: Cases = {
    "secret-login-on-fork: env": """
on: pull_request
env: {P: '${{ secrets.DOCKER }}'}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, with: {username: u, password: '${{ env.P }}'}}
""",
    "secret-login-on-fork: run": on_pull_request(
        "- run: echo ${{ secrets.DOCKER_PASSWORD }} | docker login -u me --password-stdin"
    ),
    "secret-login-on-fork: runenv": on_pull_request(
        """- {run: 'docker login -u me -p "$PW"', env: {PW: '${{ secrets.PW }}'}}"""
    ),
    "secret-login-on-fork: composite": {
        "a": on_pull_request("- {uses: ./.github/actions/l, with: {pw: '${{ secrets.P }}'}}"),
        ".github/actions/l/action.yml": """
inputs: {pw: {}}
runs: {using: composite, steps: [{uses: docker/login-action@v3, with: {username: x, password: "${{ inputs.pw }}"}}]}
""",
    },
    "secret-login-on-fork: podman": on_pull_request(
        "- {uses: redhat-actions/podman-login@v1, with: {username: u, password: '${{ secrets.P }}', registry: quay.io}}"
    ),
    "secret-login-on-fork: not ortoken": on_pull_request(
        "- {uses: docker/login-action@v3, with: {registry: ghcr.io, username: u, password: '${{ secrets.PAT || secrets.GITHUB_TOKEN }}'}}"
    ),
    "secret-login-on-fork: not coe": on_pull_request(
        "- {uses: docker/login-action@v3, continue-on-error: true, with: {username: u, password: '${{ secrets.P }}'}}"
    ),
    "secret-login-on-fork: not empty": """
on: pull_request
env: {P: '${{ secrets.P }}'}
jobs:
  b:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/login-action@v3, if: "env.P != ''", with: {username: u, password: '${{ secrets.P }}'}}
""",
    "cache-mount-id: run": {
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
    "cache-mount-id: not target": {
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
    "cache-mount-not-exported: workspace": {
        "a": on_push(
            "- {uses: docker/build-push-action@v6, with: {context: '${{ github.workspace }}', cache-to: 'type=gha,mode=max'}}"
        ),
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
    "cache-mount-not-exported: run": {
        "a": on_push("- run: docker buildx build --cache-to type=registry,ref=a/c ."),
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
    "cache-mount-not-exported: bracketctx": {
        "a": on_push(
            "- {uses: docker/build-push-action@v6, with: {context: '{{defaultContext}}', cache-to: 'type=gha,mode=max'}}"
        ),
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
    "cache-mount-not-exported: not local": {
        "a": on_push("- {uses: docker/build-push-action@v6, with: {context: ., cache-to: ''}}"),
        "Dockerfile": """
FROM debian
RUN --mount=type=cache,target=/root/.ccache make
""",
    },
}
