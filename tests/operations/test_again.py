"""new-backend of a backend that is there: the same answers are no error, others are named with what changes them."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from scaffold.backend.modalities import EVERY
from scaffold.checkout.tree import WorkTree
from scaffold.errors import UsageError
from scaffold.operations import new
from tests.conftest import PIN
from tests.consumers import files, scaffold
from tests.operations.test_new import KINDS, answers
from tests.rules.trees import BASE

OTHERS: dict[str, tuple[Any, str]] = {
    "variants": (("cpu", "cuda12"), "`scaffold add-variant ibex-x2 cuda12`"),
    "branch": ("next", "change it in .github/workflows/bump_deps.yaml:"),
    "upstream": ("acme/another", "change it in .github/workflows/bump_deps.yaml:"),
    "pin": (PIN[::-1], "_VERSION"),
    "license": ("Apache-2.0", "change it in backend/index.yaml:"),
    "tags": (("birds",), "change it in backend/index.yaml:"),
    "url": (("https://example.org/ibex",), "change it in backend/index.yaml:"),
    "icon": ("https://example.org/ibex.png", "change it in backend/index.yaml:"),
    "modality": ("vad", "change it in core/config/backend_capabilities.go:"),
    "rpcs": (("Status", "VAD"), "change it in core/config/backend_capabilities.go:"),
    "imports": ("none", "change it in "),
}


@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_the_same_answers_are_no_error(lang: str, kind: str) -> None:
    modalities = [m for m in EVERY if not (kind == "llama-fork" and m == "none")]
    every_other = modalities[KINDS.index((lang, kind)) % 2 :: 2]
    for number, modality in enumerate(every_other):
        imports = "none" if modality == "none" else ("auto", "pref-only")[number % 2]
        given = answers(
            lang, kind, name=f"ibex-{number}", modality=(modality,), imports=imports, license="MIT", tags=("birds",), variants=("cpu",)
        )  # fmt: skip
        again = new.plan(new.plan(BASE, given).changes.overlay(), given)
        assert again.existing or modality == "none"
        assert not again.changes.contents()


@pytest.mark.parametrize("answer", OTHERS)
@pytest.mark.parametrize(("lang", "kind"), KINDS)
def test_another_answer_is_named_with_what_changes_it(
    miniature: Path, lang: str, kind: str, answer: str
) -> None:
    given = answers(lang, kind, imports="pref-only", modality=("tts",), variants=("cpu",), license="MIT")
    if answer in ("upstream", "branch", "pin") and not given.get("upstream"):
        pytest.skip("it has no upstream")
    new.plan(WorkTree(miniature), given).commit(miniature)
    value, how = OTHERS[answer]
    value = (value,) if answer == "modality" else value
    with pytest.raises(UsageError, match="is a backend already, with other answers") as refused:
        new.plan(WorkTree(miniature), {**given, answer: value})
    (line,) = str(refused.value).splitlines()[1:]
    assert how in line
    for command in re.findall(r"`scaffold ([^`]+)`", line):
        assert scaffold(*shlex.split(command), cwd=miniature).returncode == 0
        assert new.plan(WorkTree(miniature), {**given, answer: value}).existing
    for path, number in re.findall(r"change it in (\S+?):(\d+)", line):
        assert (miniature / path).read_text().splitlines()[int(number) - 1].strip()


def test_fewer_variants_are_taken_away_by_the_command_that_is_named(miniature: Path) -> None:
    given = answers("go", "pure", variants=("cpu", "vulkan", "metal"))
    new.plan(WorkTree(miniature), given).commit(miniature)
    fewer = {**given, "variants": ("cpu", "cuda12")}
    with pytest.raises(UsageError) as refused:
        new.plan(WorkTree(miniature), fewer)
    commands = re.findall(r"`scaffold ([^`]+)`", str(refused.value))
    name = given["name"]
    assert commands == [f"add-variant {name} cuda12", f"remove-variant {name} vulkan metal"]
    for command in commands:
        assert scaffold(*command.split(), cwd=miniature).returncode == 0
    assert new.plan(WorkTree(miniature), fewer).existing


def test_the_command_line_says_so(miniature: Path) -> None:
    command = ("new-backend", "avocet", "--lang", "go", "--variant", "cpu", "--no-input")
    assert scaffold(*command, cwd=miniature).returncode == 0
    before = files(miniature)
    same = scaffold(*command, "--format", "json", cwd=miniature)
    assert (same.returncode, json.loads(same.stdout)["created"]) == (0, [])
    other = scaffold(*command, "--variant", "vulkan,metal", cwd=miniature)
    assert other.returncode == 2
    assert "`scaffold add-variant avocet vulkan metal`" in other.stderr
    assert files(miniature) == before


def test_a_folder_that_nothing_registers_is_no_backend(miniature: Path) -> None:
    (miniature / "backend/go/ibex").mkdir()
    (miniature / "backend/go/ibex/notes.txt").write_text("mine\n")
    before = files(miniature)
    result = scaffold("new-backend", "ibex", "--lang", "go", "--no-input", cwd=miniature)
    assert result.returncode == 2
    assert "backend/go/ibex" in result.stderr
    assert files(miniature) == before
