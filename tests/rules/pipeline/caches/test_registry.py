"""Rules about registry of caches: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import Case, assert_case, found, miniature, tree
from tests.rules.pipeline.workflows import BUILD, TWO, image, job
from tests.test_growth import ended

BASE = ".github/workflows/base-images.yml"
CACHE = "type=registry,ref=quay.io/go-skynet/ci-cache:cache-${{ matrix.tag }},mode=max"

CASES: dict[str, Case] = {
    "cache-to-on-pr": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", on="pull_request")}),
        "cache-to:",
        tree(
            {
                "a": image(
                    "cache-to: type=registry,ref=example/cache:pr-${{ github.event.number }}",
                    on="pull_request",
                ),
                "b": image("cache-to: type=registry,ref=example/cache:app"),
                "d": image("cache-to: type=registry,ref=172.17.0.1:5000/cache/app", on="pull_request"),
                "c": image(
                    "cache-to: ${{ github.event_name != 'pull_request' && 'type=registry,ref=e/c:a' || '' }}",
                    on="[push, pull_request]",
                ),
            }
        ),
    ),
    "cache-to-ignore-error": Case(
        miniature(BASE, ("          push: true", f"          cache-to: {CACHE}\n          push: true")),
        "cache-to:",
        miniature(BUILD),
    ),
    "legs-share-cache-ref": Case(
        tree({"ci": image("cache-to: type=registry,ref=example/cache:app", head=TWO)}),
        "cache-to:",
        tree({"ci": image('cache-to: "type=registry,ref=example/cache:app-${{ matrix.arch }}"', head=TWO)}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("inputs", "count"),
    [
        ("context: ${{ matrix.arch }}\ncache-to: type=gha,mode=max", 1),
        ("context: ${{ matrix.arch }}\ncache-to: type=gha, scope=${{ matrix.arch }}", 0),
        ("context: .\ncache-to: type=gha", 0),
        ("context: .\nbuild-args: A=${{ matrix.arch }}\ncache-to: type=gha,scope=app", 1),
        ("context: ${{ matrix.arch }}\ncache-to: type=local,dest=x", 0),
    ],
)
def test_legs_that_write_one_scope(inputs: str, count: int) -> None:
    assert len(found(tree({"ci": image(inputs, head=TWO)}), "legs-share-cache-ref")) == count


@pytest.mark.parametrize(
    ("condition", "given", "severities"),
    [
        ("", "", [Severity.error]),
        ("if: needs.a.outputs.b == 'true'", "", [Severity.warning]),
        ("", ", overwrite: true", [Severity.warning]),
        ("", ", if-no-files-found: ignore", [Severity.warning]),
    ],
)
def test_a_second_upload_of_a_name_fails(condition: str, given: str, severities: list[Severity]) -> None:
    step = f"- uses: actions/upload-artifact@v4\n  {condition or 'id: up'}\n  with: {{name: report, path: x{given}}}"
    findings = found(tree({"ci": job(step, head=TWO)}), "legs-share-cache-ref")
    assert [finding.severity for finding in findings] == severities


BEHIND = """
on: pull_request
jobs:
  changes: {{runs-on: x, outputs: {{a: b}}, steps: []}}
  make-matrix: {{runs-on: x, outputs: {{a-b: c}}, steps: []}}
  image:
    needs: [changes, make-matrix]
    if: {asked}
    uses: ./.github/workflows/build.yml
"""
CALLED = """
on: workflow_call
jobs:
  build:
    runs-on: x
    steps:
      - uses: docker/build-push-action@v6
        {condition}
        with: {{cache-to: "type=registry,ref=example/cache:app"}}
