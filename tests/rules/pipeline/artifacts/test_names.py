"""Rules about names of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import re

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import TWO, job

UPLOADS = '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}'
LATER = "  use:\n    needs: {needs}\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {{{wanted}}}\n  other:\n    runs-on: x\n    steps: []\n"


def later(build: str, needs: str, wanted: str, head: str = "") -> str:
    """A workflow in which `use` downloads what `build` may upload."""
    return job(build, head=head, rest=LATER.format(needs=needs, wanted=wanted))


CASES: dict[str, Case] = {
    "artifact-not-uploaded": Case(
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {name: bin}\n",
                )
            }
        ),
        "uses: actions/download-artifact",
        tree(
            {
                "ci": job(
                    '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ matrix.arch }}", path: x}',
                    head=TWO,
                    rest="  use:\n    needs: build\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {pattern: bin-*}\n      - uses: actions/download-artifact@v4\n        with: {name: other, run-id: 5}\n",
                )
            }
        ),
    ),
    "download-without-needs": Case(
        tree({"ci": later(UPLOADS, "other", "name: bin-amd64", TWO)}),
        "uses: actions/download-artifact",
        tree({"ci": later(UPLOADS, "build", "name: bin-amd64", TWO)}),
    ),
    "download-takes-build-records": Case(
        tree({"ci": later("- uses: docker/build-push-action@v6", "build", "path: y")}),
        "uses: actions/download-artifact",
        tree({"ci": later("- uses: docker/build-push-action@v6", "build", "pattern: bin-*")}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_unknown_uploads_are_given_the_benefit_of_the_doubt() -> None:
    rest = (
        "  use:\n    needs: build\n    runs-on: x\n    steps:\n"
        "      - uses: actions/download-artifact@v4\n        with: {name: bin-1}\n"
    )
    for step in (
        '- uses: actions/upload-artifact@v4\n  with: {name: "bin-${{ steps.x.outputs.n }}", path: x}',
        "- uses: someone/upload-artifacts-action@v1",
    ):
        assert found(tree({"ci": job(step, rest=rest)}), "artifact-not-uploaded") == []
    external = job("- run: a", rest=rest).replace(
        "jobs:\n", "jobs:\n  other:\n    uses: a/b/.github/workflows/c.yml@v1\n"
    )
    assert found(tree({"ci": external}), "artifact-not-uploaded") == []


@pytest.mark.parametrize(
    ("needs", "wanted", "count"),
    [
        ("other", "name: bin-amd64", 1),
        ("other", "pattern: bin-*", 1),
        ("[other, build]", "name: bin-amd64", 0),
        ("other", "name: bin-amd64, run-id: 5", 0),
        ("other", "path: y", 1),
        ("[other, build]", "path: y", 0),
        ("other", "name: something-else", 0),
    ],
)
def test_a_download_waits_for_its_maker(needs: str, wanted: str, count: int) -> None:
    workflow = later(UPLOADS, needs, wanted, TWO)
    findings = found(tree({"ci": workflow}), "download-without-needs")
    assert len(findings) == count
    assert all(re.search("use downloads (?:bin-|all artifacts)", finding.message) for finding in findings)


PARTS = """
on: push
jobs:
  build:
    strategy: {{matrix: {{os: [ubuntu, windows]}}}}
    runs-on: x
    steps:
      - uses: actions/upload-artifact@v4
        with: {{name: "bin-${{{{ matrix.os }}}}", path: x}}
  more:
    runs-on: x
    {head}
    steps:
      - uses: actions/upload-artifact@v4
        {step}
        with: {{name: bin-source, path: x}}
  {user}:
    needs: {needs}
    runs-on: x
    steps:
      - uses: actions/download-artifact@v4
        with: {{{wanted}}}
      - run: {script}
"""


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, 1),
        ({"wanted": "path: y"}, 1),
        ({"needs": "[build, more]"}, 0),
        ({"wanted": "pattern: bin-*"}, 1),
        ({"wanted": "pattern: 'bin-{ubuntu,source}'"}, 1),
        ({"wanted": "pattern: 'bin-[a-z]*'"}, 0),
        ({"wanted": "pattern: bin-u*"}, 0),
        ({"wanted": "path: y", "script": "ls y/bin-ubuntu"}, 0),
        ({"head": "if: github.event_name == 'push'"}, 0),
        ({"head": "continue-on-error: true"}, 0),
        ({"head": "needs: use"}, 0),
        ({"step": "if: always()"}, 0),
        ({"step": "continue-on-error: true"}, 0),
        ({"script": "./wait-for-the-rest"}, 0),
        ({"user": "test-wheels"}, 0),
    ],
)
def test_a_download_waits_for_every_maker_of_what_its_pattern_takes(
    change: dict[str, str], count: int
) -> None:
    given = {"user": "use", "needs": "build", "wanted": "pattern: bin*", "script": "ls"}
    given |= {"head": "", "step": ""} | change
    findings = found(tree({"ci": PARTS.format(**given)}), "download-without-needs")
    assert len(findings) == count
    for finding in findings:
        assert finding.severity == "warning"
        assert finding.message.endswith("does not wait for more, which uploads bin-source")


CALLED = """
on: {workflow_call: {inputs: {image: {type: string}}}}
jobs:
  build:
    runs-on: x
    steps:
      - uses: actions/upload-artifact@v4
        with: {name: "bin-${{ inputs.image }}", path: x}
  pack:
    needs: build
    runs-on: x
    steps:
      - uses: actions/download-artifact@v4
        with: {pattern: bin-*}
