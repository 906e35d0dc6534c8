"""Concurrency groups, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

named = workflow("""
name: ...
on: ...
concurrency:
  group: ...
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""")

cancelling = workflow("""
on: ...
concurrency:
  group: ...
  cancel-in-progress: true
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""")

tested = workflow("""
...
jobs: {t: {runs-on: ubuntu-latest, steps: [{run: make test}]}}
""")

each = workflow("""
on: push
jobs:
  t:
    strategy: {matrix: ...}
    concurrency:
      group: ...
      cancel-in-progress: true
    runs-on: ubuntu-latest
    steps: [{run: make test}]
""")

differing = workflow("""
on: {push: {branches: [main]}}
concurrency: ...
jobs:
  d:
    ...
    runs-on: ubuntu-latest
    outputs: { m: "${{ steps.d.outputs.m }}" }
    steps:
      - uses: actions/checkout@v4
      - id: d
        run: ...
  b:
    needs: d
    if: needs.d.outputs.m != ''
    runs-on: ubuntu-latest
    steps:
      - run: ...
""")

SPELLED: Cases = {
    **{
        f"pr-group-by-branch: {kind}after a run: {group}, {when}": {
            "ci": "name: CI\non: ...".replace("...", on)
            + "\njobs: {a: {runs-on: ubuntu-latest, steps: [{run: make}]}}\n",
            "b": f"""
on: {{workflow_run: {{workflows: [CI], types: [completed]{filters}}}}}
concurrency: {{group: "report-${{{{ {group} }}}}", cancel-in-progress: true}}
jobs: {{r: {{if: "{when}", runs-on: ubuntu-latest, steps: [{{run: make report}}]}}}}
""",
        }
        for kind, group, when, on, filters in (
            ("", "github.event.workflow_run.head_branch", "true", "pull_request", ""),
            (
                "",
                "github.event.workflow_run['head_branch']",
                "true",
                "[push, pull_request]",
                "",
            ),
            (
                "not of all ",
                "github.event.workflow_run.head_branch && github.workflow",
                "true",
                "pull_request",
                "",
            ),
            (
                "",
                "github.event.workflow_run.head_branch",
                "github.event.workflow_run.conclusion == 'success'",
                "pull_request",
                "",
            ),
            (
                "not ",
                "github.event.workflow_run.head_branch",
                "github.event.workflow_run.event == 'push'",
                "[push, pull_request]",
                "",
            ),
            ("not ", "github.event.workflow_run.head_branch", "true", "push", ""),
            (
                "not of branches ",
                "github.event.workflow_run.head_branch",
                "true",
                "pull_request",
                ", branches: [main]",
            ),
            (
                "not ",
                "format('{0}-{1}', github.event.workflow_run.head_repository.full_name, github.event.workflow_run.head_branch)",
                "true",
                "pull_request",
                "",
            ),
            ("not ", "github.event.workflow_run.id", "true", "pull_request", ""),
            ("not ", "github.event.workflow_run.head_sha", "true", "pull_request", ""),
        )
    },
    "pr-group-by-branch: bracket": {
        "r": cancelling(
            "{pull_request: {types: [opened, synchronize]}}",
            "${{ format('{0}-{1}', github.workflow, github['head_ref']) }}",
        ),
    },
    "pr-group-by-branch: not the ref of the workflow": cancelling(
        "pull_request", "${{ github.workflow_ref }}-${{ github.head_ref || github.ref_name }}"
    ),
    "pr-group-by-branch: not the ref of the workflow alone": cancelling(
        "pull_request", "${{ github.workflow_ref }}"
    ),
    "pr-group-by-branch: the ref of the workflow is the base": cancelling(
        "pull_request_target", "${{ github.workflow_ref }}"
    ),
    "pr-group-by-branch: upper": {
        "r": cancelling("[pull_request]", "${{ GITHUB.HEAD_REF }}"),
    },
    "pr-group-by-branch: called": {
        "r": """
on: [pull_request]
jobs:
  t:
    uses: ./.github/workflows/inner.yml
    with: {branch: "${{ github.head_ref }}"}
""",
        "inner": cancelling(
            "{workflow_call: {inputs: {branch: {type: string}}}}", "inner-${{ inputs.branch }}"
        ),
    },
    "pr-group-by-branch: not fullname": {
        "r": tested("""
on: [pull_request]
concurrency: {group: "ci-${{ github.event.pull_request.head.repo.full_name }}-${{ github.head_ref }}", cancel-in-progress: true}
"""),
    },
    "pr-group-by-branch: not repo": {
        "r": tested("""
on: [pull_request]
concurrency: {group: "ci-${{ github.event.pull_request.head.label }}", cancel-in-progress: true}
"""),
    },
    "pr-group-by-branch: not user": tested("""
