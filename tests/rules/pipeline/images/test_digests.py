"""Rules about digests of images: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import image

PROVENANCE = "outputs: |\n  type=image,name=quay.io/a/b,push-by-digest=true,push=true\n  type=image,name=a/b,push-by-digest=true,push=true"

CASES: dict[str, Case] = {
    "digest-provenance": Case(
        tree({"ci": image(PROVENANCE)}), "outputs: |", tree({"ci": image(f"{PROVENANCE}\nprovenance: false")})
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


def test_attestations_can_be_switched_off_in_the_environment() -> None:
    head = "runs-on: x\nenv: {BUILDX_NO_DEFAULT_ATTESTATIONS: 1}"
    assert found(tree({"ci": image(PROVENANCE, head=head)}), "digest-provenance") == []


def test_one_export_has_one_digest_in_all_registries() -> None:
    one = "tags: |\n  quay.io/a/b\n  a/b\noutputs: type=image,push-by-digest=true,push=true"
    assert found(tree({"ci": image(one)}), "digest-provenance") == []


MERGED = """  merge:
    needs: build
    runs-on: x
    env: {{HOME_IMAGE: quay.io/a/b, HUB: docker.io/a/b}}
    steps:
      - run: |
          docker buildx imagetools create -t quay.io/a/b:1 $(printf '{}@sha256:%s ' *)
          docker buildx imagetools create -t a/b:1 $(printf '{}@sha256:%s ' *)
"""


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("quay.io/a/b", "a/b", True),
        ("quay.io/a/b", "quay.io/a/b", True),
        ("a/b", "a/b", False),
        ("docker.io/a/b", "$HUB", False),
        ("${{ env.HUB }}", "a/b", False),
        ("a/b", "$HOME_IMAGE", True),
        ("a/b", "${{ env.HOME_IMAGE }}", True),
        ("a/b", "${{ vars.IMAGE }}", True),
        ("a/b", "$1/b", True),
    ],
)
def test_the_step_tells_the_digest_of_the_last_registry(first: str, second: str, told: bool) -> None:
    files = image(PROVENANCE, rest=MERGED.format(first, second))
    assert bool(found(tree({"ci": files}), "digest-provenance")) is told


def test_what_asks_the_last_registry_through_an_action() -> None:
    retry = "  merge:\n    needs: build\n    runs-on: x\n    steps: [{uses: a/retry@v1, with: {command: 'x NAME@$D'}}]\n"
    for name, told in (("quay.io/a/b", True), ("a/b", False), ("me", True)):
        files = image(PROVENANCE, rest=retry.replace("NAME", name))
        assert bool(found(tree({"ci": files}), "digest-provenance")) is told


def test_another_exporter_behind_tells_another_digest() -> None:
    files = image(f"{PROVENANCE}\n  type=oci,dest=x.tar", rest=MERGED.format("a/b", "a/b"))
    assert found(tree({"ci": files}), "digest-provenance")
