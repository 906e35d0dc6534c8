"""A checkout whose names and texts want to act: on a terminal, in the log of a CI job, in a report.

Every command and format prints it, errors included. The runner of GitHub's CI takes a line for a command
that begins with `::` after blanks, and one that has `##[` anywhere.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import in_process
from tests.consumers import git
from tests.rules.trees import BUMP, DOCS, FILTER, GALLERY, MATRIX, TEST_EXTRA

ACT = "x\n::stop-commands::a\n ::error::b\x1b[2J\x1b]0;title\x07\x9b1m\u202e##[error]c"
ESCAPED = json.dumps(ACT)[1:-1]
"""As a string of YAML, JSON and JavaScript spells it."""
NAME = ACT.replace("/", "")
"""As the name of a file."""


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def replace(root: Path, path: str, old: str, new: str) -> None:
    text = (root / path).read_text()
    assert old in text, (path, old)
    write(root, path, text.replace(old, new))


def everywhere(root: Path) -> None:
    """Names and texts that no reader refuses."""
    replace(root, MATRIX, 'backend: "rookery"', f'backend: "{ESCAPED}"')
    replace(root, MATRIX, "tag-suffix: '-cpu-finch-tts'", f'tag-suffix: "-cpu-{ESCAPED}"')
    replace(root, GALLERY, 'name: "finch-tts"', f'name: "{ESCAPED}"')
    replace(root, GALLERY, 'nvidia: "cuda12-finch-tts"', 'nvidia: "cuda12-##[group]finch-tts"')
    replace(root, DOCS, "| [Rookery]", "| [Rook##[error]ery\x1b[2J]")
    replace(root, BUMP, '"HERON_VERSION"', f'"{ESCAPED}"')
    replace(root, BUMP, '"aviary-example/heron"', f'"{ESCAPED}"')
    replace(root, TEST_EXTRA, "  push:\n", f'  "{ESCAPED}":\n  push:\n')
    replace(root, "Makefile", "docker-build-backends:", "docker-build-backends: ##[error]x\x1b[2J")
    write(root, f"backend/python/{NAME}/run.sh", "# \x1b[2J ##[error]\n::error::\npip install x\n")
    write(root, f"backend/go/{NAME}/Makefile", f"X_VERSION?=1\n##[error]\x1b[2J\n\techo {ACT}\n")
    write(root, f"backend/Dockerfile.{NAME}", f"FROM {NAME}\n")
    write(
        root,
        f".github/workflows/{NAME}.yml",
        f'on: "{ESCAPED}"\njobs: {{"{ESCAPED}": {{uses: "./{ESCAPED}"}}}}\n',
    )
    write(
        root,
        ".github/workflows/b.yml",
        f'name: "{ESCAPED}"\non: push\njobs:\n  a:\n    runs-on: "{ESCAPED}"\n    needs: "{ESCAPED}"\n    steps:\n'
        f'      - uses: "{ESCAPED}@v1"\n      - run: "{ESCAPED}\\n${{{{ github.event.issue.title }}}}"\n'
        f'        if: "{ESCAPED} && \'{ESCAPED}\'"\n      - uses: actions/cache@v4\n        with: {{key: "{ESCAPED}", path: "{ESCAPED}"}}\n',
    )
    write(
        root,
        ".scaffold.toml",
        f'[[suppress]]\nrule = "{ESCAPED}"\nbackend = "{ESCAPED}"\nreason = "{ESCAPED}"\n',
    )
    write(
        root,
        ".pre-commit-config.yaml",
        f'repos:\n  - repo: "{ESCAPED}"\n    hooks: [{{id: scaffold-check}}]\n',
    )
    write(root, ".github/workflows/scaffold.yml", f"#{ACT}\n- localai-scaffold/scaffold@{ACT}\n")
    (root / "backend/python" / os.fsdecode(b"b\xff\x1b[2J")).mkdir()


REFUSED: dict[str, Callable[[Path], None]] = {
    "script": lambda root: replace(
        root, FILTER, "export function inferBackendPath(item) {\n",
        f'export function inferBackendPath(item) {{\n  throw new Error("{ESCAPED}");\n',
    ),
    "parse": lambda root: write(root, MATRIX, f'include:\n  - "{ACT}\n'),
    "key": lambda root: write(root, ".scaffold.toml", f'"{ESCAPED}" = 1\n'),
    "toml": lambda root: write(root, ".scaffold.toml", f"a = \n{ACT}\n"),
    "module": lambda root: write(root, "scripts/changed-backends.js", f'import x from "{ESCAPED}";\nimport y from "./{ESCAPED}";\n'),
    "link": lambda root: ((root / GALLERY).unlink(), (root / GALLERY).symlink_to(NAME)),
}  # fmt: skip

PIN = "0123456789abcdef0123456789abcdef01234567"
COMMANDS = (
    *(("check", "--strict", "--format", f) for f in ("text", "json", "sarif", "github", "markdown")),
    *(("check", "--base", "HEAD", "--format", f) for f in ("text", "json", "github", "markdown")),
    ("check", "--base", "HEAD", "--all"),
    ("check", "--statistics", "--quiet", "--format", "markdown"),
    *(("check", NAME, "--format", f) for f in ("json", "sarif", "github", "markdown")),
    *(("doctor", "--format", f) for f in ("text", "json")),
    ("status", NAME),
    ("check", "--select", "pipeline", "--select", "pipeline-notes"),
    ("check", "--diff"),
    ("check", "--fix"),
    ("check", "NOSUCH"),
    ("check", NAME),
    ("check", "--rev", "HEAD"),
    *(("status", "--format", f) for f in ("text", "json", "markdown")),
    *(("show", "lark", "--format", f) for f in ("text", "json", "markdown")),
    *(("flows", "--format", f) for f in ("text", "json")),
    *(("guide", "lark", "--format", f) for f in ("text", "json")),
    ("guide",),
    ("show", "NOSUCH"),
    ("show", NAME),
    *(("affected", "backend/backend.proto", MATRIX, NAME, "--format", f) for f in ("text", "json")),
    ("affected", "backend"),
    *(("new-backend", "ibex", "--lang", "go", "--dry-run", "--no-input", "--format", f) for f in ("text", "json")),
    ("new-backend", "ibex", "--like", "NOSUCH", "--no-input"),
    ("new-backend", NAME, "--lang", "go", "--no-input"),
    *(("remove-backend", "lark", "--dry-run", "--format", f) for f in ("text", "json")),
    ("remove-backend", "rookery"),
    ("remove-backend", NAME),
    ("rename-backend", "lark", "ibex", "--dry-run"),
    ("rename-backend", NAME, "ibex"),
    ("add-variant", "lark", "vulkan", "--dry-run"),
    ("add-variant", "lark", "NOSUCH"),
    ("remove-variant", "lark", "metal", "--dry-run"),
    *(("adopt", "--ref", "v2", "--format", f) for f in ("text", "json")),
    ("adopt", "--ref", "v2", "--dry-run"),
    ("adopt", "--remove"),
)  # fmt: skip
SOME = (
    ("check",),
    ("check", "--format", "github"),
    ("check", "--format", "markdown"),
    ("doctor",),
    ("check", "--format", "sarif"),
    ("affected", "Makefile"),
    ("guide", "lark"),
    ("show", "lark"),
    ("remove-backend", "lark"),
)
OWN = re.compile(r"::(error|warning|notice) (file=[^:]*,line=\d+,endLine=\d+,)?title=[^:]*::")


def harmless(arguments: tuple[str, ...], out: str, err: str) -> None:
    for line in (*out.split("\n"), *err.split("\n")):
        text = line.replace("\t", " ")
        assert text.isprintable(), line
        assert "##[" not in text
        if text.lstrip().startswith("::"):
            assert "github" in arguments
            assert OWN.match(text), line


@pytest.fixture
def call(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[[Path, tuple[str, ...]], None]:
    run = in_process(monkeypatch, capfd)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")

    def called(root: Path, arguments: tuple[str, ...]) -> None:
        code, out, err = run(*arguments, "--repo", str(root))
        assert code in (0, 1, 2, 3), err
        harmless(arguments, out, err)
        if {"json", "sarif"} & {*arguments} and out:
            json.loads(out)

    return called


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_acts_in_what_a_command_prints(
    miniature: Path, arguments: tuple[str, ...], call: Callable[[Path, tuple[str, ...]], None]
) -> None:
    everywhere(miniature)
    if {"--rev", "--base"} & {*arguments}:
        git(miniature, "init", "--quiet")
        git(miniature, "add", "-A")
        git(miniature, "commit", "--quiet", "-m", "x")
    call(miniature, arguments)


@pytest.mark.parametrize("arguments", SOME, ids=" ".join)
@pytest.mark.parametrize("what", REFUSED)
def test_nothing_acts_in_an_error(
    miniature: Path, what: str, arguments: tuple[str, ...], call: Callable[[Path, tuple[str, ...]], None]
) -> None:
    REFUSED[what](miniature)
    call(miniature, arguments)
