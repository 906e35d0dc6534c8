"""Tags that several legs push."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import image, job

LEGS = "runs-on: ${{ matrix.runner }}\nstrategy:\n  matrix:\n    include:\n      - {platform: linux/amd64, runner: ubuntu-24.04}\n      - {platform: linux/arm64, runner: ubuntu-24.04-arm}"
PUSH = "push: true\n"


FAILS = image(f"{PUSH}platforms: ${{{{ matrix.platform }}}}\ntags: example/app:latest", head=LEGS)
TAGGED = image(
    f"{PUSH}platforms: ${{{{ matrix.platform }}}}\ntags: example/app:${{{{ runner.arch }}}}", head=LEGS
)
CASES = {"legs-push-one-tag": Case(tree({"ci": FAILS}), "tags:", tree({"ci": TAGGED}))}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


@pytest.mark.parametrize(
    ("inputs", "count"),
    [
        ("push: true\ntags: example/app:latest", 1),
        ("push: true\ntags: example/app:latest\nplatforms: linux/amd64,linux/arm64", 0),
        ("push: false\ntags: example/app:latest", 0),
        ("push: ${{ github.event_name == 'push' }}\ntags: example/app:latest", 1),
        ("outputs: type=image,name=example/app,push-by-digest=true,push=true", 0),
        ("push: true\ntags: ${{ steps.x.outputs.tag }}", 0),
    ],
)
def test_what_the_legs_push(inputs: str, count: int) -> None:
    assert len(found(tree({"ci": image(inputs, head=LEGS)}), "legs-push-one-tag")) == count


@pytest.mark.parametrize(
    ("name", "other", "count"),
    [
        ("x/a", "x/a:latest", 1),
        ("x/a", "docker.io/x/a:latest", 1),
        ("index.docker.io/x/a:1", "x/a:1", 1),
        ("a", "docker.io/library/a:latest", 1),
        ("ghcr.io/x/a", "ghcr.io/x/a:latest", 1),
        ("ghcr.io:443/x/a", "ghcr.io:443/x/a:latest", 1),
        ("${{ github.repository_owner }}/a", "${{ github.repository_owner }}/a:latest", 1),
        ("${{ vars.IMAGE }}", "${{ vars.IMAGE }}:latest", 0),
        ("library/x/a", "x/a", 0),
        ("ghcr.io/x/a", "x/a", 0),
        ("x/a", "x/a:1", 0),
    ],
)
def test_what_docker_calls_one_name(name: str, other: str, count: int) -> None:
    files = {
        "a": image(f"push: true\nplatforms: linux/amd64\ntags: {name}"),
        "b": image(f"push: true\nplatforms: linux/arm64\ntags: {other}"),
    }
    assert len(found(tree(files), "legs-push-one-tag")) == count


@pytest.mark.parametrize(
    ("name", "before", "count"),
    [
        ("example/app:${GITHUB_SHA}", "true", 1),
        ("$NAME:latest", "true", 1),
        ("$NAME:$OWN", "true", 0),
        ("$NAME:$(uname -m)", "true", 0),
        ("$NAME:latest", "export NAME=$(./name.sh)", 0),
        ("$NAME:latest", ". ./name.sh", 0),
        ("$NAME:latest", "read -r NAME < name.txt", 0),
        ("$NAME:latest", "for NAME in $(./names.sh); do true; done", 0),
    ],
)
def test_variables_in_what_a_script_pushes(name: str, before: str, count: int) -> None:
    head = f"{LEGS}\nenv: {{NAME: example/app, OWN: '${{{{ matrix.runner }}}}'}}"
    run = f"- run: |\n    {before}\n    docker buildx build --push -t {name} ."
    assert len(found(tree({"ci": job(run, head=head)}), "legs-push-one-tag")) == count


OWN = "suffix=-${{ matrix.runner }}"
TAGS = "{push: {branches: [main], tags: ['v*']}}"


@pytest.mark.parametrize(
    ("flavor", "on", "count"),
    [
        ("latest=true", "push", 1),
        (OWN, "push", 0),
        (f"latest=true,{OWN}", "push", 1),
        (OWN, TAGS, 1),  # `latest` has no suffix
        (f"{OWN},onlatest=true", TAGS, 0),
        (f"latest=false,{OWN}", TAGS, 0),
        (OWN, "{release: {types: [published]}}", 1),
        (OWN, "{push: {branches: [main]}}", 0),
    ],
)
def test_tags_that_the_metadata_action_makes(flavor: str, on: str, count: int) -> None:
    steps = f"""
- id: meta
  uses: docker/metadata-action@v5
  with: {{images: example/app, flavor: "{flavor}"}}
- uses: docker/build-push-action@v6
  with: {{push: true, tags: "${{{{ steps.meta.outputs.tags }}}}"}}
"""
    findings = found(tree({"ci": job(steps, head=LEGS, on=on)}), "legs-push-one-tag")
    assert len(findings) == count


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("ko build -B ./cmd/app", "ko build -B ./ci/app", 1),
        ("ko build -Bt dev ./cmd/app", "ko publish -Btdev ./ci/app", 1),
        ("ko build -Bt dev ./cmd/app", "ko build -B ./ci/app", 0),
        ("ko build ./cmd/app", "ko build ./ci/app", 0),
        ("ko build -LB ./cmd/app", "ko build -LB ./ci/app", 0),
        ("ko build -B --image-refs a/x ./cmd/app", "ko build -B --image-refs b/x ./cmd/other", 0),
        ("ko resolve -Rf ci/", "ko resolve -Rf config/", 0),
        ("ko apply -f ci/x.yaml -- -n here", "ko apply -f ci/y.yaml -- -n there", 0),
    ],
)
def test_what_ko_pushes(one: str, other: str, count: int) -> None:
    for repository, told in (("ghcr.io/acme", count), ("kind.local", 0)):
        steps = f"- run: {one}\n- run: {other}"
        workflow = job(steps, head=f"runs-on: ubuntu-latest\nenv: {{KO_DOCKER_REPO: {repository}}}")
        assert len(found(tree({"ci": workflow}), "legs-push-one-tag")) == told


@pytest.mark.parametrize(
    ("images", "count"),
    [
        ("name=acme/app,enable=true", 1),
        ("name=acme/app,enable=false", 0),
        ("acme/app,enable=${{ matrix.arch == 'amd64' }}", 0),
        ("acme/app", 1),
    ],
)
def test_images_that_the_metadata_action_is_given(images: str, count: int) -> None:
    steps = f"""
- id: meta
  uses: docker/metadata-action@v5
  with: {{images: "{images}", tags: "type=raw,value=x"}}
- uses: docker/build-push-action@v6
  with: {{push: true, tags: "${{{{ steps.meta.outputs.tags }}}}"}}
"""
    assert len(found(tree({"ci": job(steps, head=LEGS)}), "legs-push-one-tag")) == count
