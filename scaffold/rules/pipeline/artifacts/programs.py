"""Programs in artifacts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline.artifacts import DOWNLOAD
from scaffold.pipeline.expressions.values import shown
from scaffold.pipeline.flows import Flow, flows_of
from scaffold.pipeline.patterns import lines
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import Command


class ExecBit(PipelineRule):
    """A downloaded program is made executable before it is run.

    Why: an artifact is a zip file without permissions. `./tool` fails with `Permission denied`, and where
    a script falls back to building the tool itself, the artifact is never used and nobody notices.

    Fails:

        - uses: actions/download-artifact@v4
          with: {name: cli, path: bin}
        - run: ./bin/cli --version

    Passes:

        - run: |
            chmod +x ./bin/cli
            ./bin/cli --version

    The file may be all of the artifact, or one of a folder: there too, what is run below the folder of the
    download and is no file of the repository came out of the artifact.

    Fix: `scaffold check --fix` adds the `chmod`.
    """

    severity = Severity.warning
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Files of downloaded artifacts that a later script runs without a chmod before."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            if not run.uses(DOWNLOAD):
                continue
            made: dict[str, list[Flow]] = {}
            for upload in flows_of(run).uploads:
                made.setdefault(upload.name, []).append(upload)
            for wanted in flows_of(run).downloads:
                if wanted.exact and wanted.at.job.context("runner").get("os") != "Windows":
                    files = {file for upload in made.get(wanted.name, ()) for file in _files(upload)}
                    found = _executed(wanted, files, registry.tree) if files else None
                    if found is not None and found[0] not in reported:
                        step, program = found
                        reported.add(step)
                        yield self.finding(
                            step.line_of(program),
                            "",
                            f"{step.title} {posixpath.basename(program)}",
                            f"{program} comes out of the artifact {shown(wanted.name)}, which keeps no"
                            " permissions, and is run",
                            f"chmod +x {program} before",
                            fix=partial(_make_executable, step, program) if _is_block(step) else None,
                        )


def _files(upload: Flow) -> Iterator[str]:
    """What an artifact holds: the file or folder that it is, or "" where nobody says which."""
    paths = list(lines(upload.at.input("path")))
    plain = [path for path in paths if not re.search(r"[*?\[!]", path)]
    yield posixpath.basename(plain[0].rstrip("/")) if len(plain) == 1 == len(paths) else ""


def _executed(wanted: Flow, files: set[str], tree: Tree) -> tuple[Step, str] | None:
    """The first later step that runs a file of an artifact, and the file as it is called there."""
    folder = _from_root(wanted.at.step.node.text("with", "path") or ".", ".")
    if "${{" in folder:
        folder = posixpath.normpath(wanted.at.input("path"))
    occurrences = wanted.at.job.job.occurrences
    start = next(n for n, occurrence in enumerate(occurrences) if occurrence.step is wanted.at.step)
    before: list[Command] = []
    alone = all(o.step.run or o.step.action.startswith("actions/") for o in occurrences)
    if folder == ".":
        before += [command for o in occurrences[:start] for command in o.step.script.commands]
    for step in (o.step for o in occurrences[start + 1 :] if o.step.run):
        at = posixpath.normpath(step.node.text("working-directory") or ".")
        for command in step.script.commands:
            word = command.bare[0] if command.bare else ""
            path = _from_root(word, at) if "/" in word else ""
            base = posixpath.basename(path)
            named = path and path in {posixpath.normpath(posixpath.join(folder, file)) for file in files}
            elsewhere = path.startswith(("/", "~", "$", ".."))
            below = path.startswith(f"{folder}/") or (folder == "." and path and alone and not elsewhere)
            inside = below and tree.read(path) is None
            if (named or (inside and not any(_touches(c, base, folder) for c in before))) and not any(
                _makes_executable(c, base, folder) for c in before
            ):
                return step, word
            before.append(command)
    return None


def _from_root(path: str, at: str) -> str:
    """A path as it is called from the root of the repository, which a script names in several ways."""
    root = r"(?:\$GITHUB_WORKSPACE|\$\{GITHUB_WORKSPACE\}|\$\{\{ *github\.workspace *\}\})(?:/|$)"
    inner = re.sub(f"^{root}", "./", path)
    return posixpath.normpath(inner if inner != path else posixpath.join(at, path))


def _touches(command: Command, base: str, folder: str) -> bool:
    """Whether a command may have made a file: it names the file or the folder, and does more than look."""
    if command.bare[:1] and command.bare[0] in ("ls", "file", "cat", "echo", "test", "[", "du", "find"):
        return False
    return any(base in word or posixpath.normpath(word) == folder for word in command.words) or (
        command.starts("tar") or command.starts("unzip") or command.starts("make")
    )


def _makes_executable(command: Command, base: str, folder: str) -> bool:
    """Whether a command gives its permission to a file, or to many at once, as `find -exec` does too."""
    words = command.words
    if "chmod" not in words and not (command.starts("install") and "-m" in words):
        return False
    return any(base in w or "*" in w or w == "-R" or posixpath.normpath(w) == folder for w in words)


def _is_block(step: Step) -> bool:
    node = step.node.get("run")
    return isinstance(node, yaml.Scalar) and node.style == "|"


def _make_executable(step: Step, program: str, changes: ChangeSet) -> None:
    node = step.node.values["run"]
    start = step.source.line_end(node.start)
    line = step.source.slice(start, step.source.line_end(start))
    indent = line[: len(line) - len(line.lstrip())]
    changes.add(Edit(step.path, start, start, f"{indent}chmod +x {program}\n"))
