"""What Dockerfiles and recipes say of image builds."""

from __future__ import annotations

import pytest

from scaffold.checkout.tree import Overlay, Tree, WorkTree
from scaffold.pipeline.image_builds import ImageBuilds
from scaffold.resources import miniature_dir
from tests.rules.pipeline.trees import tree

RECIPE = "backend/Dockerfile.golang"
MACOS = "scripts/build/golang-darwin.sh"
MINIATURE = WorkTree(miniature_dir())


def recipe(text: str) -> Tree:
    return tree({RECIPE: text, "tools/a.sh": "", "tools/b.sh": "", "common/c/d.py": ""})


@pytest.mark.parametrize(
    ("text", "taken_at"),
    [
        ("COPY tools/a.sh /", {"tools/a.sh": 2}),
        ("COPY --chmod=755 tools/a.sh \\\n  # COPY tools/b.sh /\n  /", {"tools/a.sh": 2}),
        ("RUN --mount=target=/a,source=tools/a.sh \\\n    --mount=src=/tools/b.sh,dst=/b make", {"tools/a.sh": 2, "tools/b.sh": 3}),
        ('ADD ["./tools/a.sh", "common/c/", "/"]', {"tools/a.sh": 2, "common/c/d.py": 2}),
        ("COPY <<EOF /motd\nCOPY tools/a.sh /\nEOF", {}),
        ("COPY --link --from=builder tools/a.sh /", {}),
        ("COPY . /LocalAI\nCOPY backend/go/lark /lark\nCOPY none /", {}),
        ("COPY ../tools/a.sh /", {"tools/a.sh": 2}),  # docker leaves the way out of the context away
        ("ARG TOOL=tools/a.sh\nCOPY ${TOOL} /", {}),  # the matrix may pass another one
        ("ENV TOOL=tools/a.sh\nCOPY ${TOOL} /", {"tools/a.sh": 3}),
    ],
)  # fmt: skip
def test_shared_inputs_are_what_is_copied_or_mounted(text: str, taken_at: dict[str, int]) -> None:
    found = ImageBuilds(recipe(f"FROM scratch\n{text}\n")).shared_inputs
    assert {path: taken.place.line for path, taken in found.items()} == taken_at
    assert all(taken.dockerfiles == {RECIPE} for taken in found.values())


@pytest.mark.parametrize(
    ("script", "goals"),
    [
        ("make -C backend/go/${BACKEND} build", ["build"]),
        (
            'cd /x && BUILD_TYPE=metal make -s -C "/LocalAI/backend/go/$BACKEND/" clean build',
            ["clean", "build"],
        ),
        ("make -C backend/go/${BACKEND} build A=b 2>&1 | tee log", ["build"]),
        ("DIR=backend/go/${BACKEND}\nif true; then\n  make -C $DIR clean\nfi", ["clean"]),
        ("# make -C backend/go/${BACKEND} build", []),
        ("echo 'make -C backend/go/${BACKEND} build'", []),
        ("make -C backend/cpp/${BACKEND} build", []),
        ("make -C backend/go/lark build", ["build"]),
        ("make -BC /LocalAI/backend/go/lark build", ["build"]),
        ("make -C backend/go/wren build", []),
        ("make build", []),
    ],
)
def test_goals_are_those_of_make_in_the_directory_of_the_backend(script: str, goals: list[str]) -> None:
    heredoc = ImageBuilds(tree({RECIPE: f"FROM scratch\nRUN <<EOF bash\n{script}\nEOF\n"}))
    macos = ImageBuilds(tree({MACOS: f"#!/bin/bash\n{script}\n"}))
    assert heredoc.goals("lark", "go", f"./{RECIPE}") == [(goal, RECIPE) for goal in goals]
    assert macos.goals("lark", "go", None) == [(goal, MACOS) for goal in goals]


@pytest.mark.parametrize(
    ("text", "takes"),
    [
        ("FROM ${BUILDER_BASE_IMAGE} AS builder-prebuilt", True),
        ("from --platform=linux/amd64 $BUILDER_BASE_IMAGE", True),
        ("# FROM ${BUILDER_BASE_IMAGE}\nFROM scratch", False),
        ("FROM scratch\nRUN <<EOF\nFROM ${BUILDER_BASE_IMAGE}\nEOF", False),
        ("", False),
    ],
)
def test_a_stage_may_stand_on_a_builder_image(text: str, takes: bool) -> None:
    assert (
        ImageBuilds(tree({RECIPE: f"ARG BUILDER_BASE_IMAGE=scratch\n{text}\n"})).takes_builder_image(
            f"./{RECIPE}"
        )
        is takes
    )


def test_builder_images_have_their_fields_and_places() -> None:
    path = ".github/workflows/base-images.yml"
    images = ImageBuilds(MINIATURE).base_images
    lines = (MINIATURE.read(path) or b"").decode().splitlines()
    assert images
    for image in images:
        for field, value in image.fields.items():
            line = lines[image.at(field).line - 1]
            assert f"{field}:" in line
            assert value in line
    assert (
        ImageBuilds(
            Overlay(MINIATURE, {path: b"jobs: {a: {strategy: {matrix: {include: []}}}}\n"})
        ).base_images
        == []
    )
