"""Each report is told, and its repair is not."""

from __future__ import annotations

import pytest

from tests.rules.pipeline.reported import artifacts, caches, images, jobs
from tests.rules.pipeline.trees import everything, found, tree

REPORTS = artifacts.REPORTS | caches.REPORTS | images.REPORTS | jobs.REPORTS


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if report.rule])
def test_what_is_told(name: str) -> None:
    report = REPORTS[name]
    assert found(tree(report.files), report.rule)
    assert not found(tree(report.repaired), report.rule)


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if not report.rule])
def test_what_is_sound(name: str) -> None:
    assert not everything(tree(REPORTS[name].files))
