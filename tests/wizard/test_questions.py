"""The questions of new-backend, asked on a pseudo-terminal."""

from __future__ import annotations

import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scaffold.backend.choices import LANG_WORDS
from scaffold.backend.modalities import EVERY
from scaffold.backend.variants import VARIANTS, supported
from tests.conftest import PIN
from tests.consumers import files
from tests.terminal import DOWN, END, ENTER, STOP, Terminal


def test_asks_for_what_is_missing_and_writes_once_it_is_told_to(miniature: Path) -> None:
    terminal = Terminal("new-backend", cwd=miniature)
    terminal.answer("Name of the backend", "avocet" + ENTER)
    terminal.answer("Language", DOWN + DOWN + ENTER)  # cpp
    terminal.answer("What is it for?", ENTER)  # llm
    terminal.answer("Engine on GitHub", "not a repository" + ENTER)
    terminal.wait("is not OWNER/REPO")
    terminal.type("\x7f" * 20 + "https://github.com/acme/avocet.cpp" + ENTER)
    terminal.answer("Kind of backend", ENTER)  # grpc
    terminal.answer("Ask GitHub", "n")
    terminal.answer("Branch", ENTER)
    terminal.answer("Commit to pin", PIN + ENTER)
    terminal.answer("on ggml?", "n")
    terminal.answer("Platforms", ENTER)
    terminal.answer("How does a model find it?", ENTER)
    terminal.answer("One sentence", "Wades" + ENTER)
    terminal.answer("License", "MIT" + ENTER)
    terminal.wait("would create backend/cpp/avocet/")
    terminal.wait("a pull request with it starts in CI")
    assert not (miniature / "backend/cpp/avocet").exists()
    terminal.answer("Write it? [Y/n/d]", ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert "created backend/cpp/avocet/" in printed
    assert "    Wades\n" in (miniature / "backend/index.yaml").read_text()
    makefile = (miniature / "backend/cpp/avocet/Makefile").read_text()
    assert f"AVOCET_VERSION?={PIN}" in makefile


def test_never_asks_what_is_given_or_follows_from_like(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", "--like", "finch-tts", "--import", "none", cwd=miniature)
    terminal.answer("Platforms to build for (finch-tts has those that are ticked)", ENTER)
    terminal.answer("One sentence", ENTER)
    terminal.answer("License", ENTER)
    terminal.answer("Write it?", ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    asked = set(re.findall(r"(?m)^\W*\? ([A-Z]\w+)", terminal.everything))
    assert asked == {"Platforms", "One", "License", "Write"}
    matrix = (miniature / ".github/backend-matrix.yml").read_text()
    finch = set(re.findall(r"""tag-suffix: ['"](\S*)finch-tts['"]""", matrix))
    assert set(re.findall(r"""tag-suffix: ['"](\S*)avocet['"]""", matrix)) == finch


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("avocet", "--lang", "python", "--variant", "vulkan"), "variant 'vulkan' is not built for python"),
        (("avocet", "--modality", "smell"), "unknown modality 'smell'"),
        (("avocet", "--pin", "main"), "is not a full commit sha"),
        (("avocet", "--kind", "llama-fork", "--modality", "none"), "serves what llama.cpp does"),
        (("avocet", "--like", "heronn"), "did you mean heron"),
        (("Bad_Name", "--license", "two\nlines"), "license"),
    ],
)
def test_what_was_given_is_judged_before_the_first_question(
    miniature: Path, arguments: tuple[str, ...], reason: str
) -> None:
    terminal = Terminal("new-backend", *arguments, cwd=miniature)
    code, printed = terminal.finish()
    assert code == 2
    assert reason in printed
    assert "? " not in terminal.everything.partition("error:")[0]


@pytest.mark.parametrize(
    ("name", "why", "proposal"),
    [
        ("My_Engine", "must be lower-case words", "my-engine"),
        ("heron", "is taken: backend/cpp/heron", "heron-backend"),
        ("cuda-quail", "contains 'cuda'", "quail"),
        ("test", "is taken", "test-backend"),
    ],
)
def test_another_name_is_proposed_for_a_bad_one(miniature: Path, name: str, why: str, proposal: str) -> None:
    terminal = Terminal("new-backend", name, cwd=miniature)
    terminal.wait(f"name '{name}' {why}")
    terminal.answer("Name of the backend", ENTER)
    terminal.answer("Language", STOP)
    code, printed = terminal.finish()
    assert code == 130
    assert f"scaffold new-backend {proposal}\r\n" in printed


