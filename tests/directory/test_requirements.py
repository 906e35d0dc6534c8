"""What a requirements file names, judged by the library that pip is built on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scaffold.checkout.tree import Overlay, WorkTree
from scaffold.directory.directory import Directory
from scaffold.directory.requirements import read
from scaffold.directory.text import Text
from scaffold.resources import miniature_dir

PARTS = st.tuples(
    st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9._-]{0,6}[A-Za-z0-9])?\Z"),
    st.sampled_from(["", "[cpu]", " [a, b]"]),
    st.sampled_from(
        ["", "==1.0", " >= 1, <2", "~=1.0", "(>1)", " @ https://h/a-1.0.whl", "@ git+https://h/a"]
    ),
    st.sampled_from(["", " ; sys_platform == 'darwin'", ' ; python_version < "3.12" and extra == "a"']),
    st.sampled_from(["", " # why", "  #https://h", " \\\n  "]),
)


@given(st.lists(PARTS.map("".join), max_size=4))
def test_a_requirement_has_its_name(lines: list[str]) -> None:
    text = Text("requirements.txt", "\n".join(["--extra-index-url https://h", *lines]).encode())
    names = {
        canonicalize_name(Requirement(line.partition(" #")[0].removesuffix("\\\n  ")).name) for line in lines
    }
    assert read(text).packages == names


@pytest.mark.parametrize(
    ("line", "packages"),
    [
        ("git+https://github.com/a/Some_Pkg", {"some-pkg"}),
        ("git+https://github.com/a/pkg.git@v1.2.3", {"pkg"}),
        ("-e git+https://github.com/a/b#subdirectory=c&egg=pkg", {"pkg"}),
        (
            "https://h/a/flash_attn-2.8+cu12-cp310-linux_x86_64.whl?x=1 ; sys_platform == 'linux'",
            {"flash-attn"},
        ),
        ("./vendored/pkg/", {"pkg"}),
        ("--index-url https://h/simple", set()),
        ("--pre", set()),
        ("# torch", set()),
        ("", set()),
    ],
)
def test_what_is_no_plain_requirement(line: str, packages: set[str]) -> None:
    assert read(Text("requirements.txt", line.encode())).packages == packages


def test_what_a_file_includes_counts() -> None:
    folder = "backend/python/finch-tts"
    files: dict[str, bytes | None] = {
        f"{folder}/requirements-a.txt": b"one\n-r requirements-b.txt\n--requirement=../shared.txt\n-c never.txt\n",
        f"{folder}/requirements-b.txt": b"two\n-r requirements-a.txt\n-r missing.txt\n",
        "backend/python/shared.txt": b"three\n",
        f"{folder}/never.txt": b"never\n",
    }
    directory = Directory(Overlay(WorkTree(miniature_dir()), files), "finch-tts", folder, "python")
    assert directory.packages(["requirements-a.txt", "absent.txt"]) == {"one", "two", "three"}
