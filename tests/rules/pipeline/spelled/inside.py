"""What called workflows, actions and nested scripts hold, asked by rules about the whole."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

SPELLED: Cases = {}


def action(*steps: str, inputs: str = "") -> str:
    listed = "".join(f"    - {step}\n" for step in steps)
    return f"name: a\ninputs: {{{inputs}}}\nruns:\n  using: composite\n  steps:\n{listed}"


CALLS = workflow("""
on: ...
jobs:
  call: {uses: ./.github/workflows/b.yml, secrets: inherit}
""")
REACHED = workflow("""
on: workflow_call
jobs:
  detect: {if: "github.event_name == 'pull_request'", runs-on: ubuntu-latest, steps: [{run: make}]}
  build: {needs: detect, if: always(), runs-on: ubuntu-latest, steps: [{run: make}]}
  release: {needs: build, if: "github.event_name == 'push'...", runs-on: ubuntu-latest, steps: [{run: make}]}
""")
BOTH = "[push, pull_request]"
SPELLED |= {
    "job-never-runs: in a called workflow": {"a": CALLS(BOTH), "b": REACHED("")},
    "job-never-runs: not in a called workflow": {"a": CALLS(BOTH), "b": REACHED(" && !cancelled()")},
    "job-never-runs: not called by anybody": {"b": REACHED("")},
}

FREE = workflow("""
on: workflow_call
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {matrix: "${{ steps.d.outputs.matrix }}"}
    steps:
      - uses: actions/checkout@v4
      - {id: d, run: 'git diff --name-only "${{ github.event.before }}" | python3 matrix.py >> $GITHUB_OUTPUT'}
  build:
    needs: changes
    strategy: {matrix: "${{ fromJson(needs.changes.outputs.matrix) }}"}
    runs-on: ubuntu-latest
    steps: [{run: "docker push acme/${{ matrix.app }}"}]
  special:
    needs: [...]
    runs-on: ubuntu-latest
    steps: [{run: docker push acme/special}]
""")
for told, needed in ((True, ""), (False, "changes")):
    kind = f"bypasses-change-filter: {'' if told else 'not '}in a called workflow"
    SPELLED[kind] = {"a": CALLS("{push: {branches: [main]}}"), "b": FREE(needed)}

SPELLING = workflow("""
on: push
jobs:
  one: {runs-on: ubuntu-latest, steps: [{uses: ./.github/actions/a}]}
  two: {runs-on: ubuntu-latest, steps: [{uses: ./.github/actions/...}]}
""")
CACHE = "{uses: actions/cache@v4, with: {path: x, key: \"b-${{ hashFiles('a.lock', 'b.lock') }}\"}}"
for told, second in ((True, "b"), (False, "a")):
    SPELLED[f"key-spelled-twice: {'' if told else 'not '}in actions"] = {
        "a": SPELLING(second),
        ".github/actions/a/action.yml": action(CACHE),
        ".github/actions/b/action.yml": action(CACHE),
    }

REPLACED = workflow("""
on: push
jobs:
  a:
    strategy: {matrix: {arch: [amd64, riscv64]}}
    runs-on: ubuntu-latest
    steps:
      - {id: arch, run: ./arch.sh}
      - {id: first, uses: ./.github/actions/cached, with: {key: tools-amd64}}
      - {if: ..., uses: ./.github/actions/cached, with: {key: "tools-${{ matrix.arch }}"}}
""")
CACHED = {
    ".github/actions/cached/action.yml": """
name: cached
inputs: {key: {required: true}}
outputs: {cache-hit: {value: "${{ steps.c.outputs.cache-hit }}"}}
runs:
  using: composite
  steps:
    - {id: c, uses: actions/cache/restore@v4, with: {path: ~/cache, key: "${{ inputs.key }}"}}
"""
}
for told, asked in (
    (True, "steps.arch.outputs.matched != 'true'"),
    (False, "steps.first.outputs.cache-hit != 'true'"),
    (False, "matrix.arch == 'riscv64'"),
):
    kind = f"skippable-second-restore: {'' if told else 'not '}in an action, {asked}"
    SPELLED[kind] = {"a": REPLACED(asked), **CACHED}

WRITTEN = workflow("""
on: push
jobs:
  w:
    runs-on: ubuntu-latest
    steps: [{uses: ./.github/actions/save, with: {key: k-generic}}]
  r:
    needs: w
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/cache/restore@v4, with: {path: x, key: k-..., fail-on-cache-miss: true}}
""")
OTHER = workflow("""
on: {schedule: [{cron: '0 0 * * *'}]}
env: {FOLDER: x, KEY: ...}
jobs:
  w:
    runs-on: ubuntu-latest
    steps: [{uses: actions/cache/save@v4, with: {path: "${{ env.FOLDER }}", key: "${{ env.KEY }}"}}]
