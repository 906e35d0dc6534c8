"""Start scripts in a folder with a space in its name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.rules.files.trees import FINCH, LARK, assert_fixed, only, read, tree

UNQUOTED = """#!/bin/bash
backend_dir=$(dirname $0)
if [ -d $backend_dir/common ]; then
    source $backend_dir/common/libbackend.sh
else
    source $backend_dir/../common/libbackend.sh
fi

startBackend $@"""


@pytest.mark.parametrize("closing", ["", "\n"])
def test_an_unquoted_python_start_script(closing: str, tmp_path: Path) -> None:
    where = tree({f"{FINCH}/run.sh": (UNQUOTED + closing).encode()})
    found = only(where, "python-run-quoting", "finch-tts", f"{FINCH}/run.sh", "dirname")
    fixed = assert_fixed(where, found).read(f"{FINCH}/run.sh")
    assert fixed is not None
    assert b'backend_dir=$(dirname "$0")\n' in fixed
    assert b'startBackend "$@"' in fixed
    folder = tmp_path / "Application Support"
    (folder / "common").mkdir(parents=True)
    (folder / "common/libbackend.sh").write_text("startBackend() { printf '%s\\n' \"$@\"; }\n")
    for script, expected in ((UNQUOTED.encode(), ""), (fixed, "--addr\na b\n")):
        (folder / "run.sh").write_bytes(script)
        result = subprocess.run(
            ["bash", folder / "run.sh", "--addr", "a b"], capture_output=True, text=True, check=False
        )
        assert result.stdout == expected


def test_an_unquoted_native_start_script() -> None:
    run = read(f"{LARK}/run.sh").replace('exec "$CURDIR/lark" "$@"', "exec $CURDIR/lark $@")
    where = tree({f"{LARK}/run.sh": run.encode()})
    found = only(where, "native-run-quoting", "lark", f"{LARK}/run.sh", "exec $CURDIR")
    fixed = assert_fixed(where, found).read(f"{LARK}/run.sh")
    assert fixed is not None
    assert b'exec "$CURDIR"/lark "$@"' in fixed
