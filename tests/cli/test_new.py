"""`new-backend`: exit codes, messages, formats."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import PIN
from tests.consumers import files, run, scaffold

NEW = ["new-backend", "ibex", "--lang", "cpp", "--upstream", "acme/ibex.cpp", "--pin", PIN, "--no-input"]


def test_the_command_of_the_contract(miniature: Path) -> None:
    result = scaffold(*NEW, "--repo", str(miniature), cwd=miniature.parent)
    assert result.returncode == 0, result.stderr
    assert (miniature / "backend/cpp/ibex/grpc-server.cpp").is_file()
    assert "left for you" in result.stdout
    again = scaffold(*NEW, cwd=miniature)
    assert again.returncode == 0
    assert "is a backend already; nothing was changed" in again.stdout


def test_a_dry_run_prints_a_diff_that_does_the_same(miniature: Path) -> None:
    before = files(miniature)
    dry = scaffold(*NEW, "--dry-run", "--repo", str(miniature), cwd=miniature.parent)
    assert dry.returncode == 0
    assert files(miniature) == before
    patch = dry.stdout[: dry.stdout.index("would create")]
    real = miniature.parent / "real"
    run("cp", "-r", str(miniature), str(real), cwd=miniature.parent)
    assert scaffold(*NEW, "--repo", str(real), cwd=miniature).returncode == 0
    run("git", "apply", "-", cwd=miniature, text=patch)
    assert files(miniature) == files(real)


def test_json_goes_to_standard_output_alone(miniature: Path) -> None:
    result = scaffold(*NEW, "--format", "json", "--dry-run", cwd=miniature)
    answer = json.loads(result.stdout)
    assert answer["version"] == 1
    assert "backend/cpp/ibex/Makefile" in answer["created"]
    assert {"path", "added", "removed"} <= set(answer["edited"][0])
    assert {"path", "what"} == set(answer["manual"][0])
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["new-backend", "Bad Name", "--lang", "go"], 2, "lower-case words"),
        (["new-backend", "ibex"], 2, "give --lang"),
        (["new-backend", "ibex", "--lang", "cpp"], 2, "--upstream"),
        (["new-backend", "ibex", "--lang", "java"], 2, "--lang"),
        (["new-backend", "ibex", "--lang", "go", "--like", "nobody"], 2, "no backend is called 'nobody'"),
        (["new-backend", "ibex", "--lang", "go", "--repo", "/nonexistent"], 2, "no such folder"),
        (["new-backend"], 2, "NAME"),
        (["new-backend", "wren", "--lang", "go"], 2, "name 'wren' is taken:\n  "),
    ],
)
def test_wrong_usage_is_exit_2(miniature: Path, arguments: list[str], code: int, message: str) -> None:
    before = files(miniature)
    result = scaffold(*arguments, cwd=miniature)
    assert result.returncode == code, result.stdout
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert files(miniature) == before


def test_another_repository_is_exit_3(tmp_path: Path) -> None:
    result = scaffold(*NEW, "--repo", str(tmp_path), cwd=tmp_path)
    assert result.returncode == 3
    assert "no checkout of LocalAI" in result.stderr
    assert list(tmp_path.iterdir()) == []
