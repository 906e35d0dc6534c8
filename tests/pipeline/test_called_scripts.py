"""Scripts of the repository that steps run, and what they build."""

from __future__ import annotations

import pytest

from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from tests.rules.pipeline.spelled.case import Cases, case
from tests.rules.pipeline.trees import found, tree
from tests.rules.pipeline.workflows import job

LOGIN = "- uses: docker/login-action@v3\n"
BUILD = "docker buildx build --platform linux/arm64 -t a/b --push .\n"
ASKED = "docker buildx build --platform $P -t a/b --push .\n"
MADE = "docker buildx build --platform $(P) -t a/b --push .\n"
ACTION = "runs:\n  using: composite\n  steps: [{{run: '{}', shell: bash}}]\n"


def builds(steps: str, files: dict[str, str], head: str = "runs-on: ubuntu-latest") -> list[ImageBuild]:
    repository = Repository(tree({"ci": job(LOGIN + steps, head=head), **files}))
    return [build for run in repository.runs.all() for build in flows_of(run).builds]


RUN: dict[str, tuple[str, dict[str, str], str]] = {
    "a file": ("- run: ./x.sh", {"x.sh": f"#!/bin/sh\nset -e\n{BUILD}"}, "x.sh:3"),
    "by a shell": ("- run: bash -eux hack/x", {"hack/x": BUILD}, "hack/x:1"),
    "a file without an end": ("- run: hack/x", {"hack/x": f"#!/usr/bin/env bash\n{BUILD}"}, "hack/x:2"),
    "sourced": ("- run: . ./x.sh", {"x.sh": BUILD}, "x.sh:1"),
    "a folder": ("- run: ./x.sh\n  working-directory: hack", {"hack/x.sh": f"cd ..\n{BUILD}"}, "hack/x.sh:2"),
    "cd": ("- run: cd hack && ./x.sh", {"hack/x.sh": f"cd ..\n{BUILD}"}, "hack/x.sh:2"),
    "behind a subshell": ("- run: (cd hack && make); D=$(cd hack && pwd); ./x.sh", {"x.sh": BUILD}, "x.sh:1"),
    "the workspace": ("- run: $GITHUB_WORKSPACE/x.sh", {"x.sh": BUILD}, "x.sh:1"),
    "its expression": ("- run: ${{ github.workspace }}/x.sh", {"x.sh": BUILD}, "x.sh:1"),
    "an action": ("- uses: ./a", {"a/action.yml": ACTION.format("./x.sh"), "x.sh": BUILD}, "x.sh:1"),
    "beside an action": (
        "- uses: ./a",
        {"a/action.yml": ACTION.format("$GITHUB_ACTION_PATH/x.sh"), "a/x.sh": BUILD},
        "a/x.sh:1",
    ),
    "beside a script": ("- run: a/x.sh", {"a/x.sh": '"$(dirname "$0")/y.sh"\n', "a/y.sh": BUILD}, "a/y.sh:1"),
    "a script of a script": ("- run: ./x.sh", {"x.sh": "bash ./y.sh", "y.sh": BUILD}, "y.sh:1"),
    "operands": ("- run: ./x.sh linux/arm64", {"x.sh": f"P=$1\n{ASKED}"}, "x.sh:2"),
    "a variable of the call": ("- run: P=linux/arm64 ./x.sh", {"x.sh": ASKED}, "x.sh:1"),
    "a variable of the step": ("- run: ./x.sh\n  env: {P: linux/arm64}", {"x.sh": ASKED}, "x.sh:1"),
    "exported": ("- run: |\n    export P=linux/arm64\n    ./x.sh", {"x.sh": ASKED}, "x.sh:1"),
    "a variable for what is sourced": ("- run: |\n    P=linux/arm64\n    . ./x.sh", {"x.sh": ASKED}, "x.sh:1"),
    "a function": ("- run: ./x.sh", {"x.sh": f"main() {{\n{BUILD}}}\nmain\n"}, "x.sh:2"),
    "make": ("- run: make image", {"Makefile": f".PHONY: image\nimage: ## builds\n\t@{BUILD}"}, "Makefile:3"),
    "what a goal needs": ("- run: make -j 2 all", {"Makefile": f"all: image\n\ttrue\nimage:\n\t{BUILD}"}, "Makefile:4"),
    "make elsewhere": ("- run: make -C d image", {"d/Makefile": f"image:\n\tcd .. && {BUILD}"}, "d/Makefile:2"),
    "joined options of make": ("- run: make -sC d image", {"d/Makefile": f"image:\n\tcd .. && {BUILD}"}, "d/Makefile:2"),
    "make of make": ("- run: make all", {"Makefile": f"all:\n\t$(MAKE) image\nimage:\n\t{BUILD}"}, "Makefile:4"),
    "a script's make": ("- run: ./x.sh", {"x.sh": "make image\n", "Makefile": f"image:\n\t{BUILD}"}, "Makefile:2"),
    "lines": ("- run: make image", {"Makefile": "image:\n\tdocker build \\\n\t  --platform linux/arm64 .\n"}, "Makefile:3"),
    "a variable of make": ("- run: make image", {"Makefile": f"A := arm64\nP = linux/${{A}}\nimage:\n\t{MADE}"}, "Makefile:4"),
    "given to make": ("- run: make image P=linux/arm64", {"Makefile": f"P = linux/amd64\nimage:\n\t{MADE}"}, "Makefile:3"),
    "a default of make": ("- run: make image", {"Makefile": f"P ?= linux/arm64\nimage:\n\t{MADE}"}, "Makefile:3"),
    "over a default": ("- run: make image\n  env: {P: linux/arm64}", {"Makefile": f"P ?= x\nimage:\n\t{MADE}"}, "Makefile:3"),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "files", "at"), RUN.values(), ids=RUN)