"""


@pytest.mark.parametrize(
    ("asked", "condition", "count"),
    [
        ("needs.changes.outputs.a == 'true'", "", 1),
        ("needs.make-matrix.outputs['a-b'] == 'true'", "", 1),
        ("needs.changes.outputs.a == 'true' && github.event_name == 'push'", "", 0),
        ("needs.changes.outputs.a == 'true' && vars.CACHE", "", 0),
        ("needs.changes.result == 'failure'", "", 0),
        ("contains(github.event.pull_request.labels.*.name, 'images')", "", 0),
        ("needs.changes.outputs.a == 'true'", "if: github.event_name != 'pull_request'", 0),
        ("needs.changes.outputs.a == 'true'", "if: steps.x.outputs.y", 0),
    ],
)
def test_what_another_job_says_is_no_excuse_of_a_step(asked: str, condition: str, count: int) -> None:
    files = {"ci": BEHIND.format(asked=asked), "build": CALLED.format(condition=condition or "id: it")}
    assert len(found(tree(files), "cache-to-on-pr")) == count


def test_legs_meet_although_a_job_that_perhaps_runs_has_the_name_too() -> None:
    upload = "- uses: actions/upload-artifact@v4\n  with: {name: out, path: out}"
    first = "runs-on: x\nif: needs.other.outputs.a"
    rest = f"""  legs:
    runs-on: x
    strategy: {{matrix: {{arch: [amd64, arm64]}}}}
    steps:
      {upload.replace(chr(10), chr(10) + "      ")}
