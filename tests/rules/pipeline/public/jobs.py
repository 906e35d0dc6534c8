"""Workflows after public reports about jobs: what must be told of each."""

from __future__ import annotations

PUBLIC: dict[str, tuple[set[str], dict[str, str]]] = {
    "deadlock-default-input": (
        {"group-deadlock"},
        {
            "ci": """
                on: {push: {branches: [main]}}
                concurrency:
                  group: ${{ github.workflow }}-${{ github.ref }}
                jobs:
                  call:
                    uses: ./.github/workflows/deploy.yml
                """,
            "deploy": """
                on:
                  workflow_call:
                    inputs: {x: {type: string}}
                concurrency:
                  group: '${{ github.workflow }}-${{ github.ref }}'
                  cancel-in-progress: false
                jobs:
                  d: {runs-on: ubuntu-latest, steps: [{run: make deploy}]}
                """,
        },
    ),
    "deadlock-job-level": (
        {"group-deadlock"},
        {
            "ci": """
                on: workflow_dispatch
                jobs:
                  call:
                    concurrency: deploy
                    uses: ./.github/workflows/deploy.yml
                """,
            "deploy": """
                on: workflow_call
                jobs:
                  d:
                    runs-on: ubuntu-latest
                    concurrency: {group: Deploy}
                    steps: [{run: make deploy}]
                """,
        },
    ),
    "ok-deadlock-not": (
        set(),
        {
            "ci": """
                on: {push: {branches: [main]}}
                concurrency: ci-${{ github.ref }}
                jobs:
                  call:
                    uses: ./.github/workflows/deploy.yml
                """,
            "deploy": """
                on: workflow_call
                concurrency: deploy-${{ github.ref }}
                jobs:
                  d: {runs-on: ubuntu-latest, steps: [{run: make deploy}]}
                """,
        },
    ),
    "legs-group-callee": (
        {"legs-share-group"},
        {
            "ci": """
                on: pull_request
                jobs:
                  t:
                    strategy: {matrix: {py: ['3.10', '3.11']}}
                    uses: ./.github/workflows/t.yml
                    with: {py: "${{ matrix.py }}"}
                """,
            "t": """
                on:
                  workflow_call:
                    inputs: {py: {type: string}}
                concurrency:
                  group: t-${{ github.event.pull_request.number }}
                  cancel-in-progress: true
                jobs:
                  t: {runs-on: ubuntu-latest, steps: [{run: "tox -e ${{ inputs.py }}"}]}
                """,
        },
    ),
    "ok-legs-group-strategy": (
        set(),
        {
            "ci": """
                on: pull_request
                jobs:
                  t:
                    strategy: {matrix: {py: ['3.10', '3.11']}}
                    runs-on: ubuntu-latest
                    concurrency:
                      group: t-${{ github.event.pull_request.number }}-${{ strategy.job-index }}
                      cancel-in-progress: true
                    steps: [{run: "tox -e ${{ matrix.py }}"}]
                """,
        },
    ),
    "never-release": (
        {"job-never-runs"},
        {
            "ci": """
                on:
                  push: {branches: [main]}
                  pull_request:
                jobs:
                  lint:
                    if: github.event_name == 'pull_request'
                    runs-on: ubuntu-latest
                    steps: [{run: make lint}]
                  test:
                    needs: [lint]
                    if: ${{ !failure() }}
                    runs-on: ubuntu-latest
                    steps: [{run: make test}]
                  publish:
                    needs: [test]
                    if: ${{ github.event_name == 'push' }}
                    runs-on: ubuntu-latest
                    steps: [{run: make publish}]
                """,
        },
    ),
    "ok-never-always": (
        set(),
        {
            "ci": """
                on:
                  push: {branches: [main]}
                  pull_request:
                jobs:
                  lint:
                    if: github.event_name == 'pull_request'
                    runs-on: ubuntu-latest
                    steps: [{run: make lint}]
                  publish:
                    needs: [lint]
                    if: always() && github.event_name == 'push' && needs.lint.result != 'failure'
                    runs-on: ubuntu-latest
                    steps: [{run: make publish}]
                """,
        },
    ),
    "pending-changed-files": (
        {"pending-push-dropped"},
        {
            "ci": """
                on: {push: {branches: [main]}}
                concurrency: images
                jobs:
                  changed:
                    runs-on: ubuntu-latest
                    outputs: {api: "${{ steps.f.outputs.api }}"}
                    steps:
                      - uses: actions/checkout@v4
                      - id: f
                        uses: dorny/paths-filter@v3
                        with: {filters: "api: ['api/**']"}
                  api:
                    needs: changed
                    if: needs.changed.outputs.api == 'true'
                    runs-on: ubuntu-latest
                    steps:
                      - uses: docker/build-push-action@v6
                        with: {context: api, push: true, tags: "acme/api:latest"}
                """,
        },
    ),
    "dead-format": (
        {"dead-output"},
        {
            "ci": """
                on: push
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    outputs:
                      x: ${{ steps.s.outputs.x }}
                      y: ${{ steps.s.outputs['y'] }}
                    steps:
                      - id: s
                        run: |
                          echo "x=1" >> "$GITHUB_OUTPUT"
                          echo "y=1" >> "$GITHUB_OUTPUT"
                  b:
                    needs: a
                    runs-on: ubuntu-latest
                    steps: [{run: "echo ${{ needs['a']['outputs']['x'] }}"}]
                """,
        },
    ),
    "unused-env-job": (
        {"unused-env"},
        {
            "ci": """
                on: push
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    env: {REGISTRY_NAME: ghcr.io, USED: "1"}
                    steps: [{run: 'echo "$USED"'}]
                """,
        },
    ),
    "ok-env-shell-used": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    env: {FOO_BAR: ghcr.io}
                    steps: [{run: "python -c \\"import os; print(os.environ['FOO_BAR'])\\""}]
                """,
        },
    ),
    "ok-dead-tojson": (
        set(),
        {
            "ci": """
                on: push
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    outputs: {x: "${{ steps.s.outputs.x }}"}
                    steps: [{id: s, run: 'echo "x=1" >> "$GITHUB_OUTPUT"'}]
                  b:
                    needs: a
                    runs-on: ubuntu-latest
                    steps: [{env: {ALL: "${{ toJSON(needs) }}"}, run: 'echo "$ALL"'}]
                """,
        },
    ),
    "push-cancel-publish": (
        {"push-cancels-push"},
        {
            "ci": """
                on: {push: {branches: [main]}}
                concurrency:
                  group: ${{ github.workflow }}-${{ github.ref_name }}
                  cancel-in-progress: true
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    steps:
                      - run: |
                          docker build -t acme/app:${{ github.sha }} .
                          docker push acme/app:${GITHUB_SHA}
                """,
        },
    ),
    "ok-push-cancel-no": (
        set(),
        {
            "ci": """
                on: {push: {branches: [main]}}
                concurrency:
                  group: ${{ github.workflow }}-${{ github.ref_name }}-${{ github.run_id }}
                  cancel-in-progress: true
                jobs:
                  a:
                    runs-on: ubuntu-latest
                    steps:
                      - run: docker build -t acme/app:${{ github.sha }} . && docker push acme/app:${{ github.sha }}
                """,
        },
    ),
}
