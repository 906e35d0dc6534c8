"""Jobs as a CI runner runs them: the steps in order, with the event's file and variables, and no secret.

A step's commands run as they stand there. An action is replaced by what it puts in place, but the one of
this project, whose own steps run. What installs this project puts this checkout's program in its place.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from scaffold import HOME, __version__
from scaffold.pipeline.expressions.templates import condition, template
from scaffold.pipeline.expressions.values import text_of, truth_of
from tests.consumers import git, scaffold

PROJECT = Path(__file__).resolve().parent.parent
OWN = HOME.removeprefix("https://github.com/")
SOURCE = f"git+{HOME}@v{__version__}"
TOKEN = "a-token-that-may-only-read"
BACKEND = (
    "new-backend", "bark-cpp", "--lang", "go", "--modality", "tts", "--upstream", "PABannier/bark.cpp",
    "--branch", "main", "--pin", "5d5be84f089ab9ea53b7a793f088d3fbf7247495", "--license", "MIT", "--no-input",
)  # fmt: skip
FORGOTTEN = '    metal: "metal-bark-cpp"\n'
GALLERY = "backend/index.yaml"
INSTALLER = f"""#!/bin/sh
echo "$(basename "$0") $*" >>"$INSTALLED"
program() {{ PYTHONPATH='{PROJECT}' exec '{sys.executable}' -m scaffold "$@"; }}
case " $* " in
    *" install "*)
        mkdir -p "${{UV_TOOL_BIN_DIR:-$TOOLS}}"
        printf '#!/bin/sh\\nPYTHONPATH=%s exec %s -m scaffold "$@"\\n' '{PROJECT}' '{sys.executable}' \\
            >"${{UV_TOOL_BIN_DIR:-$TOOLS}}/scaffold"
        chmod +x "${{UV_TOOL_BIN_DIR:-$TOOLS}}/scaffold" ;;
    *" scaffold "*)
        while [ "$1" != scaffold ]; do shift; done
        shift
        program "$@" ;;
esac
"""
"""In the place of whatever installs something, or runs what is not installed; tells which it was."""


def network() -> dict[str, str]:
    """What this machine needs to reach a package registry."""
    prefixes = ("UV_", "PIP_", "SSL_", "HTTP", "http", "NO_PROXY", "no_proxy")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


@dataclass(frozen=True)
class Pull:
    """A pull request: its own commit, and GitHub's merge of it into the branch."""

    number: int
    head: str
    merge: str


class Upstream:
    """LocalAI's repository, or the miniature's, with two pull requests that add a backend.

    The second forgets a registration. Somebody else's commit, which lost the file `lost`, came to the branch
    after both.
    """

    def __init__(self, root: Path, lost: str) -> None:
        self.root = root
        git(root, "checkout", "-q", "-B", "master")
        self.old = git(root, "rev-parse", "HEAD")
        gallery = root / GALLERY
        git(root, "switch", "-qc", "theirs")
        made = scaffold(*BACKEND, cwd=root)
        assert made.returncode == 0, made.stderr
        whole = self._commit("feat: bark-cpp")
        text = gallery.read_text()
        assert text.count(FORGOTTEN) == 1
        gallery.write_text(text.replace(FORGOTTEN, ""))
        forgotten = self._commit("an oversight")
        git(root, "switch", "-q", "master")
        (root / lost).unlink()
        self.base = self._commit("of somebody else")
        self.whole = self._pull(1, whole)
        self.forgotten = self._pull(2, forgotten)

    def _commit(self, message: str) -> str:
        git(self.root, "add", "-A")
        git(self.root, "commit", "-qm", message)
        return git(self.root, "rev-parse", "HEAD")

    def _pull(self, number: int, head: str) -> Pull:
        git(self.root, "switch", "-q", "--detach", self.base)
        git(self.root, "merge", "-q", "--no-ff", "-m", f"Merge {head}", head)
        pull = Pull(number, head, git(self.root, "rev-parse", "HEAD"))
        git(self.root, "update-ref", f"refs/pull/{number}/merge", pull.merge)
        git(self.root, "update-ref", f"refs/pull/{number}/head", pull.head)
        git(self.root, "switch", "-q", "master")
        return pull

    def event(self, kind: str, pull: Pull) -> tuple[str, dict[str, Any]]:
        """The name of an event, and what its file says."""
        repository = {"full_name": "mudler/LocalAI", "default_branch": "master"}
        common = {"repository": repository, "sender": {"login": "somebody"}}
        if kind == "push":
            return "push", {**common, "ref": "refs/heads/master", "before": self.base, "after": pull.merge}
        if kind == "merge queue":
            return "merge_group", {
                **common,
                "action": "checks_requested",
                "merge_group": {
                    "base_sha": self.base,
                    "head_sha": pull.merge,
                    "base_ref": "refs/heads/master",
                },
            }
        fork = kind == "fork"
        login = "somebody" if fork else "mudler"
        head = {"sha": pull.head, "ref": "bark", "repo": {"fork": fork, "full_name": f"{login}/LocalAI"}}
        return "pull_request", {
            **common,
            "action": "synchronize",
            "number": pull.number,
            "pull_request": {
                "number": pull.number, "head": head, "base": {"sha": self.old, "ref": "master"},
            },
        }  # fmt: skip


