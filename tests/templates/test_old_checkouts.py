"""The backends compile against the real LocalAI of earlier days too, whose contract is a smaller one.

Needs a clone with its history in LOCALAI_REPO. On the last of the days only the requests of
language models said which model they are for.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import PIN, commit_of, real_repository
from tests.templates import harness
from tests.templates.harness import MODALITIES, run_ok

pytestmark = pytest.mark.skipif(
    real_repository() is None, reason="LOCALAI_REPO does not name a clone of LocalAI"
)

DAYS = ("2026-03-15", "2026-06-15", "2026-07-20")
CPP_FLAGS = ("-std=c++17", "-Wall", "-Wextra", "-Werror")
UPSTREAM = {"upstream": "acme/tiny.cpp", "pin": PIN}


@pytest.fixture(scope="module", params=DAYS)
def old_tree(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a backend sees of LocalAI on one day."""
    folder = tmp_path_factory.mktemp(request.param) / "Local AI"
    folder.mkdir()
    commit = commit_of(request.param)
    paths = ["backend", "pkg", "scripts", ".docker", "go.mod", "go.sum"]
    repository = str(real_repository())
    known = subprocess.run(
        ["git", "-C", repository, "ls-tree", "--name-only", commit],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    archive = subprocess.run(
        ["git", "-C", repository, "archive", commit, "--", *(path for path in paths if path in known)],
        check=True,
        capture_output=True,
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def test_go(old_tree: Path, protoc_plugins: Path, upstream: tuple[Path, list[str]], tmp_path: Path) -> None:
    go, gofmt = harness.find_tool("go"), harness.find_tool("gofmt")
    harness.compile_go_protocol(old_tree, protoc_plugins)
    kinds = {"pure": {}, "purego": UPSTREAM}
    folders = [
        harness.generate(old_tree, "go", name=f"{kind}-{modality}", kind=kind, modality=modality, **answers)
        for kind, answers in kinds.items()
        for modality in MODALITIES
    ]
    packages = [f"./backend/go/{folder.name}" for folder in folders]
    assert run_ok([gofmt, "-l", *packages], cwd=old_tree) == ""
    run_ok([go, "vet", *packages], cwd=old_tree, env={"CGO_ENABLED": "0"}, timeout=1800)

    repository, commits = upstream
    for name, modality in (("pure-llm", "llm"), ("purego-detection", "detection")):
        folder = old_tree / "backend" / "go" / name
        prefix = name.upper().replace("-", "_")
        pins = [f"{prefix}_REPO=file://{repository}", f"{prefix}_VERSION={commits[1]}"]
        run_ok(["make", "build", *pins], cwd=folder)
        package = shutil.copytree(folder / "package", tmp_path / name)
        with harness.served(package / "run.sh", tree=old_tree) as client:
            harness.exercise(client, modality, name, tmp_path)
        assert client.exit_code == 0


@pytest.fixture(scope="module")
def cpp_protocol(old_tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the C++ code of the protocol, its header compiled once."""
    for tool in ("g++", "protoc", "grpc_cpp_plugin"):
        harness.find_tool(tool)
    folder = tmp_path_factory.mktemp("protocol")
    plugin = f"--plugin=protoc-gen-grpc={shutil.which('grpc_cpp_plugin')}"
    outputs = [f"--cpp_out={folder}", f"--grpc_out={folder}"]
    run_ok(["protoc", f"-I{old_tree / 'backend'}", *outputs, plugin, "backend.proto"], cwd=folder)
    run_ok(["g++", *CPP_FLAGS, "-x", "c++-header", "backend.grpc.pb.h"], cwd=folder)
    return folder


@pytest.mark.parametrize("modality", MODALITIES)
def test_cpp(old_tree: Path, cpp_protocol: Path, modality: str) -> None:
    folder = harness.generate(old_tree, "cpp", name=f"old-{modality}", modality=modality, **UPSTREAM)
    protocol = [f"-I{cpp_protocol}", "-include", "backend.grpc.pb.h"]
    for source in ("grpc-server.cpp", "server_ctest.cpp"):
        run_ok(["g++", *CPP_FLAGS, *protocol, "-fsyntax-only", folder / source], cwd=folder)


@pytest.fixture(scope="module")
def cargo_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all days: the dependencies are compiled once."""
    return tmp_path_factory.mktemp("cargo-target")


def test_rust(old_tree: Path, cargo_target: Path) -> None:
    for tool in ("cargo", "protoc"):
        harness.find_tool(tool)
    env = {"CARGO_TARGET_DIR": str(cargo_target), "RUSTFLAGS": "-Dwarnings"}
    for modality in MODALITIES:
        folder = harness.generate(old_tree, "rust", name=f"old-{modality}", modality=modality)
        run_ok(["make", "proto/backend.proto"], folder)
        run_ok(["cargo", "check", "--locked", "--all-targets"], folder, env)


@pytest.mark.parametrize("modality", MODALITIES)
def test_python(old_tree: Path, tmp_path: Path, modality: str) -> None:
    """Served by the interpreter of the tests: what a message lacks shows when it is read."""
    protoc = [sys.executable, "-m", "grpc_tools.protoc", f"-I{old_tree / 'backend'}", "backend.proto"]
    folder = harness.generate(old_tree, "python", name=f"old-{modality}", modality=modality)
    run_ok([*protoc, f"--python_out={folder}", f"--grpc_python_out={folder}"], cwd=folder)
    command = [sys.executable, folder / "backend.py"]
    with harness.served(command, cwd=Path("/"), tree=old_tree) as client:
        harness.exercise(client, modality, folder.name, tmp_path)
    assert client.exit_code == 0
    run_ok([sys.executable, "-m", "unittest", "test.py"], cwd=folder)
