"""Versions of Go that workflows spell out."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Tree
from scaffold.operations import check
from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import image, job

MODULE = "module example.org/app\n\ngo 1.26.0\n"
SETUP = "- uses: actions/setup-go@v5\n  with:\n    {}"
MATRIX = "runs-on: ubuntu-latest\nstrategy:\n  matrix: {{go-version: {}}}"
CALL = "on: push\njobs:\n  build:\n    uses: ./.github/workflows/x.yml\n    with:\n      go-version: {}\n"

ROWS = (
    "runs-on: ubuntu-latest\nstrategy:\n  matrix: {{include: [{{base-image: '{}', ubuntu-version: '{}'}}]}}"
)
HANDED = "on: push\njobs:\n  build:\n    uses: ./.github/workflows/x.yml\n    with:\n      base-image: {}\n      ubuntu-version: '{}'\n"

CASES = {
    "go-version-old": Case(
        tree({"go.mod": MODULE, "ci": job(SETUP.format("go-version: '1.25.4'"))}),
        "1.25.4",
        tree({"go.mod": MODULE, "ci": job(SETUP.format("go-version-file: go.mod"))}),
    ),
    "base-release": Case(
        tree({"ci": job("- run: make", head=ROWS.format("ubuntu:22.04", "2404"))}),
        "2404",
        tree({"ci": job("- run: make", head=ROWS.format("ubuntu:24.04", "2404"))}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("version", "is_old"),
    [
        ("'1.25.x'", True),
        ("1.9", True),
        ("'1.25.99'", True),
        ("'1.26.x'", False),
        ("1.26", False),
        ("1.26.0", False),
        ("'1.27.1'", False),
        ("stable", False),
        ("'^1.22'", False),
        ("${{ inputs.go-version }}", False),
    ],
)
def test_what_is_older(version: str, is_old: bool) -> None:
    for text in (
        job(SETUP.format(f"go-version: {version}")),
        job("- run: go${{ matrix.go-version }} test", head=MATRIX.format(f'["{version.strip(chr(39))}"]')),
        CALL.format(version),
    ):
        assert bool(found(tree({"go.mod": MODULE, "ci": text}), "go-version-old")) == is_old, text


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (job(SETUP.format("go-version: 1.25")), True),
        (job("- run: go${{ matrix.go-version }} test", head=MATRIX.format("['1.25']")), False),
        (CALL.format("1.25"), False),
    ],
)
def test_a_file_is_named_where_a_step_can_take_one(text: str, file: bool) -> None:
    (told,) = found(tree({"go.mod": MODULE, "ci": text}), "go-version-old")
    assert ("go-version-file" in told.help) is file


def test_an_axis_that_nothing_reads_sets_up_nothing() -> None:
    where = tree({"go.mod": MODULE, "ci": job("- run: go test", head=MATRIX.format("['1.21']"))})
    assert found(where, "go-version-old") == []


@pytest.mark.parametrize(("axis", "told"), [("go", 1), ("node", 0)])
def test_a_version_of_an_axis_with_another_name(axis: str, told: int) -> None:
    head = f"runs-on: x\nstrategy: {{matrix: {{{axis}: ['1.21']}}}}"
    step = "- uses: actions/setup-go@v5\n  with: {go-version: '${{ matrix.go }}'}"
    where = tree({"ci": job(step, head=head), "go.mod": "module a\n\ngo 1.24.0\n"})
    assert len(found(where, "go-version-old")) == told


def test_one_finding_for_a_workflow_and_version() -> None:
    twice = "\n".join([SETUP.format("go-version: 1.25")] * 2 + [SETUP.format("go-version: 1.24")])
    findings = found(tree({"go.mod": MODULE, "ci": job(twice), "cd": job(twice)}), "go-version-old")
    assert len(findings) == 4
    assert sum("2 places" in f.message for f in findings) == 2


@pytest.mark.parametrize("module", ["module example.org/app\n", "// go 1.26\n", ""])
def test_a_module_that_asks_for_nothing(module: str) -> None:
    where = tree({"go.mod": module, "ci": job(SETUP.format("go-version: 1.2"))})
    assert found(where, "go-version-old") == []


@pytest.mark.parametrize(
    ("image", "told", "differs"),
    [
        ("ubuntu:24.04", "2404", False),
        ("nvidia/cuda:12.8.1-devel-ubuntu24.04", "2204", True),
        ("rocm/dev-ubuntu-24.04:7.2.1", "2404", False),
        ("rocm/dev-ubuntu-22.04:6.1", "2404", True),
        ("nvcr.io/nvidia/l4t-jetpack:r36.4.0", "2404", False),
        ("ubuntu:latest", "2404", False),
        ("${{ inputs.base-image }}", "2404", False),
        ("ubuntu:24.04", "${{ matrix.ubuntu }}", False),
    ],
)
def test_one_release_in_image_and_version(image: str, told: str, differs: bool) -> None:
    assert bool(found(tree({"ci": HANDED.format(image, told)}), "base-release")) == differs


@pytest.mark.parametrize(
    ("version", "run", "is_old"),
    [
        ("1.25.4", "curl https://go.example/go${GO_VERSION}.tar.gz", True),
        ("1.26.0", "curl https://go.example/go${GO_VERSION}.tar.gz", False),
        ("1.25.4", "true", False),
        ("1.25.4", "true\n# curl https://go.example/go${GO_VERSION}.tar.gz", False),
    ],
)
def test_a_dockerfile_may_fetch_an_older_go(version: str, run: str, is_old: bool) -> None:
    file = f"FROM scratch\nARG GO_VERSION={version}\nRUN {run}\n"
    findings = found(tree({"go.mod": MODULE, "backend/Dockerfile.golang": file}), "go-version-old")
    assert [(f.path, f.line) for f in findings] == ([("backend/Dockerfile.golang", 2)] if is_old else [])


@pytest.mark.parametrize(
    ("later", "new"),
    [
        (["'1.25'"], []),
        (["'1.24'", "'1.25'"], ["1.25"]),
        (["'1.26'"], []),
    ],
)
def test_a_version_that_is_raised_and_still_too_old_is_not_new(later: list[str], new: list[str]) -> None:
    def of(*versions: str) -> Tree:
        steps = "\n".join(SETUP.format(f"go-version: {version}") for version in versions)
        return tree({"go.mod": MODULE, "ci": job(steps)})

    scope = check.Scope(select=["go-version-old"])
    result = check.run(of(*later), scope, of("'1.24'"), "main")
    assert [f.subject.split()[1] for i, f in enumerate(result.findings) if result.is_new(i)] == new


def asks(version: str, more: str = "", on: str = "on: push") -> str:
    step = f"{{uses: actions/setup-go@v5, with: {{go-version: {version}}}}}"
    return f"{on}\njobs:\n  b:\n    runs-on: x\n{more}    steps: [{step}]\n"


OFFERED = "on:\n  {}:\n    inputs:\n      go:\n        default: '1.25'"
ROWS = "    strategy:\n      matrix:\n        include:\n          - go: '1.26'\n          - go: '1.25'\n"
ASKED: dict[str, tuple[dict[str, str], str]] = {
    "a variable": ({"ci": asks("'${{ env.GO }}'", on="on: push\nenv: {GO: '1.25'}")}, "env:"),
    "a row": ({"ci": asks("'${{ matrix.go }}'", ROWS)}, "- go: '1.25'"),
    "a choice": ({"ci": asks("\"${{ inputs.go || '1.25' }}\"")}, "steps:"),
    "a default": (
        {
            "ci": "on: push\njobs: {b: {uses: ./.github/workflows/r.yml}}\n",
            "r": asks("'${{ inputs.go }}'", on=OFFERED.format("workflow_call")),
        },
        "default: '1.25'",
    ),
    "what the caller of a workflow hands to its matrix": (
        {
            "ci": "on: push\njobs:\n  b:\n    uses: ./.github/workflows/r.yml\n    with:\n      go-version: '1.25'\n",
            "r": asks(
                "'${{ matrix.go }}'",
                "    strategy: {matrix: {go: ['${{ inputs.go-version }}']}}\n",
                OFFERED.format("workflow_call").replace("go:", "go-version:").replace("1.25", "1.26"),
            ),
        },
        "go-version: '1.25'",
    ),
    "an offer": (
        {"ci": asks("'${{ inputs.go }}'", on=OFFERED.format("workflow_dispatch"))},
        "default: '1.25'",
    ),
    "an action": (
        {
            "ci": "on: push\njobs: {b: {runs-on: x, steps: [{uses: ./a}]}}\n",
            "a/action.yml": "runs:\n  using: composite\n  steps:\n"
            "    - {uses: actions/setup-go@v5, with: {go-version: '1.25'}}\n",
        },
        "- {uses",
    ),
    "a range": ({"ci": asks("'>=1.24 <1.26'")}, "steps:"),
    "a container": ({"ci": asks("stable", "    container: 'golang:1.25-alpine'\n")}, "container:"),
    "an image": ({"ci": "on: push\n", "Dockerfile": "FROM golang:1.25 AS b\nCOPY go.mod ./\n"}, "FROM"),
}


@pytest.mark.parametrize(("files", "at"), ASKED.values(), ids=ASKED)
def test_where_an_old_go_is_asked_for(files: dict[str, str], at: str) -> None:
    (finding,) = found(tree({**files, "go.mod": "go 1.26.0\n"}), "go-version-old")
    where = next(
        p for p in (finding.path, finding.path.rpartition("/")[2].removesuffix(".yml")) if p in files
    )
    assert at in files[where].split("\n")[finding.line - 1]
    newer = {path: text.replace("1.25", "1.26").replace("<1.26", "<1.28") for path, text in files.items()}
    assert not found(tree({**newer, "go.mod": "go 1.26.0\n"}), "go-version-old")


def test_an_image_for_a_tool_needs_no_new_go() -> None:
    files = {"ci": "on: push\n", "Dockerfile": "FROM golang:1.22\nRUN go install example.org/x@v1\n"}
    assert not found(tree({**files, "go.mod": "go 1.26.0\n"}), "go-version-old")


@pytest.mark.parametrize(
    ("row", "differs"),
    [
        ("base_image: 'ubuntu:22.04', ubuntu_version: 24.04", True),
        ("base: 'docker.io/library/ubuntu:22.04', ubuntu: '2404'", True),
        ("image: 'ubuntu:jammy', ubuntu-codename: noble", True),
        ("BASE_IMAGE: 'nvidia/cuda:12-devel-ubuntu22.04', UBUNTU_VERSION: 2404", True),
        ("base_image: 'ubuntu:24.04', ubuntu_version: 24.04", False),
        ("base-image: 'ubuntu:24.04', ubuntu-version: 2404, runner: ubuntu-22.04", False),
        ("base-image: 'ubuntu:24.04', ubuntu-version: 2404, builder-base-image: 'x:ubuntu22.04'", False),
        ("image: 'debian:12', ubuntu-version: 2404", False),
    ],
)
def test_releases_under_other_names(row: str, differs: bool) -> None:
    pairs = [pair.split(": ", 1) for pair in row.split(", ")]
    axes = ", ".join(f"{name}: [{value}]" for name, value in pairs)
    for matrix in (f"{{include: [{{{row}}}]}}", f"{{{axes}}}"):
        workflow = job("- run: make", head=f"runs-on: x\nstrategy: {{matrix: {matrix}}}")
        assert bool(found(tree({"ci": workflow}), "base-release")) is differs
    arguments = "\n".join(f"  {name}={value}".replace("'", "") for name, value in pairs)
    workflow = image(f"build-args: |\n{arguments}")
    assert bool(found(tree({"ci": workflow}), "base-release")) is differs


OBJECT = "{base-image: 'ubuntu:@', ubuntu-version: '2404'}"
ROW = '{"base-image":"ubuntu:@","ubuntu-version":"2404"}'


@pytest.mark.parametrize(
    "matrix",
    [
        f"{{image: [{OBJECT}]}}",
        f"{{include: [{{name: x, image: {OBJECT}}}]}}",
        f"{{include: [{{name: x, of: {{own: {OBJECT}}}}}]}}",
        "{os: [{base-image: 'ubuntu:@'}], v: [{ubuntu-version: '2404'}]}",
        "{ubuntu: [{image: 'ubuntu:@', version: '24.04'}]}",
        f">-\n    ${{{{ fromJSON('{{\"include\":[{ROW}]}}') }}}}",
        f"{{i: '${{{{ fromJSON(''[{ROW}]'') }}}}'}}",
    ],
)
def test_releases_in_objects_and_in_json(matrix: str) -> None:
    for release, told in (("22.04", True), ("24.04", False)):
        head = f"runs-on: ubuntu-latest\nstrategy:\n  matrix: {matrix.replace('@', release)}"
        assert bool(found(tree({"ci": job("- run: make", head=head)}), "base-release")) is told


def test_releases_in_a_matrix_that_a_job_tells() -> None:
    workflow = """
        on: push
        jobs:
          rows:
            runs-on: ubuntu-latest
            outputs: {m: "${{ steps.m.outputs.m }}"}
            steps:
              - id: m
                run: |
                  echo 'm={"include":[%s]}' >> $GITHUB_OUTPUT
          b:
            needs: rows
            strategy: {matrix: "${{ fromJSON(needs.rows.outputs.m) }}"}
            runs-on: ubuntu-latest
            steps: [{run: make}]
        """
    assert found(tree({"ci": workflow.replace("%s", ROW.replace("@", "22.04"))}), "base-release")
    assert not found(tree({"ci": workflow.replace("%s", ROW.replace("@", "24.04"))}), "base-release")


def test_where_an_object_names_a_release() -> None:
    head = f"runs-on: ubuntu-latest\nstrategy:\n  matrix:\n    i:\n      - {OBJECT}\n      - {OBJECT}"
    head = head.replace("@", "24.04", 1).replace("@", "22.04")
    (finding,) = found(tree({"ci": job("- run: make", head=head)}), "base-release")
    assert finding.line == 9


def test_a_comment_says_why_it_is_an_older_one() -> None:
    old = SETUP.format("# controller-gen ends with Go > 1.21\n    go-version: '1.21.3'")
    other = SETUP.format("# for the linter\n    go-version: '1.21.3'")
    assert found(tree({"go.mod": MODULE, "ci": job(old)}), "go-version-old") == []
    assert found(tree({"go.mod": MODULE, "ci": job(other)}), "go-version-old")


TOOLS = "module example.org/tools\n\ngo 1.23.0\n"
OLD = "- uses: actions/setup-go@v5\n  with: {go-version: '1.23'}\n"
IN_TOOLS = "runs-on: ubuntu-latest\ndefaults: {run: {working-directory: ./tools/}}"


@pytest.mark.parametrize(
    ("steps", "head", "told"),
    [
        ("- run: go build", "", "go.mod"),
        ("- run: go build\n  working-directory: cmd", "", "go.mod"),
        ("- run: go build\n  working-directory: tools", "", ""),
        ("- run: go build\n  working-directory: tools/gen", "", ""),
        ("- run: go build", IN_TOOLS, ""),
        ("- run: cd tools && go build", "", ""),
        ("- run: |\n    pushd tools\n    go build\n    popd", "", ""),
        ("- run: |\n    pushd tools\n    go build\n    popd\n    go test ./...", "", "go.mod"),
        ("- run: go -C tools build", "", ""),
        ("- run: make -C tools", "", ""),
        ("- run: ./build.sh\n  working-directory: tools", "", ""),
        ("- run: go build\n  working-directory: ${{ inputs.folder }}", "", ""),
        ("- run: go build\n  working-directory: tools\n- run: go test ./...", "", "go.mod"),
        ("- run: go build\n  working-directory: tools\n- run: echo done", "", ""),
        ("- uses: golangci/golangci-lint-action@v6\n  with: {working-directory: tools}", "", ""),
        ("- uses: actions/checkout@v4\n  with: {repository: acme/other}\n- run: go build", "", ""),
        ("- uses: actions/checkout@v4\n  with: {repository: acme/x, path: x}\n- run: go build", "", "go.mod"),
        ("- run: go build\n  working-directory: newer", "", "newer/go.mod"),
        ("- run: go build\n  working-directory: /srv/data", "", ""),
        ("- run: cd /srv/data && go test ./...", "", ""),
        ("- run: cd ../other && go test ./...", "", ""),
        ("- run: go -C ~/other build", "", ""),
        ("- run: go build\n  working-directory: //srv\n- run: go test ./...", "", "go.mod"),
        ("- run: go build\n  working-directory: ${{ github.workspace }}", "", "go.mod"),
        ("- run: cd $GITHUB_WORKSPACE/tools && go build", "", ""),
        ("- run: cd cmd && cd .. && go build", "", "go.mod"),
    ],
)
def test_the_module_of_the_folder_is_what_counts(steps: str, head: str, told: str) -> None:
    modules = {"go.mod": MODULE, "tools/go.mod": TOOLS, "newer/go.mod": MODULE, "cmd/main.go": ""}
    where = tree({"ci": job(OLD + steps, head=head or "runs-on: ubuntu-latest"), **modules})
    messages = [finding.message for finding in found(where, "go-version-old")]
    assert len(messages) == bool(told)
    assert not told or f"; {told} asks" in messages[0]


@pytest.mark.parametrize(("folder", "told"), [("", True), ("tools/", False), ("newer/", True)])
def test_a_dockerfile_beside_a_module(folder: str, told: bool) -> None:
    files = {f"{folder}Dockerfile": "FROM golang:1.23\nCOPY . .\nRUN go build\n", "go.mod": MODULE}
    files |= {"tools/go.mod": TOOLS, "newer/go.mod": MODULE}
    build = f"- uses: docker/build-push-action@v6\n  with: {{context: './{folder}'}}"
    assert bool(found(tree({"ci": job(build), **files}), "go-version-old")) is told


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("go install example.org/tool@v1.2", 0),
        ("go run example.org/tool@latest ./x", 0),
        ("cd tools && go install example.org/tool@v1.2", 0),
        ("go install example.org/tool@v1.2 && go build ./...", 1),
        ("go install ./cmd/tool", 1),
        ("go install example.org/tool@v1.2\nmake build", 1),
        ("go install -trimpath -tags a,b example.org/tool@v1.2", 0),
        ("go run . --image ghcr.io/a/b@sha256:abc", 1),
        ("go run ./cmd/x -to me@example.com", 1),
        ("go install ./... # by a@b", 1),
        ("go install example.org/cmd/task@v3\ntask test", 1),
        ("go install example.org/staticcheck@v1\nstaticcheck ./...", 1),
    ],
)
def test_a_program_at_a_version_is_built_by_its_own_module(run: str, told: int) -> None:
    script = run.replace("\n", "\n    ")
    steps = f"- uses: actions/setup-go@v5\n  with: {{go-version: 1.21.0}}\n- run: |\n    {script}"
    assert len(found(tree({"go.mod": MODULE, "ci": job(steps)}), "go-version-old")) == told


def test_a_row_that_is_spelled_out_beside_what_the_caller_hands_on() -> None:
    called = asks(
        "'${{ matrix.go }}'",
        "    strategy: {matrix: {go: ['${{ inputs.go }}', '1.20']}}\n",
        OFFERED.format("workflow_call").replace("1.25", "1.26"),
    )
    caller = "on: push\njobs: {b: {uses: ./.github/workflows/r.yml, with: {go: '1.26'}}}\n"
    (finding,) = found(tree({"ci": caller, "r": called, "go.mod": "go 1.26.0\n"}), "go-version-old")
    assert finding.path.endswith("/r.yml")


@pytest.mark.parametrize(
    ("step", "told", "alone"),
    [
        ("uses: docker/login-action@v4", 0, 1),
        ('run: echo "V=$(git describe --tags | tr a-z A-Z)" >> $GITHUB_ENV', 0, 0),
        ("run: uv run python -m pytest", 0, 0),
        ("run: go test ./...", 1, 1),
        ("run: make", 1, 1),
        ("run: ./build.sh", 1, 1),
        ("run: echo $(go env GOPATH)", 1, 1),
        ("{run: 'import os', shell: python}", 1, 1),
        ("uses: acme/lint@v1", 1, 1),
    ],
)
@pytest.mark.parametrize("build", ["docker/build-push-action@v7", "docker/bake-action@v6"])
def test_an_image_is_built_with_its_own_go(step: str, told: int, alone: int, build: str) -> None:
    steps = f"{SETUP.format('go-version: 1.25')}\n- {step}\n"
    for last, count in ((build, told), ("actions/cache@v4", alone)):
        where = tree({"go.mod": MODULE, "ci": job(f"{steps}- uses: {last}")})
        assert len(found(where, "go-version-old")) == count


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("wget -qO- https://go.dev/dl/go1.99.0.linux-amd64.tar.gz | tar -C /usr/local -xz", 0),
        ("wget -qO- https://acme.example/dl/make.tar.gz | tar -C /usr/local -xz", 1),
    ],
)
def test_an_image_may_be_given_another_go(run: str, told: int) -> None:
    file = f"FROM golang:1.20\nRUN {run}\nCOPY . .\nRUN go build\n"
    where = tree({"ci": "on: push\n", "Dockerfile": file, "go.mod": MODULE})
    assert len(found(where, "go-version-old")) == told
