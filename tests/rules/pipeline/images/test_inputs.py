"""Rules about inputs of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from scaffold.rules.base import Severity
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import image, job

TAG_WORKFLOW = job(
    """
- id: tag
  run: python3 scripts/tag.py
- id: there
  run: docker manifest inspect example/ci:${{ steps.tag.outputs.tag }}
- uses: docker/build-push-action@v6
  if: steps.there.outcome == 'failure'
  with:
    context: .
    file: docker/ci/Dockerfile
    push: true
    tags: example/ci:${{ steps.tag.outputs.tag }}
"""
)
TAGGED = {
    "ci": TAG_WORKFLOW,
    "docker/ci/Dockerfile": "FROM x\nCOPY tools.txt /\n",
    "tools.txt": "",
}

DOCKERFILE = {
    "Dockerfile": "FROM a\nRUN --mount=type=bind,source=install.sh,target=/i bash /i\n",
    "install.sh": "",
}
PUSHED = "context: .\npush: true"


def watched(*paths: str) -> dict[str, str]:
    listed = "".join(f"\n      - '{path}'" for path in paths)
    return {"ci": image(PUSHED, on=f"\n  push:\n    branches: [main]\n    paths:{listed}"), **DOCKERFILE}


CASES: dict[str, Case] = {
    "paths-cover-inputs": Case(tree(watched("Dockerfile")), "paths:", tree(watched("Dockerfile", "*.sh"))),
    "tag-covers-inputs": Case(
        tree({**TAGGED, "scripts/tag.py": "# docker/ci/Dockerfile\nread('rust-toolchain.toml')\n"}),
        "- id: tag",
        tree(
            {**TAGGED, "scripts/tag.py": "read(root / 'docker' / 'ci' / 'Dockerfile')\nread('tools.txt')\n"}
        ),
        2,
    ),
}


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("version.txt", 0),
        ("versions.txt", 2),
        (".github/workflows/ci.yml", 2),
        ("install.sh", 1),
    ],
)
def test_a_filter_that_names_a_version_asks_for_a_release(path: str, missing: int) -> None:
    where = tree({**watched(path), "version.txt": "1"})
    assert len(found(where, "paths-cover-inputs")) == missing


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("dockerfile", "inputs", "missing"),
    [
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "", {"install.sh"}),
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "\nbuild-args: FILE=other.sh", set()),
        ("FROM a\nARG FILE=install.sh\nCOPY ${FILE} /\n", "\nbuild-args: ${{ vars.ARGS }}", set()),
        ("FROM a\nRUN <<EOF bash\nCOPY install.sh /\nEOF\n", "", set()),
        ("FROM a\nCOPY --link \\\n  # the installer\n  install.sh /\n", "", {"install.sh"}),
    ],
)
def test_inputs_are_what_the_build_takes(dockerfile: str, inputs: str, missing: set[str]) -> None:
    on = "\n  push:\n    branches: [main]\n    paths: [Dockerfile]"
    where = tree({"ci": image(PUSHED + inputs, on=on), "Dockerfile": dockerfile, "install.sh": ""})
    assert {finding.subject for finding in found(where, "paths-cover-inputs")} == missing


BUILT = """
- uses: docker/build-push-action@v6
  {condition}
  with:
    context: .
    file: ci/Dockerfile
    push: true
    tags: example/ci:{tag}
