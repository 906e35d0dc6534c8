"""Digests, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "digest-never-merged: env",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    env: {OUT: 'type=image,name=a/b,push-by-digest=true,push=true'}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, id: b, with: {outputs: "${{ env.OUT }}"}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)

CASES.add(
    "digest-never-merged: run",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - run: docker buildx build --output type=image,name=a/b,push-by-digest=true,push=true --metadata-file m .
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)

CASES.add(
    "digest-never-merged: bake",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/bake-action@v6, with: {set: '*.output=type=image,name=a/b,push-by-digest=true,push=true'}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)

CASES.add(
    "digest-never-merged: fork",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: acme/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,name-canonical=true,push=true'}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)

CASES.add(
    "digest-never-merged: cap",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=True,name-canonical=true,push=true'}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)

CASES.add(
    "digest-never-merged: noupload",
    "digest-never-merged",
    True,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,push=true'}}
  m:
    needs: u
    runs-on: ubuntu-latest
    steps: [{run: echo done}]
""",
    },
)

CASES.add(
    "digest-never-merged: not output",
    "digest-never-merged",
    False,
    {
        "a": """
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    outputs: {digest: "${{ steps.b.outputs.digest }}"}
    steps: [{uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,push=true'}}]
  m:
    needs: u
    runs-on: ubuntu-latest
    steps: [{run: "docker buildx imagetools create -t a/b a/b@${{ needs.u.outputs.digest }}"}]
""",
    },
)

CASES.add(
    "digest-never-merged: not tagged",
    "digest-never-merged",
    False,
    {
        "a": """
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, with: {push: true, tags: a/b}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""",
    },
)
