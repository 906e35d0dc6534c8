"""Names that a step, another job or an action says, and expressions that are spelled as few do."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

SPELLED: Cases = {}

LEGS = workflow("""
on: push
jobs:
  names:
    runs-on: ubuntu-latest
    outputs: {app: "${{ steps.a.outputs.name }}", tool: "${{ steps.t.outputs.name }}"}
    steps:
      - {id: a, run: 'echo "name=app" >> "$GITHUB_OUTPUT"'}
      - {id: t, run: 'echo "name=tool" >> "$GITHUB_OUTPUT"'}
  build:
    needs: names
    strategy: {matrix: {arch: [amd64, arm64]}}
    runs-on: ubuntu-latest
    steps:
      ...
      - uses: actions/upload-artifact@v4
        with: {name: "...", path: x}
  release:
    needs: build
    runs-on: ubuntu-latest
    steps:
      - uses: actions/download-artifact@v4
        with: {name: app-amd64}
""")
BY_STEP = """
- id: n
  run: |
    echo "arch=${{ matrix.arch }}" >> "$GITHUB_OUTPUT"
    echo "name=%s" >> $GITHUB_OUTPUT
"""
BY_ACTION = "- {id: n, uses: ./.github/actions/name, with: {name: %s}}"
NAMING = {
    ".github/actions/name/action.yml": """
name: name
inputs: {name: {required: true}}
outputs: {name: {value: "${{ steps.s.outputs.n }}"}}
runs:
  using: composite
  steps:
    - {id: s, shell: bash, run: 'echo "n=${{ inputs.name }}" >> "$GITHUB_OUTPUT"'}
"""
}
BY_VARIABLE = "- run: echo 'NAME=%s' >> $GITHUB_ENV"
BRANCHES = 'if make; then echo "name=%s" >> $GITHUB_OUTPUT; else echo "name=app" >> $GITHUB_OUTPUT; fi'
ENDS = 'make || exit 0; echo "name=%s" >> $GITHUB_OUTPUT'
for name, told in (("tool", True), ("app", False)):
    for kind, step, read in (
        ("step", BY_STEP, "${{ steps.n.outputs.name }}"),
        ("action", BY_ACTION, "${{ steps.n.outputs.name }}"),
        ("variable", BY_VARIABLE, "${{ env.NAME }}"),
        ("other job", "# %s", f"${{{{ needs.names.outputs.{name} }}}}"),
    ):
        files = {"a": LEGS(step % name, read + "-${{ matrix.arch }}"), **NAMING}
        SPELLED[f"artifact-not-uploaded: {'' if told else 'not '}said by {kind}"] = files
for kind, script in (("branches", BRANCHES), ("ends", ENDS)):
    step = f"- id: n\n  run: |\n    {script % 'tool'}"
    SPELLED[f"artifact-not-uploaded: not said, it {kind}"] = LEGS(
        step, "${{ steps.n.outputs.name }}-${{ matrix.arch }}"
    )

SPELLED |= {
    "hash-before-checkout: HASHFILES": """
on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache@v4, with: {path: target, key: "cargo-${{ HASHFILES('Cargo.lock') }}"}}
      - uses: actions/checkout@v4
""",
    "key-hard-codes-axis: not part of every value": """
on: push
jobs:
  a:
    strategy:
      matrix:
        include:
          - {target: linux, binary: ibex}
          - {target: windows, binary: ibex.exe}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache@v4, with: {path: x, key: "ibex-${{ matrix.target }}-${{ github.sha }}"}}
""",
}

DROPPED = workflow("""
on: push
concurrency: {group: "images-${{ github.ref }}"}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: git diff --name-only "${{ ... }}" HEAD
      - uses: docker/build-push-action@v6
        with: {push: true, tags: acme/app}
""")
for before in ("github['event'].before", "GitHub.event['before']"):
    SPELLED[f"pending-push-dropped: {before}"] = DROPPED(before)

FILTERED = workflow("""
on: {push: {branches: [main]}}
jobs:
  changes:
    ...
  build:
    needs: changes
    if: ...
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/build-push-action@v6
        with: {context: ., push: true, tags: acme/app}