""")
SAVE = "{uses: actions/cache/save@v4, with: {path: x, key: '${{ inputs.key }}'}}"
for told, key, elsewhere in ((True, "rt", "k-1"), (False, "generic", "k-1"), (False, "rt", "k-rt")):
    SPELLED[f"restore-without-writer: {'' if told else 'not '}{key} by an action, {elsewhere}"] = {
        "a": WRITTEN(key),
        "b": OTHER(elsewhere),
        ".github/actions/save/action.yml": action(SAVE, inputs="key: {}"),
    }

LOGS_IN = workflow("""
on: pull_request
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {uses: ./.github/actions/login, with: {password: "${{ ... }}"}...}
""")
LOGIN = action(
    '{run: docker login -u me -p "$PASSWORD", shell: bash, env: {PASSWORD: "${{ inputs.password }}"}}',
    inputs="password: {}",
)
for told, given, rest in (
    (True, "SECRETS.PASSWORD", ""),
    (False, "vars.PASSWORD", ""),
    (False, "secrets.PASSWORD", ", continue-on-error: true"),
):
    kind = f"secret-login-on-fork: {'' if told else 'not '}in an action, {given}{rest}"
    SPELLED[kind] = {"a": LOGS_IN(given, rest), ".github/actions/login/action.yml": LOGIN}

OPENS = """
on: {schedule: [{cron: '0 0 * * *'}]}
jobs: {a: {runs-on: ubuntu-latest, steps: [{uses: peter-evans/create-pull-request@v8}]}}
"""
BUMPS = """
on: {schedule: [{cron: '0 0 * * *'}]}
jobs:
  a: {runs-on: ubuntu-latest, steps: [{uses: actions/checkout@v4}, {uses: ./.github/actions/push}]}
  b: {uses: ./.github/workflows/c.yml}
"""
CALLED = "on: workflow_call\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: %s}]}}\n"
for told, pushing, called in (
    (True, "git push", "make"),
    (True, "make", "git push origin main"),
    (False, "git push origin next", "git push --tags origin v1"),
):
    SPELLED[
        f"push-past-review: {'' if told else 'not '}{pushing} in an action, {called} in a called workflow"
    ] = {
        "a": OPENS,
        "b": BUMPS,
        "c": CALLED % called,
        ".github/actions/push/action.yml": action(f"{{run: {pushing}, shell: bash}}"),
    }

TAGGED = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - {id: tag, run: bash scripts/outer.sh}
      - {id: there, run: "docker manifest inspect acme/ci:${{ steps.tag.outputs.tag }}"}
      - uses: docker/build-push-action@v6
        if: steps.there.outcome == 'failure'
        with: {context: ., file: ci/Dockerfile, push: true, tags: "acme/ci:${{ steps.tag.outputs.tag }}"}
"""
for told, hashed in ((True, "tools.txt"), (False, "tools.txt ci/Dockerfile")):
    SPELLED[f"tag-covers-inputs: {'' if told else 'not '}a script of a script"] = {
        "a": TAGGED,
        "ci/Dockerfile": "FROM x\nCOPY tools.txt /\n",
        "tools.txt": "a\n",
        "scripts/outer.sh": "bash scripts/inner.sh\n",
        "scripts/inner.sh": f"echo tag=$(sha256sum {hashed} | sha256sum) >> $GITHUB_OUTPUT\n",
    }

CHANGED = """
on: push
concurrency: {group: "images-${{ github.ref }}"}
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - run: scripts/changed.sh
      - run: docker push acme/app
"""
DIFF = "git diff --name-only"
for told, script in (
    (True, f"{DIFF} HEAD~1 | sort"),
    (False, f"{DIFF} origin/main"),
    (False, f"changed() {{\n  {DIFF} HEAD^\n}}\ntrue"),
):
    SPELLED[f"pending-push-dropped: {'' if told else 'not '}a script with {script!r}"] = {
        "a": CHANGED,
        "scripts/changed.sh": f"{script}\n",
    }
for told, other in ((True, "changed"), (False, "case $1 in docs) changed ;; esac")):
    SPELLED[f"pending-push-dropped: {'' if told else 'not '}a function of a script, {other}"] = {
        "a": CHANGED,
        "scripts/changed.sh": f"changed() {{\n  files=$(git diff --name-only HEAD^)\n}}\n{other}\n",
    }
