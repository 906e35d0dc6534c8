"""The pages: what they tell to run runs as it stands there, and what they quote is so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from docs import commands
from tests.conftest import real_repository
from tests.consumers import git, run
from tests.docs import PROJECT, blocks, section, shell

DOCS = PROJECT / "docs"
MADE = "".join(
    re.findall(
        r"(?ms)^scaffold new-backend .*?--no-input\n", (DOCS / "quickstart.md").read_text(encoding="utf-8")
    )
)
MADE += "git add -A && git commit -qm bark-cpp\n"
"""The backend of the pages, as the quickstart makes it, and somebody has committed it."""


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def start(root: Path) -> None:
    git(root, "init", "-q", "-b", "master")
    git(root, "config", "user.name", "A")
    git(root, "config", "user.email", "a@example.org")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "LocalAI")


@pytest.fixture(params=["miniature", "head"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A repository with LocalAI, or with the miniature."""
    root = tmp_path / "LocalAI"
    if request.param == "miniature":
        request.getfixturevalue("miniature")
        start(root)
        return root
    repository = real_repository()
    if repository is None:
        pytest.skip("LOCALAI_REPO does not name a clone of LocalAI: skipped")
    run("git", "clone", "-q", "--shared", str(repository), str(root), cwd=tmp_path)
    git(root, "config", "user.name", "A")
    git(root, "config", "user.email", "a@example.org")
    return root


def carried_out(script: str, root: Path, clean: bool, **environment: str) -> subprocess.CompletedProcess[str]:
    """The commands of a page; on LocalAI itself, `check` alone may find what others left there."""
    if not clean:
        script = re.sub(r"(?m)^(scaffold check(?! --base)[^#|\n]*?) *(#.*)?$", r"\1 || [ $? = 1 ]", script)
    result = shell(script, root, **environment)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


@pytest.mark.parametrize(
    "page", ["changing.md", "checking.md", "looking.md", "json.md", "pipeline.md", "ci.md"]
)
def test_the_commands_of_a_page_run(page: str, checkout: Path, request: pytest.FixtureRequest) -> None:
    script = ("" if page == "ci.md" else MADE) + "".join(blocks(text(page), "sh"))
    carried_out(script, checkout, clean="miniature" in request.node.name)


def test_the_ways_of_the_how_to_lead_there(checkout: Path, request: pytest.FixtureRequest) -> None:
    clean = "miniature" in request.node.name
    page = text("howto.md")
    result = carried_out(MADE + "".join(blocks(page, "sh")), checkout, clean)
    assert not (checkout / "backend/go/bark-tts").exists()
    assert (checkout / "backend/go/bark-cpp").is_dir()
    assert "added vulkan to bark-cpp" in result.stdout
    assert result.stdout.count("its Makefile clones acme/bark.cpp") == 1, (
        "the first check finds it, the second does not"
    )


def test_the_quickstart(tmp_path: Path) -> None:
    result = carried_out("".join(blocks(text("quickstart.md"), "sh")), tmp_path, clean=True)
    assert "gallery-capability" in result.stdout
    assert "exit code 1" in result.stdout
    assert shell("cd play && scaffold check", tmp_path).returncode == 0


def test_the_walkthrough_ends_with_a_backend_that_answers(
    checkout: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """Without the installation it still makes the engine answer, and CI content."""
    page = text("walkthrough.md")
    script = "".join(blocks(page, "sh"))
    test = "make -C backend/python/bigram test\n"
    assert script.count(test) == 1
    environment = {"PYTHON_VERSION": f"{sys.version_info.major}.{sys.version_info.minor}"}
    here = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    if shutil.which("uv", path=here) is None:
        environment["USE_PIP"] = "true"
    else:
        environment["PATH"] = here
    installs = shutil.which("make") is not None
    if not installs:
        script = script.replace(test, "")
    result = carried_out(
        script, checkout, clean="miniature" in request.node.name, GIT_AUTHOR_NAME="A", **environment
    )
    assert re.search(r"(?m)^(the heron|heron|and|waits|strikes)\b.* $", result.stdout), "the engine answers"
    assert "Nothing is new since HEAD" in result.stdout or "new since" in result.stdout
    if installs:
        assert "OK" in result.stdout + result.stderr
    assert git(checkout, "status", "--porcelain") == ""
    assert git(checkout, "log", "-1", "--format=%s").startswith("feat(bigram)")
    gone = shell("scaffold remove-backend bigram --yes", checkout)
    assert gone.returncode == 0, gone.stderr
    git(checkout, "add", "-A")
    assert git(checkout, "diff", "--cached", "--stat", "HEAD^") == "", "taken back to the byte"


def test_the_pages_of_the_commands_are_up_to_date() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in commands.FOLDER.iterdir()}
    assert there == commands.pages(), "run `make docs`"


def test_the_diagram_has_the_floors_that_are_held() -> None:
    (diagram,) = blocks(text("architecture.md"), "text")
    contracts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (floors,) = (contract for contract in contracts if contract["id"] == "floors")
    order = [{*layer.split(" | ")} for layer in floors["layers"] if layer != "__main__"]
    names = set[str]().union(*order)
    drawn = [word for word in re.findall(r"\w+", diagram) if word in names]
    assert {*drawn} == names
    first = [next(n for n, floor in enumerate(order) if word in floor) for word in dict.fromkeys(drawn)]
    aside = {n for n, floor in enumerate(order) if floor & {"report", "wizard", "demo", "pipeline"}}
    assert [n for n in first if n not in aside] == sorted(n for n in first if n not in aside)


def test_what_the_page_for_contributors_quotes_is_code() -> None:
    code = [path.read_text(encoding="utf-8") for path in (PROJECT / "scaffold").rglob("*.py")]
    quoted = blocks(text("contributors.md"), "python")
    assert len(quoted) > 3
    assert [quote for quote in quoted if not any(quote in source for source in code)] == []


def test_configuration_and_checking_have_the_keys_that_there_are() -> None:
    from scaffold.rules.suppressions import FIELDS

    for page in ("configuration.md", "checking.md"):
        (example,) = blocks(text(page), "toml")
        (entry,) = tomllib.loads(example.replace("# match", "match"))["suppress"]
        assert entry.keys() == FIELDS


def test_the_policy_and_the_changelog_know_this_version() -> None:
    from scaffold import __version__

    assert __version__ in (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert section(text("versioning.md"), "What may change when")