"""
IMAGE = {
    "ci/Dockerfile": "FROM x\nCOPY tools.lock /\nCOPY ci/parts /parts\n",
    "ci/parts/a/b": "",
    "tools.lock": "",
}
MADE = "${{ steps.tag.outputs.tag }}"


def hashing(run: str) -> str:
    steps = (
        f"- id: tag\n  run: {run}\n- id: there\n  run: docker manifest inspect example/ci:{MADE}\n"
        + BUILT.format(condition="if: steps.there.outcome == 'failure'", tag=MADE).strip()
    )
    return job(steps)


@pytest.mark.parametrize(
    ("run", "missing"),
    [
        ("echo tag=$(sha256sum tools.lock) >> $GITHUB_OUTPUT", {"ci/Dockerfile", "ci/parts"}),
        ("echo tag=$(sha256sum tools.lock ci/* | sha1sum) >> $GITHUB_OUTPUT", {"ci/parts"}),
        ("echo tag=$(cat {tools.lock,ci/Dockerfile} ci/parts/*/* | md5sum) >> $GITHUB_OUTPUT", set()),
        ("cd ci && echo tag=$(sha256sum Dockerfile ../tools.lock) >> $GITHUB_OUTPUT", {"ci/parts"}),
        ("echo tag=$(find ci tools.lock -type f | xargs sha1sum | sha1sum) >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(git rev-parse HEAD:ci) >> $GITHUB_OUTPUT", {"tools.lock"}),
        ("echo tag=$(git rev-parse --short @:./ci/) >> $GITHUB_OUTPUT", {"tools.lock"}),
        ('echo "tag=$(git rev-parse ${GITHUB_SHA}:ci)" >> $GITHUB_OUTPUT', {"tools.lock"}),
        ("echo tag=$(git rev-parse HEAD:ci HEAD:tools.lock | sha1sum) >> $GITHUB_OUTPUT", set()),
        (
            "echo tag=$(git rev-parse HEAD:other) >> $GITHUB_OUTPUT",
            {"ci/Dockerfile", "ci/parts", "tools.lock"},
        ),
        ("|\n    D=ci\n    echo tag=$(git rev-parse HEAD:$D) >> $GITHUB_OUTPUT", {"tools.lock"}),
        ("echo tag=$(git rev-parse HEAD:$D) >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(git rev-parse HEAD:) >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(git rev-parse 'HEAD^{tree}:') >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(git ls-files -s | sha1sum) >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(git rev-parse HEAD) >> $GITHUB_OUTPUT", set()),
        ("echo tag=$(date) >> $GITHUB_OUTPUT", set()),
        ("echo tag=${{ hashFiles('ci/**') }} >> $GITHUB_OUTPUT", {"tools.lock"}),
    ],
)
def test_a_tag_made_by_commands(run: str, missing: set[str]) -> None:
    findings = found(tree({"ci": hashing(run), **IMAGE}), "tag-covers-inputs")
    assert {finding.subject for finding in findings} == missing


@pytest.mark.parametrize(
    ("tag", "missing"),
    [
        ("${{ hashFiles('ci/**', 'tools.lock') }}", set()),
        ("${{ hashFiles('**/*.lock') }}", {"ci/Dockerfile", "ci/parts"}),
        ("${{ needs.check.outputs.tag }}", {"tools.lock"}),
        ("${{ needs.check.outputs.commit }}", set()),
        ("${{ env.KEY }}", {"ci/Dockerfile"}),
    ],
)
@pytest.mark.parametrize("asked", [True, False])
def test_a_tag_made_in_another_job(tag: str, missing: set[str], asked: bool) -> None:
    check = """
          check:
            runs-on: x
            outputs:
              tag: ${{ steps.tag.outputs.tag }}
              commit: ${{ github.sha }}
            steps:
              - id: tag
                run: echo tag=$(tar c ci | sha1sum) >> $GITHUB_OUTPUT
              - run: docker manifest inspect example/ci:${{ steps.tag.outputs.tag }}
        """
    head = "runs-on: x\nneeds: check\nenv: {KEY: \"${{ hashFiles('tools.lock', 'ci/parts/**') }}\"}"
    head += "\nif: needs.check.outputs.there != 'true'" if asked else ""
    workflow = job(
        BUILT.format(condition="id: image", tag=tag).strip(),
        head=head,
        rest=dedent(check).replace("\n", "\n  "),
    )
    findings = found(tree({"ci": workflow, **IMAGE}), "tag-covers-inputs")
    assert {finding.subject for finding in findings} == (missing if asked else set())


@pytest.mark.parametrize(
    ("inputs", "dockerfile", "missing"),
    [
        ("push: true", "FROM a\nCOPY install.sh /\n", 1),
        ("push: true\ncontext: .\ntarget: one", "FROM a AS one\nRUN x\nFROM a\nCOPY install.sh /\n", 0),
        ("push: true\ncontext: .\ntarget: two", "FROM a AS one\nCOPY install.sh /\nFROM one AS two\n", 1),
        (PUSHED, "FROM a AS one\nCOPY install.sh /\nFROM a\nCOPY --from=one /x /\n", 1),
        (PUSHED, "FROM a AS one\nCOPY install.sh /\nFROM a\nRUN --mount=from=0,target=/x ls\n", 1),
        (PUSHED, "FROM a AS unused\nCOPY install.sh /\nFROM a\n", 0),
        (PUSHED, "FROM a\nCOPY *.sh /\n", 1),
        (PUSHED, "FROM a\nCOPY *.py /\n", 0),
    ],
)
def test_inputs_of_the_stages_that_are_built(inputs: str, dockerfile: str, missing: int) -> None:
    on = "\n  push: {branches: [main], paths: [Dockerfile]}"
    files = {"ci": image(inputs, on=on), "Dockerfile": dockerfile, "install.sh": ""}
    assert len(found(tree(files), "paths-cover-inputs")) == missing


@pytest.mark.parametrize(
    ("pattern", "missing"), [("version.*", 0), ("other/**", 2), ("chart/**", 0), ("nothing.*", 2)]
)
def test_a_filter_that_asks_for_a_release(pattern: str, missing: int) -> None:
    files = {**watched(pattern), "version.txt": "", "other/file": "", "chart/Chart.yaml": ""}
    assert len(found(tree(files), "paths-cover-inputs")) == missing


@pytest.mark.parametrize(("script", "missing"), [("sed s/x// version.txt", 0), ("make", 2)])
def test_a_filter_that_asks_for_a_release_by_a_file_that_is_gone(script: str, missing: int) -> None:
    files = watched("version.*")
    files["ci"] += f"  version:\n    runs-on: ubuntu-latest\n    steps:\n      - run: {script}\n"
    assert len(found(tree(files), "paths-cover-inputs")) == missing


def test_many_files_of_one_image_are_one_finding() -> None:
    names = [f"{letter}.txt" for letter in "abcdef"]
    files = {
        **watched("Dockerfile"),
        "Dockerfile": f"FROM a\nCOPY {' '.join(names)} /\n",
        **dict.fromkeys(names, ""),
    }
    (finding,) = found(tree(files), "paths-cover-inputs")
    assert "and 3 more" in finding.message


@pytest.mark.parametrize(("target", "missing"), [("one", ["a.txt"]), ("two", ["b.txt"])])
def test_a_target_of_a_bake_file_is_a_stage(target: str, missing: list[str]) -> None:
    step = "- {uses: docker/bake-action@v6, with: {push: true, targets: app}}"
    files = {
        "ci": job(step, on="\n  push:\n    branches: [main]\n    paths: [Dockerfile]"),
        "docker-bake.hcl": f'target "app" {{\n  target = "{target}"\n  tags = ["acme/app"]\n}}\n',
        "Dockerfile": "FROM a AS one\nCOPY a.txt /\nFROM a AS two\nCOPY b.txt /\nFROM a\n",
        **dict.fromkeys(("a.txt", "b.txt"), ""),
    }
    told = found(tree(files), "paths-cover-inputs")
    assert [finding.subject for finding in told] == missing


def test_what_git_ignores_is_told_last() -> None:
    names = [".gitignore", ".conf/a.txt", "b.txt", ".dockerignore", "c.txt"]
    files = {
        **watched("Dockerfile"),
        "Dockerfile": f"FROM a\nCOPY {' '.join(names)} /\n",
        **dict.fromkeys(names, ""),
    }
    (finding,) = found(tree(files), "paths-cover-inputs")
    assert finding.message.startswith(".conf/a.txt, b.txt, c.txt and 2 more go into")


ASKED = """
on: {push: {branches: [main]}}
jobs:
  changes:
    runs-on: ubuntu-latest
    outputs: {app: "${{ steps.f.outputs.app }}"}
    steps:
      - id: f
        uses: dorny/paths-filter@v3
        with:
          filters: |
            app:
              - 'src/**'
              %s
  build:
    needs: changes
    if: %s
    runs-on: ubuntu-latest
    steps:
      - uses: docker/build-push-action@v6
        with: {context: ., push: true, tags: acme/app}
