"""Scripts that decide by themselves what they do, and workflows that mean what they say."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

of_legs = workflow("""
on: {push: {branches: [main]}}
jobs:
  a:
    runs-on: ubuntu-latest
    strategy: {matrix: {arch: [amd64, arm64]}}
    steps:
      - uses: actions/checkout@v4
      - env: {ARCH: "${{ matrix.arch }}"}
        ...
        run: |
          docker build --platform linux/${{ matrix.arch }} -t example/app:latest .
          ...
""")
cancelled = workflow("""
on: {push: {branches: [main], tags: ['v*']}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: |
          make
          ...
""")
of_pull_request = workflow("""
on: [push, pull_request]
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: |
          ...
""")
downloads = workflow("""
on: push
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/upload-artifact@v4, with: {name: q, path: q}}]}
  b:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ...
""")
PUSH = "docker push example/app:latest"
PUBLISH = "npm publish"
WRITE = "docker buildx build --cache-to type=registry,ref=example/cache:x ."
TAKE = "gh run download $GITHUB_RUN_ID -n q"
BY_JOB = workflow("""
on: {push: {branches: [main]}}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {images: "${{ steps.f.outputs.a }}", charts: "${{ steps.f.outputs.b }}"}
    steps: [{id: f, run: "git diff --name-only ${{ github.event.before }}"}]
  ...:
    needs: changes
    runs-on: ubuntu-latest
    strategy: {fail-fast: false, matrix: {a: "${{ fromJson(needs.changes.outputs.images) }}"}}
    steps: [{run: ...}]
  ...
""")
RELEASE = """
  release:
    runs-on: ubuntu-latest
    ...
    steps: [{run: npm publish}]
"""

KANIKO = "docker run -v $PWD:/workspace gcr.io/kaniko-project/executor:v1.23.2"

SPELLED: Cases = {
    **{
        f"{rule}: {kind}kaniko{n}": of(*before, f"{script} --custom-platform=linux/${{{{ matrix.arch }}}}")
        for rule, of, before in (
            ("legs-push-one-tag", of_legs, ("",)),
            ("push-cancels-push", cancelled, ()),
        )
        for n, (kind, script) in enumerate(
            (
                ("", f"{KANIKO} --destination=example/app:1"),
                (
                    "",
                    f"{KANIKO} --dockerfile Dockerfile --context dir:///workspace -d example/app:1 --cache=true",
                ),
                ("", "/kaniko/executor --context . --destination example/app:1 --destination example/app:2"),
                ("not ", f"{KANIKO} --no-push --destination=example/app:1"),
                ("not ", f"{KANIKO} --context=dir:///workspace --no-push"),
                ("not ", "./executor --destination example/app:1"),
                ("not ", f"echo '{KANIKO} --destination=example/app:1'"),
                ("not ", f"{KANIKO} --destination=localhost:5000/app:1"),
            )
        )
        if not (rule.startswith("legs") and "localhost" in script)
    },
    **{
        f"legs-share-cache-ref: not kaniko {n}": of_legs(
            "", f"{KANIKO} --cache --cache-repo example/c {rest}"
        )
        for n, rest in enumerate(("-d example/app:1", "--no-push"))
    },
    "push-cancels-push: bake": cancelled("docker bake --push app"),
    "push-cancels-push: build": cancelled("docker build --push -t example/app ."),
    "push-cancels-push: bake set": cancelled(
        "docker buildx bake --set '*.output=type=registry' --set '*.tags=example/app'"
    ),
    "push-cancels-push: bake file": {
        "a": cancelled("docker buildx bake"),
        "docker-bake.json": '{"target": {"default": {"tags": ["example/app"], "output": ["type=registry"]}}}',
    },
    "push-cancels-push: not bake": cancelled("docker buildx bake app"),
    "legs-push-one-tag: straight": of_legs("", PUSH),
    "legs-push-one-tag: behind a build": of_legs("", f"make && {PUSH}"),
    "legs-push-one-tag: that may fail": of_legs("", f"{PUSH} || true"),
    "legs-push-one-tag: below a way out that fails": of_legs("", f'[ -n "$ARCH" ] || exit 1\n{PUSH}'),
    "legs-push-one-tag: not if": of_legs("", f"if [ $ARCH = amd64 ]; then\n  {PUSH}\nfi"),
    "legs-push-one-tag: not and": of_legs("", f"[ $ARCH = amd64 ] && {PUSH}"),
    "legs-push-one-tag: not or": of_legs("", f"[ $ARCH != amd64 ] || {PUSH}"),
    "legs-push-one-tag: not case": of_legs("", f"case $ARCH in\n  amd64) {PUSH} ;;\nesac"),
    "legs-push-one-tag: not below a way out": of_legs("", f"[ $ARCH = amd64 ] || exit 0\n{PUSH}"),
    "legs-push-one-tag: not one leg": of_legs("if: strategy.job-index == 0", PUSH),
    "push-cancels-push: straight": cancelled(PUBLISH),
    "push-cancels-push: not of tags": cancelled(
        f'if [[ "$GITHUB_REF" == refs/tags/* ]]; then\n  {PUBLISH}\nfi'
    ),
    "push-cancels-push: not to the machine": cancelled("docker push localhost:5000/x:1"),
    "push-cancels-push: not to a service": cancelled("docker push kind-registry:5000/x:1"),
    "push-cancels-push: to a registry with a port": cancelled("docker push ${REGISTRY}:5000/x:1"),
    "push-cancels-push: a note with a slash": cancelled('gh release create v1 --notes "at a b:80/x"'),
    "push-cancels-push: ko and a tab": cancelled("ko\tbuild ./cmd"),
    "push-cancels-push: ko in quotes": cancelled('"ko" build ./cmd'),
    "cache-to-on-pr: straight": of_pull_request(WRITE),
    "cache-to-on-pr: not of a pull request": of_pull_request(
        f'if [ "$GITHUB_EVENT_NAME" != pull_request ]; then\n  {WRITE}\nfi'
    ),
    "download-without-needs: straight": downloads(TAKE),
    "download-without-needs: not if it is there": downloads(f"if {TAKE}; then true; else make q; fi"),
    "bypasses-change-filter: straight": BY_JOB("build", PUSH, RELEASE.replace("    ...\n", "")),
    "bypasses-change-filter: not beside tests": BY_JOB("test", "make test", RELEASE.replace("    ...\n", "")),
    "bypasses-change-filter: not asking the event": BY_JOB(
        "build", PUSH, RELEASE.replace("...", "if: contains(github.event.head_commit.message, 'release')")
    ),
    "reduce-skipped-by-one-leg: charts": BY_JOB(
        "build",
        PUSH,
        """
  merge:
    needs: [changes, build]
    runs-on: ubuntu-latest
    strategy: {matrix: {a: "${{ fromJson(needs.changes.outputs.charts) }}"}}
    steps: [{run: "docker buildx imagetools create -t ${{ matrix.a }} x"}]
""",
    ),
}