"""
    assert len(found(tree({"ci": job(upload, head=first, rest=rest)}), "legs-share-cache-ref")) == 1


def test_each_cache_of_a_step_may_be_refused() -> None:
    ok = f"{CACHE},ignore-error=true"
    written = [
        f"          cache-to: |\n            {ok}\n            {other}\n          push: true"
        for other in (ok, CACHE)
    ]
    trees = [miniature(BASE, ("          push: true", text)) for text in written]
    assert [len(found(where, "cache-to-ignore-error")) for where in trees] == [0, 1]


def test_a_cache_of_a_pull_request_is_read_only_where_that_is_known() -> None:
    writes = "- uses: docker/build-push-action@v6\n  with: {cache-to: 'type=registry,ref=a/c'}"
    reads = writes.replace("cache-to: 'type=registry,ref=a/c'", "cache-from: 'type=registry,ref=a/c'")
    for other, told in (("- run: x", False), (reads, True)):
        files = {"ci": job(writes, on="pull_request"), "other": job(other)}
        (finding,) = found(tree(files), "cache-to-on-pr")
        assert finding.message.endswith("which builds read") is told


@pytest.mark.parametrize("actor", ["github.actor", "github.event.pull_request.user.login"])
def test_somebody_who_is_no_bot_opens_pull_requests(actor: str) -> None:
    step = "- uses: docker/build-push-action@v6\n  if: {actor} {sign} 'dependabot[bot]'\n  with: {{cache-to: a/c}}"
    for sign, count in (("!=", 1), ("==", 0)):
        files = {"ci": job(step.format(actor=actor, sign=sign), on="pull_request")}
        assert len(found(tree(files), "cache-to-on-pr")) == count


@pytest.mark.parametrize(("host", "count"), [("localhost:5000/", 0), ("cache:5000/", 0), ("example.org/", 1)])
def test_a_registry_of_the_job_is_shared_with_nobody(host: str, count: int) -> None:
    step = f"- uses: docker/build-push-action@v6\n  with: {{cache-to: 'type=registry,ref={host}app'}}"
    head = "runs-on: x\nservices:\n  cache: {image: 'registry:2'}"
    assert len(found(tree({"ci": job(step, on="pull_request", head=head)}), "cache-to-on-pr")) == count


@pytest.mark.parametrize(
    ("spelled", "told"),
    [
        (f"{CACHE},ignore-error=true", 0),
        (f"'{CACHE},\"ignore-error=true\"'", 0),
        (f"'\"ignore-error=true\",{CACHE}'", 0),
        (f"'{CACHE},\"compression=zstd,ignore-error=true\"'", 1),
        (f"'{CACHE},\"ignore-error=false\"'", 1),
    ],
)
def test_options_are_csv(spelled: str, told: int) -> None:
    where = miniature(BASE, ("          push: true", f"          cache-to: {spelled}\n          push: true"))
    assert len(found(where, "cache-to-ignore-error")) == told


@pytest.mark.parametrize(
    ("before", "cache", "told"),
    [
        ("uses: actions/checkout@v4", "type=gha", 0),
        ("uses: actions/checkout@v4", "type=gha,token=$TOKEN", 1),
        ("uses: acme/github-runtime@v3", "type=gha", 1),
        ("uses: mozilla-actions/sccache-action@v0.0.9", "type=gha", 1),
        ("run: echo ACTIONS_RUNTIME_TOKEN=x >> $GITHUB_ENV", "type=gha", 1),
        ("uses: actions/checkout@v4", "type=registry,ref=a/cache", 1),
    ],
)
def test_a_script_without_the_token_uses_no_cache_of_github(before: str, cache: str, told: int) -> None:
    build = f"- run: docker buildx build --platform linux/${{{{ matrix.arch }}}} --cache-to {cache} ."
    files = {"ci": job(f"- {before}\n{build}", head=TWO)}
    assert len(found(tree(files), "legs-share-cache-ref")) == told


@pytest.mark.parametrize(
    ("condition", "asked", "told"),
    [
        ("matrix.arch == 'amd64'", "steps.try.outcome == 'failure'", 0),
        ("matrix.arch == 'amd64'", "always() && steps.try.conclusion != 'skipped'", 0),
        ("matrix.arch == 'amd64'", "steps.other.outcome != 'failure'", 1),
        ("matrix.arch != 'arm'", "steps.try.outcome == 'failure'", 1),
    ],
)
def test_a_step_that_a_leg_skips_did_not_fail(condition: str, asked: str, told: int) -> None:
    tried = f"- id: try\n  if: {condition}\n  run: make\n- id: other\n  run: ls\n"
    step = f"- uses: actions/upload-artifact@v4\n  if: {asked}\n  with: {{name: a, path: x}}"
    assert len(found(tree({"ci": job(tried + step, head=TWO)}), "legs-share-cache-ref")) == told


@pytest.mark.parametrize(
    ("before", "env", "told"),
    [
        ("OF=app-$(echo ${{ matrix.arch }} | tr a A)", "", 0),
        ('LEG="${{ matrix.arch }}"; OF="app-$(echo $LEG | cut -c1-3)"', "", 0),
        ("OF=app-$(echo $LEG)", "LEG: '${{ matrix.arch }}'", 0),
        ("OF=app-$(date +%F); echo ${{ matrix.arch }}", "", 1),
        ("OF=app-$(git describe)", "LEG: '${{ matrix.arch }}'", 1),
        ("OF=$OF-$(date +%F)", "", 1),
    ],
)
def test_what_a_script_makes_the_name_of_a_cache_from(before: str, env: str, told: int) -> None:
    build = (
        "docker buildx build --platform linux/${{ matrix.arch }} --cache-to type=registry,ref=a/cache:$OF ."
    )
    step = f"- run: |\n    {before}\n    {build}\n  env: {{{env}}}"
    assert len(found(tree({"ci": job(step, head=TWO)}), "legs-share-cache-ref")) == told


@pytest.mark.parametrize(
    ("setup", "then", "path", "told"),
    [
        ("ilammy/msvc-dev-cmd@v1", "", "C:/packages", 0),
        ("actions/setup-node@v4", "- uses: acme/fetch@v1", "dist", 0),
        ("actions/setup-node@v4", "- run: npm run build", "dist", 1),
        ("acme/fetch@v4", "", "dist", 1),
        ("actions/setup-node@v4", "", "/opt/hostedtoolcache/x", 1),
        ("acme/msvc-dev-cmd@v4", "", "C:/msvc", 1),
        ("ruby/setup-ruby@v1", "", "vendor", 1),
    ],
)
def test_a_toolchain_makes_nothing_before_a_script_uses_it(
    setup: str, then: str, path: str, told: int
) -> None:
    more = ", bundler-cache: true" if "ruby" in setup else ""
    given = f"  with: {{version: '${{{{ matrix.arch }}}}'{more}}}"
    save = f"- uses: actions/cache/save@v4\n  with: {{path: '{path}', key: all}}\n- run: make ${{{{ matrix.arch }}}}"
    steps = "\n".join(filter(None, ("- run: true", f"- uses: {setup}\n{given}", then, save)))
    assert len(found(tree({"ci": job(steps, head=TWO)}), "legs-share-cache-ref")) == told


def test_legs_are_told_in_one_line_and_without_empty_values() -> None:
    rows = '[{f: a, tags: "x\\ny", suffix: ""}, {f: b, tags: "x\\nz", suffix: -b}]'
    head = f"runs-on: x\nstrategy:\n  matrix: {{include: {rows}}}"
    build = "- uses: docker/build-push-action@v6\n  with: {cache-to: type=gha, file: '${{ matrix.f }}'}"
    (told,) = found(tree({"ci": job(build, head=head)}), "legs-share-cache-ref")
    assert told.message.endswith("build (a, x …) and build (b, x …, -b)")
    objects = head.replace("[{", "[{c: {").replace("}, {", "}}, {c: {").replace("-b}]", "-b}}]")
    build = build.replace("matrix.f", "matrix.c.f")
    (told,) = found(tree({"ci": job(build, head=objects)}), "legs-share-cache-ref")
    assert told.message.endswith("build (a, x …) and build (b, x …)")


UPLOADS = """
- uses: actions/upload-artifact@v4
  with: {{name: "lib-${{{{ matrix.arch }}}}", path: {0}}}
