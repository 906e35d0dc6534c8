"""Rules about jobs: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import Case, W, assert_case, found, tree
from tests.rules.pipeline.workflows import job

GENERATED = """
on: {{push: {{branches: [main]}}}}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {{matrix: "${{{{ steps.f.outputs.m }}}}", merges: "${{{{ steps.f.outputs.n }}}}"}}
    steps:
      - id: f
        run: git diff --name-only ${{{{ github.event.before }}}}
  build:
    needs: changes
    runs-on: ubuntu-latest
    strategy:
      fail-fast: false
      matrix: ${{{{ fromJson(needs.changes.outputs.matrix) }}}}
    steps:
      - run: make
  {name}:
    needs: {needs}
    {condition}
    runs-on: ubuntu-latest
    {strategy}
    steps:
      - run: docker push example/special
"""


def generated(
    name: str, needs: str, condition: str = "timeout-minutes: 9", strategy: str = "env: {A: b}"
) -> str:
    return GENERATED.format(name=name, needs=needs, condition=condition, strategy=strategy)


MERGE = 'strategy: {matrix: "${{ fromJson(needs.changes.outputs.merges) }}"}'

CASES: dict[str, Case] = {
    "workflow-unreadable": Case(
        tree({"ci": "on: push\njobs: {a: [b\n"}), "", tree({"ci": "on: push\njobs: {a: {}}\n"})
    ),
    "bypasses-change-filter": Case(
        tree({"ci": generated("special", "[]")}), "special:", tree({"ci": generated("special", "[changes]")})
    ),
    "reduce-skipped-by-one-leg": Case(
        tree({"ci": generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)}),
        "merge:",
        tree(
            {
                "ci": generated(
                    "merge", "[changes, build]", "if: ${{ !cancelled() && needs.changes.result }}", MERGE
                )
            }
        ),
    ),
    "matrix-over-256": Case(
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(20))}, b: {list(range(13))}}}",
                )
            }
        ),
        "matrix:",
        tree(
            {
                "ci": job(
                    "- run: a",
                    head=f"runs-on: x\nstrategy:\n  matrix: {{a: {list(range(16))}, b: {list(range(16))}}}",
                )
            }
        ),
    ),
    "reusable-literal-drift": Case(
        tree(
            {
                name: f"on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with:\n      go-version: {version}\n"
                for name, version in (("a", "1.24.x"), ("b", "1.25.x"))
            }
            | {"c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n"}
        ),
        "go-version: 1.25.x",
        tree(
            {
                "a": "on: push\njobs:\n"
                + "".join(
                    f"  j{n}:\n    uses: ./.github/workflows/c.yml\n    with: {{go-version: 1.{n}}}\n"
                    for n in (1, 2)
                ),
                "b": "on: push\njobs:\n  a:\n    uses: ./.github/workflows/c.yml\n    with: {go-version: 1.2}\n",
                "c": "on: {workflow_call: {inputs: {go-version: {type: string}}}}\njobs: {}\n",
            }
        ),
    ),
}


@pytest.mark.parametrize(
    ("jobs", "says"),
    [
        ({"a": [], "b": ["c"]}, [("needs: [c]", "name a job of the file, or delete the name")]),
        ({"build": [], "b": ["buld"]}, [("needs: [buld]", "write build")]),
        ({"bild": [], "b": ["build"], "c": ["build", "b"]}, [("bild:", "name this job build")]),
        ({"bild": [], "b": ["build"], "c": ["bild"]}, [("needs: [build]", "write bild")]),
        ({"a": [], "b": ["a"]}, []),
        ({"Build": [], "b": ["build"], "c": ['""']}, []),
    ],
)
def test_a_job_that_waits_for_none_of_the_file(
    jobs: dict[str, list[str]], says: list[tuple[str, str]]
) -> None:
    lines = "".join(
        f"  {name}:\n    needs: [{', '.join(needs)}]\n    runs-on: x\n    steps: [{{run: make}}]\n"
        for name, needs in jobs.items()
    )
    text = f"on: push\njobs:\n{lines}"
    told = found(tree({"ci": text}), "workflow-unreadable")
    assert [(text.splitlines()[f.line - 1].strip(), f.help) for f in told] == says
    assert all(f.severity is Severity.error for f in told)


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_a_job_that_only_tests_may_bypass_the_filter() -> None:
    text = generated("special", "[]").replace("docker push example/special", "make lint")
    assert found(tree({"ci": text}), "bypasses-change-filter") == []


@pytest.mark.parametrize(
    ("before", "told"), [("unit-tests", 0), ("e2e", 0), ("build-test", 1), ("attest", 1), ("bench", 0)]
)
def test_what_waits_for_tests_needs_all_of_them(before: str, told: int) -> None:
    merges = generated("merge", f"[changes, {before}]", strategy=MERGE).replace(
        "\n  build:", f"\n  {before}:"
    )
    assert len(found(tree({"ci": merges}), "reduce-skipped-by-one-leg")) == told


@pytest.mark.parametrize(
    ("id", "name", "told"),
    [
        ("acceptance", "", 0),
        ("integration", "", 0),
        ("k8s", "Conformance (${{ matrix.n }})", 0),
        ("k8s", "Smoke tests", 0),
        ("k8s", "${{ matrix.test }}", 1),
        ("k8s", "Merge and check", 1),
        ("build-integration", "Integration", 1),
    ],
)
@pytest.mark.parametrize("side", ["before", "behind"])
def test_jobs_are_named_after_tests_by_id_or_name(side: str, id: str, name: str, told: int) -> None:  # noqa: A002
    named = f"{id}:\n    name: {name}" if name else f"{id}:"
    if side == "before":
        merges = generated("merge", f"[changes, {id}]", strategy=MERGE).replace("build:", named)
    else:
        merges = generated(id, "[changes, build]", strategy=MERGE).replace(f"\n  {id}:", f"\n  {named}")
    assert len(found(tree({"ci": merges}), "reduce-skipped-by-one-leg")) == told


def test_a_matrix_that_goes_on_with_the_rows_of_another_needs_all_of_it() -> None:
    merges = generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)
    same = merges.replace("fromJson(needs.changes.outputs.merges)", "fromJson(needs.changes.outputs.matrix)")
    assert same != merges
    assert len(found(tree({"ci": merges}), "reduce-skipped-by-one-leg")) == 1
    assert found(tree({"ci": same}), "reduce-skipped-by-one-leg") == []


@pytest.mark.parametrize(
    ("merges", "told"),
    [
        ("${{ steps.f.outputs.m }}", 0),
        ("${{ steps['f'].outputs.m }}", 0),
        ("${{ steps.f.outputs.n }}", 1),
        ("${{ needs.before.outputs.m }}", 1),
    ],
)
def test_two_outputs_that_hand_on_one_are_one_matrix(merges: str, told: int) -> None:
    workflow = generated("merge", "[changes, build]", "if: needs.changes.outputs.merges != ''", MERGE)
    handed = workflow.replace("${{ steps.f.outputs.n }}", merges)
    assert len(found(tree({"ci": handed}), "reduce-skipped-by-one-leg")) == told


FILTER = """
on: {{push: {{branches: [main]}}}}
jobs:
  changes:
{how}
  build:
    needs: changes
    runs-on: x
    strategy: {{matrix: "${{{{ fromJson(needs.changes.outputs.matrix) }}}}"}}
    steps: [{{run: make}}]
  special:
    runs-on: x
    steps: [{{run: docker push example/app}}]
