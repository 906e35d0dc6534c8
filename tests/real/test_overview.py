"""show and status on the real LocalAI, where LOCALAI_REPO names a clone of it."""

from __future__ import annotations

import json

import pytest

from scaffold.checkout.tree import GitTree
from scaffold.operations import overview
from scaffold.report import overview as report
from tests.conftest import real_repository
from tests.operations.test_overview import unseen

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI: skipped"
)


@pytest.fixture(scope="module")
def head() -> GitTree:
    repository = real_repository()
    assert repository is not None
    return GitTree(repository, "HEAD")


@pytest.mark.parametrize(
    "name",
    [
        "depth-anything-cpp", "whisper", "llama-cpp", "ds4", "tinygrad", "mlx", "turboquant", "kokoros",
        "privacy-filter", "vllm-cpp", "transformers", "sglang", "local-store", "stablediffusion-ggml",
    ],
)  # fmt: skip
def test_a_text_search_finds_nothing_more(head: GitTree, name: str) -> None:
    assert unseen(head, name) == []


def test_status_has_a_line_for_each_backend(head: GitTree) -> None:
    status = overview.status(head, None)
    text = report.status_text(status)
    assert len(status.lines) >= 75
    plain = json.loads(report.status_json(status))
    assert plain["totals"]["surfaces"]["build matrix"] == len(status.lines)
    assert len(text.splitlines()) < 2 * len(status.lines) + 25
