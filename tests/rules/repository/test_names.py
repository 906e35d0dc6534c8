"""Rules about names of backends: each with a defect that it finds and a likeness that it lets pass."""

from __future__ import annotations

import pytest

from tests.rules.gallery.trees import HARDWARE
from tests.rules.trees import MINIATURE, Case, assert_fine, assert_found

CASES = {
    "a name with a hardware word in it": Case(
        "backend-name-hardware", "chipmunk", "backend/go/chipmunk/run.sh", (),
        MINIATURE.write("pkg/system/capabilities.go", HARDWARE).write("backend/go/chipmunk/run.sh", "exec ./chipmunk\n"),
        also=("matrix-missing-entry", "docs-missing-row"), says="'hip'",
    ),
}  # fmt: skip

FINE = {
    "a hardware word on its own": (
        MINIATURE.write("pkg/system/capabilities.go", HARDWARE).write("backend/go/metal-owl/run.sh", "exec ./owl\n"),
        "backend-name-hardware",
    ),
    "a checkout that reads no hardware from names": (
        MINIATURE.write("backend/go/chipmunk/run.sh", "exec ./chipmunk\n"),
        "backend-name-hardware",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_wrong_is_found(name: str) -> None:
    assert_found(CASES[name])


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_wrong_is_not(name: str) -> None:
    assert_fine(*FINE[name])
