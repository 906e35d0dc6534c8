"""LocalAI's own machinery, asked about a new backend: what the tests believe in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from scaffold.checkout.tree import WorkTree
from scaffold.registry import Registry


@dataclass(frozen=True)
class Expectation:
    """What was asked of new-backend."""

    name: str
    lang: str
    upstream: bool

    @property
    def directory(self) -> str:
        return f"backend/{self.lang}/{self.name}"


def run(*command: str, cwd: Path, check: bool = True, text: str = "") -> subprocess.CompletedProcess[str]:
    """A command's result; its output is shown when it fails. Skips where the command is not installed."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    result = subprocess.run(command, cwd=cwd, input=text, capture_output=True, text=True, check=False)
    assert not check or result.returncode == 0, f"{' '.join(command)}\n{result.stdout}\n{result.stderr}"
    return result


def judged(root: Path, *workflows: Path, config: Path | None = None, persona: str = "pedantic") -> None:
    """What zizmor and actionlint say of workflows and actions in a repository: nothing.

    Skips where one of them is not installed, after it has asked the other.
    """
    zizmor = Path(sys.executable).with_name("zizmor")
    settings = ("--config", str(config)) if config else ()
    names = [str(path) for path in workflows]
    if zizmor.exists():
        asked = ("--offline", "--no-progress", "--persona", persona, *settings)
        run(str(zizmor), *asked, *names, cwd=root)
    actionlint = shutil.which("actionlint")
    if actionlint:
        run(actionlint, *(name for name in names if ".github/workflows/" in name), cwd=root)
    missing = [name for name, there in (("zizmor", zizmor.exists()), ("actionlint", actionlint)) if not there]
    if missing:
        pytest.skip(f"{' and '.join(missing)}: not installed, and so not asked")


def git(root: Path, *arguments: str) -> str:
    """What git says, as somebody with a name."""
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return run("git", *identity, *arguments, cwd=root).stdout.strip()


def scaffold(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The program, called in a folder."""
    return run(sys.executable, "-m", "scaffold", *arguments, cwd=cwd, check=False)


def files(root: Path) -> dict[str, bytes]:
    """Content of every file below `root`, without git's own."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(root).parts[:1]
    }


