"""The upstream tests that the C++ unit tests leave out, judged by find."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.checkout.tree import Overlay
from scaffold.operations import check, remove
from scaffold.registry import Registry
from scaffold.surfaces.build_context import UNIT_TESTS
from tests.rules.trees import BASE

FIND = """#!/bin/bash
# find . -not -path '*/heron/*' \\
echo "find . -not -path '*/heron/*'"
find . -name '*_test.cpp' \\
    {first}
    -not -path '*/other/*' \\
    -not -path {last} | sort
"""


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("-not -path '*/heron/*' \\", "'*/a/*'"),
        ('-not -path "*/heron/*" \\', "'*/a/*'"),
        ("-not -path '*/b/*' -not -path '*/heron/*' \\", "'*/a/*'"),
        ("-not -path '*/b/*' \\", "'*/heron/*'"),
    ],
)
def test_an_exclusion_goes_with_its_backend(first: str, last: str, tmp_path: Path) -> None:
    script = FIND.format(first=first, last=last)
    plan = remove.plan(Overlay(BASE, {UNIT_TESTS: script.encode()}), "heron")
    left = plan.changes.overlay().read(UNIT_TESTS)
    assert left is not None
    for folder in ("heron", "other", "a", "b", "kept"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "x_test.cpp").touch()
    found = [
        subprocess.run(["bash", "-c", text], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for text in (script, left.decode())
    ]
    before, after = (set(text.splitlines()[1:]) for text in found)
    assert after - before == {"./heron/x_test.cpp"}
    assert before <= after


def test_patterns_in_any_encoding_are_read() -> None:
    path = ".dockerignore"
    data = (BASE.read(path) or b"") + "# caf\xe9\n/caf\xe9\n".encode("latin-1")
    where = Overlay(BASE, {path: data})
    assert check.run(where, check.Scope()).findings == ()
    assert Registry(where).build_context.left_out("caf\ufffd") != 0
    assert Registry(BASE).build_context.left_out("caf\ufffd") == 0