""")
FILTER = """
steps:
  - uses: dorny/paths-filter@v3
    id: f
    with:
      filters: |
        image:
          - Dockerfile
"""
IN_JOB = f"""
runs-on: ubuntu-latest
outputs: {{image: "${{{{ steps.f.outputs.image }}}}"}}
{FILTER}
"""
IN_ACTION = IN_JOB.partition("steps:\n")[0] + "steps: [{uses: ./.github/actions/f, id: f}]"
ACTION = """
name: f
outputs: {image: {value: "${{ steps.f.outputs.image }}"}}
runs:
  using: composite
""" + FILTER.replace("\n", "\n  ")
CALLED = """
on:
  workflow_call:
    outputs: {image: {value: "${{ jobs.f.outputs.image }}"}}
jobs:
  f:
""" + IN_JOB.replace("\n", "\n    ")
ASKED = "needs.changes.outputs.image == 'true'"
for kind, changes, asked, told in (
    ("in brackets", IN_JOB, "needs['changes'].outputs['image'] == 'true'", True),
    ("or by hand", IN_JOB, f"({ASKED}) || GITHUB.event_name == 'workflow_dispatch'", True),
    ("or something else", IN_JOB, f"{ASKED} || vars.ALL", False),
    ("of an action", IN_ACTION, ASKED, True),
    ("of a called workflow", "uses: ./.github/workflows/f.yml", ASKED, True),
):
    SPELLED[f"paths-cover-inputs: {'' if told else 'not '}filter {kind}"] = {
        "a": FILTERED(changes, asked),
        "f": CALLED,
        ".github/actions/f/action.yml": ACTION,
        "Dockerfile": "FROM scratch\nCOPY install.sh /\n",
        "install.sh": "",
    }

SAVED = workflow("""
on: push
jobs:
  a:
    strategy: {matrix: {mode: [old, new]}}
    runs-on: ubuntu-latest
    steps:
      ...
""")
WITH_CACHE = workflow("""
name: tool
inputs: {mode: {default: ""}}
outputs:
  path: {value: "${{ steps.env.outputs.path }}"}
  key: {value: "${{ steps.cache.outputs.cache-primary-key }}"}
runs:
  using: composite
  steps:
    - {id: env, shell: bash, run: 'echo "path=$(go env GOCACHE)" >> "$GITHUB_OUTPUT"'}
    - {id: cache, uses: actions/cache/restore@v4, with: {path: "${{ steps.env.outputs.path }}", key: go-1}}
    ...
""")
SAVE = (
    "- {uses: actions/cache/save@v4, with: {path: %s, key: '${{ steps.cache.outputs.cache-primary-key }}'}}"
)
MADE = SAVE % "bin"
BY_MODE = "- {shell: bash, run: 'make ${{ inputs.mode }}'}"
USED = """
- run: echo MODE=${{ matrix.mode }} >> .env
- {id: t, uses: ./.github/actions/tool, with: {mode: "${{ matrix.mode }}"}}
"""
PASSED = "- {uses: actions/cache/save@v4, with: {path: '${{ steps.t.outputs.path }}', key: go-1}}"
TOOL = ".github/actions/tool/action.yml"
SPELLED |= {
    "save-restore-differ: not paths that an action passes": {"a": SAVED(USED + PASSED), TOOL: WITH_CACHE("")},
    "save-restore-differ: a folder of a path that a step says": {
        "a": SAVED(USED),
        TOOL: WITH_CACHE(SAVE % "'${{ steps.env.outputs.path }}/bin'"),
    },
    "legs-share-cache-ref: not made by an action": {"a": SAVED(USED), TOOL: WITH_CACHE(MADE)},
    "legs-share-cache-ref: made by an action": {"a": SAVED(USED), TOOL: WITH_CACHE(BY_MODE + "\n" + MADE)},
}
