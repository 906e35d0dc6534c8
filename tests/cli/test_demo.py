"""`demo`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.consumers import run, scaffold


def test_the_demo_works_where_it_is_told_to(tmp_path: Path) -> None:
    run("git", "--version", cwd=tmp_path)
    result = scaffold("demo", str(tmp_path / "demo"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "demo/backend/cpp/ds4/Makefile").is_file()
    assert scaffold("demo", str(tmp_path / "demo"), cwd=tmp_path).returncode == 2
    check = scaffold("check", "--base", "HEAD", cwd=tmp_path / "demo")
    assert check.returncode == 1
    assert "filter-unmapped-backend" in check.stdout
    assert scaffold("check", "--base", "HEAD^", "--rev", "HEAD", cwd=tmp_path / "demo").returncode == 0
    affected = scaffold("affected", "--rev", "HEAD", cwd=tmp_path / "demo")
    assert "\n  ds4: " in affected.stdout, affected.stderr


def test_the_demo_needs_no_git_and_promises_none(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        result = scaffold("demo", str(tmp_path / "demo"), cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "filter-unmapped-backend" in result.stdout
    assert result.stdout.endswith(f"Look around in {tmp_path / 'demo'}.\n")
    assert not (tmp_path / "demo/.git").exists()
