"""Digests, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

merged = workflow("""
on: push
jobs:
  u:
    strategy: {matrix: {f: [cpu, cuda], arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      ...
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.f }}-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-cpu-*"}}
      - run: docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)
""")

SPELLED: Cases = {
    "digest-never-merged: env": """
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
    "digest-never-merged: run": merged(
        "- run: docker buildx build --output type=image,name=a/b,push-by-digest=true,push=true --metadata-file m ."
    ),
    "digest-never-merged: bake": merged(
        "- {uses: docker/bake-action@v6, with: {set: '*.output=type=image,name=a/b,push-by-digest=true,push=true'}}"
    ),
    "digest-never-merged: fork": merged(
        "- {uses: acme/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,name-canonical=true,push=true'}}"
    ),
    "digest-never-merged: cap": merged(
        "- {uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=True,name-canonical=true,push=true'}}"
    ),
    "digest-never-merged: noupload": """
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
    "digest-never-merged: not output": """
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
    "digest-never-merged: not tagged": merged(
        "- {uses: docker/build-push-action@v6, with: {push: true, tags: a/b}}"
    ),
}
