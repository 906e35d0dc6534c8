"""Rules about digests of artifacts: each on a repository of the shape of its incident, and of the repair."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.trees import Case, assert_case, found, tree
from tests.rules.pipeline.workflows import NAMED, digests

CASES: dict[str, Case] = {
    "digest-never-merged": Case(
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")),
        "uses: actions/upload-artifact",
        tree(digests("[-a, -b]", "digests${{ inputs.suffix }}--*", NAMED, "[-a, -b]")),
    ),
}


@pytest.mark.parametrize("slug", CASES)
def test_rule(slug: str) -> None:
    assert_case(slug, CASES[slug])


CREATE = "docker buildx imagetools create -t a/b $(printf 'a/b@sha256:%s ' *)"
SIGN = "for d in *; do cosign sign a/b@sha256:$(basename $d); done\n"


@pytest.mark.parametrize(
    ("run", "script", "told"),
    [
        ("./ci/it.sh", SIGN, 1),
        ("bash ci/it.sh", SIGN, 1),
        ("./ci/it.sh", f"{SIGN}docker buildx imagetools create -t a/b *\n", 0),
        ("./ci/it.sh", f"{SIGN}docker push a/b\n", 0),
        ("./ci/it.sh", "./ci/other.sh\n", 0),
        ("./ci/it.sh", "./ci/gone.sh\n", 0),
        ("./ci/it.sh", "python3 merge.py\n", 0),
        ("./ci/it.sh", "# nothing\n", 0),
        ("./ci/it.sh && python3 merge.py", SIGN, 0),
        ("./ci/it.sh", 'curl -sS -o /dev/null -X DELETE -H "A: $TOKEN" "$url"\n', 1),
        ("./ci/it.sh", "curl -sS -X PUT --data-binary @m.json https://r.io/v2/a/b/manifests/1\n", 0),
        ("./ci/it.sh", "curl -X PUT https://r.io/v2/a/b/manifests/1 < m.json\n", 0),
        ("./ci/it.sh", "curl -sST m.json https://r.io/v2/a/b/manifests/1\n", 0),
        ("./ci/it.sh", "curl $OPTIONS https://r.io/v2/a/b/manifests/1\n", 0),
    ],
)
def test_a_script_of_the_repository_that_merges_nothing(run: str, script: str, told: int) -> None:
    files = digests("[-a]", "digests${{ inputs.suffix }}--*", NAMED, "[-a]")
    assert CREATE in files["merge"]
    files["merge"] = files["merge"].replace(CREATE, run)
    files |= {"ci/it.sh": f"#!/bin/sh\n{script}", "ci/other.sh": f"#!/bin/sh\n{CREATE}\n"}
    assert len(found(tree(files), "digest-never-merged")) == told
