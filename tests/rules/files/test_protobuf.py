"""What is generated of the messages."""

from __future__ import annotations

import pytest

from tests.rules.files.trees import FINCH, findings, read, tree


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("uv pip install grpcio-tools", True),
        ("pip install --user grpcio-tools protobuf", True),
        ('uv pip install "grpcio-tools==${version}"', False),
        ('uv pip install grpcio-tools "protobuf==${version}"', False),
        ("pip install 'grpcio-tools<1.80'", False),
        ("uv pip install -c installed.txt grpcio-tools", False),
        ("pip install --constraint=installed.txt grpcio-tools", False),
        ('uv pip install "${spec[@]}"', False),
        ("# pip install grpcio-tools", False),
        ('echo "install grpcio-tools"', False),
    ],
)
def test_the_compiler_of_messages(line: str, is_told: bool) -> None:
    common = "backend/python/common/libbackend.sh"
    where = tree({common: f"{read(common)}\nfunction more() {{\n    {line}\n}}\n".encode()})
    found = findings(where, "generator-unpinned")
    assert [(f.backend, f.path) for f in found] == ([("", common)] if is_told else [])


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["installRequirements", "uv pip install -e finch"], 2),
        (["installRequirements", "if true; then", "    pip install finch", "fi"], 3),
        (["installRequirements", "pip install a", "runProtogen", "uv pip install -r more.txt"], 4),
        (["installRequirements", "uv pip install finch", "runProtogen"], None),
        (["uv pip install finch", "installRequirements"], None),
        (["ensureVenv", "uv pip install finch"], None),
        (["installRequirements", "uv pip install --no-deps finch"], None),
        (["installRequirements", 'pip install "setuptools<70" wheel'], None),
        (["installRequirements", "uv pip uninstall finch"], None),
        (["installRequirements", "# pip install finch"], None),
    ],
)
def test_what_is_installed_behind_the_stubs(lines: list[str], line: int | None) -> None:
    path = f"{FINCH}/install.sh"
    found = findings(tree({path: ("\n".join(lines) + "\n").encode()}), "stubs-early")
    assert [(f.backend, f.path, f.line) for f in found] == ([("finch-tts", path, line)] if line else [])


def test_an_installer_that_generates_nothing() -> None:
    common = "backend/python/common/libbackend.sh"
    text = read(common)
    assert "\n    runProtogen\n}" in text
    files: dict[str, bytes | None] = {
        common: text.replace("\n    runProtogen\n}", "\n}").encode(),
        f"{FINCH}/install.sh": b"installRequirements\npip install finch\n",
    }
    assert findings(tree(files), "stubs-early") == []
