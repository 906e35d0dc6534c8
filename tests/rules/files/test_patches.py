"""Patches of engines."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import WREN, findings, tree

LOOP = "for one in patches/*; do\n    patch -d wren -p1 < $one\ndone\n"


@pytest.mark.parametrize(
    ("script", "line"),
    [
        (LOOP, 2),
        (f"{LOOP}set -e\n", 2),
        (f"set -e\nset +e\n{LOOP}", 4),
        ("cd wren && make\ngit apply ../wren.patch\n", 2),
        (f"set -o pipefail\n{LOOP}", 3),
        (f"set -e\n{LOOP}", None),
        (f"set -euo pipefail\n{LOOP}", None),
        (f"set -o errexit\n{LOOP}", None),
        (f"#!/bin/bash -ex\n{LOOP}", None),
        (f"set -Eeuo pipefail\n{LOOP}", None),
        ("cat wren.patch | patch -p1 || exit 1\n", None),
        ("if ! cat wren.patch | patch -p1; then\n    exit 1\nfi\n", None),
        ("cat wren.patch | patch -p1\nmake\n", 1),
        ("patch -p1 < wren.patch || exit 1\n", None),
        ("if ! git apply wren.patch; then\n    exit 1\nfi\n", None),
        ("if patch -p1 < wren.patch; then\n    make\nfi\n", None),
        ("echo patch wren\n", None),
    ],
)
def test_a_patch_that_may_fail(script: str, line: int | None) -> None:
    path = f"{WREN}/prepare.sh"
    found = findings(tree({path: script.encode()}), "patch-unchecked")
    assert [(f.backend, f.path, f.line) for f in found] == ([("wren-cpp", path, line)] if line else [])
