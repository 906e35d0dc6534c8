"""What is released: both archives are complete, install into an empty environment and do the main job there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator
from markdown_it import MarkdownIt

from scaffold import HOME, __version__
from tests.consumers import judged, run
from tests.report.test_sarif import schema

PROJECT = Path(__file__).resolve().parent.parent
GITHUB = PROJECT / ".github"
ACTION = PROJECT / "action.yml"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and with the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(PROJECT), cwd=folder)
    return folder


@pytest.fixture(scope="module")
def sources(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked."""
    (archive,) = dist.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sources")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    return root


def test_the_index_would_take_them(dist: Path) -> None:
    archives = sorted(str(path) for path in dist.iterdir())
    assert len(archives) == 2
    run(sys.executable, "-m", "twine", "check", "--strict", *archives, cwd=dist)


def test_the_wheel_says_who_and_where(dist: Path) -> None:
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (name,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        told = message_from_string(archive.read(name).decode())
    assert told["Version"] == __version__
    assert told["Author"] == "the scaffold authors"
    addresses = dict(line.split(", ", 1) for line in told.get_all("Project-URL") or [])
    assert {"Homepage", "Documentation", "Source", "Issues", "Changelog"} <= addresses.keys()
    assert all(address.startswith(HOME) for address in addresses.values())
    assert {name.split("/")[1] for name in names if name.startswith("scaffold/")} >= {
        "miniature", "templates", "py.typed",
    }  # fmt: skip
    assert not any(name.startswith(("tests/", "docs/")) for name in names)


def test_its_page_on_an_index_leads_to_the_repository(dist: Path, sources: Path) -> None:
    """Files do not lie beside it there: no link or picture of the README is relative."""
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = message_from_string(archive.read(name).decode()).get_payload()
    assert page == message_from_string((sources / "PKG-INFO").read_text(encoding="utf-8")).get_payload()
    html = MarkdownIt().render(str(page))
    links = re.findall(r"(?:href|src|srcset)=\"([^\"]*)\"", html)
    relative = re.findall(r"\]\((?!\w+:)([^)]+)\)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert relative
    assert {f"{HOME}/blob/main/{link}" for link in relative} <= {*links}
    assert [link for link in links if not link.startswith("https://")] == []


@pytest.mark.parametrize("kind", ["*.whl", "*.tar.gz"])
def test_it_does_the_main_job_in_an_empty_environment(dist: Path, kind: str, tmp_path: Path) -> None:
    (archive,) = dist.glob(kind)
    environment = tmp_path / "environment"
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not installed")
    run(str(uv), "venv", "-q", "--python", sys.executable, str(environment), cwd=tmp_path)
    there = subprocess.run(
        [uv, "pip", "install", "-q", "--python", environment / "bin/python", archive],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "error sending request" in there.stderr or "dns error" in there.stderr:
        pytest.skip("no package registry can be reached")
    assert there.returncode == 0, there.stderr
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    program = environment / "bin/scaffold"
    demo = subprocess.run(
        [program, "demo", str(tmp_path / "demo")],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert demo.returncode == 0, demo.stderr
    assert (tmp_path / "demo/backend/cpp/ds4/grpc-server.cpp").is_file()
    assert (tmp_path / "demo/.github/backend-matrix.yml").read_text().count("ds4") > 6


def test_the_sdist_has_what_the_repository_has(sources: Path) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("this is no clone")
    left = {name for name in listed.stdout.splitlines() if not (sources / name).exists()}
    assert [name for name in left if (PROJECT / name).exists()] == []


def test_the_tests_run_from_the_sdist(sources: Path) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
    some = (
        "tests/test_text.py",
        "tests/test_errors.py",
        "tests/docs/test_pages.py",
        "tests/docs/test_words.py",
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *some, "-k", "not commands_of"]
    command[-1] += " and not walk and not how_to and not quickstart"
    result = subprocess.run(
        command, cwd=sources, env={**clean, "PYTHONPATH": str(sources)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout
    collected = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider"],
        cwd=sources, env={**clean, "PYTHONPATH": str(sources)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert collected.returncode == 0, collected.stdout[-3000:]
    assert "error" not in collected.stdout.splitlines()[-1]


def test_the_workflows_and_the_action_are_safe() -> None:
    run(sys.executable, "-m", "scaffold", "check", "--strict", "--select", "pipeline", cwd=PROJECT)
    judged(PROJECT, *sorted((GITHUB / "workflows").iterdir()), ACTION)


def test_every_action_is_pinned_to_a_commit_and_says_which() -> None:
    for path in (ACTION, *GITHUB.rglob("*.yml")):
        for used in re.findall(r"uses: (.*)", path.read_text(encoding="utf-8")):
            assert used.startswith("./") or re.fullmatch(
                r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d[\d.]*", used
            ), used


def test_a_release_is_built_once_and_published_without_a_secret() -> None:
    workflow = yaml.safe_load((GITHUB / "workflows/release.yml").read_text(encoding="utf-8"))
    jobs = workflow["jobs"]
    assert workflow["permissions"] == {}
    assert "secrets" not in (GITHUB / "workflows/release.yml").read_text(encoding="utf-8")
    assert {name: "id-token" in job["permissions"] for name, job in jobs.items()} == {
        "build": False, "publish": True, "announce": False,
    }  # fmt: skip
    assert not any("run" in step for step in jobs["publish"]["steps"]), "no code runs beside the identity"
    said = "".join(step.get("run", "") for step in jobs["build"]["steps"])
    assert "-m build" in said
    assert "check --strict" in said


def test_the_notes_of_a_release_are_its_section_of_the_changelog(tmp_path: Path) -> None:
    jobs = yaml.safe_load((GITHUB / "workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    (judge,) = (step for step in jobs["build"]["steps"] if step.get("name") == "The tag is the version")
    (announce,) = (step for step in jobs["announce"]["steps"] if "run" in step)
    (tmp_path / "scaffold").mkdir()
    (tmp_path / "scaffold/__init__.py").write_text('__version__ = "0.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\nlater\n\n## 0.1.0 (a day)\n\nfirst\n\n## 0.1.0rc1\n\nearlier\n"
    )
    (tmp_path / "gh").write_text('#!/bin/sh\necho "$*" > told\n')
    (tmp_path / "gh").chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REPOSITORY": "a/b"}

    def carried_out(step: dict[str, str], tag: str) -> int:
        command = ["bash", "-e", "-c", step["run"]]
        return subprocess.run(command, cwd=tmp_path, env={**environment, "TAG": tag}, check=False).returncode

    assert carried_out(judge, "v0.1.0") == 0
    assert carried_out(judge, "v0.1.1") == 1
    assert carried_out(announce, "v0.1.0") == 0
    assert "release create v0.1.0" in (told := (tmp_path / "told").read_text())
    assert (tmp_path / told.split("--notes-file ")[1].split()[0]).read_text() == "\nfirst\n\n"
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## 0.1.0rc1\n\nearlier\n")
    assert carried_out(judge, "v0.1.0") == 1, "a release has a section of its own"


@pytest.mark.parametrize(
    "path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_an_issue_form_is_one_that_github_shows(path: Path) -> None:
    kind = "config" if path.stem == "config" else "forms"
    rules = schema(f"https://json.schemastore.org/github-issue-{kind}.json")
    Draft7Validator(rules).validate(yaml.safe_load(path.read_text(encoding="utf-8")))
