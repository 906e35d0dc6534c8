"""LocalAI's script that decides which builds a change starts, run by node as CI runs it.

Only the network is replaced: a package answers for GitHub's API with the changed files and the files
of the base. What comes out is what a pull request of these files would start.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.consumers import run

Started = set[tuple[str, str, str, str]]

OCTOKIT = """
import fs from "fs";
const answers = JSON.parse(fs.readFileSync(process.env.ANSWERS, "utf8"));
export class Octokit {
  async request(route, given) {
    if (route.includes("/pulls/")) {
      const first = (given.page - 1) * given.per_page;
      return {data: answers.files.slice(first, first + given.per_page).map(filename => ({filename}))};
    }
    if (route.includes("/contents/") && given.ref === "base") {
      if (typeof answers.base[given.path] !== "string") throw new Error("Not Found");
      return {data: answers.base[given.path]};
    }
    throw new Error(route);
  }
}
"""
EVENT = {
    "pull_request": {"number": 7, "base": {"sha": "base"}},
    "repository": {"name": "LocalAI", "owner": {"login": "mudler"}},
}
PATHS = (
    "scripts/changed-backends.js",
    "scripts/lib/backend-filter.mjs",
    ".github/backend-matrix.yml",
    ".github/workflows/backend.yml",
    "backend/backend.proto",
)
"""Every file that the script has ever read."""


def show(repository: Path, rev: str, path: str) -> str | None:
    """A file of a commit, as git prints it."""
    result = run("git", "-C", str(repository), "show", f"{rev}:{path}", cwd=repository, check=False)
    return result.stdout if result.returncode == 0 else None


def renamed_files(repository: Path, before: str, after: str) -> list[str]:
    """The changed files as GitHub lists them: a renamed one under its new name."""
    command = ("git", "-c", "core.quotePath=false", "diff", "--name-status", "-M", before, after)
    lines = run(*command, cwd=repository).stdout.splitlines()
    return [line.split("\t")[-1] for line in lines]


class NodeFilter:
    """A folder in which node runs the script of any commit."""

    def __init__(self, folder: Path, node_modules: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(node_modules / "node_modules", folder / "node_modules")
        octokit = folder / "node_modules/@octokit/core"
        octokit.mkdir(parents=True)
        (octokit / "package.json").write_text('{"type": "module", "main": "index.js"}')
        (octokit / "index.js").write_text(OCTOKIT)
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "event.json").write_text(json.dumps(EVENT))

    def started(
        self, repository: Path, rev: str, base: str | None, changed: Sequence[str]
    ) -> tuple[Started, dict[str, str]]:
        """The jobs (os, backend, tag suffix, platform tag), and every output of the script."""
        for path in PATHS:
            file = self.folder / path
            text = show(repository, rev, path)
            if text is None:
                file.unlink(missing_ok=True)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        before = {path: show(repository, base, path) for path in PATHS} if base else {}
        (self.folder / "answers.json").write_text(json.dumps({"files": list(changed), "base": before}))
        output = self.folder / "output"
        output.write_text("")
        environment = {
            "ANSWERS": "answers.json",
            "GITHUB_EVENT_PATH": "event.json",
            "GITHUB_OUTPUT": "output",
        }
        pairs = [f"{key}={value}" for key, value in environment.items()]
        path = f"PATH={os.environ['PATH']}"
        run("env", "-i", path, *pairs, "node", "scripts/changed-backends.js", cwd=self.folder)
        outputs = dict(line.split("=", 1) for line in output.read_text().splitlines())
        jobs: Started = set()
        for name, value in outputs.items():
            if re.match("matrix(-|$)", name):
                os_name = "darwin" if name == "matrix-darwin" else "linux"
                for entry in json.loads(value)["include"]:
                    keys = ("backend", "tag-suffix", "platform-tag")
                    jobs.add((os_name, *(entry.get(key) or "" for key in keys)))  # type: ignore[arg-type]
        return jobs, outputs
