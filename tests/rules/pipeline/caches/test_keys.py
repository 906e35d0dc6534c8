"""Rules about keys of caches: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, job

CASES: dict[str, Case] = {
    "save-restore-differ": Case(
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  with: {path: a, key: tools-v1}
- uses: actions/cache/save@v4
  with: {path: a/b, key: tools-v1}
"""
                )
            }
        ),
        "with: {path: a/b",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache/restore@v4
  id: c
  with: {path: a, key: "tools-${{ hashFiles('x') }}", restore-keys: tools-}
- uses: actions/cache/save@v4
  with: {path: a, key: "${{ steps.c.outputs.cache-primary-key }}"}
"""
                )
            }
        ),
    ),
    "key-hard-codes-axis": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/cache@v4\n  with: {path: p, key: "tools-amd64-${{ github.sha }}"}',
                    head=TWO,
                )
            }
        ),
        "key: ",
        tree(
            {
                "ci": job(
                    """
- uses: actions/cache@v4
  with: {path: p, key: "tools-${{ matrix.arch }}-${{ github.sha }}"}
- uses: actions/cache@v4
  if: matrix.arch == 'arm64'
  with: {path: q, key: "tools-amd64-${{ github.sha }}"}
""",
                    head=TWO,
                )
            }
        ),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_the_parts_of_an_axis_of_objects_are_values_too() -> None:
    head = "runs-on: x\nstrategy:\n  matrix: {arch: [{name: amd64}, {name: arm64}]}"
    for key, told in (
        ("tools-amd64", ["arch.name"]),
        ("tools-Object", []),
        ("${{ matrix.arch.name }}-amd64", []),
    ):
        step = f"- uses: actions/cache@v4\n  with: {{path: p, key: '{key}'}}"
        findings = found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis")
        assert [finding.subject.rpartition(" ")[2] for finding in findings] == told


@pytest.mark.parametrize(
    "key",
    [
        "${{ format('tools-amd64-{0}', github.sha) }}",
        "${{ github.ref == 'refs/heads/main' && 'tools-amd64' || 'other-amd64' }}",
        "${{ join(fromJSON('[\"tools\", \"amd64\"]'), '-') }}",
        "${{ env.NAME }}-x",
    ],
)
def test_a_word_in_an_expression_is_a_word_of_the_key(key: str) -> None:
    step = f"- uses: actions/cache@v4\n  with:\n    path: p\n    key: {key}"
    findings = found(
        tree({"ci": job(step, head=f"{TWO}\nenv: {{NAME: tools-amd64}}")}), "key-hard-codes-axis"
    )
    assert len(findings) == 1


def test_a_word_that_the_runner_or_the_row_says_is_none_of_the_key() -> None:
    for key in ("${{ runner.os }}", "${{ format('{0}-amd64', matrix.arch) }}", "${{ env.ROW }}-amd64"):
        step = f"- uses: actions/cache@v4\n  with:\n    path: p\n    key: {key}"
        head = "runs-on: ubuntu-latest\nstrategy:\n  matrix: {arch: [amd64, linux]}\nenv: {ROW: '${{ matrix.arch }}'}"
        assert found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis") == []


def test_each_axis_that_a_key_names_is_told() -> None:
    head = "runs-on: x\nstrategy:\n  matrix: {arch: [amd64, arm64], os: [alpine, debian]}"
    step = "- uses: actions/cache@v4\n  with: {path: p, key: tools-amd64-debian}"
    findings = found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis")
    assert sorted(finding.subject.rpartition(" ")[2] for finding in findings) == ["arch", "os"]


@pytest.mark.parametrize(
    ("key", "told"), [("docs-${{ github.event.before }}", 0), ("docs-${{ github.run_id }}", 1)]
)
def test_the_next_push_finds_what_this_one_saves(key: str, told: int) -> None:
    steps = f"- uses: actions/cache/restore@v4\n  with: {{path: a, key: '{key}'}}\n"
    steps += "- uses: actions/cache/save@v4\n  with: {path: a, key: 'docs-${{ github.sha }}'}\n"
    assert len(found(tree({"ci": job(steps)}), "save-restore-differ")) == told


@pytest.mark.parametrize(
    ("values", "path", "told"),
    [
        ("wing, tail", "models/wing", 0),
        ("wing, tail", "models", 1),
        ("wing, tail", "models/${{ matrix.of }}", 1),
        ("amd64, arm64", "tools/amd64", 1),
    ],
)
def test_the_name_of_the_data_is_no_value_of_the_axis(values: str, path: str, told: int) -> None:
    name = values.partition(",")[0]
    step = f"- uses: actions/cache@v4\n  with:\n    path: {path}\n    key: data-{name}-v1"
    head = f"runs-on: x\nstrategy:\n  matrix: {{of: [{values}]}}"
    assert len(found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis")) == told


@pytest.mark.parametrize(
    ("given", "condition", "told"),
    [
        ("key: tools-v2", "inputs.key != ''", 1),
        ("other: x", "inputs.key != ''", 0),
        ("other: x", "github.ref == 'refs/heads/main' && inputs.key != ''", 0),
        ("key: tools-v2", "github.event_name == 'schedule'", 1),
        ("key: tools-v2", "matrix.arch == 'arm64'", 1),
        ("key: tools-v2", "inputs.os != 'Linux'", 0),
    ],
)
def test_a_save_that_its_caller_leaves_out_saves_nothing(given: str, condition: str, told: int) -> None:
    action = f"""
        inputs: {{key: {{default: ''}}, other: {{}}, os: {{default: Linux}}}}
        runs:
          using: composite
          steps:
            - uses: actions/cache/save@v4
              if: ${{{{ {condition} }}}}
              with: {{path: a, key: "${{{{ inputs.key }}}}"}}
        """
    steps = "- uses: actions/cache/restore@v4\n  with: {path: a, key: tools-v1}\n"
    files = {"ci": job(f"{steps}- uses: ./save\n  with: {{{given}}}", head=TWO), "save/action.yml": action}
    assert len(found(tree(files), "save-restore-differ")) == told


CACHED = '{uses: actions/cache@v4, with: {path: p, key: "tools-${{ inputs.arch }}"}}'
ACTION = f"inputs: {{arch: {{default: amd64}}}}\nruns: {{using: composite, steps: [{CACHED}]}}\n"
OUTER = "inputs: {arch: {default: amd64}}\nruns: {using: composite, steps: [{uses: ./.github/actions/c, with: {arch: '${{ inputs.arch }}'}}]}\n"
CALLED = (
    "on: {workflow_call: {inputs: {arch: {type: string, default: amd64}}}}\n"
    f"jobs: {{x: {{runs-on: ubuntu-latest, steps: [{CACHED}]}}}}\n"
)


@pytest.mark.parametrize(
    ("given", "told"), [("", 0), (", with: {arch: amd64}", 1), (", with: {arch: '${{ matrix.arch }}'}", 0)]
)
def test_the_default_of_an_input_is_not_hard_coded(given: str, told: int) -> None:
    files = {".github/actions/c/action.yml": ACTION, ".github/actions/o/action.yml": OUTER}
    for name in ("c", "o"):
        used = {"ci": job(f"- {{uses: ./.github/actions/{name}{given}}}", head=TWO)}
        assert len(found(tree(used | files), "key-hard-codes-axis")) == told
    calling = f"on: push\njobs: {{b: {{strategy: {{matrix: {{arch: [amd64, arm64]}}}}, uses: ./.github/workflows/called.yml{given}}}}}"
    assert len(found(tree({"ci": calling, "called": CALLED}), "key-hard-codes-axis")) == told


def test_what_codeql_looks_at_is_no_axis_of_a_cache() -> None:
    step = "- uses: actions/cache@v4\n  with: {path: p, key: analyze-go-v1}"
    for axis, told in (("language", 0), ("tool", 1)):
        head = f"runs-on: x\nstrategy: {{matrix: {{{axis}: [csharp, go]}}}}"
        assert len(found(tree({"ci": job(step, head=head)}), "key-hard-codes-axis")) == told