def only_grew(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """Paths whose old content is not, byte for byte, a subsequence of the new one at line level.

    A line that is there before is there after in the same order; one that changed holds all of its
    old bytes around one insertion or more.
    """
    wrong = [path for path in before if path not in after]
    for path, old in before.items():
        if path in after and after[path] != old and not _inserted_only(old, after[path]):
            wrong.append(path)
    return wrong


def _inserted_only(old: bytes, new: bytes) -> bool:
    new_lines = iter(new.splitlines(keepends=True))
    for line in old.splitlines(keepends=True):
        if not any(line == candidate or _grown(line, candidate) for candidate in new_lines):
            return False
    return True


def _grown(line: bytes, candidate: bytes) -> bool:
    """Whether `candidate` is `line` with bytes inserted."""
    if len(candidate) <= len(line) or not line.strip():
        return False
    remaining = iter(candidate)
    return all(byte in remaining for byte in line)


def matrix(root: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Both matrices as another parser than the tool's reads them."""
    yaml = YAML(typ="safe")
    lists: list[list[dict[str, Any]]] = []
    workflow = yaml.load(root / ".github/workflows/backend.yml")
    file = root / ".github/backend-matrix.yml"
    data = yaml.load(file) if file.exists() else {}
    for key, job in (("include", "backend-jobs"), ("includeDarwin", "backend-jobs-darwin")):
        lists.append(data[key] if key in data else workflow["jobs"][job]["strategy"]["matrix"]["include"])
    return lists[0], lists[1]


FILTER_SCRIPT = """
import fs from "fs";
const [file, input] = process.argv.slice(1);
const functions = await import(file);
const {linux, darwin, changed} = JSON.parse(fs.readFileSync(input, "utf8"));
const inferred = {
  linux: linux.map(functions.inferBackendPath), darwin: darwin.map(functions.inferBackendPathDarwin),
};
const filtered = functions.filterMatrix
  ? functions.filterMatrix({includes: linux, includesDarwin: darwin, changedFiles: changed})
  : null;
console.log(JSON.stringify({inferred, filtered: filtered && {
  linux: filtered.filtered, darwin: filtered.filteredDarwin, backends: [...filtered.changedBackends],
}}));
"""


def assert_path_filter(root: Path, expected: Expectation, scratch: Path) -> None:
    """node runs the repository's own path filter: the new directory starts exactly its own entries."""
    linux, darwin = matrix(root)
    module = root / "scripts/lib/backend-filter.mjs"
    if not module.exists():
        script = (root / "scripts/changed-backends.js").read_text()
        functions = re.findall(
            r"^function inferBackendPath(?:Darwin)?\(.*?^}", script, re.MULTILINE | re.DOTALL
        )
        module = scratch / "functions.mjs"
        module.write_text("\n".join(f"export {function}" for function in functions))
    else:
        run("node", "--test", *(str(p) for p in sorted((root / "scripts/lib").glob("*_test.mjs"))), cwd=root)
    question = scratch / "question.json"
    changed = [f"{expected.directory}/run.sh"]
    question.write_text(json.dumps({"linux": linux, "darwin": darwin, "changed": changed}))
    output = run(
        "node", "--input-type=module", "-e", FILTER_SCRIPT, str(module), str(question), cwd=scratch
    ).stdout
    answer = json.loads(output)
    for entries, directories in (
        (linux, answer["inferred"]["linux"]),
        (darwin, answer["inferred"]["darwin"]),
    ):
        for entry, directory in zip(entries, directories, strict=True):
            own = entry["backend"] == expected.name
            assert (directory == f"{expected.directory}/") is own, (entry["tag-suffix"], directory)
    if answer["filtered"]:
        assert answer["filtered"]["linux"] == [e for e in linux if e["backend"] == expected.name]
        assert answer["filtered"]["darwin"] == [e for e in darwin if e["backend"] == expected.name]
        assert answer["filtered"]["backends"] == [expected.name]


def assert_make(root: Path, expected: Expectation) -> None:
    """GNU make resolves the backend's targets; the lists hold it."""
    for target in (f"docker-build-{expected.name}", f"backends/{expected.name}"):
        output = run("make", "-n", target, cwd=root).stdout
        assert f"local-ai-backend:{expected.name}" in output, output
    output = run("make", "-n", "docker-build-backends", cwd=root).stdout
    assert f"local-ai-backend:{expected.name}" in output or not Registry(WorkTree(root)).makefile.definitions


def assert_pin(root: Path, expected: Expectation, pin: str) -> None:
    """The grep of bump_deps.sh, for the entry that the workflow has for the backend."""
    workflow = YAML(typ="safe").load(root / ".github/workflows/bump_deps.yaml")
    entries = [
        entry
        for job in workflow["jobs"].values()
        for entry in job.get("strategy", {}).get("matrix", {}).get("include", [])
        if entry["file"] == f"{expected.directory}/Makefile"
    ]
    assert len(entries) == (1 if expected.upstream else 0)
    for entry in entries:
        found = run("grep", "-m1", f"^{entry['variable']}?=", entry["file"], cwd=root).stdout
        assert found.strip().split("=", 1)[1] == pin


def assert_yaml(root: Path, paths: list[str], node_modules: Path) -> None:
    """js-yaml and ruamel.yaml read every YAML file, and read the same."""
    for path in paths:
        script = "const y=require('js-yaml'),fs=require('fs');console.log(JSON.stringify(y.load(fs.readFileSync(process.argv[1],'utf8'))))"
        output = run("node", "-e", script, str(root / path), cwd=node_modules).stdout
        mine = json.loads(json.dumps(YAML(typ="safe").load(root / path), default=str))
        assert json.loads(output) == mine, path


GO_YAML = """
package main

import (
	"encoding/json"
	"os"

	"gopkg.in/yaml.v3"
)

func main() {
	data, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	var value any
	if err := yaml.Unmarshal(data, &value); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		panic(err)
	}
}
"""


def build_go_yaml(folder: Path) -> Path:
    """A program that reads a YAML file with the parser of LocalAI itself, and prints it as JSON."""
    folder.mkdir()
    (folder / "main.go").write_text(GO_YAML)
    run("go", "mod", "init", "reader", cwd=folder)
    run("go", "get", "gopkg.in/yaml.v3@v3.0.1", cwd=folder)
    run("go", "build", "-o", "reader", ".", cwd=folder)
    return folder / "reader"


def assert_go_yaml(root: Path, paths: list[str], reader: Path) -> None:
    """go-yaml and ruamel.yaml read the same."""
    for path in paths:
        value = json.loads(run(str(reader), str(root / path), cwd=root).stdout)
        assert value == json.loads(json.dumps(YAML(typ="safe").load(root / path), default=str)), path


def assert_gallery(root: Path, expected: Expectation) -> None:
    """Every image of the gallery is one that the matrix builds, in both channels, and back."""
    linux, darwin = matrix(root)
    built = {e["tag-suffix"] for e in (*linux, *darwin) if e["backend"] == expected.name}
    items = YAML(typ="safe").load(root / "backend/index.yaml")
    images = {i["name"]: i["uri"].rpartition(":")[2] for i in items if i.get("uri")}
    tags = {tag for tag in images.values() if tag.endswith(f"-{expected.name}")}
    assert {f"{channel}{suffix}" for channel in ("latest", "master") for suffix in built} <= tags
    metas = {i["name"]: i for i in items if i.get("capabilities")}
    for name, channel in ((expected.name, "latest"), (f"{expected.name}-development", "master")):
        assert metas[name]["capabilities"], name
        for key, image in metas[name]["capabilities"].items():
            assert images[image].removeprefix(channel) in built, (name, key, image)
