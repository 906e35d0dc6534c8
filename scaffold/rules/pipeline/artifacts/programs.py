"""Programs in artifacts."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
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
            files: dict[str, set[str]] = {}
            for upload in flows_of(run).uploads:
                plain = [p for p in lines(upload.at.input("path")) if not re.search(r"[*?\[!]", p)]
                if len(plain) == 1:
                    files.setdefault(upload.name, set()).add(posixpath.basename(plain[0].rstrip("/")))
            for wanted in flows_of(run).downloads:
                if wanted.exact and wanted.at.job.context("runner").get("os") != "Windows":
                    for base in files.get(wanted.name, ()):
                        found = _executed(wanted, base)
                        if found is not None and found[0] not in reported:
                            step, program = found
                            reported.add(step)
                            yield self.finding(
                                step.line_of(program),
                                "",
                                f"{step.title} {base}",
                                f"{program} comes out of the artifact {shown(wanted.name)}, which keeps no"
                                " permissions, and is run",
                                f"chmod +x {program} before",
                                fix=partial(_make_executable, step, program) if _is_block(step) else None,
                            )


def _executed(wanted: Flow, base: str) -> tuple[Step, str] | None:
    """The first later step that runs a downloaded file, and the file as it is called there."""
    folder = posixpath.normpath(wanted.at.input("path") or ".")
    file = posixpath.normpath(posixpath.join(folder, base))
    if not any(base in o.step.run for o in wanted.at.job.job.occurrences):
        return None
    behind = False
    for occurrence in wanted.at.job.job.occurrences:
        step = occurrence.step
        if step is wanted.at.step:
            behind = True
        elif behind and step.run:
            at = posixpath.normpath(step.node.text("working-directory") or ".")
            for command in step.script.commands:
                if _makes_executable(command, base, folder):
                    return None
                word = command.bare[0] if command.bare else ""
                if "/" in word and posixpath.normpath(posixpath.join(at, word)) == file:
                    return step, word
    return None


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
