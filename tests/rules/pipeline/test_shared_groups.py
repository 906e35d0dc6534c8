"""Concurrency groups that two workflows name."""

from __future__ import annotations

import re

import pytest

from tests.rules.pipeline.trees import found, tree
from tests.rules.pipeline.workflows import ci


@pytest.mark.parametrize(
    ("group", "told"),
    [
        ("${{ github.head_ref || github.run_id }}", ["pull_request"]),
        ("ci-${{ github.event_name == 'push' && github.run_id || github.workflow }}", []),
        ("${{ github.run_id }}", []),
        ("${{ github.sha }}", ["push"]),
    ],
)
def test_the_id_of_a_run_is_of_no_other_workflow(group: str, told: list[str]) -> None:
    text = ci(f"concurrency:\n  group: {group}\n  cancel-in-progress: true")
    findings = found(tree({"a": text, "b": text}), "group-shared-by-workflows")
    assert [re.findall(r"a (\w+) starts both", finding.message)[0] for finding in findings] == told
