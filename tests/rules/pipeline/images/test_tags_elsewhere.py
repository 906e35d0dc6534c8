"""Tags of images that are computed elsewhere than in the job that builds."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import found, tree
from tests.rules.pipeline.workflows import job

CHECK = """
  check:
    runs-on: ubuntu-latest
    outputs: {tag: "${{ steps.t.outputs.tag }}", found: "${{ steps.f.outputs.found }}"}
    steps:
      - {id: t, run: 'echo tag=$(sha256sum tools.txt) >> $GITHUB_OUTPUT'}
      - {id: f, run: 'docker manifest inspect example/ci:${{ steps.t.outputs.tag }}'}
"""
BUILT = "{context: ., file: docker/ci/Dockerfile, push: true, tags: 'example/ci:%s'}"
STEP = f"{{uses: docker/build-push-action@v6, with: {BUILT}}}"
NEEDS = "needs: check\n    if: needs.check.outputs.found != 'true'"
CALLED = "on: {workflow_call: {inputs: {tag: {type: string}}}}\njobs:\n  b: {runs-on: ubuntu-latest, steps: [%s]}\n"
OUTPUTS = (
    "on: {workflow_call: {outputs: {tag: {value: '${{ jobs.check.outputs.tag }}'},"
    " found: {value: '${{ jobs.check.outputs.found }}'}}}}\njobs:"
)
ASKS = "if: steps.f.outcome == 'failure'"
LOOKS = "- {id: f, run: docker manifest inspect example/ci:x}"
ELSEWHERE: dict[str, dict[str, str]] = {
    "in a job": {
        "ci": f"on: push\njobs:{CHECK}  b:\n    {NEEDS}\n    runs-on: ubuntu-latest\n    steps: [{STEP}]\n"
        % "${{ needs.check.outputs.tag }}"
    },
    "in a called workflow": {
        "ci": "on: push\njobs:\n  check: {uses: ./.github/workflows/check.yml}\n"
        + f"  b:\n    {NEEDS}\n    runs-on: ubuntu-latest\n    steps: [{STEP}]\n"
        % "${{ needs.check.outputs.tag }}",
        "check": OUTPUTS + CHECK,
    },
    "for a called workflow": {
        "ci": f"on: push\njobs:{CHECK}  b:\n    {NEEDS}\n    uses: ./.github/workflows/build.yml\n"
        "    with: {tag: '${{ needs.check.outputs.tag }}'}\n",
        "build": CALLED % (STEP % "${{ inputs.tag }}"),
    },
    "in an action": {
        "ci": job(
            "- {id: t, uses: ./.github/actions/tag}\n"
            f"{LOOKS}\n- {ASKS}\n  {STEP[1:-1].replace(', with', chr(10) + '  with')}"
            % "${{ steps.t.outputs.tag }}"
        ),
        ".github/actions/tag/action.yml": "outputs: {tag: {value: '${{ steps.h.outputs.tag }}'}}\n"
        "runs: {using: composite, steps: [{id: h, run: 'echo tag=$(sha256sum tools.txt) >> $GITHUB_OUTPUT'}]}\n",
    },
    "for an action": {
        "ci": job(
            "- {id: t, run: 'echo tag=$(sha256sum tools.txt) >> $GITHUB_OUTPUT'}\n"
            f"{LOOKS}\n- {ASKS}\n  uses: ./.github/actions/build\n  with: {{tag: '${{{{ steps.t.outputs.tag }}}}'}}"
        ),
        ".github/actions/build/action.yml": "inputs: {tag: {}}\n"
        f"runs: {{using: composite, steps: [{STEP}]}}\n" % "${{ inputs.tag }}",
    },
    "in a variable": {
        "ci": job(
            "- run: echo TAG=$(sha256sum tools.txt) >> $GITHUB_ENV\n"
            f"{LOOKS}\n- {ASKS}\n  {STEP[1:-1].replace(', with', chr(10) + '  with')}" % "${{ env.TAG }}"
        ),
    },
    "in one script": {
        "ci": job(
            "- run: |\n    tag=$(sha256sum tools.txt)\n    docker manifest inspect example/ci:$tag ||"
            " docker buildx build --push -f docker/ci/Dockerfile -t example/ci:$tag ."
        ),
    },
    "in Python": {
        "ci": job(
            "- id: t\n  shell: python\n  run: import hashlib; out(hashlib.sha256(open('tools.txt')))\n"
            f"{LOOKS}\n- {ASKS}\n  {STEP[1:-1].replace(', with', chr(10) + '  with')}"
            % "${{ steps.t.outputs.tag }}"
        ),
    },
}


@pytest.mark.parametrize("files", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_tag_that_is_computed_elsewhere(files: dict[str, str]) -> None:
    rest = {"docker/ci/Dockerfile": "FROM x\nCOPY tools.txt /\n", "tools.txt": ""}
    (finding,) = found(tree({**files, **rest}), "tag-covers-inputs")
    assert finding.subject == "docker/ci/Dockerfile"
    whole = {
        path: text.replace("sha256sum tools.txt", "cat tools.txt docker/ci/Dockerfile | sha256sum").replace(
            "open('tools.txt')", "open('tools.txt'), open('docker/ci/Dockerfile')"
        )
        for path, text in files.items()
    }
    assert not found(tree({**whole, **rest}), "tag-covers-inputs")


@pytest.mark.parametrize(
    ("mount", "told"), [("$PWD/tools.txt:/tools.txt", 1), ("$PWD/other.txt:/tools.txt", 2)]
)
def test_what_is_mounted_over_the_image_is_of_today(mount: str, told: int) -> None:
    build = STEP.replace("%s", "${{ hashFiles('x') }}").replace("'", '"').replace('"x"', "'x'")
    steps = f"{LOOKS}\n- {{{ASKS}, {build[1:]}\n- run: docker run --rm -v {mount} example/ci:x"
    files = {"docker/ci/Dockerfile": "FROM x\nCOPY tools.txt /\n", "tools.txt": "", "x": ""}
    assert len(found(tree({"ci": job(steps), **files}), "tag-covers-inputs")) == told
