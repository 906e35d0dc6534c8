"""Trees to work on: the miniature always, a real LocalAI where LOCALAI_REPO names a clone of it."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from jinja2 import Environment

from scaffold.cli.main import main
from scaffold.operations import workers
from scaffold.resources import miniature_dir
from tests.consumers import git
from tests.runner import Upstream

PIN = "0123456789abcdef0123456789abcdef01234567"
FORKING = {Path(__file__).with_name(name) for name in ("test_expressions.py", "test_growth.py")}
"""Tests that fork this process a thousand times."""


# How long an example takes is the machine's affair.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Forks come first: what the others leave in memory makes each of them take longer."""
    items.sort(key=lambda item: item.path not in FORKING)


def pytest_collection_finish() -> None:
    """Garbage is looked for seldom, and not among ten thousand tests that stay; the program looks for none."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def in_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs the command line in this process: exit code, output, errors."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["scaffold", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return int(end.value.code or 0), out, err

    return call


def real_repository() -> Path | None:
    """The clone that LOCALAI_REPO names."""
    value = os.environ.get("LOCALAI_REPO")
    return Path(value) if value else None


def export(rev: str, folder: Path) -> Path:
    """The files of one commit of the real LocalAI, in a git repository of their own."""
    repository = real_repository()
    assert repository is not None
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", "-C", str(repository), "archive", "--format=tar", rev], check=True, capture_output=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def commit_of(day: str) -> str:
    """The newest commit of the real LocalAI at noon of a day; HEAD stays HEAD."""
    repository = real_repository()
    assert repository is not None
    if day == "HEAD":
        return "HEAD"
    command = ["git", "-C", str(repository), "rev-list", "-1", "--first-parent"]
    command += [f"--before={day}T12:00", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(autouse=True, scope="session")
def _state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is kept of checkouts without git is kept apart from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _one_process() -> Iterator[None]:
    """A check in the process of the tests takes no second one, for which all that they hold is copied.

    The program's own processes do, and tests/operations/test_workers.py holds that both find the same.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_may_fork", lambda _: False)
        yield


@pytest.fixture(autouse=True, scope="session")
def _compiled_once() -> Iterator[None]:
    """copier compiles the same expressions again for every backend, and most of them several times for one.

    What is compiled depends on the text as the extensions pass it on, on how it is split into tokens, and on
    what is undefined in it.
    """
    compile_, compiled = Environment.compile, dict[Any, Any]()

    def compile_once(environment: Environment, source: Any, *names: Any, **named: Any) -> Any:
        if named or not isinstance(source, str):
            return compile_(environment, source, *names, **named)
        # There copier forgets what the text before this one looped over.
        text = environment.preprocess(source, *names)
        key = type(environment), environment.lexer, environment.undefined, text, names
        if key not in compiled:
            compiled[key] = compile_(environment, source, *names)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Environment, "compile", compile_once)
        yield


@pytest.fixture
def miniature(tmp_path: Path) -> Path:
    """A copy of the miniature LocalAI."""
    return Path(shutil.copytree(miniature_dir(), tmp_path / "LocalAI"))


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Upstream:
    """A repository with pull requests, for the jobs of a CI."""
    root = Path(shutil.copytree(miniature_dir(), tmp_path_factory.mktemp("upstream") / "LocalAI"))
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "LocalAI")
    return Upstream(root, "backend/go/lark/Makefile")


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which node finds js-yaml."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not installed")
    folder = tmp_path_factory.mktemp("node")
    command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "js-yaml@4"]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("npm cannot install js-yaml")
    return folder
