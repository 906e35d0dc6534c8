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
