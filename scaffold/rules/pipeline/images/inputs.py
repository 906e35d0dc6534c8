"""Inputs of an image: what rebuilds it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.repository import Repository
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml


class PathsCoverInputs(PipelineRule):
    """A workflow that builds an image when some paths change names every file that the image is made of.

    Why: what is not named rebuilds nothing. The builder images of LocalAI are made by a script that
    their workflow did not watch: a repair of the script would have waited for the weekly cron.

    Fails:

        on:
          push:
            paths: [Dockerfile.base]
        # and Dockerfile.base has: RUN --mount=type=bind,source=install.sh,target=/install.sh ...

    Passes:

        on:
          push:
            paths: [Dockerfile.base, install.sh]

    Checked for images that the push publishes. `COPY . .` takes everything, and is left alone; of a
    folder, one file that is named is enough. So is a filter that names a file of a version and no input at
    all: it asks for a release.

    Fix: `scaffold check --fix` adds the paths.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Inputs of an image that the filter of its workflow does not take."""
        for run in registry.runs.pushes():
            workflow = run.workflow
            paths = workflow.node.get("on", "push", "paths")
            if not isinstance(paths, yaml.Sequence) or not paths.items:
                continue
            reported: set[str] = set()
            steps = [step for step in run.steps(*docker.BUILD) if docker.pushes(step)]
            builds = [(step, found.inputs) for step in steps if (found := docker.built(step, registry.tree))]
            if _is_of_release(registry.tree, workflow.paths, {i for _, own in builds for i in own}):
                continue
            for step, inputs in builds:
                for path in inputs:
                    if path in reported or _taken(registry.tree, workflow.paths, path):
                        continue
                    reported.add(path)
                    yield self.finding(
                        workflow.at("on", "push", "paths"),
                        "",
                        path,
                        f"{path} goes into the image of {step.step.title!r} ({step.path}:{step.line}),"
                        " and a change of it does not start this workflow",
                        f"add {path} to the paths",
                        fix=partial(_add_path, registry.tree, workflow, paths, path),
                    )


def _is_of_release(tree: Tree, patterns: Sequence[str], inputs: Iterable[str]) -> bool:
    """Whether a filter names other files of the repository than its images are made of."""
    others = (p for p in patterns if not p.startswith(".github/") and tree.read(p) is not None)
    return any(others) and not any(takes(patterns, path) for path in inputs)


def _taken(tree: Tree, patterns: Sequence[str], path: str) -> bool:
    """Whether a filter takes a file, or something of a folder; what is not there needs no filter."""
    if tree.read(path) is not None:
        return takes(patterns, path)
    if not tree.is_dir(path):
        return True
    return any(takes(patterns, file) for file in tree.files(path)) or next(tree.files(path), None) is None


def _add_path(tree: Tree, workflow: Workflow, paths: yaml.Sequence, path: str, changes: ChangeSet) -> None:
    text = f"{path}/**" if tree.is_dir(path) else path
    last = paths.items[-1]
    if paths.flow:
        changes.add(Edit(workflow.path, last.end, last.end, f", '{text}'"))
        return
    source = workflow.source
    line = source.line_start(last.start)
    indent = source.slice(line, last.start).partition("-")[0]
    changes.insert(workflow.path, source.line_end(last.end - 1), f"{indent}- '{text}'\n")
