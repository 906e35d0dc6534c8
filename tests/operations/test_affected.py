"""affected on the miniature: the jobs that node names too, the reason of each, and what a change is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scaffold.operations import affected
from scaffold.operations.changes import change
from tests.consumers import files, git, run, scaffold
from tests.node_filter import NodeFilter, renamed_files

MATRIX = ".github/backend-matrix.yml"
SCRIPT = "scripts/changed-backends.js"
FILTER = "scripts/lib/backend-filter.mjs"
Answer = dict[str, Any]
Ask = Callable[..., Answer]


@pytest.fixture
def repo(miniature: Path) -> Path:
    """The miniature with one commit."""
    git(miniature, "init", "--quiet", "--initial-branch", "main")
    save(miniature)
    return miniature


@pytest.fixture
def ask(repo: Path) -> Ask:
    """Runs `affected --format json` in the repository."""

    def call(*arguments: str, cwd: Path = repo) -> Answer:
        result = scaffold("affected", *arguments, "--format", "json", cwd=cwd)
        assert result.returncode == 0, result.stderr
        answer: Answer = json.loads(result.stdout)
        return answer

    return call


def save(root: Path) -> str:
    git(root, "add", "-A")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "a state")
    return git(root, "rev-parse", "HEAD")


def edit(root: Path, path: str, old: str, new: str) -> None:
    file = root / path
    text = file.read_text()
    assert old in text, old
    file.write_text(text.replace(old, new, 1))


def backends(answer: Answer) -> set[str]:
    return {job["backend"] for job in answer["jobs"]}


def reasons(answer: Answer) -> set[str]:
    return {job["reason"] for job in answer["jobs"]}


def test_the_shape_of_the_answer(ask: Ask) -> None:
    answer = ask("backend/cpp/heron/run.sh")
    assert answer["version"] == 1
    assert answer["run_all"] is False
    assert answer["files"] == ["backend/cpp/heron/run.sh"]
    assert {job["os"] for job in answer["jobs"]} == {"linux", "darwin"}
    assert backends(answer) == {"heron"}
    cpu = [job for job in answer["jobs"] if job["tag_suffix"] == "-cpu-heron"]
    assert {job["platform_tag"] for job in cpu} == {"amd64", "arm64"}
    assert cpu[0] == {
        "os": "linux",
        "backend": "heron",
        "tag_suffix": "-cpu-heron",
        "platform_tag": "amd64",
        "reason": "own directory: backend/cpp/heron/run.sh",
        "kind": "own directory",
        "file": "backend/cpp/heron/run.sh",
    }
    assert answer["backends"] == ["heron"]


@pytest.mark.parametrize(
    ("path", "kind", "started"),
    [
        ("backend/go/lark/main.go", "own directory", {"lark"}),
        ("backend/Dockerfile.rust", "Dockerfile", {"kestrel"}),
        ("backend/python/common/libbackend.sh", "shared input", {"finch-tts", "rookery"}),
        ("scripts/build/heron-darwin.sh", "shared input", {"heron"}),
    ],
)
def test_the_reason_of_one_file(ask: Ask, path: str, kind: str, started: set[str]) -> None:
    answer = ask(path)
    assert backends(answer) == started
    assert reasons(answer) == {f"{kind}: {path}"}


def test_sources_that_a_fork_borrows_are_a_shared_input_of_it(ask: Ask) -> None:
    path = "backend/cpp/llama-cpp/prepare.sh"
    found = {job["backend"]: job["kind"] for job in ask(path)["jobs"]}
    assert found == {"llama-cpp": "own directory", "meadow-lark": "shared input"}
    both = ask(path, "backend/cpp/meadow-lark/run.sh")
    assert {job["kind"] for job in both["jobs"]} == {"own directory"}


def test_a_file_that_is_nobodys_starts_nothing(repo: Path, ask: Ask) -> None:
    answer = ask("README.md", "docs/content/features/backends.md")
    assert answer["jobs"] == []
    assert answer["unknown"] == []
    text = scaffold("affected", "README.md", cwd=repo).stdout
    assert text == "1 changed file: no image is built.\n"


def test_an_edited_matrix_starts_the_edited_entries(repo: Path, ask: Ask) -> None:
    entry = re.search(
        r"(?m)^  - .*\n(?:    .*\n)*?    tag-suffix: '(-cpu-lark)'\n(?:    .*\n)*",
        (repo / MATRIX).read_text(),
    )
    assert entry is not None
    edit(repo, MATRIX, entry[0], entry[0].replace("ubuntu:24.04", "ubuntu:26.04"))
    answer = ask()
    assert answer["files"] == [MATRIX]
    assert {job["tag_suffix"] for job in answer["jobs"]} == {"-cpu-lark"}
    assert reasons(answer) == {f"matrix entry: {MATRIX}: base-image changed"}
    edit(repo, MATRIX, entry[0].replace("ubuntu:24.04", "ubuntu:26.04"), "")
    save(repo)
    assert ask("--rev", "HEAD")["jobs"] == []
    edit(repo, MATRIX, "include:\n", f"include:\n{entry[0]}")
    answer = ask()
    assert len(answer["jobs"]) == 1
    assert reasons(answer) == {f"matrix entry: {MATRIX}: it is new"}


def test_a_matrix_whose_earlier_state_is_unknown_starts_everything(repo: Path, ask: Ask) -> None:
    answer = ask(MATRIX)
    assert answer["unknown"] == [MATRIX]
    assert reasons(answer) == {f"matrix entry: {MATRIX}: its earlier state is unknown"}
    assert len(answer["jobs"]) > 30
    (repo / MATRIX).write_bytes((repo / MATRIX).read_bytes().replace(b"\n", b"\r\n"))
    assert ask(MATRIX) == answer, "line ends are no change"
    assert ask(MATRIX, "--base", "HEAD")["jobs"] == [], "nothing differs from a base that was named"
    text = " ".join(scaffold("affected", MATRIX, cwd=repo).stdout.split())
    assert f"{MATRIX}: its earlier state is unknown, so the script plays safe; --base REV tells." in text


def test_the_extra_tests_that_wait_for_a_backend(repo: Path, ask: Ask) -> None:
    text = (repo / ".github/workflows/test-extra.yml").read_text()
    job = re.search(r"(?m)^  (tests-lark\S*):\n", text)
    assert job is not None
    assert job[1] in ask("backend/go/lark/main.go")["tests"]
    assert job[1] not in ask("backend/cpp/heron/run.sh")["tests"]


def test_base_and_head_as_a_pull_request_compares_them(repo: Path, ask: Ask) -> None:
    git(repo, "checkout", "--quiet", "-b", "topic")
    edit(repo, "backend/go/lark/main.go", "package main", "package main // topic")
    topic = save(repo)
    git(repo, "checkout", "--quiet", "main")
    edit(repo, "backend/cpp/heron/run.sh", "#!", "#!")
    (repo / "backend/cpp/heron/later.txt").write_text("main went on\n")
    save(repo)
    answer = ask("--base", "main", "--rev", topic)
    assert answer["files"] == ["backend/go/lark/main.go"]
    assert ask("--rev", topic) == answer


def test_the_work_tree_with_new_and_moved_files(repo: Path, ask: Ask) -> None:
    (repo / "backend/rust/kestrel/new.rs").write_text("// new\n")
    (repo / "backend/cpp/heron/run.sh").rename(repo / "backend/go/lark/moved.sh")
    before = files(repo)
    index = (repo / ".git/index").read_bytes()
    answer = ask()
    assert sorted(answer["files"]) == ["backend/go/lark/moved.sh", "backend/rust/kestrel/new.rs"]
    assert backends(answer) == {"lark", "kestrel"}, "GitHub lists a moved file under its new name"
    assert (files(repo), (repo / ".git/index").read_bytes()) == (before, index)
    commit = save(repo)
    assert sorted(ask("--rev", commit)["files"]) == sorted(answer["files"])
    assert sorted(renamed_files(repo, f"{commit}^", commit)) == sorted(answer["files"])
    assert ask("--base", f"{commit}^")["jobs"] == ask("--rev", commit)["jobs"]
    assert ask()["files"] == []


def test_names_from_a_folder_and_folders_themselves(repo: Path, ask: Ask) -> None:
    expected = ask("backend/go/lark/main.go")["jobs"]
    for name, cwd in (
        ("./backend/go/lark/main.go", repo),
        (str(repo / "backend/go/lark/main.go"), repo),
        ("lark/main.go", repo / "backend/go"),
    ):
        assert ask(name, cwd=cwd)["jobs"] == expected
    folder = ask("backend/go/lark")
    assert len(folder["files"]) > 3
    assert len(folder["jobs"]) == len(expected)
    outside = scaffold("affected", "/etc/passwd", cwd=repo)
    assert outside.returncode == 2
    assert "is not inside" in outside.stderr
    (repo / "backend/go/lark/main.go").unlink()
    gone = ask("backend/go/lark/main.go")
    assert gone["jobs"] != [], "a deleted file counts too"


def test_without_git_named_files_are_enough(miniature: Path) -> None:
    named = scaffold("affected", "backend/go/lark/main.go", "--format", "json", cwd=miniature)
    assert named.returncode == 0, named.stderr
    assert backends(json.loads(named.stdout)) == {"lark"}
    silent = scaffold("affected", cwd=miniature)
    assert silent.returncode == 2
    assert "to find the changed files takes a git repository" in silent.stderr


def test_node_agrees(repo: Path, ask: Ask, tmp_path: Path, node_modules: Path) -> None:
    node = NodeFilter(tmp_path / "ci", node_modules)
    base = git(repo, "rev-parse", "HEAD")
    edit(repo, MATRIX, "ubuntu:24.04", "ubuntu:26.04")
    edit(repo, "backend/backend.proto", "syntax", "// a comment\nsyntax")
    (repo / "backend/go/lark/note.txt").write_text("a change\n")
    head = save(repo)
    everything = [path for path in files(repo) if not path.startswith("docs/")]
    changes = [[path] for path in everything[::12]]
    changes += [renamed_files(repo, base, head), everything, [MATRIX], ["backend/backend.proto", "go.mod"]]
    for changed in changes:
        expected, outputs = node.started(repo, head, base, changed)
        with change(repo, head, base, changed) as found:
            answer = affected.run(found)
        assert {(j.os, j.backend, j.tag_suffix, j.platform_tag) for j in answer.jobs} == expected, changed
        assert set(answer.backends) == {
            n for n, v in outputs.items() if v == "true" and not n.startswith("has-")
        }
        assert all(reason.file for reason in answer.jobs.values())


def test_text_on_a_narrow_page(repo: Path) -> None:
    text = scaffold("affected", "backend/go/lark", "backend/backend.proto", cwd=repo).stdout
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b[" not in text
    assert re.search(r"(?m)^own directory  backend/go/lark/.gitignore  \(\d+ jobs\)\n  lark: ", text)
    assert re.search(r"\d+ changed files: \d+ jobs of \d+ backends, \d+ on Linux, \d+ on macOS\.$", text)


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        (SCRIPT, None, f"{SCRIPT}:1: is missing: this checkout has no script"),
        (FILTER, None, f"imports {FILTER}, which is missing"),
        (SCRIPT, "for (;;) {}\n", "cannot be run: InternalError: interrupted"),
        (SCRIPT, "(async () => { for (;;) await 0; })();\n", "cannot be run: InternalError: interrupted"),
        (
            SCRIPT,
            "const a = []; for (;;) a.push('x'.repeat(1e6));\n",
            "cannot be run: out of memory",
        ),
        (SCRIPT, "throw new Error('no luck');\n", "cannot be run: no luck"),
        (SCRIPT, "await new Promise(() => {});\n", "it waits for something that never comes"),
        (SCRIPT, "import { x } from 'left-pad';\n", "it imports left-pad, which is not known here"),
        (
            SCRIPT,
            "import fs from 'fs';\nfs.readFileSync('/etc/passwd');\n",
            "it reads /etc/passwd, which is not in",
        ),
        (SCRIPT, "import fs from 'fs';\nfs.rmSync('/');\n", "cannot be run:"),
        (SCRIPT, "globalThis.__state = 7;\n", "it waits for something"),
        (SCRIPT, "const x = 1;\n", "it names no jobs"),
        (SCRIPT, "if (\n", f"{SCRIPT}:1: the script does not parse"),
        (SCRIPT, "export * from './lib/backend-filter.mjs';\n", "expected an export of something"),
    ],
)
def test_a_script_that_cannot_be_run_is_named(repo: Path, path: str, text: str | None, message: str) -> None:
    if text is None:
        (repo / path).unlink()
    else:
        (repo / path).write_text(text)
    result = scaffold("affected", "backend/go/lark/main.go", cwd=repo)
    assert (result.returncode, result.stdout) == (3, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_other_forms_of_modules(repo: Path) -> None:
    (repo / "scripts/lib/more.mjs").write_text(
        "const entry = {backend: 'lark', 'tag-suffix': '-cpu-lark'};\n"
        "function name() { return 'matrix-linux'; }\n"
        "export { entry as only, name };\n"
        "export default class { static print(x) { return JSON.stringify(x); } }\n"
    )
    (repo / SCRIPT).write_text(
        "import { appendFileSync as append } from 'node:fs';\n"
        "import Printer, { only, name } from './lib/more.mjs';\n"
        "import * as more from './lib/more.mjs';\n"
        "if (more.only !== only) throw new Error('loaded twice');\n"
        "append(process.env.GITHUB_OUTPUT, `${name()}=${Printer.print({include: [only]})}\\nrun-all=true\\n`);\n"
        "process.exit(0);\n"
    )
    with change(repo, None, None, ["README.md"]) as found:
        answer = affected.run(found)
    assert [(job.os, job.tag_suffix, str(why)) for job, why in answer.jobs.items()] == [
        ("linux", "-cpu-lark", "everything: the script runs all jobs")
    ]
    assert answer.run_all


def test_many_files_stay_within_the_limits(repo: Path) -> None:
    names = [f"backend/go/lark/{n}.go" for n in range(3000)]
    for name in names:
        (repo / name).touch()
    with change(repo, None, None, names) as found:
        answer = affected.run(found)
    assert {job.backend for job in answer.jobs} == {"lark"}


def test_a_base_that_names_no_commit(repo: Path) -> None:
    result = scaffold("affected", "--base", "nowhere", cwd=repo)
    assert result.returncode == 2
    assert "'nowhere' names no commit" in result.stderr


def test_a_bare_repository_is_compared_as_its_clone(repo: Path, ask: Ask, tmp_path: Path) -> None:
    edit(repo, "backend/go/lark/run.sh", "#!", "#!/usr/bin/env -S")
    save(repo)
    bare = tmp_path / "bare.git"
    run("git", "clone", "--quiet", "--bare", str(repo), str(bare), cwd=tmp_path)
    assert backends(ask("--rev", "HEAD")) == {"lark"}
    assert ask("--rev", "HEAD", "--repo", str(bare)) == ask("--rev", "HEAD")
    assert ask("--rev", "HEAD", cwd=bare) == ask("--rev", "HEAD")


def test_the_environment_of_a_hook_changes_nothing(
    repo: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    edit(repo, "backend/go/lark/run.sh", "#!", "#!/usr/bin/env -S")
    expected = ask()
    assert backends(expected) == {"lark"}
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
        assert ask() == expected
    assert ask("--base", "HEAD") == expected


def test_what_lies_outside_is_not_printed(repo: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.mjs").write_text("the secret = 42 !\n")
    (tmp_path / "secret.yml").write_text("the secret: [\n")
    script = (repo / SCRIPT).read_text()
    (repo / "scripts/link.mjs").symlink_to(tmp_path / "secret.mjs")
    for head in (
        'import "../../secret.mjs";',
        f'import "{tmp_path}/secret.mjs";',
        'import "./link.mjs";',
        'const x = fs.readFileSync("../secret.yml");\nthrow new Error(x);',
        f'throw new Error(fs.readFileSync("{tmp_path}/secret.yml"));',
        'throw new Error(fs.readFileSync(".git/config"));',
    ):
        after = script.index("\n\n") if "readFile" in head else 0
        (repo / SCRIPT).write_text(f"{script[:after]}\n{head}\n{script[after:]}")
        result = scaffold("affected", "Makefile", cwd=repo)
        assert result.returncode == 3, (head, result.stdout)
        assert "secret =" not in result.stderr + result.stdout
        assert "the secret" not in result.stderr + result.stdout
        assert "repositoryformatversion" not in result.stderr + result.stdout


def test_a_first_commit_adds_everything(repo: Path, ask: Ask) -> None:
    root = git(repo, "rev-list", "--max-parents=0", "HEAD")
    assert len(ask("--rev", root)["files"]) == len(files(repo))
    assert run("git", "status", "--porcelain", cwd=repo).stdout == ""
