"""Every rule at once, over small workflows that tell one thing each, or nothing."""

from __future__ import annotations

import pytest

from scaffold.operations import check
from tests.rules.pipeline.public import artifacts, caches, images, inputs, jobs
from tests.rules.pipeline.trees import tree

PUBLIC = artifacts.PUBLIC | caches.PUBLIC | images.PUBLIC | inputs.PUBLIC | jobs.PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_what_is_told(name: str) -> None:
    told, files = PUBLIC[name]
    found = check.run(tree(files), check.Scope(select=("pipeline", "pipeline-notes"))).findings
    assert {finding.rule for finding in found} == told