- uses: actions/upload-artifact@v4
  with: {{name: "lib-${{{{ matrix.arch }}}}", path: {1}}}
"""


@pytest.mark.parametrize(
    ("paths", "severities"),
    [
        (("release/*", "release-windows/*"), []),
        (("release/*", "release-windows/*, if-no-files-found: error"), [Severity.warning]),
        (
            ("release/*, if-no-files-found: error", "release-windows/*, if-no-files-found: error"),
            [Severity.error],
        ),
        (("release/*", "release/*"), [Severity.error]),
    ],
)
def test_an_upload_may_find_nothing(paths: tuple[str, str], severities: list[Severity]) -> None:
    where = tree({"ci": job(UPLOADS.format(*paths), head=TWO)})
    assert [f.severity for f in found(where, "legs-share-cache-ref")] == severities


def test_two_jobs_that_upload_other_files_may_both_find_some() -> None:
    upload = "- uses: actions/upload-artifact@v4\n  with: {{name: coverage, path: {}}}"
    for path, severity in (("b", Severity.warning), ("a", Severity.error)):
        other = upload.format(path).replace("\n", "\n      ")
        rest = f"  other:\n    runs-on: x\n    steps:\n      {other}\n"
        (told,) = found(tree({"ci": job(upload.format("a"), rest=rest)}), "legs-share-cache-ref")
        assert told.severity is severity


@pytest.mark.parametrize(
    ("parallel", "target", "told"),
    [
        ("", "target: ${{ matrix.arch }}", 1),
        ("\n  max-parallel: 1", "target: ${{ matrix.arch }}", 0),
        ("\n  max-parallel: 1", "context: ${{ matrix.arch }}", 1),
    ],
)
def test_stages_that_are_built_one_after_another(parallel: str, target: str, told: int) -> None:
    where = tree({"ci": image(f"{target}\ncache-to: type=gha,mode=max", head=TWO + parallel)})
    assert len(found(where, "legs-share-cache-ref")) == told


def test_many_legs_of_one_name_take_no_long_time() -> None:
    values = ", ".join(f"a{number}" for number in range(3000))
    head = f"runs-on: x\nstrategy: {{matrix: {{arch: [{values}]}}}}"
    where = tree({"ci": job("- uses: actions/upload-artifact@v4\n  with: {name: x, path: out}", head=head)})
    assert not ended(lambda: found(where, "legs-share-cache-ref"))
