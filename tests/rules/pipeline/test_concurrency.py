"""Rules about concurrency: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.checkout.changes import ChangeSet
from scaffold.rules.base import Severity
from tests.rules.pipeline.spelled.case import workflow
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import BY_BRANCH, BY_COMMIT, ci, job

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
        ("run: echo '' && goreleaser release --snapshot", []),
        ("run: gh release create v1 --notes x", [Severity.error]),
        ("run: gh release create v1 --draft", []),
        ("run: ./gradlew publishToSonatype", [Severity.warning]),
        ("{uses: softprops/action-gh-release@v2, with: {tag_name: v1}}", [Severity.error]),
        ("{uses: softprops/action-gh-release@v2, with: {draft: true}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --clean}}", [Severity.error]),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --snapshot}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: 'release ${{ env.FLAGS }}'}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --clean --skip-publish}}", []),
        ("{uses: goreleaser/goreleaser-action@v6, with: {args: 'release --skip=validate,publish'}}", []),
        (
            "{uses: goreleaser/goreleaser-action@v6, with: {args: 'release --skip=validate,announce'}}",
            [Severity.error],
        ),
        ("run: goreleaser release --skip validate,publish", []),
        ("run: goreleaser release --skip-publish=false", [Severity.error]),
        ("{uses: softprops/action-gh-release@v2, with: {tag_name: nightly}}", [Severity.warning]),
        (
            "{uses: softprops/action-gh-release@v2, with: {tag_name: 'at-${{ github.ref_name }}'}}",
            [Severity.warning],
        ),
        (
            "{uses: softprops/action-gh-release@v2, with: {tag_name: 'n-${{ github.run_number }}'}}",
            [Severity.error],
        ),
        (
            "{uses: softprops/action-gh-release@v2, with: {tag_name: '${{ steps.a.outputs.b }}'}}",
            [Severity.error],
        ),
        ("{uses: ncipollo/release-action@v1, with: {tag: v1.2-beta1}}", [Severity.error]),
        ("run: gh release upload nightly app --clobber", [Severity.warning]),
        ('run: gh release create "n-$DATE" app', [Severity.error]),
        ("run: gh release upload nightly app && npm publish", [Severity.error]),
        ("{uses: js-devtools/npm-publish@v3, with: {tag: next}}", [Severity.error]),
        ("{uses: helm/chart-releaser-action@v1, with: {charts_dir: charts}}", [Severity.warning]),
    ],
)
def test_only_what_no_later_run_does_again_is_an_error(step: str, severities: list[Severity]) -> None:
    findings = found(tree({"ci": ci(BY_BRANCH, step=step)}), "push-cancels-push")
    assert [f.severity for f in findings] == severities


@pytest.mark.parametrize(
    ("disable", "severity"),
    [
        ("disable: true", Severity.warning),
        ("disable: '{{ if index .Env \"NEXT\" }}true{{ end }}'", Severity.warning),
        ("disable: false", Severity.error),
        ("draft: false", Severity.error),
    ],
)
@pytest.mark.parametrize(
    "step",
    [
        "{uses: goreleaser/goreleaser-action@v6, with: {args: release -f own.yaml}}",
        "run: goreleaser release --config own.yaml",
    ],
)
def test_goreleaser_may_make_no_release(step: str, disable: str, severity: Severity) -> None:
    for told in (step, step.replace(" -f own.yaml", "").replace(" --config own.yaml", "")):
        name = "own.yaml" if told is step else ".goreleaser.yml"
        files = {"ci": ci(BY_BRANCH, step=told), name: f"release:\n  {disable}\n"}
        assert [f.severity for f in found(tree(files), "push-cancels-push")] == [severity]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ("cargo release-oxc publish", "cargo release-oxc publish"),
        ("npx npm -w a publish x", "npm -w a publish"),
    ],
)
def test_a_command_is_told_as_it_is_written(run: str, said: str) -> None:
    (finding,) = found(tree({"ci": ci(BY_BRANCH, step=f"run: {run}")}), "push-cancels-push")
    assert f"it runs {said} (" in finding.message


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
    ("condition", "told"), [("false", 0), ("github.event_name == 'push'", 0), ("vars.TRIED == 'yes'", 1)]
)
def test_a_workflow_of_which_no_job_runs_loses_nothing(condition: str, told: int) -> None:
    workflow = ci(BY_BRANCH).replace("    runs-on:", f"    if: {condition}\n    runs-on:")
    assert len(found(tree({"ci": workflow}), "pr-group-by-branch")) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("concurrency:", "# only the newest commit counts\nconcurrency:", 0),
        ("concurrency:", "# This cancels builds for the same tag, only the latest is kept.\nconcurrency:", 0),
        ("concurrency:", "# A push to main does not cancel another one.\nconcurrency:", 1),
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
    (lost,) = found(tree({"ci": ci(group, step="run: npm publish")}), "push-cancels-push")
    assert lost.severity is (Severity.error if told else Severity.warning)


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


@pytest.mark.parametrize(
    ("output", "whose"),
    [
        ("${{ github.head_ref || github.ref_name }}", "two pull requests whose branches have one name"),
        ("${{ github.base_ref }}", "all pull requests"),
        ("${{ github.event.number }}", ""),
        ("${{ steps.a.outputs.b }}", ""),
    ],
)
@pytest.mark.parametrize("condition", ["", "if: github.event.label.name != 'skip', "])
def test_whose_group_an_output_makes(output: str, whose: str, condition: str) -> None:
    files = f"""
        on: pull_request
        jobs:
          plan: {{{condition}runs-on: x, outputs: {{name: "{output}"}}, steps: [{{id: a, run: ./name.sh}}]}}
          test:
            needs: plan
            runs-on: x
            concurrency: {{group: "${{{{ needs.plan.outputs.name }}}}-test", cancel-in-progress: true}}
            steps: [{{run: make test}}]
        """
    told = [f.message.partition(" share")[0] for f in found(tree({"ci": files}), "pr-group-by-branch")]
    assert told == ([whose] if whose else [])


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
    ("branches", "told"),
    [
        ("branches: ['**']", 1),
        ("branches: ['**', '!main']", 0),
        ("branches: ['!main', '**']", 1),
        ("branches-ignore: [next]", 1),
        ("branches-ignore: [main]", 0),
        ("branches-ignore: ['ma*']", 0),
        ("branches-ignore: ['**'], tags: ['v*']", 0),
    ],
)
def test_what_is_published_from_the_default_branch_alone(branches: str, told: int) -> None:
    step = "{if: github.ref_name == 'main', run: npm publish}"
    workflow = ci(BY_BRANCH, on=f"{{push: {{{branches}}}}}", step=step)
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


tagged = workflow("""
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
jobs:
  p:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - id: m
        uses: docker/metadata-action@v5
        with:
          images: a/b
          flavor: |
            latest=false
            ...
          tags: |
            type=sha
            ...
      - ...