"""
DIFFS = "git diff --name-only HEAD^ HEAD"


@pytest.mark.parametrize(
    ("how", "files", "told"),
    [
        ("    runs-on: x\n    steps: [{run: ./changed.sh}]", {"changed.sh": DIFFS}, True),
        ("    runs-on: x\n    steps: [{run: ./changed.sh}]", {"changed.sh": "ls"}, False),
        (
            "    uses: ./.github/workflows/filter.yml",
            {"filter": f"on: workflow_call\njobs: {{f: {{runs-on: x, steps: [{{run: {DIFFS}}}]}}}}\n"},
            True,
        ),
    ],
)
def test_a_filter_elsewhere(how: str, files: dict[str, str], told: bool) -> None:
    where = tree({"ci": FILTER.format(how=how), **files})
    assert bool(found(where, "bypasses-change-filter")) is told


REDUCE = """
on: push
jobs:
  changes: {{runs-on: x, outputs: {{m: a, g: b}}, steps: [{{run: a}}]}}
  build:
    needs: changes
    runs-on: x
    continue-on-error: {goes_on}
    strategy:
      fail-fast: {fast}
      matrix: "${{{{ fromJson(needs.changes.outputs.m) }}}}"
    steps: [{{run: make}}]
  middle: {{needs: build, runs-on: x, {middle}steps: [{{run: a}}]}}
  merge:
    needs: [changes, {need}]
    if: {condition}
    runs-on: x
    strategy: {{matrix: "${{{{ {matrix} }}}}"}}
    steps: [{{run: a}}]
