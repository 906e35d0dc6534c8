"""A Go program that decodes galleries and configurations with yaml.v3."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent / "judge"

Judge = Callable[[bytes], str]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Go program with such structs."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed")
    folder = tmp_path_factory.mktemp("judge")
    shutil.copytree(PROGRAM, folder, dirs_exist_ok=True)
    env = {**os.environ, "GOFLAGS": "", "CGO_ENABLED": "0"}
    built = subprocess.run(
        ["go", "build", "-o", "judge", "."], cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if built.returncode and "judge" not in built.stderr:
        pytest.skip(f"the module of yaml.v3 cannot be had: {built.stderr.strip()[-200:]}")
    assert not built.returncode, built.stderr
    return folder / "judge"


@pytest.fixture(scope="module")
def judge(program: Path) -> Iterator[Judge]:
    """What the program says of a gallery: its error, or nothing."""
    with asked(program) as ask:
        yield ask


@pytest.fixture(scope="module")
def model_judge(program: Path) -> Iterator[Judge]:
    """What it says of a list of models."""
    with asked(program, "models") as ask:
        yield ask


@pytest.fixture(scope="module")
def configuration_judge(program: Path) -> Iterator[Judge]:
    """What it says of the configuration of a model."""
    with asked(program, "configuration") as ask:
        yield ask


@contextmanager
def asked(*command: str | Path) -> Iterator[Judge]:
    """What a running program says."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(data: bytes) -> str:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(base64.b64encode(data).decode()) + "\n")
            process.stdin.flush()
            return str(json.loads(process.stdout.readline()))

        yield ask
        process.kill()