""")
"""An image with the name of its commit, and perhaps with others."""

BY_PUSH = "{uses: redhat-actions/push-to-registry@v2, with: {tags: '${{ steps.m.outputs.tags }}'}}"
BY_BUILD = "{uses: docker/build-push-action@v6, with: {push: true, tags: '${{ steps.m.outputs.tags }}'}}"


@pytest.mark.parametrize("step", [BY_PUSH, BY_BUILD])
@pytest.mark.parametrize(
    ("flavor", "beside", "certain"),
    [
        ("", "", True),
        ("", "type=raw,value=latest", False),
        ("", "latest", False),
        ("", "type=ref,event=branch", False),
        ("", "type=edge", False),
        ("", "type=raw,value=latest,enable={{is_default_branch}}", False),
        ("latest=true", "", False),
        ("", "type=ref,event=tag", True),
        ("", "type=semver,pattern={{version}}", True),
        ("", "type=edge,branch=next", True),
        ("", "type=raw,value={{sha}}", True),
        ("", "type=raw,value={{date 'YYYYMMDDHHmmss'}}", True),
        ("", "type=raw,value=${{ steps.x.outputs.version }}", True),
        ("", "type=raw,value=latest,enable=${{ github.ref_type == 'tag' }}", True),
        ("suffix=-${{ github.run_number }}", "type=raw,value=latest", True),
    ],
)
def test_a_name_that_the_next_push_gives_again(step: str, flavor: str, beside: str, certain: bool) -> None:
    assert is_certain(tagged(flavor, beside, step)) is certain


def pushed(run: str) -> str:
    """A job in which a script pushes something."""
    script = run.replace("\n", "\n" + " " * 10)
    choose = """
