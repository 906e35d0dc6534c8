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

dropped = workflow("""
on: {push: {branches: ...}}
concurrency: {group: images, cancel-in-progress: ...}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {code: "${{ steps.f.outputs.code }}"}
    steps:
      - uses: actions/checkout@v4
      ...
      - id: f
        ...
  image:
    needs: changes
    if: needs.changes.outputs.code == 'true'
    runs-on: ubuntu-latest
    steps: [{run: ...}]
""")
LAST_RUN = "- {id: last, run: './last.sh >> $GITHUB_OUTPUT'}"
LAST_SCRIPT = {"last.sh": "echo sha=$(gh run list --status success --limit 1 --json headSha)\n"}
BASE = "uses: tj-actions/changed-files@v46\nwith: {base_sha: '${{ steps.last.outputs.sha }}'}"
SINCE = "uses: dorny/paths-filter@v3\nwith: {base: '...'}"


def since(base: str) -> str:
    return SINCE.replace("...", base)


LAST_ASKED = """
- id: last
  run: echo sha=$(gh api "repos/a/b/actions/workflows/a.yml/runs?status=success" --jq .x) >> $GITHUB_OUTPUT
"""
LAST_JS = """
- id: last
  uses: actions/github-script@v7
  with:
    script: |
      const found = await github.rest.actions.listWorkflowRuns({owner, repo, status: 'success'})
      core.setOutput('sha', found.data.workflow_runs[0].head_sha)
"""
LAST_TAG = "- {id: last, run: 'echo sha=$(git describe --tags --abbrev=0) >> $GITHUB_OUTPUT'}"
NEWEST = "- {id: last, run: 'echo sha=$(gh release view --json tagName) >> $GITHUB_OUTPUT'}"
ANY_RUN = "- {id: last, run: 'echo sha=$(gh run list --status completed --json headSha) >> $GITHUB_OUTPUT'}"
NX = "- uses: nrwl/nx-set-shas@v4"
BEFORE = "run: echo code=$(git diff --name-only ${{ github.event.before }}) >> $GITHUB_OUTPUT"
FALLS_BACK = """
run: |
  base=$(gh run list --status=success --json headSha || echo ${{ github.event.before }})
  echo code=$(git diff --name-only $base) >> $GITHUB_OUTPUT
"""
BY_VARIABLE = """
env: {BASE: "${{ steps.last.outputs.sha || github.event.before }}"}
run: echo code=$(git diff --name-only $BASE) >> $GITHUB_OUTPUT
"""

SPELLED: Cases = {
    **{
        f"{rule}: {'' if told else 'not '}since {kind}": {
            "a": dropped(on, cancels, first, by, does),
            **LAST_SCRIPT,
        }
        for rule, cancels, does in (
            ("pending-push-dropped", "false", "docker push acme/a:latest"),
            ("push-cancels-push", "true", "make test"),
        )
        for told, kind, on, first, by in (
            (False, "the last success, by a script", "[main]", LAST_RUN, BASE),
            (False, "the last success, by the interface", "[main]", LAST_ASKED, BASE),
            (False, "the last success, by its library", "[main]", LAST_JS, BASE),
            (False, "the last success, by an action", "[main]", NX, since("${{ env.NX_BASE }}")),
            (False, "the last success, or else the push", "[main]", "", FALLS_BACK),
            (False, "the last success, by a variable", "[main]", LAST_ASKED, BY_VARIABLE),
            (False, "the last tag", "[main]", LAST_TAG, BASE),
            (False, "the last release", "[main]", NEWEST, since("${{ steps.last.outputs.sha }}")),
            (False, "another branch", "[next]", "", since("main")),
            (True, "the push", "[main]", LAST_RUN, "uses: tj-actions/changed-files@v46"),
            (True, "the commit before the push", "[main]", LAST_RUN, since("${{ github.event.before }}")),
            (True, "the commit before", "[main]", LAST_RUN, since("HEAD~1")),
            (True, "its own branch", "[main]", "", since("main")),
            (True, "a branch among others", "[next, main]", "", since("main")),
            (True, "a branch of a pattern", "['**']", "", since("main")),
            (True, "any run before", "[main]", ANY_RUN, BASE),
            (True, "the push, beside a release", "[main]", NEWEST, BEFORE),
        )
    },
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
