"""Which builds leave a record: by tag, comment, commit and fork."""

from __future__ import annotations

import pytest

from scaffold.pipeline.events import push
from scaffold.pipeline.model import Pipeline
from scaffold.pipeline.records import leaves_record
from scaffold.pipeline.runs import Run
from tests.rules.pipeline.trees import tree

NEW, OLD = "263435318d21b8e681c14492fe198d362a7d2c83", "ca052bb54ab0790a636c9b5f226502c73d547a25"


@pytest.mark.parametrize(
    ("uses", "leaves"),
    [
        ("docker/build-push-action@v6", True),
        ("docker/build-push-action@v5.4.0", False),
        (f"docker/build-push-action@{NEW}", True),
        (f"docker/build-push-action@{OLD}", False),
        (f"docker/build-push-action@{OLD} # v7.0.0", True),
        ("docker/build-push-action@master", True),
        ("docker/build-push-action@feature", False),
        (f"somebody/build-push-action@{NEW}", False),
        ("Docker/Build-Push-Action@v6", True),
    ],
)
def test_a_build_leaves_a_record_since_a_version(uses: str, leaves: bool) -> None:
    files = {"ci": f"on: push\njobs:\n  b:\n    runs-on: x\n    steps:\n      - uses: {uses}\n"}
    (workflow,) = Pipeline(tree(files)).workflows
    (build,) = Run(workflow, push("main")).steps("docker/build-push-action")
    assert leaves_record(build) is leaves