id: t
        run: |
          if [ "${{ github.event_name }}" = release ]; then
            echo "tag=${{ github.event.release.tag_name }}" >> "$GITHUB_OUTPUT"
          else
            echo "tag=newest" >> "$GITHUB_OUTPUT"
            echo "n=n-${{ github.run_number }}" >> "$GITHUB_OUTPUT"
          fi
          if make; then echo "v=newest" >> "$GITHUB_OUTPUT"; else echo "v=v1.2" >> "$GITHUB_OUTPUT"; fi
          if make; then echo "w=newest" >> "$GITHUB_OUTPUT"; else printf "w=$X" >> "$GITHUB_OUTPUT"; fi
      - run: |
          """
    return tagged("", "", choose.strip() + "\n          " + script)


@pytest.mark.parametrize(
    ("run", "certain"),
    [
        ("docker push a/b:$GITHUB_SHA", True),
        ("docker push a/b:$GITHUB_SHA\ndocker push a/b:latest", False),
        ("docker buildx build --push -t a/b:$GITHUB_SHA -t a/b:main .", False),
        ("docker push a/b:$GITHUB_SHA\ndocker build -t a/b:latest .", True),
        ("docker push a/b:$GITHUB_SHA\nif make; then docker push a/b:latest; fi", True),
        ("T=newest\ngh release upload $T x", False),
        ('T="${{ steps.t.outputs.tag }}"\ngh release upload "$T" x', False),
        ("gh release upload ${{ steps.t.outputs.tag }} x", False),
        ("gh release upload ${{ steps.t.outputs.n }} x", True),
        ("gh release upload ${{ steps.t.outputs.v }} x", True),
        ("gh release upload ${{ steps.t.outputs.w }} x", True),
        ("T=n-$GITHUB_SHA\ngh release upload $T x", True),
        ("for T in $(make list); do\n  gh release upload $T x\ndone\nT=x", True),
        ("read T\ngh release upload $T x\nT=newest", True),
        ("T=newest\nmake && T=$(make name)\ngh release upload $T x", True),
        ("T=newest\nT+=-$(make name)\ngh release upload $T x", True),
        ("T=newest\nmake || T+=-next\ngh release upload $T x", True),
    ],
)
def test_a_name_in_a_variable(run: str, certain: bool) -> None:
    assert is_certain(pushed(run)) is certain


by_hand = workflow("""
on:
  push: {branches: [main]}
  workflow_dispatch: {inputs: {kind: {default: release}}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
env: {KIND: "${{ github.event.inputs.kind }}"}
jobs:
  plan:
    runs-on: ubuntu-latest
    outputs: {kind: "${{ steps.k.outputs.kind }}"}
    steps:
      - id: k
        run: |
          ...
          echo "kind=..." >> "$GITHUB_OUTPUT"
  p:
    needs: plan
    if: needs.plan.outputs.kind == 'release'
    runs-on: ubuntu-latest
    steps: [{run: npm publish}]
""")


@pytest.mark.parametrize(
    ("before", "kind", "severities"),
    [
        ("", "${{ github.event.inputs.kind }}", []),
        ("", "${{ inputs.kind }}", []),
        ("", "${{ env.KIND }}", []),
        ('[ -n "$X" ] || exit 1', "${{ env.KIND }}", []),
        ("", "${{ github.event_name == 'push' && 'release' }}", [Severity.error]),
        ("", "${{ github.event.head_commit.message }}", [Severity.warning]),
        ("", "no", [Severity.warning]),  # somebody changes it there
        ("[ -n X ] || exit 0", "${{ env.KIND }}", [Severity.warning]),
        ("[ -n X ] || exit $?", "${{ env.KIND }}", [Severity.warning]),
    ],
)
def test_a_release_that_no_push_makes(before: str, kind: str, severities: list[Severity]) -> None:
    findings = found(tree({"ci": by_hand(before or "true", kind)}), "push-cancels-push")
    assert [finding.severity for finding in findings] == severities


def test_what_a_step_says_by_an_input_is_asked_for_each_leg() -> None:
    called = by_hand("true", "${{ inputs.kind }}").partition("concurrency:")
    called_jobs = called[2].partition("jobs:")[2]
    build = f"on: {{workflow_call: {{inputs: {{kind: {{type: string}}}}}}}}\njobs:{called_jobs}"
    calling = """
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
jobs:
  c:
    strategy: {matrix: {kind: [test, release]}}
    uses: ./.github/workflows/build.yml
    with: {kind: "${{ matrix.kind }}"}
"""
    for text, told in ((calling, 1), (calling.replace("test, release", "test, lint"), 0)):
        assert len(found(tree({"ci": text, "build": build}), "push-cancels-push")) == told


FILTERED = """
on: {push: {branches: [main]}, pull_request: {}}
concurrency: {group: "t-${{ github.event.pull_request.number || github.ref }}", cancel-in-progress: true}
jobs:
  filter:
    if: github.repository == 'a/b'
    runs-on: ubuntu-latest
    outputs: {code: "HANDED"}
    steps:
      - uses: actions/checkout@v4
      - STEP
  unit:
    needs: filter
    if: CONDITION
    runs-on: ubuntu-latest
    steps:
      - {if: success(), run: make test}
      - {if: ASKED, run: make lint}
      - {env: {X: "TEXT"}, run: make all}
  last:
    needs: [filter, unit]
    if: always()
    runs-on: ubuntu-latest
    steps: [{run: "echo ${{ contains(needs.*.result, 'failure') }}"}]
"""
HANDED = "${{ steps.f.outputs.code }}"
CODE = "needs.filter.outputs.code"
CHANGED = "{id: f, uses: dorny/paths-filter@v3}"
LISTED = "{id: f, run: 'git diff HEAD^ | egrep go && echo code=true >> $GITHUB_OUTPUT'}"


@pytest.mark.parametrize("step", [CHANGED, LISTED])
@pytest.mark.parametrize(
    ("handed", "condition", "asked", "text", "told"),
    [
        (HANDED, f"{CODE} == 'true'", "true", "x", 1),
        (HANDED, f"{CODE} == 'true' || github.event_name != 'pull_request'", "true", "x", 0),
        (HANDED, f"{CODE} == 'true' && github.event_name == 'pull_request'", "true", "x", 0),
        ("${{ github.event.pull_request && steps.f.outputs.code }}", f"{CODE} == 'true'", "true", "x", 0),
        ("no", f"{CODE} == 'true'", "true", "x", 0),
        (HANDED, "needs.filter.result == 'success'", "true", "x", 0),
        (HANDED, "true", f"{CODE} == 'true'", "x", 1),
        (HANDED, "true", f"{CODE} || github.event_name == 'push'", "x", 0),
        (HANDED, "true", "true", f"${{{{ {CODE} }}}}", 1),
        (HANDED, "true", "true", "${{ toJSON(needs) }}", 1),
        (HANDED, "github.event_name != 'push'", "true", f"${{{{ {CODE} }}}}", 0),
    ],
)
def test_a_diff_that_decides_nothing_of_a_push(
    step: str, handed: str, condition: str, asked: str, text: str, told: int
) -> None:
    files = FILTERED.replace("HANDED", handed).replace("STEP", step).replace("CONDITION", condition)
    files = files.replace("ASKED", asked).replace("TEXT", text)
    assert len(found(tree({"ci": files}), "push-cancels-push")) == told


def test_what_the_steps_before_have_changed_is_no_diff_of_a_push() -> None:
    for base, told in (("HEAD", 0), ("main", 1)):
        step = f"{{id: f, uses: dorny/paths-filter@v3, with: {{base: {base}}}}}"
        files = FILTERED.replace("HANDED", HANDED).replace("STEP", step).replace("ASKED", "true")
        files = files.replace("CONDITION", f"{CODE} == 'true'").replace("TEXT", "x")
        assert len(found(tree({"ci": files}), "push-cancels-push")) == told


@pytest.mark.parametrize(
    "step",
    [
        "{id: f, run: 'git diff HEAD^ | xargs lint && echo code=true >> $GITHUB_OUTPUT'}",
        "{id: f, run: 'git diff HEAD^'}",
    ],
)
def test_a_script_may_do_something_by_a_diff_itself(step: str) -> None:
    files = FILTERED.replace("HANDED", HANDED).replace("STEP", step).replace("CONDITION", "true")
    assert len(found(tree({"ci": files.replace("ASKED", "true")}), "push-cancels-push")) == 1


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


@pytest.mark.parametrize(
    ("call", "push", "told"),
    [
        ("sh ci/push.sh 127.0.0.0", "docker push $1:5000/a/b:1", 0),
        ("./ci/push.sh 127.0.0.1:5000", "docker push ${1}/a/b:1", 0),
        ("./ci/push.sh a localhost", "docker push $2:5000/a/b:1", 0),
        ("./ci/push.sh", "docker push localhost:5000/a/b:1", 0),
        ("./ci/push.sh ghcr.io localhost", "docker push $1/a/b:1", 1),
        ("./ci/push.sh localhost:5000 && ./ci/push.sh ghcr.io", "docker push $1/a/b:1", 1),
        ("./ci/push.sh", "docker push $1/a/b:1", 1),
        ("./ci/push.sh 127.0.0.1.example.org", "docker push $1/a/b:1", 1),
    ],
)
def test_a_script_that_is_told_where_to_push(call: str, push: str, told: int) -> None:
    group = 'concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}\n'
    workflow = group + job(f"- uses: actions/checkout@v4\n- run: {call}", on="{push: {branches: [main]}}")
    where = tree({"ci": workflow, "ci/push.sh": f"#!/bin/sh\nset -e\n{push}\n"})
    assert len(found(where, "push-cancels-push")) == told


guarded = workflow("""
on: {push: {branches: [main]}}
concurrency: {group: "x-${{ github.ref }}", cancel-in-progress: true}
jobs:
  probe:
    runs-on: ubuntu-latest
    ...
    steps:
      - uses: actions/checkout@v4
      ...
      - if: steps.f.outputs.deps == 'true'
        run: make probe
      ...
  image:
    needs: probe
    runs-on: ubuntu-latest
    steps: [{run: docker push acme/a:latest}]
""")


@pytest.mark.parametrize(
    ("outputs", "diff", "last", "certain"),
    [
        ("", "{id: f, uses: dorny/paths-filter@v3}", "", False),
        ("outputs: {deps: '${{ steps.f.outputs.deps }}'}", "{id: f, uses: dorny/paths-filter@v3}", "", True),
        (
            "",
            "{id: f, uses: dorny/paths-filter@v3}",
            "- {uses: actions/upload-artifact@v4, with: {name: plan, path: plan}}",
            True,
        ),
        ("", "{id: f, run: 'git diff --exit-code ${{ github.event.before }}'}", "", True),
    ],
)
def test_a_diff_decides_of_other_jobs_where_its_own_tells_them(
    outputs: str, diff: str, last: str, certain: bool
) -> None:
    (finding,) = found(tree({"ci": guarded(outputs, f"- {diff}", last)}), "push-cancels-push")
    assert (finding.severity is Severity.error) is certain
