"""Rules about concurrency: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.rules.base import Severity
from tests.rules.pipeline.spelled.case import workflow
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import BY_BRANCH, BY_COMMIT, ci

CASES: dict[str, Case] = {
    "push-cancels-push": Case(
        tree({"ci": ci(BY_BRANCH, step="run: npm publish")}),
        "group: ci-",
        tree({"ci": ci(BY_COMMIT), "test": ci(BY_BRANCH, step="run: make test")}),
    ),
    "pr-group-by-branch": Case(tree({"ci": ci(BY_BRANCH)}), "group: ci-", tree({"ci": ci(BY_COMMIT)})),
    "group-shared-by-workflows": Case(
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH)}),
        "group: ci-",
        tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH.replace("ci-", "${{ github.workflow }}-"))}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("step", "severities"),
    [
        ("run: git diff ${{ github.event.before }}", [Severity.warning]),
        (
            "run: git diff ${{ github.event.before }}\n      - run: docker push example/app:latest",
            [Severity.error],
        ),
        ("{if: steps.a.outputs.b != 'true', run: 'git diff ${{ github.event.before }}'}", []),
        ("run: docker push example/app:latest", [Severity.warning]),
        ("run: docker push example/app:$GITHUB_SHA", [Severity.error]),
        ("{if: steps.a.outputs.b != 'true', run: npm publish}", [Severity.warning]),
        ("run: npm publish --dry-run", []),
        ("run: gh release create v1 --notes x", [Severity.error]),
        ("run: gh release create v1 --draft", []),
        ("run: ./gradlew publishToSonatype", [Severity.warning]),
        ("{uses: softprops/action-gh-release@v2, with: {tag_name: v1}}", [Severity.error]),
        ("{uses: softprops/action-gh-release@v2, with: {draft: true}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --clean}}", [Severity.error]),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --snapshot}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: 'release ${{ env.FLAGS }}'}}", []),
    ],
)
def test_only_what_no_later_run_does_again_is_an_error(step: str, severities: list[Severity]) -> None:
    findings = found(tree({"ci": ci(BY_BRANCH, step=step)}), "push-cancels-push")
    assert [f.severity for f in findings] == severities


def test_one_report_for_each_way_to_spell_a_group() -> None:
    other = BY_BRANCH.replace("github.head_ref || github.ref", "github.head_ref || github.run_id")
    where = tree({"a": ci(BY_BRANCH), "b": ci(BY_BRANCH), "c": ci(other), "d": ci(BY_BRANCH, on="push")})
    first, second = found(where, "pr-group-by-branch")
    assert first.message.endswith("so in .github/workflows/b.yml:3")
    assert (second.path, ";" in second.message) == (".github/workflows/c.yml", False)
    changes = ChangeSet(where)
    assert first.fix is not None
    first.fix(changes)
    left = found(changes.overlay(), "pr-group-by-branch")
    assert [finding.path for finding in left] == [".github/workflows/c.yml"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("concurrency:", "# only the newest commit counts\nconcurrency:", 0),
        ("  group:", "  # A push to main cancels the one before.\n  group:", 0),
        ("  group:", "  # cancel the runs of a pull request\n  group:", 1),
        ("  group:", "  # for every push\n  group:", 1),
        ("progress: true", "progress: ${{ github.ref_type == 'branch' }}", 0),
        ("progress: true", "progress: ${{ github.event_name != 'schedule' }}", 1),
    ],
)
def test_pushes_may_be_meant_to_cancel_each_other(old: str, new: str, told: int) -> None:
    group = BY_BRANCH.replace(old, new, 1)
    assert len(found(tree({"ci": ci(group)}), "push-cancels-push")) == told
    assert len(found(tree({"ci": ci(group, step="run: npm publish")}), "push-cancels-push")) == 1


@pytest.mark.parametrize(
    ("name", "whose", "fixable"),
    [
        ("ci", "all", False),
        ("ci-${{ github.base_ref }}", "all", False),
        ("ci-${{ github.head_ref && github.base_ref }}", "all", False),
        ("ci-${{ github.event.pull_request.head.ref }}", "two", False),
        ("ci-${{ github.head_ref }}", "two", True),
        ("ci-${{ GITHUB.HEAD_REF }}", "two", True),
        ("ci-${{ github['head_ref'] || github.ref }}", "two", True),
        ("ci-${{ github[format('head_{0}', 'ref')] }}", "two", False),
    ],
)
def test_whose_group_it_is(name: str, whose: str, fixable: bool) -> None:
    group = BY_BRANCH.replace("ci-${{ github.head_ref || github.ref }}", name)
    where = tree({"ci": ci(group)})
    (finding,) = found(where, "pr-group-by-branch")
    assert finding.message.startswith(f"{whose} pull requests")
    assert bool(finding.fix) is fixable
    if finding.fix:
        changes = ChangeSet(where)
        finding.fix(changes)
        assert not found(changes.overlay(), "pr-group-by-branch")


@pytest.mark.parametrize(("condition", "told"), [("fromJson(needs.plan.outputs.on)", 0), ("true", 1)])
def test_a_workflow_that_perhaps_is_called_cancels_nothing(condition: str, told: int) -> None:
    release = (
        "on: pull_request\njobs:\n  plan: {runs-on: x, steps: [{run: a}]}\n"
        f"  build:\n    needs: plan\n    if: {condition}\n    uses: ./.github/workflows/build.yml\n"
    )
    build = ci(
        "concurrency: {group: 'b-${{ github.ref }}', cancel-in-progress: true}",
        "[workflow_call, pull_request]",
    )
    findings = found(tree({"release": release, "build": build}), "group-shared-by-workflows")
    assert len(findings) == told
    assert all("build.yml and" in f.message or "release.yml and" in f.message for f in findings)


@pytest.mark.parametrize(("branch", "told"), [("pull-request/[0-9]+", 0), ("release-*", 1)])
def test_a_copy_of_a_pull_request_is_no_branch_to_publish(branch: str, told: int) -> None:
    workflow = ci(BY_BRANCH, on=f"{{push: {{branches: ['{branch}']}}}}", step="run: npm publish")
    assert len(found(tree({"ci": workflow}), "push-cancels-push")) == told


@pytest.mark.parametrize(
    ("also", "told"),
    [
        ("github.repository", 1),
        ("github.event.pull_request.base.repo.id", 1),
        ("github.event.pull_request.head.ref", 1),
        ("github.actor", 0),
        ("github.actor_id", 0),
        ("github.event.sender.login", 0),
        ("github.event.pull_request.user.login", 0),
        ("github.event.pull_request.head.label", 0),
        ("github.event.pull_request.head.repo.id", 0),
        ("github.event.pull_request.head.repo.full_name", 0),
        ("github.event.pull_request.head.repo.html_url", 0),
        ("github.event.pull_request.head.repo.owner.login", 0),
    ],
)
def test_what_tells_two_forks_apart(also: str, told: int) -> None:
    group = BY_BRANCH.replace("ci-", f"${{{{ {also} }}}}-")
    assert len(found(tree({"ci": ci(group)}), "pr-group-by-branch")) == told


named = workflow("""
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
env: {A: "${{ github.sha }}", B: stable}
jobs:
  v:
    runs-on: ubuntu-latest
    outputs: {sha: "${{ steps.v.outputs.sha }}", name: "${{ steps.v.outputs.name }}"}
    steps:
      - uses: actions/checkout@v4
      - id: v
        run: |
          ROOT=$(git rev-parse --show-toplevel)
          SHORT=$(git rev-parse --short HEAD)
          echo "sha=$SHORT" >> $GITHUB_OUTPUT
          echo "name=$(basename $ROOT)-$(git rev-parse --abbrev-ref HEAD)" >> $GITHUB_OUTPUT
  p:
    needs: v
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: v
        run: |
          ROOT=$(git rev-parse --show-toplevel)
          SHORT="sha-$(git rev-parse --short HEAD)"
          echo "sha=$SHORT" >> $GITHUB_OUTPUT
          echo "name=$(basename $ROOT)" >> $GITHUB_OUTPUT
          echo "long=$(git log -1 --format=%H)" >> $GITHUB_OUTPUT
          echo "said=$(git describe --tags --always)" >> $GITHUB_OUTPUT
          echo "last=$(git describe --tags --abbrev=0)" >> $GITHUB_OUTPUT
          echo "TAG=$SHORT" >> $GITHUB_ENV
          echo "NAME=main" >> $GITHUB_ENV
      - {id: m, uses: docker/metadata-action@v5, with: {images: a/b, tags: "type=raw,value=${{ steps.v.outputs.sha }}"}}
      - {id: n, uses: docker/metadata-action@v5, with: {images: a/b, tags: "type=raw,value=${{ steps.v.outputs.name }}"}}
      - {uses: docker/build-push-action@v6, with: {push: true, tags: "..."}}
