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
