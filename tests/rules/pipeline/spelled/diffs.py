"""What a diff decides of a push, in many spellings."""

from __future__ import annotations

from tests.rules.pipeline.spelled.case import Cases, workflow

filtered = workflow("""
on: {push: {branches: [main]}, pull_request: {}}
concurrency: {group: "t-${{ github.event.pull_request.number || github.ref }}", cancel-in-progress: true}
jobs:
  filter:
    ...
  unit:
    needs: filter
    if: ...
    runs-on: ubuntu-latest
    steps: [{run: make test}]
  last:
    needs: [filter, unit]
    if: always()
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      ...
""")
FILTER = """
runs-on: ubuntu-latest
outputs: {code: "${{ steps.f.outputs.code }}"}
steps: [{id: f, uses: dorny/paths-filter@v3}]
"""
OF_ACTION = FILTER.replace("dorny/paths-filter@v3", "./.github/actions/filter")
CALLED = "uses: ./.github/workflows/filter.yml"
AROUND = {
    ".github/actions/filter/action.yml": """
outputs: {code: {value: "${{ steps.inner.outputs.code }}"}}
runs:
  using: composite
  steps:
    - {id: inner, uses: dorny/paths-filter@v3}
""",
    "filter": """
on: {workflow_call: {outputs: {code: {value: "${{ jobs.f.outputs.code }}"}}}}
jobs:
  f:
    runs-on: ubuntu-latest
    outputs: {code: "${{ steps.f.outputs.code }}"}
    steps: [{id: f, uses: dorny/paths-filter@v3}]
""",
}
CODE = "needs.filter.outputs.code"
ASKED = f"{CODE} == 'true'"
ALWAYS = f"${{{{ ({ASKED}) || (github.event_name == 'push') }}}}"
JUDGE = """
- run: |
    if [[ ${{ needs.filter.outputs.code }} == 'false' && ${{ github.event_name }} == 'pull_request' ]]; then
      exit 0
    fi
    [[ ${{ needs.unit.result }} == 'success' ]] || exit 1
"""
TOLD = f"- run: echo code is ${{{{ {CODE} }}}}"
GREEN = f"""
- uses: re-actors/alls-green@release/v1
  with: {{jobs: "${{{{ toJSON(needs) }}}}", allowed-skips: "${{{{ {CODE} != 'true' && 'unit' || '' }}}}"}}
"""

SPELLED: Cases = {
    **{
        f"push-cancels-push: {'' if told else 'not '}{kind}": {
            "a": filtered(before, condition, after),
            **AROUND,
        }
        for told, kind, before, condition, after in (
            (False, "where a job judges the others", FILTER, ALWAYS, JUDGE),
            (False, "where an action judges the others", FILTER, ALWAYS, GREEN),
            (False, "where it is told to people", FILTER, ALWAYS, TOLD),
            (False, "of an action", OF_ACTION, ALWAYS, JUDGE),
            (False, "of a called workflow", CALLED, ALWAYS, JUDGE),
            (True, "where a job that judges waits for tests", FILTER, ASKED, JUDGE),
            (True, "of an action, for tests", OF_ACTION, ASKED, JUDGE),
            (True, "of a called workflow, for tests", CALLED, ASKED, JUDGE),
            (
                True,
                "where the last job tests too",
                FILTER,
                ALWAYS,
                f"{JUDGE}- {{if: {ASKED}, run: make lint}}",
            ),
            (
                True,
                "where the last job starts another",
                FILTER,
                ALWAYS,
                f"{JUDGE}    gh workflow run x.yml\n",
            ),
            (
                True,
                "where the last job judges nothing",
                FILTER,
                ALWAYS,
                JUDGE.replace(".result", ".outputs.x"),
            ),
            (True, "where it is told to a step", FILTER, ALWAYS, f"{TOLD} >> $GITHUB_OUTPUT"),
            (True, "where it is given to a test", FILTER, ALWAYS, f"- run: make ALL=${{{{ {ASKED} }}}}"),
            (
                False,
                "where all is given to a test",
                FILTER,
                ALWAYS,
                f"- run: make ALL=${{{{ {ASKED} || github.event_name == 'push' }}}}",
            ),
            (
                False,
                "where nothing is given to a test",
                FILTER,
                ALWAYS,
                f"- run: make ONLY=${{{{ !{CODE} && github.event_name != 'push' }}}}",
            ),
            (
                False,
                "where a word in it is asked for",
                FILTER,
                f"contains({CODE}, 'a') || github.ref == 'refs/heads/main'",
                f"- run: make ALL=${{{{ contains({CODE}, 'a') || github.ref == 'refs/heads/main' }}}}",
            ),
            (
                True,
                "where its text is given to a test",
                FILTER,
                ALWAYS,
                f"- run: make ALL=${{{{ {CODE} || github.event_name == 'push' }}}}",
            ),
        )
    },
    "push-cancels-push: where another step of an action asks": {
        "a": filtered(OF_ACTION, ALWAYS, TOLD),
        ".github/actions/filter/action.yml": AROUND[".github/actions/filter/action.yml"]
        + "    - {if: steps.inner.outputs.code, run: make lint, shell: bash}\n",
    },
    "push-cancels-push: where a job waits for one that judges": filtered(FILTER, ALWAYS, JUDGE)
    + "  more: {needs: last, runs-on: ubuntu-latest, steps: [{run: make}]}\n",
}
