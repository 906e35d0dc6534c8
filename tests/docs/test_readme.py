"""The README: its commands run as they stand there, its finding is the program's, its links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import real_repository
from tests.consumers import git, run, scaffold
from tests.docs import PROJECT, blocks, section, shell

README = (PROJECT / "README.md").read_text(encoding="utf-8")
ON_LOCALAI = blocks(section(README, "On LocalAI itself"), "sh")


@pytest.fixture(params=["miniature", "head"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A folder with a clone of LocalAI, or with the miniature as somebody's commit."""
    root = tmp_path / "LocalAI"
    if request.param == "miniature":
        request.getfixturevalue("miniature")
        git(root, "init", "-q")
        git(root, "add", "-A")
        git(root, "commit", "-qm", "LocalAI")
        return tmp_path
    repository = real_repository()
    if repository is None:
        pytest.skip("LOCALAI_REPO does not name a clone of LocalAI: skipped")
    run("git", "clone", "-q", "--shared", str(repository), str(root), cwd=tmp_path)
    return tmp_path


def test_its_commands_run_as_they_stand_there(folder: Path) -> None:
    (script,) = ON_LOCALAI
    result = shell(script, folder)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "created backend/go/bark-cpp/" in result.stdout
    assert "added vulkan to bark-cpp" in result.stdout
    assert "Nothing is new since HEAD" in result.stdout
    assert re.search(r"jobs of 1 backend", result.stdout)
    changed = git(folder / "LocalAI", "status", "--porcelain")
    assert changed
    undone = scaffold("remove-backend", "bark-cpp", "--yes", "--force", cwd=folder / "LocalAI")
    assert undone.returncode == 0, undone.stderr
    assert git(folder / "LocalAI", "status", "--porcelain") == "", "what was added is taken back to the byte"


def test_the_two_commands_of_a_fresh_machine_are_there() -> None:
    (block,) = blocks(section(README, "Try it"), "sh")
    for line in block.splitlines():
        command = shlex.split(line, comments=True)
        assert command[0] == "make"
        assert run("make", "-n", *command[1:], cwd=PROJECT).stdout


def test_it_installs_as_it_says(tmp_path: Path) -> None:
    made = shutil.ignore_patterns(".git", ".venv", ".*cache", ".hypothesis", "__pycache__")
    sources = shutil.copytree(PROJECT, tmp_path / "scaffold", ignore=made)
    for folder in ("build", "dist"):
        shutil.rmtree(sources / folder, ignore_errors=True)
    tools = tmp_path / "bin"
    environment = {
        "UV_TOOL_DIR": str(tmp_path / "uv"), "UV_TOOL_BIN_DIR": str(tools),
        "PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tools), "PIPX_DEFAULT_PYTHON": sys.executable,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }  # fmt: skip
    tried = 0
    for line in "".join(blocks(section(README, "Install"), "sh")).splitlines():
        tool = line.split()[0]
        if shutil.which(tool, path=environment["PATH"]) is None:
            continue
        result = shell(line, sources, **environment)
        if "dns error" in result.stderr or "error sending request" in result.stderr:
            pytest.skip("no package registry can be reached")
        assert result.returncode == 0, f"{line}\n{result.stdout}{result.stderr}"
        if "install" not in line:
            continue
        demo = subprocess.run(
            [tools / "scaffold", "demo", str(tmp_path / f"demo{tried}")],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert demo.returncode == 0, demo.stderr
        (tools / "scaffold").unlink()
        tried += 1
    assert tried


def test_its_length_is_that_of_a_front_door() -> None:
    assert len(README.splitlines()) <= 110


@pytest.mark.parametrize("page", ["README.md", *sorted(p.name for p in (PROJECT / "docs").glob("*.md"))])
def test_its_links_lead_somewhere(page: str) -> None:
    file = PROJECT / page if page == "README.md" else PROJECT / "docs" / page
    text = re.sub(r"(?ms)^```.*?^```$", "", file.read_text(encoding="utf-8"))
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    broken = [link for link in links if not (file.parent / link.partition("#")[0]).exists()]
    assert broken == []