"""
APP = {"Dockerfile": "FROM a\nCOPY src/a.py /\n", "src/a.py": "x\n"}


@pytest.mark.parametrize(
    ("more", "condition", "count"),
    [
        ("", "needs.changes.outputs.app == 'true'", 1),
        ("", "${{ needs.changes.outputs.app == 'true' || github.event_name == 'workflow_dispatch' }}", 1),
        ("", "needs.changes.outputs.app == 'true' || github.ref == 'refs/heads/main'", 0),
        ("", "needs.changes.outputs.app != 'true'", 0),
        ("", "${{ !(needs.changes.outputs.app != 'true') }}", 1),
        ("", "${{ !!(needs.changes.outputs.app == 'true') }}", 1),
        ("", "${{ !(needs.changes.outputs.app == 'true') }}", 0),
        ("", "${{ !(needs.changes.outputs.app != 'true') && !cancelled() }}", 1),
        ("", "needs.changes.outputs.other == 'true'", 0),
        ("- 'Dockerfile*'", "needs.changes.outputs.app == 'true'", 0),
    ],
)
def test_a_filter_that_a_job_asks(more: str, condition: str, count: int) -> None:
    told = found(tree({"ci": ASKED % (more, condition), **APP}), "paths-cover-inputs")
    assert [(finding.severity, finding.line) for finding in told] == [(Severity.warning, 11)] * count


@pytest.mark.parametrize("at", ["on: {push", "  changes:\n", "      - id: f\n"])
@pytest.mark.parametrize(("more", "count"), [("", 1), ("- Dockerfile", 0)])
def test_a_filter_whose_text_a_variable_has(at: str, more: str, count: int) -> None:
    given = ASKED % (more, "needs.changes.outputs.app == 'true'")
    start, end = given.index("filters: |"), given.index("  build:")
    indent_by = " " * {"on: {push": 0, "  changes:\n": 4, "      - id: f\n": 8}[at]
    listed = dedent(given[start:end].partition("\n")[2])
    text = f"{indent_by}env:\n{indent_by}  FILTERS: |\n{indent(listed, f'{indent_by}    ')}"
    given = given[:start] + "filters: ${{ env.FILTERS }}\n" + given[end:]
    given = given.replace(at, f"{text}{at}" if at == "on: {push" else f"{at}{text}")
    assert len(found(tree({"ci": given, **APP}), "paths-cover-inputs")) == count


LOOKED_UP = """
- id: tag
  run: echo tag=$(sha256sum tools.lock) >> $GITHUB_OUTPUT
