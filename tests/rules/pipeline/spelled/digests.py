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

read = workflow("""
on: push
jobs:
  u:
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,push=true'}}
      - {uses: actions/upload-artifact@v4, with: {name: "digests-${{ matrix.arch }}", path: out}}
  d:
    needs: u
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {pattern: "digests-*", path: d, merge-multiple: true}}
      ...
  last:
    needs: d
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/checkout@v4}
      ...
""")
"""A job that reads the digests, and one behind it."""

handed = workflow("""
on: push
jobs:
  u:
    runs-on: ubuntu-latest
    steps:
      - {uses: docker/build-push-action@v6, id: b, with: {outputs: 'type=image,name=a/b,push-by-digest=true,push=true'}}
      ...
""")
"""A job that does something itself with the digest of its image."""

READERS = {
    "summary": 'for d in d/*; do echo "- $(basename "$d")" >> "$GITHUB_STEP_SUMMARY"; done',
    "list": "ls -R d && cat d/* | sort | wc -l",
    "inspect": 'for d in $(ls d); do docker buildx imagetools inspect "a/b@sha256:$d"; done',
    "pull": "docker pull a/b@sha256:$(ls d) && docker inspect a/b",
    "sign": "cosign sign --yes a/b@sha256:$(ls d)",
    "crane": "crane digest a/b@sha256:$(ls d)",
    "function": 'show() { cat "$1"; }\nfor d in d/*; do show "$d"; done',
}

MERGES = {
    "manifest": "docker manifest create a/b:1 $(ls d) && docker manifest push a/b:1",
    "podman": "podman manifest create l && podman manifest push l docker://a/b:1",
    "crane": "crane index append -t a/b:1 $(ls d)",
    "crane tag": "crane tag a/b@sha256:$(ls d) 1",
    "regctl": "regctl index create a/b:1 $(ls d)",
    "oras": "oras tag a/b@sha256:$(ls d) 1",
    "oras index": "oras manifest index create a/b:1 $(ls d)",
    "skopeo": "skopeo copy docker://a/b@sha256:$(ls d) docker://a/b:1",
    "script": "./hack/merge.sh d",
    "make": "make manifest",
    "xargs": "ls d | xargs -n1 ./tag",
    "find": "find d -exec docker buildx imagetools create -t a/b:1 {} +",
}

SPELLED: Cases = {
    **{
        f"digest-never-merged: {kind}{name}": read(
            f"- run: |\n    {script.replace(chr(10), chr(10) + '    ')}", ""
        )
        for kind, scripts in (("only read: ", READERS), ("not merged: ", MERGES))
        for name, script in scripts.items()
    },
    "digest-never-merged: only attested": read(
        "- {uses: actions/attest-build-provenance@v3, with: {subject-name: a/b, subject-digest: sha256:1}}",
        "",
    ),
    "digest-never-merged: not merged: action": read(
        "- {uses: int128/docker-manifest-create-action@v2, with: {tags: a/b}}", ""
    ),
    "digest-never-merged: not merged: python": read("- {shell: python, run: import merge}", ""),
    "digest-never-merged: uploaded again, for nobody": read(
        "- {uses: actions/upload-artifact@v4, with: {name: all, path: d}}", ""
    ),
    "digest-never-merged: not uploaded again": read(
        "- {uses: actions/upload-artifact@v4, with: {name: all, path: d}}",
        """
        - {uses: actions/download-artifact@v4, with: {name: all}}
        - run: crane index append -t a/b:1 $(ls)
        """,
    ),
    "digest-never-merged: told people": handed(
        "- run: echo 'digest ${{ steps.b.outputs.digest }}' >> $GITHUB_STEP_SUMMARY"
    ),
    "digest-never-merged: attested itself": handed(
        "- {uses: actions/attest@v3, with: {subject-name: a/b, subject-digest: '${{ steps.b.outputs.digest }}'}}"
    ),
    "digest-never-merged: not told a script": handed(
        "- {env: {D: '${{ steps.b.outputs.digest }}'}, run: './tag.sh $D'}"
    ),
    "digest-never-merged: not told a later step": handed(
        """
        - {id: s, run: 'echo "d=${{ steps.b.outputs.digest }}" >> "$GITHUB_OUTPUT"'}
        - {run: './tag.sh ${{ steps.s.outputs.d }}'}
        """
    ),
    "digest-never-merged: not told a file": handed(
        "- {run: 'echo ${{ steps.b.outputs.digest }} > d; ./tag.sh'}"
    ),
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
