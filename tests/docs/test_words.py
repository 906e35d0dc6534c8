"""What the pages name is there: commands with their options, rules, files, targets of make, figures."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import typer

from scaffold import cage, oci
from scaffold.checkout import door, git, tree
from scaffold.cli.main import program
from scaffold.oci import client
from scaffold.pipeline import changed_backends
from scaffold.report import layout, markdown, view
from scaffold.resources import miniature_dir
from scaffold.rules import suppressions
from scaffold.syntax import sandbox
from tests.conftest import real_repository
from tests.consumers import run
from tests.docs import PROJECT

PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")])
WRITTEN = [page for page in PAGES if page.parent.name != "rules"]
"""Those that people write: the examples of the rules have names of their own."""
RULES = {page.stem for page in (PROJECT / "docs/rules").glob("*-*.md")}

ELSEWHERE = {
    ".forgejo/workflows/scaffold.yml", ".git/objects/info/alternates", ".github/workflows/scaffold.yml",
    ".github/workflows/scaffold-comment.yml", ".pre-commit-config.yaml", ".scaffold.toml", "GoodRxOSS/lifecycle",
    "OWNER/REPO", "backends/mlx-distributed", "build/site", "config.json", "~/.gitconfig", "~/.local/state/scaffold",
}  # fmt: skip
"""What other programs, users and `make` have."""
LOCALAI_ALONE = {
    ".agents", ".golangci.yml", "core/backend/transcript.go", "gomosstranscribecpp.go",
    "gomosstranscribecpp_test.go", "pkg/audio", "pkg/audio/audio.go", "segments.go", "segments_test.go",
}  # fmt: skip
"""What LocalAI has or had, at its root or in a folder, and the miniature has not."""


WRONG: Any = typer.BadParameter.__base__
"""What a command line that is not taken raises."""


def fenced(page: Path) -> list[str]:
    """The blocks of a page, a command that goes on in the next line on one line."""
    told = page.read_text(encoding="utf-8").replace("\\\n", " ")
    return re.findall(r"(?ms)^```\w+\n(.*?)^```$", told)


def spans(page: Path) -> list[str]:
    """The code within the sentences of a page."""
    prose = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    return [span.replace("\n", " ") for span in re.findall(r"`([^`]+)`", prose)]


def calls(page: Path) -> Iterator[tuple[str, bool]]:
    """Each call of the program without its first word; whether it is a whole one, and no name of a command."""
    for span in spans(page):
        if span.startswith("scaffold "):
            yield span.removeprefix("scaffold "), False
    for line in re.findall(r"(?m)^(?:.*(?:run|entry): |\$ )?scaffold ([^#|\n]+)", "\n".join(fenced(page))):
        yield re.split(r" [;>&]", line)[0], "[OPTIONS]" not in line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_a_command_is_one_that_the_program_takes(page: Path) -> None:
    group: Any = typer.main.get_command(program())
    for call, whole in calls(page):
        name, *words = (word for word in shlex.split(call) if word not in ("...", "[OPTIONS]"))
        if name == "COMMAND" or name.startswith("-"):
            continue
        assert name in group.commands, call
        command = group.commands[name]
        try:
            command.make_context(name, words)
        except WRONG as error:
            named = type(error).__name__ in ("MissingParameter", "BadOptionUsage") and not whole
            assert named or re.match("'[A-Z]+' is not one of", error.message), f"{call}: {error.message}"
        except typer.Exit:
            assert "--help" in words


def test_a_rule_is_one_that_there_is() -> None:
    groups = {rule.partition("-")[0] for rule in RULES}
    seen, wrong = set(), []
    for page in WRITTEN:
        named = [word for word in spans(page) if word.partition("-")[0] in groups]
        named = [word for word in named if re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", word)]
        for block in fenced(page):
            named += re.findall(r'(?:(?:rule|ignore) = \[?"|scaffold: allow )([\w-]+)', block)
        named += [call.split()[1] for call, _ in calls(page) if re.match("explain [a-z]", call)]
        seen |= {*named}
        wrong += [(page.name, rule) for rule in named if rule not in RULES]
    assert len(seen) > 8
    assert wrong == []


def known_paths() -> set[str]:
    """Files and folders of the project, of the miniature, and of what the templates make of any name."""
    found = set()
    for name in (
        "scaffold",
        "templates",
        "tests",
        "evidence",
        "benchmarks",
        "docs",
        "action",
        ".github",
        ".ci",
    ):
        found |= {path.relative_to(PROJECT).as_posix() for path in (PROJECT / name).rglob("*")}
    for root in (miniature_dir(), *(PROJECT / "templates").glob("*/*/")):
        found |= {path.relative_to(root).as_posix() for path in root.rglob("*")}
    found |= {path.name for path in PROJECT.iterdir()}
    return {re.sub(r"\[\[.*?\]\]", "*", path.removesuffix(".jinja")) for path in found}


def paths(page: Path, endings: set[str]) -> Iterator[str]:
    for span in spans(page):
        path = span.rstrip("/").partition(":")[0]
        if re.fullmatch(r"[\w.~<>*/-]+(:\d+)?/?", span) and ("/" in path or Path(path).suffix in endings):
            yield re.sub(r"<\w+>", "*", path)


def test_a_path_is_of_the_project_of_localai_or_of_what_is_made() -> None:
    known = known_paths()
    ends = {"/".join(path.split("/")[n:]) for path in known for n in range(path.count("/") + 1)}
    patterns = {path for path in known if "*" in path}
    endings = {Path(path).suffix for path in known} - {""}
    seen = 0
    wrong = []
    for page in WRITTEN:
        for path in paths(page, endings):
            seen += 1
            there = path in ends or path in ELSEWHERE | LOCALAI_ALONE
            there = there or any(fnmatchcase(path, pattern) for pattern in patterns)
            there = there or ("*" in path and any(fnmatchcase(end, path) for end in ends))
            wrong += [(page.name, path)] * (not there)
    assert seen > 80
    assert wrong == []


def test_what_the_miniature_has_not_localai_has() -> None:
    repository = real_repository()
    if repository is None:
        pytest.skip("LOCALAI_REPO does not name a clone of LocalAI: skipped")
    for path in LOCALAI_ALONE:
        places = (f":(glob)**/{path}", f":(glob)**/{path}/**")
        assert run("git", "log", "--all", "-1", "--format=%h", "--", *places, cwd=repository).stdout, path
    assert not any((miniature_dir() / path).exists() for path in LOCALAI_ALONE)


OF_OTHERS = {"HTTPS_PROXY", "NO_PROXY", "SSL_CERT_FILE"}
"""Settings that the libraries of the program read."""


def test_a_word_of_code_is_one_that_the_program_has() -> None:
    """Options with their values, fields, names, settings; evidence and engines have the names of others."""
    folders = (PROJECT / name for name in ("scaffold", "templates", "action", ".github"))
    files = [*PROJECT.glob("[!.]*"), *(path for folder in folders for path in folder.rglob("*"))]
    code = [path.read_text(encoding="utf-8", errors="replace") for path in files if path.is_file()
            and path.suffix not in (".md", ".pyc")]  # fmt: skip
    known = RULES | OF_OTHERS
    for text in code:
        known |= {*re.findall(r"\w[\w-]*", text), *re.findall(r"\w+", text)}
    seen, wrong = 0, []
    for page in WRITTEN:
        if page.name.startswith(("evidence", "engines")):
            continue
        for span in spans(page):
            if re.fullmatch(r"\w[\w:=-]*|--[\w -]+", span):
                seen += 1
                wrong += [(page.name, span) for word in re.findall(r"\w[\w-]*", span) if word not in known]
    assert seen > 300
    assert wrong == []


def test_what_is_told_more_than_once_is_told_alike() -> None:
    made = [
        " ".join(command.split())
        for page in PAGES
        for command in re.findall(r"scaffold new-backend bark-cpp .*?--no-input", "".join(fenced(page)))
    ]
    assert len(made) > 2
    assert len({*made}) == 1
    needed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"]
    for page in ("README.md", "docs/quickstart.md"):
        told = re.findall(r"Python (\d[\d.]*\d)", (PROJECT / page).read_text(encoding="utf-8"))
        assert {*told} == {needed.removeprefix(">=")}, page


def test_a_target_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"(?m)^([\w-]+):", (PROJECT / "Makefile").read_text(encoding="utf-8")))
    code = [text for page in WRITTEN for text in (*spans(page), *fenced(page))]
    named = re.findall(r"(?m)^(?:\w+=\S+ )*make ([a-z]+)(?![a-z/])", "\n".join(code))
    assert {*named} - targets == set()
    assert {"demo", "test", "docs", "site"} <= {*named}


def test_a_program_of_the_evidence_has_these_options() -> None:
    told = "\n".join(page.read_text(encoding="utf-8") for page in WRITTEN)
    named = re.findall(r"python (?:-m )?((?:evidence|benchmarks)[./]\w+)(?:\.py)?\b([^#`\n]*)", told)
    for module, words in named:
        file = PROJECT / f"{module.replace('.', '/')}.py"
        assert file.is_file(), module
        options = set(re.findall(r'add_argument\(\s*"(--[\w-]+)"', file.read_text(encoding="utf-8")))
        assert {*re.findall(r"--[a-z-]+", words)} <= options, module
    assert len(named) > 10


FIGURES = {
    "SECURITY.md": (
        (
            f"An evaluation has {sandbox.SECONDS} s of processor time, {sandbox.STACK_BYTES >> 10} KiB of stack and "
            f"{sandbox.MEMORY_BYTES >> 20} MiB of memory, or "
            f"{changed_backends.MEMORY_BYTES >> 20} MiB for the script"
        ),
        f"text of at most {sandbox.ANSWER_LENGTH >> 20} million characters",
        f"| processor time of a command, with all that it starts | {cage.DEFAULT_SECONDS} s; `{cage.SETTING}` ",
        f"| memory of a command | {cage.MEMORY_BYTES >> 20} MiB",
        f"| memory of a git | {cage.HELPER_BYTES >> 20} MiB |",
        f"| git's index and its parts | {git.INDEX_BYTES >> 20} MiB |",
        f"| waiting for anything else but a person or a reader | {cage.PATIENCE} s |",
        f"| a path | {door.MAX_DEPTH} folders |",
        f"| suppressions in `.scaffold.toml` | {suppressions.MAX_ENTRIES:,} |",
        (
            f"Files of at most {tree.MAX_TEXT_BYTES >> 20} MiB to be understood, of at most "
            f"{tree.MAX_FILE_BYTES >> 20} MiB to be searched, moved or deleted, and at most "
            f"{tree.MAX_TREE_BYTES >> 20} MiB in one run"
        ),
        f"Of an answer at most {client.LARGEST >> 20} MiB are read",
    ),
    "docs/configuration.md": (
        f"a command may take, {cage.DEFAULT_SECONDS} seconds without it",
        f"from {layout.NARROW} to {layout.WIDE}; else that of the terminal, and {layout.USUAL} without one",
    ),
    "docs/checking.md": (
        f"a comment on a pull request of at most {markdown.LINES} lines",
        f"More than {view.MANY} findings begin with a table",
    ),
    "docs/published.md": (
        f"at most {client.PER_HOST} connections to one host",
        f"`--timeout` ({oci.SECONDS} s)",
    ),
}
"""Page -> what it says, with the figures of the program."""


@pytest.mark.parametrize("page", FIGURES)
def test_a_figure_is_that_of_the_program(page: str) -> None:
    told = " ".join((PROJECT / page).read_text(encoding="utf-8").split())
    assert [figure for figure in FIGURES[page] if figure not in told] == []


def test_a_table_of_the_evidence_adds_up() -> None:
    seen = 0
    for page in (PROJECT / "docs").glob("evidence*.md"):
        for table in re.findall(r"(?m)(?:^\|.*\|\n)+", page.read_text(encoding="utf-8")):
            rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
            if rows[-1][0] != "all":
                continue
            for column in range(1, len(rows[0])):
                cells = [row[column] for row in rows[2:]]
                if all(cell.isdigit() for cell in cells):
                    *parts, total = map(int, cells)
                    assert sum(parts) == total, (page.name, rows[0][column])
                    seen += 1
    assert seen
