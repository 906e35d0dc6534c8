"""The built wheel carries everything: it does the main job far away from the sources."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from scaffold import HOME
from scaffold.report.view import rule_address
from tests.consumers import run

PROJECT = Path(__file__).resolve().parent.parent


def test_the_wheel_does_the_main_job_anywhere(tmp_path: Path) -> None:
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(PROJECT))
    run(sys.executable, *build, cwd=tmp_path)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    site = tmp_path / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-deps",
        "--target",
        str(site),
        str(wheel),
        cwd=tmp_path,
    )
    result = subprocess.run(
        [sys.executable, "-m", "scaffold", "demo", str(tmp_path / "demo")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "demo/backend/cpp/ds4/grpc-server.cpp").is_file()
    assert (tmp_path / "demo/.github/backend-matrix.yml").read_text().count("ds4") > 6
    shipped = {path.relative_to(site / "scaffold").parts[0] for path in site.glob("scaffold/*")}
    assert {"miniature", "templates", "py.typed"} <= shipped


def test_every_address_is_one_of_the_project() -> None:
    urls = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["urls"]
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} <= urls.keys()
    assert all(url == HOME or url.startswith(f"{HOME}/") for url in urls.values())
    assert rule_address("a-rule").startswith(urls["Documentation"].removesuffix("README.md"))
