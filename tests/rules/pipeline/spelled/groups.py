"""Concurrency groups, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases

CASES = Cases()

CASES.add(
    "pr-group-by-branch: bracket",
    "pr-group-by-branch",
    True,
    {
        "r": """
on: {pull_request: {types: [opened, synchronize]}}
concurrency:
  group: ${{ format('{0}-{1}', github.workflow, github['head_ref']) }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "pr-group-by-branch: upper",
    "pr-group-by-branch",
    True,
    {
        "r": """
on: [pull_request]
concurrency:
  group: ${{ GITHUB.HEAD_REF }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "pr-group-by-branch: called",
    "pr-group-by-branch",
    True,
    {
        "r": """
on: [pull_request]
jobs:
  t:
    uses: ./.github/workflows/inner.yml
    with: {branch: "${{ github.head_ref }}"}
""",
        "inner": """
on: {workflow_call: {inputs: {branch: {type: string}}}}
concurrency:
  group: inner-${{ inputs.branch }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "pr-group-by-branch: not fullname",
    "pr-group-by-branch",
    False,
    {
        "r": """
on: [pull_request]
concurrency: {group: "ci-${{ github.event.pull_request.head.repo.full_name }}-${{ github.head_ref }}", cancel-in-progress: true}
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "pr-group-by-branch: not repo",
    "pr-group-by-branch",
    False,
    {
        "r": """
on: [pull_request]
concurrency: {group: "ci-${{ github.event.pull_request.head.label }}", cancel-in-progress: true}
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "pr-group-by-branch: not user",
    "pr-group-by-branch",
    False,
    {
        "a": """
on: pull_request
concurrency: {group: "${{ github.event.pull_request.head.user.login }}-${{ github.head_ref }}", cancel-in-progress: true}
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-shared-by-workflows: sched",
    "group-shared-by-workflows",
    True,
    {
        "a": """
name: A
on: {schedule: [{cron: "0 0 * * *"}]}
concurrency:
  group: nightly
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
        "b": """
name: B
on: {schedule: [{cron: "0 0 * * *"}]}
concurrency:
  group: nightly
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-shared-by-workflows: num",
    "group-shared-by-workflows",
    True,
    {
        "a": """
name: A
on: pull_request
concurrency:
  group: pr-${{ github.event.number }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
        "b": """
name: B
on: pull_request
concurrency:
  group: pr-${{ github.event.pull_request.number }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-shared-by-workflows: case",
    "group-shared-by-workflows",
    True,
    {
        "a": """
name: A
on: [push, pull_request]
concurrency:
  group: "CI-${{ github.ref }}"
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
        "b": """
name: B
on: [push, pull_request]
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-shared-by-workflows: not events",
    "group-shared-by-workflows",
    False,
    {
        "a": """
name: A
on: push
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
        "b": """
name: B
on: pull_request
concurrency:
  group: ci-${{ github.ref }}
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-deadlock: input",
    "group-deadlock",
    True,
    {
        "a": """
on: {workflow_dispatch: {}}
concurrency: {group: "rel-${{ github.ref }}"}
jobs: {b: {uses: ./.github/workflows/b.yml, with: {group: "rel-${{ github.ref }}"}}}
""",
        "b": """
on: {workflow_call: {inputs: {group: {type: string}}}}
concurrency: {group: "${{ inputs.group }}"}
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)

CASES.add(
    "group-deadlock: matrixleg",
    "group-deadlock",
    True,
    {
        "a": """
on: push
concurrency: {group: "build-amd64"}
jobs:
  t:
    strategy: {matrix: {arch: [amd64, arm64]}}
    concurrency: {group: "build-${{ matrix.arch }}"}
    runs-on: ubuntu-latest
    steps: [{run: make}]
""",
    },
)

CASES.add(
    "group-deadlock: not skipped",
    "group-deadlock",
    False,
    {
        "a": """
on: push
concurrency: deploy
jobs:
  t: {concurrency: deploy, if: "github.event_name == 'pull_request'", runs-on: ubuntu-latest, steps: [{run: make}]}
  u: {runs-on: ubuntu-latest, steps: [{run: make}]}
""",
    },
)

CASES.add(
    "legs-share-group: partial",
    "legs-share-group",
    True,
    {
        "a": """
on: push
jobs:
  t:
    strategy: {matrix: {os: [linux-a, linux-b]}}
    concurrency:
      group: "t-${{ startsWith(matrix.os, 'linux') && 'linux' || matrix.os }}"
      cancel-in-progress: true
    runs-on: ubuntu-latest
    steps: [{run: make test}]
""",
    },
)

CASES.add(
    "legs-share-group: not idx",
    "legs-share-group",
    False,
    {
        "a": """
on: push
jobs:
  t:
    strategy: {matrix: {os: [a, b]}}
    concurrency:
      group: "t-${{ strategy.job-index }}"
      cancel-in-progress: true
    runs-on: ubuntu-latest
    steps: [{run: make test}]
""",
    },
)

CASES.add(
    "legs-share-group: not tojson",
    "legs-share-group",
    False,
    {
        "a": """
on: push
jobs:
  t:
    strategy: {matrix: {os: [a, b], py: [x, y]}}
    concurrency:
      group: "${{ toJSON(matrix) }}"
      cancel-in-progress: true
    runs-on: ubuntu-latest
    steps: [{run: make test}]
""",
    },
)

CASES.add(
    "pending-push-dropped: jobenv",
    "pending-push-dropped",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency: {group: "${{ github.workflow }}"}
jobs:
  d:
    env: {BEFORE: "${{ github.event.before }}"}
    runs-on: ubuntu-latest
    outputs: { m: "${{ steps.d.outputs.m }}" }
    steps:
      - uses: actions/checkout@v4
      - id: d
        run: ./list "$BEFORE"
  b:
    needs: d
    if: needs.d.outputs.m != ''
    runs-on: ubuntu-latest
    steps:
      - run: docker push acme/a:latest
""",
    },
)

CASES.add(
    "pending-push-dropped: eventjson",
    "pending-push-dropped",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency: {group: "${{ github.workflow }}"}
jobs:
  d:
    runs-on: ubuntu-latest
    outputs: { m: "${{ steps.d.outputs.m }}" }
    steps:
      - uses: actions/checkout@v4
      - id: d
        run: git diff --name-only "$(jq -r .before "$GITHUB_EVENT_PATH")"..HEAD
  b:
    needs: d
    if: needs.d.outputs.m != ''
    runs-on: ubuntu-latest
    steps:
      - run: docker push acme/a:latest
""",
    },
)

CASES.add(
    "pending-push-dropped: expr",
    "pending-push-dropped",
    True,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency: {group: images, cancel-in-progress: "${{ github.event_name == 'pull_request' }}"}
jobs:
  d:
    runs-on: ubuntu-latest
    outputs: { m: "${{ steps.d.outputs.m }}" }
    steps:
      - uses: actions/checkout@v4
      - id: d
        run: git diff --name-only ${{ github.event.before }} ${{ github.sha }} >> $GITHUB_OUTPUT
  b:
    needs: d
    if: needs.d.outputs.m != ''
    runs-on: ubuntu-latest
    steps:
      - run: docker push acme/a:latest
""",
    },
)

CASES.add(
    "pending-push-dropped: not test",
    "pending-push-dropped",
    False,
    {
        "a": """
on: {push: {branches: [main]}}
concurrency: {group: i}
jobs:
  d:
    runs-on: ubuntu-latest
    outputs: { m: "${{ steps.d.outputs.m }}" }
    steps:
      - uses: actions/checkout@v4
      - id: d
        run: git diff --name-only ${{ github.event.before }} ${{ github.sha }} >> $GITHUB_OUTPUT
  b:
    needs: d
    if: needs.d.outputs.m != ''
    runs-on: ubuntu-latest
    steps:
      - run: make test
""",
    },
)

CASES.add(
    "push-cancels-test: matrix",
    "push-cancels-test",
    True,
    {
        "a": """
on: [push]
jobs:
  t:
    strategy: {matrix: {v: [1, 2]}}
    concurrency: {group: "t-${{ matrix.v }}-${{ github.ref }}", cancel-in-progress: true}
    runs-on: ubuntu-latest
    steps: [{run: go test ./...}]
""",
    },
)

CASES.add(
    "push-cancels-test: not dead",
    "push-cancels-test",
    False,
    {
        "a": """
name: ci
on: {push: {branches: [main]}}
concurrency: {group: "${{ github.workflow }}-${{ github.ref }}", cancel-in-progress: true}
jobs: {b: {uses: ./.github/workflows/b.yml}}
""",
        "b": """
on: {workflow_call: {}}
concurrency: {group: "${{ github.workflow }}-${{ github.ref }}", cancel-in-progress: true}
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""",
    },
)