def test_a_bad_name_is_not_repeated_to_who_stops(miniature: Path) -> None:
    terminal = Terminal("new-backend", "My_Engine", "--lang", "python", cwd=miniature)
    terminal.answer("Name of the backend", STOP)
    code, printed = terminal.finish()
    assert code == 130
    assert "scaffold new-backend --lang python\r\n" in printed


def test_a_fork_is_proposed_for_the_models_of_its_lender(miniature: Path) -> None:
    given = ("--lang", "cpp", "--kind", "llama-fork", "--modality", "llm", "--variant", "cpu")
    engine = ("--upstream", "acme/avocet.cpp", "--branch", "main", "--pin", PIN)
    terminal = Terminal("new-backend", "avocet", *given, *engine, cwd=miniature)
    terminal.wait("as models of llama-cpp")
    terminal.type(ENTER)
    terminal.answer("One sentence", ENTER)
    terminal.answer("License", ENTER)
    terminal.answer("Write it?", ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    importer = (miniature / "core/gallery/importers/llama-cpp.go").read_text()
    assert '{Name: "avocet", Modality: "text"' in importer
    assert 'case "meadow-lark", "avocet":' in importer


def test_each_choice_says_what_it_is(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", cwd=miniature)
    for questions, words in (
        ("Language", LANG_WORDS),
        ("What is it for?", {name: use.words for name, use in EVERY.items()}),
    ):
        terminal.wait(questions)
        for value, what in words.items():
            terminal.wait(f"{value} ")
            terminal.wait(what)
        terminal.type(ENTER)
    terminal.answer("Engine on GitHub", ENTER)
    terminal.wait("Platforms")
    for variant in supported("python"):
        terminal.wait(f"{variant} ")
        terminal.wait(VARIANTS[variant].words)
    terminal.type(STOP)
    assert terminal.finish()[0] == 130


def github(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A git for which GitHub says this; "" for one without a network."""
    folder.mkdir(exist_ok=True)
    told = folder / "told"
    told.write_text(answer)
    does = f"exec cat '{told}'" if answer else "exit 128"
    script = f'#!/bin/sh\ncase " $* " in *" ls-remote "*) {does} ;; esac\nexec {shutil.which("git")} "$@"\n'
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize("branch", ["", "next"])
def test_branch_and_commit_come_from_the_upstream(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, branch: str
) -> None:
    said = f"{PIN}\trefs/heads/next\n" if branch else f"ref: refs/heads/trunk\tHEAD\n{PIN}\tHEAD\n"
    github(tmp_path / "bin", monkeypatch, said)
    options = ("--lang", "go", "--modality", "tts", "--upstream", "acme/avocet", "--kind", "purego")
    given = ("--branch", branch) if branch else ()
    terminal = Terminal("new-backend", "avocet", *options, *given, cwd=miniature, columns=2000)
    terminal.answer("Ask GitHub", ENTER)
    terminal.wait(f"{branch or 'trunk'} is at {PIN}")
    terminal.answer("on ggml?", STOP)
    code, printed = terminal.finish()
    assert code == 130
    assert f"--branch {branch or 'trunk'} --pin {PIN}" in printed


def test_without_a_network_they_are_asked_for(
    miniature: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github(tmp_path / "bin", monkeypatch, "")
    options = ("--lang", "go", "--modality", "tts", "--upstream", "acme/avocet", "--kind", "purego")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature)
    terminal.answer("Ask GitHub", ENTER)
    terminal.wait("there is no such repository, or no network")
    terminal.answer("Branch", ENTER)
    terminal.answer("Commit to pin", "main" + ENTER)
    terminal.wait("is not a full commit sha")
    terminal.type(STOP)
    assert terminal.finish()[0] == 130


@pytest.mark.parametrize("stop_at", ["One sentence", "License", "Write it?"])
def test_who_stops_gets_the_command_line_that_goes_on(miniature: Path, tmp_path: Path, stop_at: str) -> None:
    """It asks for the rest alone, and makes the same."""
    copy = Path(shutil.copytree(miniature, tmp_path / "copy"))
    keys = {
        "Language": DOWN + ENTER,
        "What is it for?": 3 * DOWN + ENTER,
        "Engine on GitHub": "acme/avocet.cpp" + ENTER,
        "Kind of backend": ENTER,
        "Ask GitHub": "n",
        "Branch": "\x7f" * 4 + "next" + ENTER,
        "Commit to pin": PIN + ENTER,
        "on ggml?": "n",
        "C interface": "n",
        "Platforms": DOWN + " " + ENTER,
        "How does a model find it?": DOWN + ENTER,
        "One sentence": 'It\'s a "bird" & $HOME' + ENTER,
        "License": "MIT" + ENTER,
        "Write it?": ENTER,
    }
    begun = Terminal("new-backend", "avocet", cwd=miniature, columns=2000)
    whole = Terminal("new-backend", "avocet", cwd=copy)
    for question, typed in keys.items():
        whole.answer(question, typed)
    assert whole.finish()[0] == 0
    for question, typed in keys.items():
        begun.answer(question, STOP if question == stop_at else typed)
        if question == stop_at:
            break
    code, printed = begun.finish()
    assert code == 130
    (line,) = re.findall(r"(?m)^  (scaffold new-backend .*?)\r?$", printed)
    assert files(miniature) != files(copy)
    again = Terminal(*shlex.split(line)[1:], cwd=miniature)
    for question in [*keys][[*keys].index(stop_at) :]:
        again.answer(question, keys[question])
    assert again.finish()[0] == 0
    assert files(miniature) == files(copy)


@pytest.mark.parametrize(
    ("where", "keys", "expected"),
    [
        ("Language", STOP, 130),
        ("Engine", STOP, 130),
        ("Engine", END, 130),
        ("Platforms", STOP, 130),
        ("Write it?", STOP, 130),
        ("Write it?", "n", 0),
    ],
)
def test_stopping_writes_nothing(miniature: Path, where: str, keys: str, expected: int) -> None:
    before = {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()}
    options = () if where == "Language" else ("--lang", "python", "--modality", "tts", "--import", "none")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature)
    for question in ("Engine", "Platforms", "One sentence", "License") if where != "Language" else ():
        if question == where:
            break
        terminal.answer(question, ENTER)
    terminal.answer(where, keys)
    code, printed = terminal.finish()
    assert code == expected
    assert "nothing was written" in printed
    assert "error" not in printed
    assert "Traceback" not in printed
    assert {path: path.read_bytes() for path in miniature.rglob("*") if path.is_file()} == before


def test_a_narrow_terminal_asks_the_same(miniature: Path) -> None:
    options = ("--lang", "python", "--modality", "tts", "--import", "none")
    terminal = Terminal("new-backend", "avocet", *options, cwd=miniature, columns=40, lines=20)
    for question in ("Engine", "Platforms", "One sentence", "License", "Write it?"):
        terminal.answer(question, ENTER)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert (miniature / "backend/python/avocet/backend.py").is_file()


@pytest.mark.parametrize("given", [("stdin",), ("stdout",), ("stdin", "stdout")])
def test_a_pipe_is_never_asked(miniature: Path, given: tuple[str, ...]) -> None:
    """Neither where the answers would come from one, nor where the questions would go to one."""
    ours, theirs = pty.openpty()
    streams = {name: subprocess.PIPE if name in given else theirs for name in ("stdin", "stdout")}
    command = [sys.executable, "-m", "scaffold", "new-backend", "avocet"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, cwd=miniature, text=True, **streams) as process:
        os.close(theirs)
        _, said = process.communicate("")
    os.close(ours)
    assert process.returncode == 2
    assert "which language?" in said
    assert not (miniature / "backend/go/avocet").exists()


def test_never_asks_without_input(miniature: Path) -> None:
    terminal = Terminal("new-backend", "avocet", "--lang", "go", "--no-input", cwd=miniature)
    code, printed = terminal.finish()
    assert code == 0, printed
    assert (miniature / "backend/go/avocet/main.go").is_file()