@dataclass
class Ended:
    """How a job ended: whether it failed, what its steps printed and put out, and what was uploaded."""

    code: int = 0
    output: str = ""
    errors: str = ""
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    outcomes: dict[str, str] = field(default_factory=dict)
    uploaded: list[Path] = field(default_factory=list)

    @property
    def annotations(self) -> list[str]:
        """The workflow commands that show something at a line."""
        return [line for line in self.output.splitlines() if line.startswith("::")]


class Runner:
    """A machine that runs jobs for one event of a repository."""

    def __init__(
        self, folder: Path, upstream: Path, commit: str, name: str, event: dict[str, Any], **variables: str
    ) -> None:
        self.folder, self.upstream, self.commit = folder, upstream, commit
        self.workspace, self.temporary = folder / "workspace", folder / "temp"
        self.tools, self.artifacts = folder / "tools", folder / "artifacts"
        for made in (self.workspace, self.temporary, self.tools, self.artifacts, folder / "home"):
            made.mkdir(parents=True, exist_ok=True)
        for tool in ("uv", "uvx", "pipx", "pip", "apt-get"):
            self.put(tool, INSTALLER)
        self._event = event
        (folder / "event.json").write_text(json.dumps(event))
        self.environment = {
            "PATH": os.pathsep.join([str(self.tools), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            "TOOLS": str(self.tools),
            "INSTALLED": str(folder / "installed"),
            "CI": "true",
            "RUNNER_TEMP": str(self.temporary),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_REPOSITORY": "mudler/LocalAI",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": commit,
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_WORKSPACE": str(self.workspace),
            **variables,
        }

    @property
    def installed(self) -> list[str]:
        """The commands that installed something, or ran what is not installed."""
        file = self.folder / "installed"
        return file.read_text().splitlines() if file.exists() else []

    @property
    def summary(self) -> str:
        """What the page of the job shows."""
        file = self.folder / "summary.md"
        return file.read_text() if file.exists() else ""

    def put(self, tool: str, text: str) -> None:
        """Make a program, which comes before all others of that name."""
        (self.tools / tool).write_text(text)
        (self.tools / tool).chmod(0o755)

    def checkout(self, depth: int = 0) -> None:
        """What actions/checkout leaves: the commit, and as many before it."""
        git(self.workspace, "init", "-q")
        git(self.workspace, "remote", "add", "origin", self.upstream.as_uri())
        limits = ("--depth", str(depth)) if depth else ()
        branches = ("+refs/heads/*:refs/remotes/origin/*",) if not depth else ()
        git(self.workspace, "fetch", "-q", "--no-tags", *limits, "origin", self.commit, *branches)
        git(self.workspace, "checkout", "-q", "--detach", self.commit)
        git(self.workspace, "remote", "set-url", "origin", "https://invalid.invalid/nothing-is-fetched")

    def job(self, job: dict[str, Any]) -> Ended:
        """Run the steps of a job, if its condition lets it."""
        ended = Ended()
        if truth_of(condition(str(job.get("if", "true"))).value(_Scope(self, ended, {}))):
            self._steps(job["steps"], ended, {})
        return ended

    def shell(
        self, script: str, ended: Ended, command: tuple[str, ...] = ("bash", "-e"), **more: str
    ) -> None:
        """Run commands in the workspace."""
        result = subprocess.run(
            [*command, "-c", script], cwd=self.workspace, env={**self.environment, **more},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        ended.output += result.stdout
        ended.errors += result.stderr
        ended.code = ended.code or result.returncode

    def _steps(self, steps: list[dict[str, Any]], ended: Ended, inputs: dict[str, str]) -> None:
        for number, step in enumerate(steps):
            scope = _Scope(self, ended, inputs)
            wanted = condition(str(step.get("if", "success()")))
            if (ended.code and not wanted.asks_status) or truth_of(wanted.value(scope)) is not True:
                continue
            name, before = step.get("id", str(number)), ended.code
            ended.code = 0
            if "uses" in step:
                given = {key: scope.text(value) for key, value in step.get("with", {}).items()}
                ended.outputs[name] = self._action(step["uses"], given, ended) or {}
            else:
                ended.outputs[name] = self._commands(step, scope, ended)
            ended.outcomes[name] = "failure" if ended.code else "success"
            ended.code = before or (0 if step.get("continue-on-error") else ended.code)

    def _commands(self, step: dict[str, Any], scope: _Scope, ended: Ended) -> dict[str, str]:
        put_out = self.folder / "output"
        put_out.write_text("")
        own = {key: scope.text(value) for key, value in step.get("env", {}).items()}
        assert "${{" not in step["run"], "a value in the text of commands is a command"
        shell = ("bash", "--noprofile", "--norc", "-eo", "pipefail") if "shell" in step else ("bash", "-e")
        own |= {"GITHUB_OUTPUT": str(put_out), "GITHUB_ACTION_PATH": str(PROJECT)}
        self.shell(step["run"], ended, shell, **own)
        lines = (line.partition("=") for line in put_out.read_text().splitlines())
        return {key: value for key, _, value in lines}

    def _action(self, used: str, given: dict[str, str], ended: Ended) -> dict[str, str] | None:
        action, _, ref = used.removeprefix("https://data.forgejo.org/").partition("@")
        match action:
            case "actions/checkout":
                assert given.get("persist-credentials") == "false"
                self.checkout(int(given.get("fetch-depth", 1)))
            case "actions/upload-artifact":
                to = self.artifacts / given["name"]
                to.mkdir(exist_ok=True)
                shutil.copy(given["path"], to)
            case "actions/download-artifact":
                shutil.copytree(self.artifacts / given["name"], given["path"], symlinks=True)
            case "github/codeql-action/upload-sarif":
                ended.uploaded.append(Path(given["sarif_file"]))
            case "astral-sh/setup-uv":
                pass  # uv is among the tools
            case _:
                assert used == "./" or (action, ref) == (OWN, f"v{__version__}")
                return self.own_action(given, ended)
        return None

    def own_action(self, given: dict[str, str], ended: Ended) -> dict[str, str]:
        """Run the steps of this project's action; what it puts out."""
        action = yaml.safe_load((PROJECT / "action.yml").read_text(encoding="utf-8"))
        assert given.keys() <= action["inputs"].keys()
        inputs = {key: given.get(key, about["default"]) for key, about in action["inputs"].items()}
        inner = Ended(code=ended.code)
        self._steps(action["runs"]["steps"], inner, inputs)
        scope = _Scope(self, inner, inputs)
        ended.code, ended.output, ended.errors = (
            inner.code, ended.output + inner.output, ended.errors + inner.errors,
        )  # fmt: skip
        return {key: scope.text(about["value"]) for key, about in action["outputs"].items()}

    @cached_property
    def github(self) -> dict[str, Any]:
        """The context of that name."""
        return {
            "event": self._event, "event_name": self.environment["GITHUB_EVENT_NAME"], "token": TOKEN,
            "repository": "mudler/LocalAI", "sha": self.commit,
        }  # fmt: skip


class _Scope:
    """What the expressions of a step read."""

    def __init__(self, runner: Runner, ended: Ended, inputs: dict[str, str]) -> None:
        self.runner, self.ended = runner, ended
        steps = {
            name: {"outputs": outputs, "outcome": ended.outcomes.get(name)}
            for name, outputs in ended.outputs.items()
        }
        runs = {"temp": str(runner.temporary)}
        self.contexts = {"github": runner.github, "inputs": inputs, "steps": steps, "runner": runs}

    def context(self, name: str) -> Any:
        return self.contexts[name]

    def status(self, function: str) -> bool:
        return {"always": True, "success": not self.ended.code, "failure": bool(self.ended.code)}.get(
            function, False
        )

    def text(self, value: Any) -> str:
        return text_of(template(value).value(self)) if isinstance(value, str) else text_of(value)