- id: there
  run: docker manifest inspect example/ci:{tag}
- if: steps.there.outcome == 'failure'
  env: {{TAG: "{tag}"}}
  run: |
    docker {build} -t example/ci:{built} -f ci/Dockerfile .
    {push}
- run: {later}
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, 0),
        ({"build": "buildx build --push"}, 2),
        ({"push": f"docker push example/ci:{MADE}"}, 2),
        ({"push": "docker push example/ci:$TAG", "built": "$TAG"}, 2),
        ({"push": f"docker tag example/ci:{MADE} a/b\n    docker push a/b"}, 2),
        ({"later": f"docker push example/ci:{MADE}"}, 2),
        ({"push": "docker push example/other"}, 0),
    ],
)
def test_a_tag_that_is_not_pushed_promises_nothing(change: dict[str, str], told: int) -> None:
    given = {"tag": MADE, "build": "build", "built": MADE, "push": "true", "later": "true"} | change
    workflow = job(LOOKED_UP.format(**given).strip())
    assert len(found(tree({"ci": workflow, **IMAGE}), "tag-covers-inputs")) == told


@pytest.mark.parametrize(("path", "told"), [("../a.txt", True), ("../b.txt", False)])
def test_a_context_has_what_a_path_that_leads_out_of_it_names(path: str, told: bool) -> None:
    pushed = "context: src\npush: true"
    on = "\n  push:\n    branches: [main]\n    paths: [src/Dockerfile, b.txt, src/b.txt]"
    files = {"ci": image(pushed, on=on), "src/a.txt": "", "src/b.txt": "", "a.txt": "", "b.txt": ""}
    where = tree({**files, "src/Dockerfile": f"FROM a\nCOPY {path} /\n"})
    assert bool(found(where, "paths-cover-inputs")) is told
