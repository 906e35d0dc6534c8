"""What is pinned where: Makefile, scripts, CMake files."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scaffold.checkout.tree import WorkTree
from scaffold.directory.pins import bumped, cmake_pins, makefile_pins, shell_pins
from scaffold.directory.text import Text

SHA = "0123456789abcdef0123456789abcdef01234567"
URL = "https://github.com/a/b"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (f"git clone {URL}\ngit -C b checkout {SHA}", [(SHA, "", URL)]),
        (f"git clone '{URL}' && cd b && git reset --hard '{SHA}'", [(SHA, "", URL)]),
        (f'git remote add origin "{URL}"\ngit fetch --depth 1 origin {SHA}', [(SHA, "", URL)]),
        (f"git clone \\\n  --depth 1 \\\n  --branch v1 {URL} --branch v1.0\n", [("v1.0", "", URL)]),
        (f"git clone {URL} b\ngit -C b checkout v1.2.3", [("v1.2.3", "", URL)]),
        (f"if ! git clone --branch=v1.2 {URL}; then exit 1; fi # clone", [("v1.2", "", URL)]),
        (f'V="${{V:-1.2}}"\nsudo git clone -b "v$V" \\\n  {URL}', [("1.2", "V", URL)]),
        (
            f"export B_COMMIT={SHA}\ngit clone {URL}\ngit checkout -b x ${{B_COMMIT}}",
            [(SHA, "B_COMMIT", URL)],
        ),
        (f"git clone {URL}\nREV={SHA}", [(SHA, "REV", "")]),
        (f"curl -L {URL}/archive/{SHA}.tar.gz | tar x # git", [(SHA, "", URL)]),
        (f'git clone {URL}\ncat > "$(git checkout {SHA})"', [(SHA, "", URL)]),
        # no commands, or no pins
        (f"# git clone {URL}; git checkout {SHA}\ngit clone {URL}", []),
        (f"echo 'git clone {URL}; git checkout {SHA}'\ngit clone {URL}", []),
        (f"cat <<EOF\ngit checkout {SHA}\nEOF\ngit clone {URL}", []),
        (f"git clone -b main {URL}\ngit checkout main", []),
        (f"git clone {URL} # --branch v1.2", []),
        (f"V=1.2\ngit clone {URL} && use $V", []),
        (f"HASH={SHA}\ngit clone {URL}", []),
        (f"gitk --branch v1.2 clone {URL}", []),
        (f"git status {SHA}\ngit clone {URL}", []),
    ],
)
def test_the_pins_of_a_script(script: str, expected: list[tuple[str, str, str]]) -> None:
    text = Text("install.sh", script.encode())
    pins = shell_pins(text)
    assert [(pin.spot.text, pin.variable, pin.repository) for pin in pins] == expected
    assert all(script.encode()[pin.spot.start : pin.spot.end].decode() == pin.spot.text for pin in pins)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"A_VERSION?={SHA}", (SHA, True)),
        ("A_VERSION ?= main # a branch", ("main", False)),
        ("A_VERSION?=0123abc", ("0123abc", False)),
        ("# A_VERSION?=main", None),
        ("A_VERSION:=main", None),
        ("A_VERSION?=", None),
        ("A_REPO?=main", None),
    ],
)
def test_the_pins_of_a_makefile(line: str, expected: tuple[str, bool] | None) -> None:
    pins = [*makefile_pins(Text("Makefile", f"all:\n\ttrue\n{line}\nB=1\n".encode()))]
    assert [(pin.variable, pin.spot.line, pin.spot.text, pin.is_commit) for pin in pins] == (
        [("A_VERSION", 3, *expected)] if expected else []
    )


@pytest.mark.parametrize(
    "line", [f"A?={SHA}", f"A ?={SHA}", f" A?={SHA}", "A?=", f"BA?={SHA}", "A?=x # y", "A?= x "]
)
def test_the_bot_finds_what_its_grep_finds(line: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text(f"# A?=0\n{line}\nA?=second\n")
    script = "grep -m1 '^A?=' Makefile | cut -d= -f2"
    found = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert bumped(WorkTree(tmp_path), "Makefile", "A") == found.stdout.strip()


def test_the_bot_finds_nothing(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("A:=1\n")
    assert [bumped(WorkTree(tmp_path), name, "A") for name in ("Makefile", "other")] == [None, None]


@pytest.mark.parametrize(
    ("comment", "held"),
    [
        ("", False),
        ("# newer\n", False),
        ("# held: newer ones hang\n", True),
        ("# last working commit\n", True),
        ("# newer ones break the ABI\n", True),
        ("# Do not bump,\n# they hang.\n", True),
        ("# held\n\n", False),
    ],
)
def test_a_comment_holds_a_pin(comment: str, held: bool) -> None:
    lines = f"{comment}git clone -b v1.2 {URL}\n"
    cmake = f"{comment}FetchContent_Declare(b GIT_REPOSITORY {URL} GIT_TAG v1.2)\n"
    pins = [*shell_pins(Text("install.sh", lines.encode())), *cmake_pins(Text("b.cmake", cmake.encode()))]
    assert [(pin.spot.text, pin.repository, pin.held) for pin in pins] == [("v1.2", URL, held)] * 2
