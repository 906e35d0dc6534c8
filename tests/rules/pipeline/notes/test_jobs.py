"""Notes about jobs: each on a repository that deserves it, and on one that does not."""

from __future__ import annotations

from json import dumps

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import NAMED, digests, job

CASES: dict[str, Case] = {
    "reduce-waits-for-strangers": Case(
        tree(digests("[-a, -b, -c, -d, -e]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "merge:",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
    "repeated-step-if": Case(
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: steps.c.outputs.cache-hit != 'true'\n  run: b"
                )
            }
        ),
        "if: steps.c",
        tree(
            {
                "ci": job(
                    "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n- if: matrix.a\n  run: b\n- if: matrix.a\n  run: c"
                )
            }
        ),
    ),
    "dead-output": Case(
        tree({"ci": job("- run: a", head="runs-on: x\noutputs:\n  a: b")}),
        "a: b",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head="runs-on: x\noutputs:\n  a: b",
                    rest="  use:\n    needs: build\n    if: needs.build.outputs['a']\n    runs-on: x\n",
                )
            }
        ),
    ),
    "unused-env": Case(
        tree({"ci": job("- env: {FLAVOUR: plain}\n  run: echo flavour | curl -d @- https://example.org")}),
        "FLAVOUR",
        tree(
            {
                "a": job("- env: {FLAVOUR: plain}\n  run: echo $FLAVOUR"),
                "b": job("- env: {FLAVOUR: plain}\n  run: make"),
                "c": job("- run: echo", head="runs-on: x\nenv: {FLAVOUR: plain}").replace(
                    "- run", "- uses: a/b@v1\n      - run"
                ),
                "d": "on: push\nenv: {FLAVOUR: plain}\njobs: {a: {uses: a/b/c.yml@v1}}\n",
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


WRITES = '- id: f\n  run: |\n    echo "a=1" >> $GITHUB_OUTPUT\n    # echo "no=1" >> $GITHUB_OUTPUT\n    printf \'b=%s\\n\' 2 >> "${GITHUB_OUTPUT}"\n'


@pytest.mark.parametrize(
    ("reads", "dead"),
    [
        ("- run: true", ["a", "b"]),
        ("- run: echo ${{ steps.f.outputs.a }}", ["b"]),
        ("- run: echo ${{ steps.f.outputs['b'] }}${{ steps['f'].outputs.a }}", []),
        ("- run: echo ${{ toJSON(steps) }}", []),
        ("- run: echo ${{ toJSON(steps.f.outputs) }}", []),
        ("- run: echo ${{ steps.g.outputs.a }}", ["a", "b"]),
    ],
)
def test_outputs_of_steps_that_nobody_reads(reads: str, dead: list[str]) -> None:
    findings = found(tree({"ci": job(WRITES + reads)}), "dead-output")
    assert [finding.subject.rpartition(" ")[2] for finding in findings] == dead


def test_a_job_that_waits_for_a_matrix_and_takes_nothing_of_it() -> None:
    build = (
        "    strategy:\n      matrix: {n: [1, 2]}\n    uses: ./.github/workflows/build.yml\n    with: {name: "
    )
    ci = (
        (
            f"on: push\njobs:\n  one:\n{build}one}}\n  two:\n{build}two}}\n  merge:\n    needs: NEEDS\n    runs-on: x\n"
            "    steps:\n      - uses: actions/download-artifact@v4\n        with: {pattern: two-*}\n"
        )
        .replace("name: one}", 'name: "one-${{ matrix.n }}"}')
        .replace("name: two}", 'name: "two-${{ matrix.n }}"}')
    )
    called = (
        "on:\n  workflow_call:\n    inputs: {name: {type: string}}\njobs:\n  build:\n    runs-on: x\n    steps:\n"
        '      - uses: actions/upload-artifact@v4\n        with: {name: "${{ inputs.name }}", path: x}\n'
    )
    slug = "reduce-waits-for-strangers"
    assert found(tree({"ci": ci.replace("NEEDS", "two"), "build": called}), slug) == []
    (told,) = found(tree({"ci": ci.replace("NEEDS", "[one, two]"), "build": called}), slug)
    assert "all 2 artifacts of one and takes none" in told.message


STRANGE = """
on: push
jobs:
  {name}:
    strategy: {{matrix: {{i: [a, b, c, d]}}}}
    runs-on: x
    steps:
      - {build}
      - uses: actions/upload-artifact@v4
        with: {{name: "d-${{{{ matrix.i }}}}", path: x}}
  other:
    needs: {before}
    runs-on: x
    steps:
      - uses: actions/upload-artifact@v4
        with: {{name: o, path: x}}
  merge:
    needs: [{name}, other]
    if: {condition}
    runs-on: x
    steps:
      - uses: actions/download-artifact@v4
        with: {{{wanted}}}
      - run: {merge}
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 1),
        ({"wanted": "pattern: 'o*'"}, 1),
        ({"merge": "docker buildx imagetools create -t x/a *"}, 1),
        ({"wanted": "pattern: '*'"}, 0),
        ({"wanted": "name: '${{ needs.other.outputs.name }}'"}, 0),
        ({"name": "test"}, 0),
        ({"build": "uses: docker/build-push-action@v6"}, 0),
        ({"condition": "needs.build.result == 'success'"}, 0),
        ({"merge": "gh release create v1 o"}, 0),
        ({"before": "build"}, 0),
    ],
)
def test_a_matrix_of_which_nothing_is_taken(change: dict[str, str], told: int) -> None:
    given = {"name": "build", "build": "run: make", "before": "[]", "condition": "success()"}
    given |= {"wanted": "name: o", "merge": "make merge"} | change
    findings = found(tree({"ci": STRANGE.format(**given)}), "reduce-waits-for-strangers")
    assert [f.message for f in findings] == ["merge waits for all 4 artifacts of build and takes none"] * told


def test_one_condition_in_two_spellings() -> None:
    hit = "steps.c.outputs.cache-hit != 'true'"
    where = tree({"ci": job(f"- if: {hit}\n  run: a\n- if: ${{{{ {hit} }}}}\n  run: b")})
    assert len(found(where, "repeated-step-if")) == 1


WRITTEN = {
    "echo": "run: echo x=1 >> $GITHUB_OUTPUT",
    "tee": 'run: echo "x=1" | tee -a "$GITHUB_OUTPUT"',
    "braces": 'run: |\n    {\n      echo "x=1"\n    } >> "$GITHUB_OUTPUT"',
    "a text": "run: |\n    cat <<EOF >> $GITHUB_OUTPUT\n    x=1\n    EOF",
    "several lines": 'run: |\n    echo "x<<EOF" >> $GITHUB_OUTPUT\n    cat file >> $GITHUB_OUTPUT',
}
READ = {
    "dots": ("steps.s.outputs.x", True),
    "brackets": ("steps['s']['outputs']['x']", True),
    "any case": ("STEPS.S.outputs.X", True),
    "all of it": ("toJSON(steps.s.outputs)", True),
    "the step": ("toJSON(steps.s)", True),
    "every step": ("join(steps.*.outputs.x)", True),
    "another": ("steps.s.outputs.x-y", False),
}


@pytest.mark.parametrize("how", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize(("read", "alive"), READ.values(), ids=READ)
def test_outputs_that_steps_write_and_read(how: str, read: str, alive: bool) -> None:
    steps = f"- id: s\n  {how}\n- run: echo ${{{{ {read} }}}}"
    assert bool(found(tree({"ci": job(steps)}), "dead-output")) is not alive


def test_a_step_of_another_job_is_another_step() -> None:
    write = "{id: s, run: echo x=1 >> $GITHUB_OUTPUT}"
    rest = f"  other:\n    runs-on: x\n    steps: [{write}, {{run: 'echo ${{{{ steps.s.outputs.x }}}}'}}]\n"
    (finding,) = found(tree({"ci": job(f"- {write}", rest=rest)}), "dead-output")
    assert finding.line < 8


def test_a_comment_of_a_script_reads_nothing() -> None:
    text = (
        "- id: s\n  run: echo x=1 >> $GITHUB_OUTPUT\n- run: |\n    {}${{{{ steps.s.outputs.x }}}}\n    true"
    )
    assert found(tree({"ci": job(text.format("# "))}), "dead-output")
    assert not found(tree({"ci": job(text.format("echo "))}), "dead-output")


@pytest.mark.parametrize(
    ("env", "told"), [("{A_TITLE: x}", True), ("{LC_ALL: C}", False), ("{http_proxy: x}", False)]
)
def test_variables_of_tools_are_used(env: str, told: bool) -> None:
    steps = f"- run: sort file\n  env: {env}"
    other = "  other:\n    runs-on: x\n    steps: [{run: echo $A_TITLE, env: {A_TITLE: y}}]\n"
    assert bool(found(tree({"ci": job(steps, rest=other)}), "unused-env")) is told


def test_a_condition_with_brackets() -> None:
    first = "- {run: a, if: \"steps.c.outputs.cache-hit != 'true'\"}"
    other = "- {run: b, if: \"${{ steps.c.outputs['cache-hit']!='true' }}\"}"
    assert len(found(tree({"ci": job(f"{first}\n{other}")}), "repeated-step-if")) == 1


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("set -e; export A=1; echo environment", True),
        ("env A=1 curl x", True),
        ("env", False),
        ("env | sort", False),
        ("echo $(env)", False),
        ("printenv", False),
        ("export -p > file", False),
        ("set", False),
        ("name=FLAVOUR; echo ${!name}", False),
        ("jq -n env", False),
        ("jq -n '$ENV'", False),
        ("awk 'BEGIN { for (k in ENVIRON) print k }'", False),
        ("cat /proc/self/environ", False),
    ],
)
def test_a_script_may_take_all_variables(run: str, told: bool) -> None:
    steps = f"- run: {dumps(run)}\n  env: {{{'FLAVOR' if 'FLAVOUR' in run else 'FLAVOUR'}: plain}}"
    assert bool(found(tree({"ci": job(steps)}), "unused-env")) is told


@pytest.mark.parametrize(
    ("name", "told"),
    [("FLAVOUR", True), ("SOURCE_DATES", True), ("SOURCE_DATE_EPOCH", False), ("NO_COLOR", False),
     ("CLICOLOR", False), ("LD_PRELOAD", False), ("GIT_TRACE", False), ("RUNNER_DEBUG", False), ("CI", False)],
)  # fmt: skip
def test_variables_that_programs_know(name: str, told: bool) -> None:
    assert bool(found(tree({"ci": job(f"- run: ls\n  env: {{{name}: '1'}}")}), "unused-env")) is told


@pytest.mark.parametrize(
    ("before", "between", "behind", "told"),
    [
        ("- run: c\n", "", "", True),
        ("", "- if: always()\n  run: c\n", "", True),
        ("", "- run: c\n", "", False),
        ("", "", "- run: c\n", False),
    ],
)
def test_a_step_that_has_to_run_all_the_same(before: str, between: str, behind: str, told: bool) -> None:
    missed = "- if: steps.c.outputs.cache-hit != 'true'\n  run: a\n"
    steps = f"{before}{missed}{between}{missed}{behind}"
    assert bool(found(tree({"ci": job(steps)}), "repeated-step-if")) is told