def test_what_a_called_script_builds(steps: str, files: dict[str, str], at: str) -> None:
    (build,) = builds(steps, files)
    place = build.place("platforms")
    assert (f"{place.path}:{place.line}", build.platforms) == (at, {"linux/arm64"})
    assert build.at.sure


def test_the_folder_of_all_scripts_of_a_job() -> None:
    head = "runs-on: ubuntu-latest\ndefaults: {run: {working-directory: hack}}"
    (build,) = builds("- run: ./x.sh", {"hack/x.sh": f"cd ..\n{BUILD}"}, head)
    assert build.image == ("./.", "")


NOT: dict[str, tuple[str, dict[str, str]]] = {
    "another language": ("- run: hack/x", {"hack/x": f"#!/usr/bin/python3\n{BUILD}"}),
    "another repository": ("- uses: actions/checkout@v4\n  with: {repository: a/b}\n- run: ./x.sh", {"x.sh": BUILD}),
    "a word": ("- run: echo ./x.sh make image", {"x.sh": BUILD, "Makefile": f"image:\n\t{BUILD}"}),
    "a comment": ("- run: 'true # ./x.sh'", {"x.sh": BUILD}),
    "a name that only a run knows": ("- run: ./${{ github.event.x }}.sh", {"x.sh": BUILD}),
    "a folder that only a run knows": ("- run: cd $X && ./x.sh", {"x.sh": BUILD}),
    "a command": ("- run: bash -c ./x.sh", {"x.sh": "true"}),
    "a function that nobody calls": ("- run: ./x.sh", {"x.sh": f"main() {{\n{BUILD}}}\n"}),
    "another goal": ("- run: make all", {"Makefile": f"all:\n\ttrue\nimage:\n\t{BUILD}"}),
    "a goal with a condition": ("- run: make image", {"Makefile": f"ifdef X\nimage:\n\t{BUILD}endif\n"}),
    "two rules": ("- run: make image", {"Makefile": f"image:\n\ttrue\nimage:\n\t{BUILD}"}),
    "a rehearsal": ("- run: make -n image", {"Makefile": f"image:\n\t{BUILD}"}),
    "a job that knows no registry": ("", {"x.sh": BUILD, "b": job("- run: ./x.sh")}),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "files"), NOT.values(), ids=NOT)
def test_what_is_not_run(steps: str, files: dict[str, str]) -> None:
    assert not builds(steps, files)


@pytest.mark.parametrize(
    ("steps", "files"),
    [
        ("- run: |\n    P=linux/arm64\n    ./x.sh", {"x.sh": ASKED}),
        ("- run: ./x.sh linux/arm64", {"x.sh": f"f() {{\n  P=$1\n  {ASKED}}}\nf x\n"}),
        ("- run: make image", {"Makefile": f"P := $(shell uname)\nimage:\n\t{MADE}"}),
        ("- run: make image", {"Makefile": f"P = a\nP += b\nimage:\n\t{MADE}"}),
        ("- run: make image", {"Makefile": f"ifdef X\nP = linux/arm64\nendif\nimage:\n\t{MADE}"}),
    ],
)
def test_values_that_nobody_knows(steps: str, files: dict[str, str]) -> None:
    (build,) = builds(steps, files)
    assert not build.platforms


def test_scripts_that_run_each_other() -> None:
    files = {
        "x.sh": f"./y.sh\nmake a\n{BUILD}",
        "y.sh": "./x.sh\n",
        "Makefile": "a: b\n\t./x.sh\nb: a\n\t./y.sh\n",
    }
    assert builds("- run: ./x.sh", files)