"""


def test_what_another_call_makes_is_not_waited_for() -> None:
    calls = "".join(
        f"  {name}: {{uses: ./.github/workflows/called.yml, with: {{image: {name}}}}}\n"
        for name in ("app", "web")
    )
    files = {"ci": f"on: push\njobs:\n{calls}", "called": CALLED}
    assert found(tree(files), "download-without-needs") == []


OWN = """
on: push
jobs:
  t:
    strategy: {matrix: {n: [a, b]}, fail-fast: false}
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: x}}
      - {uses: actions/upload-artifact@v4, with: {name: x, path: o, overwrite: true}}
"""
LATER_LINE = "t downloads x, and uploads it only later, at line 8: the download fails"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("", ""), LATER_LINE),
        (("name: x}", "name: y}"), ""),
        (("with: {name: x}", "with: {pattern: x*}"), ""),
        (("with: {name: x}", "with: {path: x}"), ""),
        (("with: {name: x}", "continue-on-error: true, with: {name: x}"), ""),
        (("with: {name: x}", "continue-on-error: '${{ vars.X }}', with: {name: x}"), ""),
        (("with: {name: x}", "if: vars.AGAIN, with: {name: x}"), ""),
        (("with: {name: x}", "if: github.run_attempt > 1, with: {name: x}"), ""),
        (("with: {name: x}", "with: {name: x, run-id: '${{ vars.LAST }}', github-token: t}"), ""),
        (("with: {name: x}", "if: matrix.n == 'b', with: {name: x}"), LATER_LINE),
        (("fail-fast: false", "max-parallel: 1"), ""),
        (("{name: x, path", "{name: '${{ matrix.n }}', path"), ""),
        (("jobs:", "jobs:\n  o: {uses: acme/o/.github/workflows/o.yml@v1}"), ""),
    ],
)
def test_a_download_comes_behind_the_upload_in_one_job(change: tuple[str, str], message: str) -> None:
    told = [f.message for f in found(tree({"ci": OWN.replace(*change, 1)}), "download-without-needs")]
    assert told == [message] * bool(message)
    upload = OWN.splitlines()[-1]
    assert (
        found(tree({"ci": OWN.replace("    steps:", f"    steps:\n{upload}")}), "download-without-needs")
        == []
    )


def test_one_leg_after_another_makes_its_own_too_late() -> None:
    own = OWN.replace("name: x", "name: '${{ matrix.n }}'").replace("fail-fast: false", "max-parallel: 1")
    assert len(found(tree({"ci": own}), "download-without-needs")) == 1


@pytest.mark.parametrize(("strategy", "told"), [("", 1), (", max-parallel: 1", 0)])
def test_legs_of_one_job_do_not_wait_for_each_other(strategy: str, told: int) -> None:
    steps = "- {uses: actions/download-artifact@v4, if: \"matrix.n == 'b'\", with: {name: a}}\n"
    steps += '- {uses: actions/upload-artifact@v4, with: {name: "${{ matrix.n }}", path: o}}'
    head = f"runs-on: x\nstrategy: {{matrix: {{n: [a, b]}}{strategy}}}"
    findings = found(tree({"ci": job(steps, head=head)}), "download-without-needs")
    message = "build downloads a, which another leg of it uploads: legs do not wait"
    assert [finding.message for finding in findings] == [message] * told


@pytest.mark.parametrize(("wanted", "told"), [("name: bin-amd64", 1), ("pattern: bin-*", 0), ("path: y", 0)])
def test_a_job_does_not_wait_for_one_that_waits_for_it(wanted: str, told: int) -> None:
    workflow = later(UPLOADS, "other", wanted, f"{TWO}\nneeds: use")
    findings = found(tree({"ci": workflow}), "download-without-needs")
    message = "use downloads bin-amd64 and does not wait for build, which uploads it and waits for it"
    assert [finding.message for finding in findings] == [message] * told
    assert all("needs" not in finding.help for finding in findings)


def test_the_job_to_wait_for_is_one_of_the_called_workflow() -> None:
    called = later(UPLOADS, "other", "name: bin-amd64", TWO).replace("on: push", "on: workflow_call")
    files = {"ci": "on: push\njobs: {all: {uses: ./.github/workflows/called.yml}}", "called": called}
    (finding,) = found(tree(files), "download-without-needs")
    assert finding.message == "use downloads bin-amd64 and does not wait for build, which uploads it"
    assert finding.help == "add build to needs"


@pytest.mark.parametrize(("absent", "told"), [("fail", 1), ("warn", 0), ("ignore", 0)])
def test_an_action_that_may_find_nothing(absent: str, told: int) -> None:
    workflow = later(UPLOADS, "other", "name: bin-amd64", TWO)
    given = f"name: bin-amd64, run_id: '${{{{ github.run_id }}}}', if_no_artifact_found: {absent}"
    workflow = workflow.replace("actions/download-artifact@v4", "dawidd6/action-download-artifact@v6")
    files = {"ci": workflow.replace("{name: bin-amd64}", f"{{{given}}}")}
    assert len(found(tree(files), "download-without-needs")) == told


def test_a_download_of_any_name_has_no_maker() -> None:
    vague = "name: '${{ needs.other.outputs.name }}'"
    assert found(tree({"ci": later(UPLOADS, "other", vague, TWO)}), "download-without-needs") == []


def test_an_upload_of_any_name_is_not_the_maker() -> None:
    vague = "- uses: actions/upload-artifact@v4\n  with: {name: '${{ steps.a.outputs.name }}', path: x}"
    assert found(tree({"ci": later(vague, "other", "name: bin-amd64")}), "download-without-needs") == []


@pytest.mark.parametrize(
    ("build", "wanted", "count"),
    [
        ("docker/build-push-action@v6", "path: y", 1),
        (
            "docker/build-push-action@0123456789abcdef0123456789abcdef01234567 # v7.1.0",
            "merge-multiple: true",
            1,
        ),
        ("docker/build-push-action@v5", "path: y", 0),
        ("docker/build-push-action@0123456789abcdef0123456789abcdef01234567", "path: y", 1),
        ("docker/build-push-action@ca052bb54ab0790a636c9b5f226502c73d547a25", "path: y", 0),
        ("docker/build-push-action@master", "path: y", 1),
        ("other/build-push-action@0123456789abcdef0123456789abcdef01234567", "path: y", 0),
        ("docker/build-push-action@v6", "pattern: bin-*", 0),
        ("docker/build-push-action@v6\n  env: {DOCKER_BUILD_RECORD_UPLOAD: false}", "path: y", 0),
        ("docker/build-push-action@v6\n  if: github.event_name == 'release'", "path: y", 0),
    ],
)
def test_a_download_of_everything_takes_the_records_of_builds(build: str, wanted: str, count: int) -> None:
    workflow = later(f"- uses: {build}", "build", wanted)
    assert len(found(tree({"ci": workflow}), "download-takes-build-records")) == count
    apart = later(f"- uses: {build}", "other", wanted)
    assert found(tree({"ci": apart}), "download-takes-build-records") == []


@pytest.mark.parametrize(("on", "told"), [("[workflow_dispatch]", 0), ("[push]", 1)])
def test_a_download_that_a_person_asks_for_is_not_missed(on: str, told: int) -> None:
    step = "- uses: actions/download-artifact@v4\n  if: inputs.extra || github.event_name == 'push'\n  with: {name: bin}"
    assert len(found(tree({"ci": job(step, on=on)}), "artifact-not-uploaded")) == told


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("always() && needs.find.result == 'success'", 0),
        ("always() && needs.find.result != 'success'", 1),
        ("always() && needs.find.result == 'skipped'", 1),
        ("always() && vars.TAKE", 1),
    ],
)
def test_a_job_that_is_skipped_says_so(condition: str, told: int) -> None:
    merged = "github.event.pull_request.merged && startsWith(github.head_ref, 'release/')"
    jobs = f"""
        on: {{pull_request: {{types: [closed]}}}}
        jobs:
          find:
            if: {merged}
            runs-on: x
            steps: [{{run: ls}}]
          make:
            needs: find
            uses: ./.github/workflows/make.yml
          take:
            needs: [find, make]
            if: {condition}
            runs-on: x
            steps:
              - uses: actions/download-artifact@v4
                with: {{name: bin}}
        """
    made = job("- uses: actions/upload-artifact@v4\n  with: {name: bin, path: x}", on="workflow_call")
    assert len(found(tree({"ci": jobs, "make": made}), "artifact-not-uploaded")) == told


TAKING = """
on: push
jobs:
  image:
    runs-on: x
    steps:
      - uses: docker/build-push-action@v6
      - uses: actions/upload-artifact@v4
        with: {{name: bin-amd64, path: x}}
  use:
    needs: image
    runs-on: x
    env: {{WANTED: bin-arm64, HERE: bin-amd64}}
    steps:
      - run: |
          {script}
