"""Inputs of an image: what rebuilds it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.filters import asked_of
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.runs import Run
from scaffold.pipeline.scopes import StepRun
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.rules.words import some
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

    A filter that a job or step asks (`dorny/paths-filter`, `tj-actions/changed-files`) is a warning, where
    nothing else lets the build run and it takes some of the inputs. So is an input that `paths-ignore` names.
    Texts for people, such as a README or a license, may well be left out.

    Fix: `scaffold check --fix` adds the paths.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Inputs of an image that the filter of its workflow does not take."""
        yield from self._filtered(registry)
        yield from self._ignored(registry)
        for run in registry.runs.pushes():
            workflow = run.workflow
            paths = workflow.node.get("on", "push", "paths")
            if not isinstance(paths, yaml.Sequence) or not paths.items:
                continue
            reported: set[str] = set()
            builds = [(step, made.inputs) for step, made in _published(registry, run)]
            if _is_of_release(registry.tree, workflow, {i for _, own in builds for i in own}):
                continue
            for step, inputs in builds:
                others = (p for p in inputs if p not in reported and not _is_for_people(p))
                told = [path for path in others if not _taken(registry.tree, workflow.paths, path)]
                reported.update(told)
                for group in [[path] for path in told] if len(told) <= APART else [told]:
                    them = "them" if group[1:] else "it"
                    yield self.finding(
                        workflow.at("on", "push", "paths"),
                        "",
                        group[0] if not group[1:] else f"{step.step.title} {len(group)}",
                        f"{_go_into(group, step)}, and a change of {them} does not start this workflow",
                        f"add {them if group[1:] else group[0]} to the paths",
                        fix=partial(_add_paths, registry.tree, workflow, paths, group),
                    )

    def _ignored(self, registry: Repository) -> Iterator[Finding]:
        """Inputs whose change alone starts nothing, because they are ignored."""
        reported: set[tuple[str, str]] = set()
        for run in registry.runs.pushes():
            ignored = run.workflow.ignored
            for step, made in _published(registry, run) if ignored else ():
                for path in made.inputs:
                    files = docker.files_of(registry.tree, path)
                    if (
                        not files
                        or _is_for_people(path)
                        or not all(takes(ignored, file) for file in files)
                        or (run.workflow.path, path) in reported
                    ):
                        continue
                    reported.add((run.workflow.path, path))
                    yield self.finding(
                        run.workflow.at("on", "push", "paths-ignore"),
                        "",
                        path,
                        f"{_go_into([path], step)}, and a change of it alone does not start this workflow",
                        f"do not ignore {path}",
                        severity=Severity.warning,
                    )

    def _filtered(self, registry: Repository) -> Iterator[Finding]:
        """The same of a filter that a step of the workflow asks."""
        reported: set[tuple[Step, str]] = set()
        for run in registry.runs.pushes():
            for build in flows_of(run).builds:
                filters = asked_of(build.at)
                found = docker.built(build, registry.tree) if filters and build.is_pushed else None
                patterns = [pattern for own in filters for pattern in own.patterns]
                if found is None or not any(takes(patterns, path) for path in found.inputs):
                    continue
                named = (path for path in found.inputs if not _is_for_people(path))
                missing = [path for path in named if not _taken(registry.tree, patterns, path)]
                first = filters[0]
                if missing and (first.step, first.name) not in reported:
                    reported.add((first.step, first.name))
                    them = "them" if missing[1:] else "it"
                    yield self.finding(
                        first.step.line_of(f"{first.name}:", "with", "filters"),
                        "",
                        f"{first.step.title} {first.name}",
                        f"{_go_into(missing, build.at)}, and the filter {first.name} does not take {them}",
                        f"add {them if missing[1:] else missing[0]} to the filter",
                        severity=Severity.warning,
                    )


def _published(registry: Repository, run: Run) -> Iterator[tuple[StepRun, docker.Build]]:
    """The steps that publish images of the repository's files, each with what it builds from."""
    for build in flows_of(run).builds:
        made = docker.built(build, registry.tree) if build.is_pushed else None
        if made is not None:
            yield build.at, made


def _go_into(paths: Sequence[str], step: StepRun) -> str:
    """Which files go into the image of a step, as a sentence: `.gitignore` and its like stand last."""
    go = "go" if paths[1:] else "goes"
    told = sorted(paths, key=lambda path: posixpath.basename(path).startswith("."))
    return f"{some(told)} {go} into the image of {step.step.title!r} ({step.path}:{step.line})"


def _is_for_people(path: str) -> bool:
    """Whether a file is there to be read by people alone."""
    name = f"/{path.lower()}"
    return name.endswith((".md", ".rst")) or any(word in name for word in _FOR_PEOPLE)


_FOR_PEOPLE = ("/copying", "/licence", "/license", "/notice")

APART = 3
"""Files of one image that are told apart; more are one finding."""


def _is_of_release(tree: Tree, workflow: Workflow, inputs: Iterable[str]) -> bool:
    """Whether a filter names other files than its images are made of, or a chart.

    They are files of the repository, or ones that a script of the workflow reads and that are gone.
    """
    if any(takes(workflow.paths, path) for path in inputs):
        return False
    others = [pattern for pattern in workflow.paths if not pattern.startswith((".github/", "!"))]
    files = [p for p in others if re.search(r"(?:^|/)\w[^/*]*\*?$", p) and not tree.is_dir(p)]
    charts = (f"{pattern.removesuffix('/**')}/Chart.yaml" for pattern in others)
    scripts = [step.run for job in workflow.jobs.values() for step in job.steps]
    read = any(pattern.rstrip("*") in script for pattern in files for script in scripts)
    return read or any(docker.files_of(tree, pattern) for pattern in (*files, *charts))


def _taken(tree: Tree, patterns: Sequence[str], path: str) -> bool:
    """Whether a filter takes a file, or something of a folder; what is not there needs no filter."""
    files = docker.files_of(tree, path)
    return not files or any(takes(patterns, file) for file in files)


def _add_paths(
    tree: Tree, workflow: Workflow, paths: yaml.Sequence, added: list[str], changes: ChangeSet
) -> None:
    texts = [f"{path}/**" if tree.is_dir(path) else path for path in added]
    last = paths.items[-1]
    if paths.flow:
        changes.add(Edit(workflow.path, last.end, last.end, "".join(f", '{text}'" for text in texts)))
        return
    source = workflow.source
    line = source.line_start(last.start)
    indent = source.slice(line, last.start).partition("-")[0]
    listed = "".join(f"{indent}- '{text}'\n" for text in texts)
    changes.insert(workflow.path, source.line_end(last.end - 1), listed)
