"""Jobs that reports are about: what runs, and beside what."""

from __future__ import annotations

from textwrap import dedent, indent

from tests.rules.pipeline.reported.report import Reports


def caller(group, extra="", name="Release", on="push: {branches: [main]}", jobextra=""):
    return f"""
name: {name}
on:
  {on}
{group}
jobs:
  call:
{jobextra}    uses: ./.github/workflows/build.yml
{extra}"""


def callee(group, jobgroup="", name="Build", on="workflow_call:"):
    return f"""
name: {name}
on:
  {on}
{group}
jobs:
  build:
    runs-on: ubuntu-latest
{jobgroup}    steps:
      - run: make
"""


G = "concurrency:\n  group: {0}\n  cancel-in-progress: {1}"


def never(cond, mid, last, on="push: {branches: [main], tags: ['v*']}\n  pull_request:"):
    return f"""
on:
  {on}
jobs:
  first:
    if: {cond}
    runs-on: ubuntu-latest
    steps: [{{run: make first}}]
  middle:
    needs: first
    if: {mid}
    runs-on: ubuntu-latest
    steps: [{{run: make middle}}]
  release:
    needs: middle
    if: {last}
    runs-on: ubuntu-latest
    steps: [{{run: make release}}]
"""


def pend(
    diff,
    jobs,
    group="concurrency:\n  group: ${{ github.workflow }}-${{ github.ref }}\n  cancel-in-progress: false",
):
    return f"""
on: {{push: {{branches: [main]}}}}
{group}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {{svc: "${{{{ steps.f.outputs.svc }}}}"}}
    steps:
      - uses: actions/checkout@v4
        with: {{fetch-depth: 2}}
{indent(dedent(diff).strip(chr(10)), "      ")}
  deploy:
    needs: changes
    if: needs.changes.outputs.svc != '' && needs.changes.outputs.svc != '[]'
    runs-on: ubuntu-latest
    strategy: {{matrix: {{svc: "${{{{ fromJson(needs.changes.outputs.svc) }}}}"}}}}
    steps:
      - uses: docker/build-push-action@v6
        with: {{context: "svc/${{{{ matrix.svc }}}}", push: true, tags: "acme/${{{{ matrix.svc }}}}:latest"}}
"""


PG = (
    "  group: ${{ github.workflow }}-${{ github.ref }}\n",
    "  group: ${{ github.workflow }}-${{ github.ref }}-${{ github.sha }}\n",
)

REPORTS = Reports()

