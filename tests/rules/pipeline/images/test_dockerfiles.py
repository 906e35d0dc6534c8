"""Rules about dockerfiles of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import job

CASES: dict[str, Case] = {
    "copy-from-arg": Case(
        tree({"Dockerfile": "FROM a\nCOPY --chown=1 --from=${STAGE} /x /\n"}),
        "COPY",
        tree({"Dockerfile": "FROM ${STAGE} AS s\nFROM a\nCOPY --from=s /x /\n# COPY --from=$X a b\n"}),
    ),
    "arg-out-of-reach": Case(
        tree({"Dockerfile": 'ARG NAME=noble\nFROM a\nRUN echo "${NAME}/x" > list\n'}),
        "RUN echo",
        tree({"Dockerfile": 'ARG NAME=noble\nFROM a\nARG NAME\nRUN echo "${NAME}/x" > list\n'}),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ARG A\nFROM a\nRUN make $A $A\nRUN make $A", ["A"]),
        ("FROM a AS one\nARG A\nFROM b\nRUN <<EOT bash\nmake\nmake $A\nEOT", ["A"]),
        ("FROM a AS one\nARG A\nFROM one\nRUN make $A", []),
        ("FROM a AS one\nARG A\nFROM one AS two\nFROM two\nRUN make $A", []),
        ("FROM a AS make-x\nARG A\nFROM b AS other\nFROM make-${HOW}\nRUN make $A", []),
        ("ARG HOW=one\nFROM a AS one\nARG A\nFROM ${HOW}\nRUN make $A", []),
        ("ARG BASE=ubuntu:24.04\nFROM a AS one\nARG A\nFROM ${BASE}\nRUN make $A", ["A"]),
        ("ARG A\nFROM a\nENV A=1\nRUN make $A", []),
        ("ARG A\nFROM a\nRUN A=1 && make $A", []),
        ("ARG A\nFROM a\nRUN for A in 1 2; do make $A; done", []),
        ("ARG A\nFROM a\nRUN make ${A:-1}", []),
        ("ARG A\nFROM a\nRUN echo '$A' # $A", []),
        ("FROM a\nRUN make $HOME", []),
        ("ARG A\nFROM a\nRUN . ./versions.env && make $A", []),
        ("ARG A\nFROM a\nRUN source ./versions.env; make $A", []),
        ("ARG A\nFROM a\nRUN <<EOT\nset -a\n. ./versions.env\nmake $A\nEOT", []),
        ("ARG A\nFROM a\nRUN bash -c '. ./versions.env; make $A'", []),
        ('ARG A\nFROM a\nRUN eval "$(cat versions.env)" && make $A', []),
        ("ARG A\nFROM a\nRUN export $(cat versions.env) && make $A", []),
        ("ARG A\nFROM a\nRUN export B=$(cat version) && make $A", ["A"]),
        ("ARG A\nFROM a\nRUN make $A && . ./versions.env", ["A"]),
        ("ARG A\nFROM a\nRUN . ./versions.env\nRUN make $A", ["A"]),
        ("ARG A\nFROM a\nCOPY x-$A /x", ["A"]),
        ("ARG A\nFROM a\nENV B=${A}\nLABEL c=$A", ["A"]),
        ("ARG A\nFROM a\nENV B='$A' C=\\$A", []),
        ("ARG A\nFROM a\nWORKDIR /${A:-x}", []),
        ("ARG ROS_DISTRO=jazzy\nFROM ros:${ROS_DISTRO}-ros-base\nRUN ./setup $ROS_DISTRO", []),
        ("ARG JAVA_HOME\nFROM tomcat:9\nRUN make $JAVA_HOME", []),
        ("ARG GOPATH\nFROM golang:1.25\nRUN make $GOPATH", []),
        ("ARG NODE_VERSION=20\nFROM node:${NODE_VERSION}\nRUN make $NODE_VERSION", []),
        ("ARG PG_MAJOR=16\nFROM postgres:16\nRUN apt-get install -y postgresql-$PG_MAJOR-x", []),
        ("ARG JAVA_VERSION=21\nFROM eclipse-temurin:21\nRUN make $JAVA_VERSION", []),
    ],
)
def test_which_arguments_a_stage_lacks(text: str, names: list[str]) -> None:
    findings = found(tree({"Dockerfile": text + "\n"}), "arg-out-of-reach")
    assert [finding.message.split()[0] for finding in findings] == names


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("FROM a\nRUN --mount=type=bind,from=$X,target=/x make", 1),
        ("FROM a\nRUN --mount=type=cache,target=/x --mount=from=${X},target=/y make", 1),
        ("FROM $X AS x\nFROM a\nRUN --mount=type=bind,from=x,target=/$Y make", 0),
        ("FROM a\nONBUILD COPY --from=$X /x /", 1),
        ("FROM a\nonbuild copy --from=${X} /x /", 1),
        ("FROM a\nONBUILD RUN --mount=type=bind,from=$X,target=/x make", 1),
        ("FROM a\nONBUILD COPY --from=x /$X /\nONBUILD RUN echo --from=$X", 0),
    ],
)
def test_mounts_name_a_stage_too(text: str, count: int) -> None:
    assert len(found(tree({"Containerfile": text + "\n"}), "copy-from-arg")) == count


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("FROM a\nRUN echo $V\nARG V=1\n", True),
        ("FROM a\nARG V=1\nRUN echo $V\n", False),
        ('ARG V=1\nFROM a\nRUN ["sh", "-ec", "echo $V"]\n', True),
        ('ARG V=1\nFROM a\nRUN ["echo", "$V"]\n', False),
        ("FROM a\nRUN curl https://example.org/$TARGETARCH.tgz\n", True),
        ("FROM a\nARG TARGETARCH\nRUN curl https://example.org/$TARGETARCH.tgz\n", False),
        ("FROM a\nRUN TARGETARCH=$(uname -m) && curl https://example.org/$TARGETARCH.tgz\n", False),
    ],
)
def test_where_an_argument_is_out_of_reach(text: str, told: bool) -> None:
    assert bool(found(tree({"Dockerfile": text, "ci": "on: push\n"}), "arg-out-of-reach")) is told


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("docker build .", True),
        ("docker build -f - . < Dockerfile", True),
        ("cat Dockerfile | docker build -f - .", True),
        ("envsubst < other | docker build -f - .", True),
        ("envsubst < Dockerfile | docker build -f - .", False),
        ("envsubst '$B' <Dockerfile | docker buildx build --push -f- .", False),
        ("envsubst < ./Dockerfile > made && docker build -f made .", False),
        ("cat Dockerfile | envsubst | docker build -", False),
        ("sed s/B/b/ Dockerfile | podman build --file=- .", False),
    ],
)
@pytest.mark.parametrize("folder", ["", "docker/"])
def test_a_dockerfile_that_is_filled_in_first(run: str, told: bool, folder: str) -> None:
    step = f"- run: {run}\n  working-directory: ./{folder}"
    where = tree({"ci": job(step), f"{folder}Dockerfile": "FROM a\nCOPY --from=$B /x /y\n"})
    assert bool(found(where, "copy-from-arg")) is told


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ("- run: buildah build --tag raw .", False),
        ("- run: podman build -t raw .", False),
        ("- run: cd . && sudo buildah bud -f ./Containerfile .", False),
        (
            "- {uses: redhat-actions/buildah-build@v2, with: {image: a, containerfiles: ./Containerfile}}",
            False,
        ),
        ("- run: podman build . && docker build -f Containerfile .", True),
        ("- run: podman build -f other/Containerfile other", True),
        ("- run: nerdctl build -f Containerfile .", True),
        ("- run: podman run a", True),
    ],
)
def test_buildah_expands_what_docker_does_not(step: str, told: bool) -> None:
    where = tree({"ci": job(step), "Containerfile": "FROM a\nARG B=c\nCOPY --from=$B /x /y\n"})
    assert bool(found(where, "copy-from-arg")) is told