"""


@pytest.mark.parametrize(
    ("options", "lost", "records"),
    [
        ("$GITHUB_RUN_ID -n bin", 1, 0),
        ("${{ github.run_id }} --name=bin-arm64", 1, 0),
        ('--name "$WANTED" "${GITHUB_RUN_ID}"', 1, 0),
        ("$GITHUB_RUN_ID --pattern 'lib-*' -D out", 1, 0),
        ("$GITHUB_RUN_ID -n bin-amd64 -n bin-arm64", 1, 0),
        ('-R "$GITHUB_REPOSITORY" $GITHUB_RUN_ID -n bin', 1, 0),
        ("$GITHUB_RUN_ID --name $HERE", 0, 0),
        ("$GITHUB_RUN_ID -p 'bin-*' -p 'lib-*'", 1, 0),
        ("$GITHUB_RUN_ID -n $OTHER", 0, 0),
        ("$GITHUB_RUN_ID -n bin || true", 0, 0),
        ("-R acme/other $GITHUB_RUN_ID -n bin", 0, 0),
        ("1234 -n bin", 0, 0),
        ("1234", 0, 0),
        ("$GITHUB_RUN_ID", 0, 1),
        ("$GITHUB_RUN_ID --dir out", 0, 1),
    ],
)
def test_what_a_script_downloads(options: str, lost: int, records: int) -> None:
    where = tree({"ci": TAKING.format(script=f"gh run download {options}")})
    assert len(found(where, "artifact-not-uploaded")) == lost
    assert len(found(where, "download-takes-build-records")) == records


@pytest.mark.parametrize("names", ["bin bin-amd64", "bin-arm64"])
def test_what_a_loop_downloads(names: str) -> None:
    script = f'for n in {names}; do gh run download $GITHUB_RUN_ID -n "$n"; done'
    assert len(found(tree({"ci": TAKING.format(script=script)}), "artifact-not-uploaded")) == 1


@pytest.mark.parametrize("order", ["before", "behind"])
def test_a_build_of_the_downloading_job_leaves_its_record_at_the_end(order: str) -> None:
    steps = ["- uses: docker/build-push-action@v6", "- uses: actions/download-artifact@v4"]
    upload = "- uses: actions/upload-artifact@v4\n  with: {name: bin, path: x}"
    own = "\n".join(steps if order == "before" else steps[::-1]).replace("\n", "\n      ")
    rest = f"  image:\n    needs: build\n    runs-on: x\n    steps:\n      {own}\n"
    assert not found(tree({"ci": job(upload, rest=rest)}), "download-takes-build-records")
    later_one = (
        rest
        + "  last:\n    needs: image\n    runs-on: x\n    steps: [{uses: actions/download-artifact@v4}]\n"
    )
    assert len(found(tree({"ci": job(upload, rest=later_one)}), "download-takes-build-records")) == 1


@pytest.mark.parametrize(
    ("wanted", "script", "told"),
    [
        ("merge-multiple: true", "tar xf app-linux.tar.gz", 0),
        ("merge-multiple: true, path: in", "tar xf in/app-$V.tar.gz", 0),
        ("merge-multiple: true", "tar xf app-*", 1),
        ("merge-multiple: true", "tar xf app-linux.tar.gz && sha256sum -c all-sums.txt", 1),
        ("merge-multiple: true", "tar xf app-linux.tar.gz app-sums", 1),
        ("merge-multiple: true, path: in", "tar xf in/app-linux.tar.gz && gh release upload v1 in", 1),
        ("merge-multiple: true", "make release", 1),
        ("merge-multiple: false", "tar xf app-linux.tar.gz", 1),
    ],
)
def test_a_job_that_names_the_files_of_jobs_it_waits_for(wanted: str, script: str, told: int) -> None:
    upload = "- uses: actions/upload-artifact@v4\n  with: {{name: {}, path: {}}}"
    sums = upload.format("app-sums", "all-sums.txt").replace("\n", "\n      ")
    rest = f"  sums:\n    runs-on: x\n    steps:\n      {sums}\n  use:\n    needs: build\n    runs-on: x\n    steps:\n"
    rest += f"      - uses: actions/download-artifact@v4\n        with: {{pattern: app-*, {wanted}}}\n      - run: {script}\n"
    where = tree({"ci": job(upload.format("app-linux", "out"), rest=rest)})
    assert len(found(where, "download-without-needs")) == told
