"""Files that GitHub cannot read, actions of the repository, and what one workflow does to another."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

SPELLED: Cases = {}


def add(rule: str, kind: str, files: dict[str, str], *, told: bool) -> None:
    SPELLED[f"{rule}: {kind if told else f'not {kind}'}"] = files


SOUND = "on: push\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n"

for name, text in {
    "empty": "",
    "comment": "# later\n",
    "two events": "on: push\non: pull_request\njobs: {a: {runs-on: x, steps: [{run: make}]}}\n",
    "two jobs": "on: push\njobs:\n  a: {runs-on: x, steps: [{run: make}]}\n  a: {runs-on: y, steps: [{run: b}]}\n",
    "two runs": "on: push\njobs:\n  a: {runs-on: x, steps: [{run: make, run: b}]}\n",
    "alias": "on: push\njobs:\n  a: *x\n",
    "tab": "on: push\njobs:\n\ta: {}\n",
    "list": "- a\n",
    "no jobs": "on: push\n",
    "jobs of nothing": "on: push\njobs:\n",
    "no event": "jobs:\n  a: {runs-on: x, steps: [{run: make}]}\n",
}.items():
    add("workflow-unreadable", name, {"a": text, "b": SOUND}, told=True)
ANCHORED = "on: push\njobs:\n  a: &a {runs-on: ubuntu-latest, steps: [{run: make}]}\n  b: *a\n"
add("workflow-unreadable", "anchors", {"a": SOUND, "b": ANCHORED}, told=False)

USES = """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {id: c, uses: ./.github/actions/x}
      - run: echo ${{ steps.c.outputs.o }}
"""
ACTION = """
name: x
outputs:
  o: {value: "${{ steps.s.outputs.%s }}"}
runs:
  using: composite
  steps:
    - id: s
      shell: bash
      env: {GREETING: hello}
      run: |
        echo v=%s >> $GITHUB_OUTPUT
"""
for rule, told, values in (
    ("dead-output", True, ("w", "1")),
    ("dead-output", False, ("v", "1")),
    ("unused-env", True, ("v", "1")),
    ("unused-env", False, ("v", "$GREETING")),
):
    files = {"a": USES, ".github/actions/x/action.yml": ACTION % values}
    add(rule, f"action {values}", files, told=told)

PUSHES = """
on: {push: {branches: [main]}}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with: {context: ., push: true, platforms: linux/%s, tags: "ghcr.io/example/app:%s"}
"""
for told, other in ((True, ("arm64", "latest")), (False, ("arm64", "arm")), (False, ("amd64", "latest"))):
    add(
        "legs-push-one-tag",
        f"two workflows {other}",
        {"a": PUSHES % ("amd64", "latest"), "b": PUSHES % other, "Dockerfile": "FROM scratch\n"},
        told=told,
    )

RECORDS = """
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {push: true, tags: "ghcr.io/example/app:1"}
  program:
    runs-on: ubuntu-latest
    strategy: {matrix: {a: [x, y]}}
    steps:
      - uses: actions/upload-artifact@v4
        with: {name: "program-${{ matrix.a }}", path: x}
  all:
    needs: [image, program]
    runs-on: ubuntu-latest
    steps:
      - uses: actions/upload-artifact/merge@v4
        with: {name: all%s}
"""
for told, pattern in ((True, ""), (False, ", pattern: program-*")):
    add("download-takes-build-records", f"merged{pattern}", {"a": RECORDS % pattern}, told=told)

HASHED = """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/cache/save@v4, with: {path: x, key: "k-${{ hashFiles('%s') }}"}}
  b:
    needs: a
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/cache/restore@v4
        with: {path: x, key: "k-${{ hashFiles('%s') }}", fail-on-cache-miss: true}
"""
for told, saved, restored in (
    (True, "go.sum", "go.mod"),
    (True, "go.*", "go.mod"),
    (False, "go.sum", "**/go.sum"),
    (False, "./go.sum", "go.sum"),
    (False, "go.sum", "made/by/the/run"),
):
    add(
        "restore-without-writer",
        f"hash of {saved} and {restored}",
        {"a": HASHED % (saved, restored), "go.sum": "a\n", "go.mod": "b\n"},
        told=told,
    )
