"""The LocalAI trees that the template tests run on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.templates import harness


@pytest.fixture(
    scope="session",
    params=[
        "miniature",
        pytest.param(
            "checkout",
            marks=pytest.mark.skipif(
                harness.checkout_dir() is None,
                reason="LOCALAI_REPO does not name a LocalAI checkout",
            ),
        ),
    ],
)
def tree_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def localai_tree(tree_kind: str, tmp_path: Path) -> Path:
    """A writable LocalAI tree of the test's own."""
    return harness.copy_tree(tree_kind, tmp_path)


@pytest.fixture(scope="module")
def shared_tree(tree_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A writable LocalAI tree that the tests of a module share."""
    return harness.copy_tree(tree_kind, tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="session")
def protoc_plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the generators of Go code for protocols."""
    go = harness.find_tool("go")
    folder = tmp_path_factory.mktemp("protoc-plugins")
    for plugin in harness.PROTOC_PLUGINS:
        harness.run_ok([go, "install", plugin], cwd=folder, env={"GOBIN": str(folder), "GOFLAGS": ""})
    return folder


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A local engine with a CMake build, and its commits from old to new."""
    folder = tmp_path_factory.mktemp("upstream") / "tiny.cpp"
    folder.mkdir()

    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        return harness.run_ok(["git", *identity, *arguments], cwd=folder).strip()

    git("init", "-q")
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\n"
        "project(tiny CXX)\n"
        "add_library(tiny tiny.cpp)\n"
        "target_include_directories(tiny PUBLIC .)\n"
        "target_link_libraries(tiny PUBLIC ${CMAKE_DL_LIBS})\n"
    )
    (folder / "tiny.h").write_text("const char *tiny_magic();\n")
    commits = []
    for number in ("one", "two", "three"):
        (folder / "tiny.cpp").write_text(
            f'#include "tiny.h"\nconst char *tiny_magic() {{ return "tiny {number}"; }}\n'
        )
        git("add", ".")
        git("commit", "-qm", number)
        commits.append(git("rev-parse", "HEAD"))
    return folder, commits


@pytest.fixture(scope="session")
def espeak(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Path]:
    """Address and commit of a repository that stands for espeak-ng's, and a voice of it.

    Its build takes the library that the system has.
    """
    voices = sorted(Path("/usr/lib").glob("*/espeak-ng-data/lang/gmw/en"))
    if not voices or not Path("/usr/include/espeak-ng/speak_lib.h").is_file():
        pytest.skip("espeak-ng is not installed (package libespeak-ng-dev)")
    if shutil.which("cmake") is None:
        pytest.skip("cmake is not installed")
    folder = tmp_path_factory.mktemp("espeak") / "espeak-ng"
    folder.mkdir()
    (folder / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.18)\n"
        "project(espeak-ng C)\n"
        "find_library(ESPEAK NAMES espeak-ng REQUIRED)\n"
        "add_library(espeak-ng INTERFACE)\n"
        "target_link_libraries(espeak-ng INTERFACE ${ESPEAK})\n"
        "add_custom_target(library ALL\n"
        "  COMMAND ${CMAKE_COMMAND} -E copy ${ESPEAK} ${CMAKE_BINARY_DIR}/libespeak-ng.so)\n"
    )
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        harness.run_ok([*git, *words], cwd=folder)
    return f"file://{folder}", harness.run_ok([*git, "rev-parse", "HEAD"], cwd=folder).strip(), voices[0]