""")
"""An image with a name of its commit, or with another one."""

COMMITS = (
    "steps.v.outputs.sha",
    "steps['v'].outputs.long",
    "steps.v.outputs.said",
    "needs.v.outputs.sha",
    "env.TAG",
    "env.A",
)
NO_COMMITS = ("steps.v.outputs.name", "steps.v.outputs.last", "needs.v.outputs.name", "env.NAME", "env.B")


def is_certain(files: str) -> bool:
    """Whether what is lost with a cancelled push is told as an error."""
    (told,) = found(tree({"a": files}), "push-cancels-push")
    return told.severity is Severity.error


@pytest.mark.parametrize(("certain", "names"), [(True, COMMITS), (False, NO_COMMITS)])
def test_a_name_of_the_commit(certain: bool, names: tuple[str, ...]) -> None:
    for name in names:
        assert is_certain(named(f"a/b:${{{{ {name} }}}}")) is certain, name
        steps = named("x").partition("      - {uses: docker/build-push")[0]
        script = f'{steps}      - {{env: {{T: "${{{{ {name} }}}}"}}, run: docker push a/b:$T}}\n'
        assert is_certain(script) is certain, name
    for tags in ("${{ steps.m.outputs.tags }}", "${{ steps.n.outputs.tags }}"):
        assert is_certain(named(tags)) is ("steps.m" in tags)


@pytest.mark.parametrize(
    ("filters", "branch"),
    [
        ("branches:\n    paths: ['ci/**']", "main"),
        ("branches: null\n    tags: ~", "main"),
        ("branches:\n    branches-ignore:\n    paths-ignore:", "main"),
        ("branches: [next]\n    tags:", "next"),
    ],
)
def test_a_filter_without_a_value_is_none(filters: str, branch: str) -> None:
    on = f"\n  push:\n    {filters}"
    (told,) = found(
        tree({"ci": ci("concurrency: {group: a, cancel-in-progress: true}", on)}), "push-cancels-push"
    )
    assert told.message.startswith(f"two pushes to {branch} share the group")