@pytest.mark.parametrize(
    ("steps", "script", "sure"),
    [
        ("- run: ./x.sh", BUILD, True),
        ("- run: if [ -n $X ]; then ./x.sh; fi", BUILD, False),
        ("- run: ./x.sh", f"if [ -n $X ]; then\n{BUILD}fi\n", False),
    ],
)
def test_whether_it_is_certain(steps: str, script: str, sure: bool) -> None:
    (build,) = builds(steps, {"x.sh": script})
    assert build.at.sure is sure


TWO = """
on: {}
jobs:
  b:
    strategy: {{matrix: {{arch: [amd64, arm64]}}}}
    runs-on: ubuntu-latest
    steps: [{{uses: docker/login-action@v3}}, {{run: "{}"}}]
"""
CACHED = "docker buildx build --platform linux/$(ARCH) --cache-to type=registry,ref=a/c:{} .\n"
CELLAR = """
on: push
jobs:
  b:
    runs-on: macos-14
    steps: [{uses: actions/cache@v4, with: {path: /opt/homebrew/Cellar/ccache, key: k}}, {run: brew install ccache}, {run: make deps}]
"""
CANCELS = """
on: push
concurrency: {group: x, cancel-in-progress: true}
jobs:
  b: {runs-on: ubuntu-latest, steps: [{uses: docker/login-action@v3}, {run: make image}]}
"""
UNMET = (
    "i:\n\tdocker buildx build --push -t a/b --cache-from type=registry,ref=a/b:{}"
    " --cache-to type=registry,ref=a/b:{} .\n"
)
SEEN: Cases = {
    "legs-push-one-tag: script": {"a": TWO.format("push", "./x.sh ${{ matrix.arch }}"), "x.sh": "docker buildx build --platform linux/$1 -t a/b:1 --push .\n"},
    "legs-push-one-tag: not script": {"a": TWO.format("push", "./x.sh ${{ matrix.arch }}"), "x.sh": "docker buildx build --platform linux/$1 -t a/b:1-$1 --push .\n"},
    "legs-share-cache-ref: make": {"a": TWO.format("push", "make i ARCH=${{ matrix.arch }}"), "Makefile": f"i:\n\t{CACHED.format('x')}"},
    "legs-share-cache-ref: not make": {"a": TWO.format("push", "make i ARCH=${{ matrix.arch }}"), "Makefile": f"i:\n\t{CACHED.format('x-$(ARCH)')}"},
    "cache-to-on-pr: make": {"a": TWO.format("pull_request", "make i ARCH=amd64"), "Makefile": f"i:\n\t{CACHED.format('x')}"},
    "cache-to-on-pr: not make": {"a": TWO.format("push", "make i ARCH=amd64"), "Makefile": f"i:\n\t{CACHED.format('x')}"},
    "brew-link: make": {"a": CELLAR, "Makefile": "deps:\n\tbrew install cmake\n"},
    "brew-link: not make": {"a": CELLAR, "Makefile": "deps:\n\tbrew link ccache\n"},
    "push-cancels-push: make": {"a": CANCELS, "Makefile": "image:\n\tdocker push example/app\n"},
    "push-cancels-push: not a registry of the machine": {"a": CANCELS, "Makefile": "image:\n\tdocker push localhost:5000/app\n"},
    "push-cancels-push: not perhaps": {"a": CANCELS, "Makefile": "image:\n\tif [ -n $X ]; then docker push example/app; fi\n"},
    "copy-from-arg: make": {"a": TWO.format("push", "make i"), "Makefile": "i:\n\tdocker build -f ci/x.Dockerfile .\n", "ci/x.Dockerfile": "FROM a\nCOPY --from=$B /x /y\n"},
    "copy-from-arg: not filled in": {"a": TWO.format("push", "./x.sh"), "x.sh": "envsubst < Dockerfile | docker build -f - .\n", "Dockerfile": "FROM a\nCOPY --from=$B /x /y\n"},
    "cache-never-met: make": {"a": TWO.format("push", "make i"), "Makefile": UNMET.format("one", "two")},
    "cache-never-met: not make": {"a": TWO.format("push", "make i"), "Makefile": UNMET.format("one", "one")},
    "qemu-leg: make": {"a": TWO.format("push", "make i ARCH=arm64"), "Makefile": f"i:\n\t{CACHED.format('x')}", "Dockerfile": "FROM a\nRUN make\n"},
    "qemu-leg: not a builder of a script": {"a": TWO.format("push", "./x.sh; make i ARCH=arm64"), "x.sh": "docker buildx create --use ssh://arm\n", "Makefile": f"i:\n\t{CACHED.format('x')}", "Dockerfile": "FROM a\nRUN make\n"},
}  # fmt: skip


@pytest.mark.parametrize("name", SEEN)
def test_rules_see_what_called_scripts_do(name: str) -> None:
    rule, told, files = case(name, SEEN[name])
    assert bool(found(tree(files), rule)) is told