REPORTS.add(
    "deadlock under dispatch alone",
    "group-deadlock",
    {
        "ci": caller(
            "",
            on="push: {branches: [main]}\n  workflow_dispatch:",
            jobextra="    if: github.event_name == 'workflow_dispatch'\n    concurrency: publish\n",
        ),
        "build": callee("concurrency: publish"),
    },
    ("concurrency: publish\njobs:\n  build", "jobs:\n  build"),
)
REPORTS.add(
    "hpcaitech/ColossalAI#4667",
    "legs-share-group",
    """
on: pull_request
jobs:
  detect:
    runs-on: ubuntu-latest
    outputs: {matrix: "${{ steps.s.outputs.matrix }}"}
    steps: [{id: s, run: "./matrix.sh >> $GITHUB_OUTPUT"}]
  build:
    needs: detect
    runs-on: [self-hosted, gpu]
    strategy:
      fail-fast: false
      matrix: ${{ fromJson(needs.detect.outputs.matrix) }}
    concurrency:
      group: ${{ github.workflow }}-${{ github.ref }}-run-test
      cancel-in-progress: true
    steps: [{run: "pytest ${{ matrix.example }}"}]
""",
    ("-run-test", "-run-test-${{ matrix.example }}"),
)
REPORTS.add(
    "two called workflows with github.workflow",
    "legs-share-group",
    {
        "ci": """
name: CI
on: pull_request
jobs:
  lint:
    uses: ./.github/workflows/lint.yml
  test:
    uses: ./.github/workflows/test.yml
""",
        "lint": callee(G.format("${{ github.workflow }}-${{ github.ref }}", "true"), name="Lint"),
        "test": callee(G.format("${{ github.workflow }}-${{ github.ref }}", "true"), name="Test"),
    },
    (
        "name: Lint\non:\n  workflow_call:\nconcurrency:\n  group: ${{ github.workflow }}",
        "name: Lint\non:\n  workflow_call:\nconcurrency:\n  group: lint",
    ),
)
REPORTS.add(
    "kuksa.val#651 two jobs of one workflow",
    "legs-share-group",
    """
on: pull_request
jobs:
  lint:
    runs-on: ubuntu-latest
    concurrency:
      group: ${{ github.ref }}-${{ github.workflow }}
      cancel-in-progress: true
    steps: [{run: make lint}]
  test:
    runs-on: ubuntu-latest
    concurrency:
      group: ${{ github.ref }}-${{ github.workflow }}
      cancel-in-progress: true
    steps: [{run: make test}]
""",
    (
        """    steps: [{run: make lint}]
  test:
    runs-on: ubuntu-latest
    concurrency:
      group: ${{ github.ref }}-${{ github.workflow }}
""",
        """    steps: [{run: make lint}]
  test:
    runs-on: ubuntu-latest
    concurrency:
      group: ${{ github.ref }}-${{ github.workflow }}-test
""",
    ),
)
REPORTS.add(
    "pydantic/pydantic-ai-harness#430",
    "job-never-runs",
    never(
        "github.event_name == 'pull_request'",
        "always()",
        "startsWith(github.ref, 'refs/tags/') && needs.middle.result == 'success'",
    ),
    ("if: startsWith", "if: ${{ !cancelled() && startsWith"),
    ("== 'success'\n", "== 'success' }}\n"),
)
REPORTS.add(
    "amd/gaia#3916",
    "job-never-runs",
    """
on: {push: {tags: ['v*']}}
jobs:
  email-eval:
    if: false
    runs-on: ubuntu-latest
    steps: [{run: make eval}]
  approve-publish:
    needs: [email-eval]
    if: ${{ !cancelled() && needs.email-eval.result != 'failure' }}
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
  pypi:
    needs: [approve-publish]
    if: needs.approve-publish.result == 'success'
    runs-on: ubuntu-latest
    steps: [{run: make pypi}]
""",
    (
        "if: needs.approve-publish.result == 'success'",
        "if: ${{ !cancelled() && needs.approve-publish.result == 'success' }}",
    ),
)
REPORTS.add(
    "tsouza/cerberus#1128",
    "job-never-runs",
    """
on: {push: {branches: [main, 'release/**']}}
jobs:
  preflight:
    if: startsWith(github.ref, 'refs/heads/release/')
    runs-on: ubuntu-latest
    steps: [{run: make preflight}]
  goreleaser:
    needs: preflight
    if: always() && needs.preflight.result != 'failure'
    runs-on: ubuntu-latest
    steps: [{run: make goreleaser}]
  eol-retire:
    needs: goreleaser
    if: github.ref == 'refs/heads/main' && needs.goreleaser.result == 'success'
    runs-on: ubuntu-latest
    steps: [{run: make retire}]
""",
    ("    if: github.ref == 'refs/heads/main' &&", "    if: always() && github.ref == 'refs/heads/main' &&"),
)
REPORTS.add(
    "git diff HEAD~1 decides",
    "pending-push-dropped",
    pend(
        """
- id: f
  run: |
    svc=$(git diff --name-only HEAD~1 HEAD | grep '^svc/' | cut -d/ -f2 | sort -u | jq -R . | jq -sc .)
    echo "svc=$svc" >> $GITHUB_OUTPUT
""",
        "",
    ),
    PG,
)
REPORTS.add(
    "git diff HEAD^ decides",
    "pending-push-dropped",
    pend(
        """
- id: f
  run: echo "svc=$(git diff --name-only HEAD^ -- svc | ./to-json.sh)" >> "$GITHUB_OUTPUT"
""",
        "",
    ),
    PG,
)
REPORTS.add(
    "turbo --filter=[HEAD^1]",
    "pending-push-dropped",
    pend(
        """
- id: f
  run: echo "svc=$(npx turbo run build --filter='...[HEAD^1]' --dry-run=json | jq -c .packages)" >> "$GITHUB_OUTPUT"
""",
        "",
    ),
    PG,
)
REPORTS.add(
    "Cotal-AI/Cotal#976 queue: max",
    "",
    pend(
        """
- id: f
  uses: dorny/paths-filter@v3
  with: {filters: .github/filters.yml}
""",
        "",
        "concurrency:\n  group: ${{ github.workflow }}-${{ github.ref }}\n  queue: max",
    ),
)
REPORTS.add(
    "filecoin-project/filecoin-pin#561",
    "job-never-runs",
    """
on:
  push: {branches: [main]}
  workflow_dispatch:
jobs:
  validate-dispatch:
    if: github.event_name == 'workflow_dispatch'
    runs-on: ubuntu-latest
    steps: [{run: "true"}]
  build:
    needs: [validate-dispatch]
    if: always() && (needs.validate-dispatch.result == 'success' || needs.validate-dispatch.result == 'skipped')
    runs-on: ubuntu-latest
    steps: [{run: npm pack}]
  publish:
    needs: build
    runs-on: ubuntu-latest
    steps: [{run: npm publish}]
""",
    ("    needs: build\n", "    needs: build\n    if: always() && needs.build.result == 'success'\n"),
)
REPORTS.add(
    "Hmbown/Codewhale#523",
    "job-never-runs",
    """
on: {push: {tags: ['v*']}, workflow_dispatch: }
jobs:
  parity:
    if: github.event_name == 'push'
    runs-on: ubuntu-latest
    steps: [{run: make parity}]
  build:
    needs: parity
    if: ${{ !cancelled() && (needs.parity.result == 'success' || needs.parity.result == 'skipped') }}
    strategy: {matrix: {os: [ubuntu-latest, macos-14]}}
    runs-on: ${{ matrix.os }}
    steps: [{run: make}]
  release:
    needs: build
    runs-on: ubuntu-latest
    steps: [{run: gh release create x}]
""",
    (
        "    needs: build\n",
        "    needs: build\n    if: ${{ !cancelled() && needs.build.result == 'success' }}\n",
    ),
)
REPORTS.add(
    "sound: a job in one group with the one that it waits for",
    "",
    """on: {push: {branches: [main]}}
jobs:
  staging: {runs-on: ubuntu-latest, concurrency: deploy, steps: [{run: ./deploy}]}
  prod: {needs: staging, runs-on: ubuntu-latest, concurrency: deploy, steps: [{run: ./deploy}]}
""",
)
REPORTS.add(
    "sound: a job that asks for the status itself",
    "",
    """on: [push, pull_request]
jobs:
  changes: {if: "github.event_name == 'pull_request'", runs-on: ubuntu-latest, outputs: {go: "${{ steps.f.outputs.go }}"}, steps: [{id: f, uses: dorny/paths-filter@v3, with: {filters: "go: ['**.go']"}}]}
  test: {needs: changes, if: "${{ !cancelled() && (github.event_name == 'push' || needs.changes.outputs.go == 'true') }}", runs-on: ubuntu-latest, steps: [{run: make}]}
  ok: {needs: [changes, test], if: always(), runs-on: ubuntu-latest, steps: [{run: "true"}]}
""",
)
REPORTS.add(
    "sound: a diff that decides nothing of what is published",
    "",
    """on: {push: {branches: [main]}}
concurrency: lint-${{ github.ref }}
jobs:
  l:
    runs-on: ubuntu-latest
    steps: [{uses: actions/checkout@v4, with: {fetch-depth: 2}}, {run: "git diff --name-only HEAD^ | xargs ./lint"}]
""",
)
REPORTS.add(
    "sound: the legs of a made matrix, each in a group of its own",
    "",
    """on: workflow_dispatch
jobs:
  find:
    runs-on: ubuntu-latest
    outputs: {branches: "${{ steps.b.outputs.branches }}"}
    steps: [{id: b, run: ./branches >> $GITHUB_OUTPUT}]
  sync:
    needs: find
    strategy: {matrix: {branch: "${{ fromJson(needs.find.outputs.branches) }}"}}
    concurrency: {group: "sync-${{ matrix.branch }}", cancel-in-progress: true}
    runs-on: ubuntu-latest
    steps: [{run: "./sync ${{ matrix.branch }}"}]
""",
)