on: pull_request
concurrency: {group: "${{ github.event.pull_request.head.user.login }}-${{ github.head_ref }}", cancel-in-progress: true}
"""),
    "group-shared-by-workflows: sched": {
        "a": named("A", '{schedule: [{cron: "0 0 * * *"}]}', "nightly"),
        "b": named("B", '{schedule: [{cron: "0 0 * * *"}]}', "nightly"),
    },
    "group-shared-by-workflows: num": {
        "a": named("A", "pull_request", "pr-${{ github.event.number }}"),
        "b": named("B", "pull_request", "pr-${{ github.event.pull_request.number }}"),
    },
    "group-shared-by-workflows: case": {
        "a": named("A", "[push, pull_request]", '"CI-${{ github.ref }}"'),
        "b": named("B", "[push, pull_request]", "ci-${{ github.ref }}"),
    },
    "group-shared-by-workflows: not events": {
        "a": named("A", "push", "ci-${{ github.ref }}"),
        "b": named("B", "pull_request", "ci-${{ github.ref }}"),
    },
    "group-deadlock: input": {
        "a": """
on: {workflow_dispatch: {}}
concurrency: {group: "rel-${{ github.ref }}"}
jobs: {b: {uses: ./.github/workflows/b.yml, with: {group: "rel-${{ github.ref }}"}}}
""",
        "b": tested("""
on: {workflow_call: {inputs: {group: {type: string}}}}
concurrency: {group: "${{ inputs.group }}"}
"""),
    },
    "group-deadlock: matrixleg": """
on: push
concurrency: {group: "build-amd64"}
jobs:
  t:
    strategy: {matrix: {arch: [amd64, arm64]}}
    concurrency: {group: "build-${{ matrix.arch }}"}
    runs-on: ubuntu-latest
    steps: [{run: make}]
""",
    "group-deadlock: not skipped": """
on: push
concurrency: deploy
jobs:
  t: {concurrency: deploy, if: "github.event_name == 'pull_request'", runs-on: ubuntu-latest, steps: [{run: make}]}
  u: {runs-on: ubuntu-latest, steps: [{run: make}]}
""",
    "legs-share-group: partial": each(
        "{os: [linux-a, linux-b]}", '''"t-${{ startsWith(matrix.os, 'linux') && 'linux' || matrix.os }}"'''
    ),
    "legs-share-group: not idx": each("{os: [a, b]}", '"t-${{ strategy.job-index }}"'),
    "legs-share-group: not tojson": each("{os: [a, b], py: [x, y]}", '"${{ toJSON(matrix) }}"'),
    "pending-push-dropped: jobenv": differing(
        '{group: "${{ github.workflow }}"}',
        'env: {BEFORE: "${{ github.event.before }}"}',
        './list "$BEFORE"',
        "docker push acme/a:latest",
    ),
    "pending-push-dropped: eventjson": differing(
        '{group: "${{ github.workflow }}"}',
        "",
        'git diff --name-only "$(jq -r .before "$GITHUB_EVENT_PATH")"..HEAD',
        "docker push acme/a:latest",
    ),
    "pending-push-dropped: expr": differing(
        """{group: images, cancel-in-progress: "${{ github.event_name == 'pull_request' }}"}""",
        "",
        "git diff --name-only ${{ github.event.before }} ${{ github.sha }} >> $GITHUB_OUTPUT",
        "docker push acme/a:latest",
    ),
    "pending-push-dropped: not test": differing(
        "{group: i}",
        "",
        "git diff --name-only ${{ github.event.before }} ${{ github.sha }} >> $GITHUB_OUTPUT",
        "make test",
    ),
    "push-cancels-test: matrix": """
on: [push]
jobs:
  t:
    strategy: {matrix: {v: [1, 2]}}
    concurrency: {group: "t-${{ matrix.v }}-${{ github.ref }}", cancel-in-progress: true}
    runs-on: ubuntu-latest
    steps: [{run: go test ./...}]
""",
    "push-cancels-test: not dead": {
        "a": """
name: ci
on: {push: {branches: [main]}}
concurrency: {group: "${{ github.workflow }}-${{ github.ref }}", cancel-in-progress: true}
jobs: {b: {uses: ./.github/workflows/b.yml}}
""",
        "b": tested("""
on: {workflow_call: {}}
concurrency: {group: "${{ github.workflow }}-${{ github.ref }}", cancel-in-progress: true}
"""),
    },
}

per_call = workflow(
    """
on: {push: {branches: [main]}, workflow_dispatch: {inputs: {tag: {type: string}}}}
jobs:
  cri:
    strategy: {matrix: {vmm: [clh, qemu]}}
    uses: ./.github/workflows/tests.yml
    with: {suffix: "-${{ ... }}", vmm: ..., long: LONG}
""".replace("LONG", "x" * 300)
)
JSON = workflow("""
on:
  workflow_call:
    inputs: {long: {type: string}, suffix: {type: string}, vmm: {type: string}}
concurrency: {group: "t-${{ ... }}", cancel-in-progress: true}
jobs: {run: {runs-on: ubuntu-latest, steps: [{run: "echo ${{ inputs.vmm }}"}]}}
""")
for group in (
    "toJSON(inputs)",
    "toJSON(fromJSON(toJSON(inputs)))",
    "join(inputs.*, '-')",
    "inputs[vars.key]",
):
    for tag in ("inputs.tag", "vars.tag"):
        kind = f"{group}, {tag}"
        SPELLED |= {
            f"legs-share-group: not inputs of a call: {kind}": {
                "a": per_call(tag, '"${{ matrix.vmm }}"'),
                "tests": JSON(group),
            },
            f"legs-share-group: inputs of a call that are the same: {kind}": {
                "a": per_call(tag, "all"),
                "tests": JSON(group),
            },
        }
