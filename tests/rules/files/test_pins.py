"""Pins in a backend's own files."""

from __future__ import annotations

import pytest

from tests.conftest import PIN
from tests.rules.files.trees import FINCH, WREN, findings, only, read, tree


def installing(*lines: str) -> dict[str, bytes | None]:
    return {f"{FINCH}/install.sh": (read(f"{FINCH}/install.sh") + "".join(f"{x}\n" for x in lines)).encode()}


@pytest.mark.parametrize(
    ("lines", "at"),
    [
        (["git clone https://github.com/a/b b", f"git -C b checkout {PIN}"], "checkout"),
        (["git clone --depth 1 -b v1.2.3 https://github.com/a/b"], "clone"),
        (['B_VERSION="${B_VERSION:-v1.2}"', 'git clone --branch "${B_VERSION}" \\', "  https://github.com/a/b"], "B_VERSION="),
        (["B_VERSION=1.2", 'git clone --branch "v${B_VERSION}" https://github.com/a/b'], "B_VERSION="),
        ([f"B_COMMIT={PIN}", "git clone https://github.com/a/b", "git checkout -b x ${B_COMMIT}"], "B_COMMIT="),
        (["# git", f"curl -L https://github.com/a/b/archive/{PIN}.tar.gz | tar x", "git status"], "curl"),
    ],
)  # fmt: skip
def test_a_pin_in_a_script(lines: list[str], at: str) -> None:
    found = only(tree(installing(*lines)), "bump-pin-elsewhere", "finch-tts", f"{FINCH}/install.sh", at)
    assert "github.com/a/b" in found.message


def test_a_pin_in_cmake() -> None:
    cmake = (
        "include(FetchContent)\nFetchContent_Declare(json\n"
        "    GIT_REPOSITORY https://github.com/a/json\n    GIT_TAG v3.11.3)\n"
    )
    where = tree({f"{WREN}/wren.cmake": cmake.encode()})
    only(where, "bump-pin-elsewhere", "wren-cpp", f"{WREN}/wren.cmake", "GIT_TAG")


@pytest.mark.parametrize(
    "lines",
    [
        ["git clone https://github.com/a/b"],
        ["git clone --depth 1 --branch main https://github.com/a/b"],
        ["# Held: newer ones hang.", "git clone -b v1.2.3 https://github.com/a/b"],
        ["git clone -b v1.2.3 https://github.com/a/b  # do not bump before b has wheels"],
        ["PYTHON_VERSION=3.12", "git clone https://github.com/a/b"],
        ["uv pip install b==1.2.3"],
        [f"# git checkout {PIN}"],
    ],
)
def test_what_is_no_pin_out_of_reach(lines: list[str]) -> None:
    assert "bump-pin-elsewhere" not in {found.rule for found in findings(tree(installing(*lines)))}


def test_a_pin_that_a_workflow_bumps_by_a_script_of_its_own() -> None:
    pinned = installing("B_VERSION=1.2", 'git clone -b "v${B_VERSION}" https://github.com/a/b')
    path = ".github/workflows/bump_deps.yaml"
    step = f"      - run: bash .github/bump_b.sh a/b {FINCH}/install.sh B_VERSION\n"
    assert findings(tree(pinned, {path: (read(path).rstrip() + f"\n{step}").encode()})) == []