"""
GROUPS = "fromJson(needs.changes.outputs.g)"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, True),
        ({"fast": "${{ github.ref == 'refs/heads/main' }}"}, True),
        ({"fast": "true"}, False),
        ({"goes_on": "true"}, False),
        ({"need": "middle"}, True),
        ({"need": "middle", "middle": "if: always(), "}, False),
        ({"condition": "success()"}, True),
        ({"condition": "always()"}, False),
        ({"matrix": f"{GROUPS}.include"}, True),
        ({"matrix": "fromJson(needs.changes.outputs.g || '[]')"}, True),
        ({"matrix": "fromJson(needs.changes.outputs.m)"}, False),
    ],
)
def test_what_one_failed_leg_skips(changed: dict[str, str], told: bool) -> None:
    usual = {"goes_on": "false", "fast": "false", "need": "build", "middle": "", "condition": "true"}
    workflow = REDUCE.format(**{**usual, "matrix": GROUPS, **changed})
    assert bool(found(tree({"ci": workflow}), "reduce-skipped-by-one-leg")) is told


@pytest.mark.parametrize(
    ("condition", "told", "repaired"),
    [
        ("success()", True, "${{ !cancelled() }}"),
        ("${{ success() && github.ref_name }}", True, "${{ !cancelled() && github.ref_name }}"),
        ("${{ !failure() && github.ref_name }}", False, None),
        (
            "\"!cancelled() && needs.build.result == 'success'\"",
            True,
            "\"${{ !cancelled() && needs.build.result != 'skipped' }}\"",
        ),
        ("always() && needs['build'].result == 'success'", True, None),
        ("${{ always() && contains(fromJSON('[\"success\"]'), needs.build.result) }}", True, None),
        ("${{ !cancelled() && !contains(needs.*.result, 'failure') }}", False, None),
        ("${{ !cancelled() && needs.changes.result == 'success' }}", False, None),
        ("${{ !cancelled() && needs.build.result != 'skipped' }}", False, None),
        ("${{ !cancelled() && needs.changes.outputs.g != '[]' }}", False, None),
        ("${{ success() || failure() }}", False, None),
        (
            '${{ always() && contains(fromJSON(\'["success", "failure"]\'), needs.build.result) }}',
            False,
            None,
        ),
    ],
)
def test_what_is_false_after_a_failed_leg_skips(condition: str, told: bool, repaired: str | None) -> None:
    usual = {"goes_on": "false", "fast": "false", "need": "build", "middle": "", "matrix": GROUPS}
    where = tree({"ci": REDUCE.format(**usual, condition=condition)})
    findings = found(where, "reduce-skipped-by-one-leg")
    assert bool(findings) is told
    fix = findings[0].fix if findings else None
    assert (fix is not None) is (repaired is not None)
    if fix is not None:
        changes = ChangeSet(where)
        fix(changes)
        assert f"    if: {repaired}\n".encode() in (changes.overlay().read(f"{W}ci.yml") or b"")
        assert not found(changes.overlay(), "reduce-skipped-by-one-leg")


UPLOADED = "uses: actions/upload-artifact@v4"
BUILT = "uses: docker/build-push-action@v6"


@pytest.mark.parametrize(
    ("id", "steps", "severity"),
    [
        ("compile", f"{{run: ./build.py}}, {{{UPLOADED}}}", Severity.warning),
        ("compile", f"{{{BUILT}}}, {{{UPLOADED}}}", Severity.warning),
        ("compile", "{run: ./build.py}", Severity.error),
        ("merge", f"{{run: ./merge.py}}, {{{UPLOADED}}}", Severity.error),
        ("compile", f"{{run: docker push acme/a}}, {{{UPLOADED}}}", Severity.error),
        ("compile", f"{{{BUILT}, with: {{push: true}}}}, {{{UPLOADED}}}", Severity.error),
        ("compile", f"{{uses: softprops/action-gh-release@v2}}, {{{UPLOADED}}}", Severity.error),
    ],
)
def test_another_stage_of_a_build_is_no_merge(id: str, steps: str, severity: Severity) -> None:  # noqa: A002
    usual = {"goes_on": "false", "fast": "false", "need": "build", "middle": "", "condition": "success()"}
    workflow = REDUCE.format(**usual, matrix=GROUPS)
    before, merge, after = workflow.partition("  merge:")
    workflow = before + merge.replace("merge", id) + after.replace("[{run: a}]", f"[{steps}]")
    (finding,) = found(tree({"ci": workflow}), "reduce-skipped-by-one-leg")
    assert (finding.severity, finding.fix is None) == (severity, severity is Severity.warning)


MANY = str(list(range(30)))


@pytest.mark.parametrize(
    ("on", "axis", "told"),
    [
        ("workflow_call", MANY, True),
        (
            "{push: {tags: ['v*'], branches: [main]}}",
            f"${{{{ fromJSON(github.ref_type == 'tag' && '{MANY}' || '[1]') }}}}",
            True,
        ),
        ("push", "[1]", False),
    ],
)
def test_matrices_of_other_events(on: str, axis: str, told: bool) -> None:
    other = list(range(10))
    workflow = f"""
        on: {on}
        jobs:
          b:
            runs-on: x
            strategy:
              matrix:
                one: {axis}
                other: {other}
            steps: [{{run: make}}]
        """
    assert bool(found(tree({"ci": workflow}), "matrix-over-256")) is told


@pytest.mark.parametrize(
    ("name", "uses", "version", "told"),
    [
        ("goVersion", "./", "'1.24'", True),
        ("GO_VERSION", "$/", "'1.24'", True),
        ("go-version", "./", "${{ '1.24' }}", True),
        ("go-version", "./", "${{ '1.25' }}", False),
        ("go-version", "./", "${{ inputs.go }}", False),
        *((name, "./", "1.24", True) for name in ("go", "node", "Python", "java", "jdk", "rust", "node_ver")),
        *(
            (name, "./", "1.24", False)
            for name in ("java-heap", "timeout", "go-tests", "nodes", "python-jobs")
        ),
        ("go", "./", "true", False),
        ("all-versions", "./", "true", False),
        ("version", "./", "latest", True),
        ("node", "./", "lts", False),
    ],
)
def test_versions_in_other_spellings(name: str, uses: str, version: str, told: bool) -> None:
    call = 'on: push\njobs: {{b: {{uses: {}.github/workflows/r.yml, with: {{{}: "{}"}}}}}}\n'
    files = {
        "a": call.format("./", name, "1.25"),
        "b": call.format(uses, name, version.strip("'")),
        "r": "on: {workflow_call: {}}\njobs: {}\n",
    }
    assert bool(found(tree(files), "reusable-literal-drift")) is told


@pytest.mark.parametrize(("path", "told"), [("images-2.11", 0), ("images", 1)])
def test_a_workflow_may_be_named_after_its_version(path: str, told: int) -> None:
    call = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/b.yml\n    with: {go-version: '%s'}\n"
    where = tree({"a": call % "2.10", path: call % "2.11", "b": job("- run: a", on="workflow_call")})
    assert len(found(where, "reusable-literal-drift")) == told


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("version", "flavor: lite", 0),
        ("version", "flavor: full", 1),
        ("version", "push: true", 1),
        ("version", "flavor: '${{ inputs.flavor }}'", 1),
        ("version", "other: lite", 1),
        ("go-version", "flavor: lite", 1),
    ],
)
def test_another_image_has_a_version_of_its_own(name: str, other: str, told: int) -> None:
    call = "on: push\njobs:\n  a:\n    uses: ./.github/workflows/r.yml\n    with: {%s: %s, %s}\n"
    first = call % (name, 12, "push: false" if "push" in other else "flavor: full")
    files = {"a": first, "b": call % (name, 43, other), "r": job("- run: a", on="workflow_call")}
    assert len(found(tree(files), "reusable-literal-drift")) == told
