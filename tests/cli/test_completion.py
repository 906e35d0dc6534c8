"""What a shell completes, and that the scripts for shells ask for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.backend.modalities import EVERY
from scaffold.backend.variants import VARIANTS
from scaffold.cli.completion import SCRIPTS, rules
from scaffold.cli.main import FAMILIES, completed
from scaffold.rules import all_rules

COMMANDS = " ".join(FAMILIES.values()).split()


def test_the_names_of_the_rules_are_all_there_are() -> None:
    assert rules() == sorted(rule.slug for rule in all_rules())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], [*COMMANDS, "--help", "--version"]),
        (["ch"], ["check"]),
        (["check", "--sel"], ["--select"]),
        (["check", "--select", "gallery-mirr"], ["gallery-mirror"]),
        (["check", "--format", "s"], ["sarif"]),
        (["check", "rook"], ["rookery"]),
        (["show", "finch"], ["finch-tts"]),
        (["explain", "matrix-darwin"], ["matrix-darwin-missing"]),
        (["add-variant", "lark", "l4t"], ["l4t", "l4t-cuda13"]),
        (["new-backend", "x", "--variant", ""], list(VARIANTS)),
        (["new-backend", "x", "--modality", ""], list(EVERY)),
        (["new-backend", "x", "--like", "kes"], ["kestrel"]),
        (["new-backend", "x", "--lang", "r"], ["rust"]),
        (["schema", "che"], ["check"]),
        (["completion", "z"], ["zsh"]),
        (["nonsense", ""], []),
    ],
)
def test_words(words: list[str], found: list[str], miniature: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(miniature / "backend/go")
    assert completed(words) == found


def test_a_name_that_a_shell_would_run_is_none(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "$(touch x)",
        "`touch x`",
        "a;touch x",
        "a b",
        "a\nb",
        "-rf",
        "*",
        "~",
        "a'b",
        "\x1b[2J",
        "common",
    ):
        (miniature / "backend/go" / name).mkdir()
    (tmp_path / "outside/secret").mkdir(parents=True)
    (miniature / "backend/linked").symlink_to(tmp_path / "outside")
    (miniature / "backend/go/linked").symlink_to(tmp_path / "outside")
    monkeypatch.chdir(miniature)
    found = completed(["show", ""])
    assert "lark" in found
    assert [name for name in found if not re.fullmatch("[a-z][a-z-]*", name)] == []
    assert {"secret", "linked", "common"}.isdisjoint(found)


@pytest.mark.parametrize("shell", SCRIPTS)
def test_a_script_asks_for_the_words(shell: str, miniature: Path, tmp_path: Path) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "scaffold").write_text(f'#!/bin/sh\nexec {sys.executable} -m scaffold "$@"\n')
    (tmp_path / "scaffold").chmod(0o755)
    if shell == "bash":
        script = f"{SCRIPTS[shell]}COMP_WORDS=(scaffold show rook)\nCOMP_CWORD=2\n_scaffold\necho ${{COMPREPLY[@]}}\n"
    elif shell == "fish":
        script = f"{SCRIPTS[shell]}complete -C 'scaffold show rook'\n"
    else:
        script = f"compdef() {{ :; }}\ncompadd() {{ print -- ${{found[@]}}; }}\n{SCRIPTS[shell]}words=(scaffold show rook)\nCURRENT=3\n_scaffold\n"
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    result = subprocess.run(
        [program, "-c", script],
        cwd=miniature,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout.split() == ["rookery"], result.stderr
