"""Images that jobs build: the same of an action, of a command, and of a bake file."""

from __future__ import annotations

from textwrap import indent

import pytest

from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from tests.rules.pipeline.trees import found, tree
from tests.rules.pipeline.workflows import job

FILES = {
    "img/Dockerfile": "FROM a\nCOPY x.c /\nRUN make\n",
    "img/x.c": "",
    "docker-bake.hcl": """
        variable "ARCH" { default = "arm64" }
        target "app" {
          context = "img"
          platforms = ["linux/${ARCH}"]
          tags = ["example/app"]
        }
        """,
}
ACTION = "uses: docker/build-push-action@v6\nwith: {context: img, platforms: linux/arm64, tags: example/app}"
SPELLED = {
    "an action": ACTION,
    "a fork of it": ACTION.replace("docker/", "acme/"),
    "a commit": ACTION.replace("@v6", "@0123456789abcdef0123456789abcdef01234567"),
    "an expression": ACTION.replace("linux/arm64", "\"${{ format('linux/{0}', 'arm64') }}\""),
    "the commit's own folder": ACTION.replace("context: img", "context: '{{defaultContext}}:img'"),
    "a short platform": ACTION.replace("linux/arm64", "aarch64"),
    "docker build": "run: docker build --platform linux/arm64 -t example/app img",
    "docker buildx": "run: docker buildx build --platform=linux/arm64 --tag=example/app --load img",
    "joined options": "run: docker build --platform linux/arm64 -qt example/app img",
    "a joined value": "run: docker build --platform linux/arm64 -texample/app -fimg/Dockerfile img",
    "buildah": "run: sudo buildah bud --platform linux/arm64 -qtexample/app -f=img/Dockerfile img",
    "podman": "run: sudo podman build --platform linux/arm64 -f img/Dockerfile -t example/app img",
    "variables": 'env: {P: linux/arm64}\nrun: |\n  F=img\n  docker build --platform $P -t example/app "$F"',
    "a folder": "working-directory: img\nrun: docker build --platform linux/arm64 -t example/app .",
    "cd": "run: |\n  cd img\n  docker build --platform linux/arm64 -t example/app .",
    "a loop": "run: for f in img; do docker build --platform linux/arm64 -t example/app $f; done",
    "bake": "uses: docker/bake-action@v6\nwith: {targets: app}",
    "bake's set": "uses: docker/bake-action@v6\nwith: {targets: app, set: 'app.platform=linux/arm64'}",
    "docker buildx bake": "run: docker buildx bake -f docker-bake.hcl app",
    "a joined file": "run: docker buildx bake -fdocker-bake.hcl app",
}


def builds(step: str) -> tuple[ImageBuild, ...]:
    repository = Repository(tree({"ci": job(f"- {indent(step, '  ').strip()}"), **FILES}))
    return tuple(b for run in repository.runs.all() for b in flows_of(run).builds)


@pytest.mark.parametrize("step", SPELLED.values(), ids=SPELLED)
def test_one_build_in_many_spellings(step: str) -> None:
    (build,) = builds(step)
    assert build.platforms == {"linux/arm64"}
    assert build.input("tags") == "example/app"
    assert found(tree({"ci": job(f"- {indent(step, '  ').strip()}"), **FILES}), "qemu-leg")


@pytest.mark.parametrize(
    "run",
    [
        "docker build $FLAGS img",
        'flags=(--platform linux/amd64,linux/arm64)\ndocker build "${flags[@]}" img',
        "docker build --platform linux/$(uname -m) img",
        '[ -n "$X" ] && P=linux/arm64\ndocker build --platform $P img',
    ],
)
def test_platforms_that_nobody_knows(run: str) -> None:
    (build,) = builds("run: |\n" + indent(run, "  "))
    assert not build.platforms


@pytest.mark.parametrize(
    ("run", "pushed"),
    [
        ("docker build -t a/b .\ndocker push a/b", True),
        ("docker build -t x .\ndocker tag x a/b\ndocker push a/b", True),
        ("docker build --push -t a/b .", True),
        ("docker build -t a/b .\ndocker push -qa a/b", True),
        ("podman build -t a/b .\npodman push -qf oci a/b", True),
        ("docker build -t a/b .", False),
        ("docker build -t a/b .\ndocker push a/c", False),
    ],
)
def test_what_is_pushed(run: str, pushed: bool) -> None:
    (build,) = builds("run: |\n" + indent(run, "  "))
    assert build.is_pushed is pushed
