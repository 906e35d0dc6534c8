"""The LocalAI trees that the template tests run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.templates import harness


@pytest.fixture(
    scope="session",
    params=[
        "miniature",
        pytest.param(
            "checkout",
            marks=pytest.mark.skipif(
                harness.checkout_dir() is None,
                reason="LOCALAI_REPO does not name a LocalAI checkout",
            ),
        ),
    ],
)
def tree_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def localai_tree(tree_kind: str, tmp_path: Path) -> Path:
    """A writable LocalAI tree of the test's own."""
    return harness.copy_tree(tree_kind, tmp_path / "Local AI")


@pytest.fixture(scope="module")
def shared_tree(tree_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A writable LocalAI tree that the tests of a module share."""
    return harness.copy_tree(tree_kind, tmp_path_factory.mktemp("tree") / "Local AI")
