"""Inputs of an image: what rebuilds it, and what its tag depends on."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from functools import partial

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.expressions.nodes import Literal, Property
from scaffold.pipeline.model import Workflow
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import Step
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.shell import ShellSource


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
    folder, one file that is named is enough.

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
            for step in run.steps(*docker.BUILD):
                found = docker.built(step, registry.tree) if step.runs is not False else None
                if found is None or not docker.pushes(step):
                    continue
                for path in found.inputs:
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


class TagCoversInputs(PipelineRule):
    """A tag that is computed from the inputs of an image is computed from all of them.

    Why: the image is built only where its tag is missing. An input that the script does not look at may
    change, the tag stays, and everyone goes on with the old image. The tag of reilabs/lampe's CI image
    named three toolchain versions, and neither its Dockerfile nor the requirements that it copies.

    Fails:

        - id: versions
          run: python3 scripts/tag.py        # hashes rust-toolchain.toml, and not docker/ci/Dockerfile
        - uses: docker/build-push-action@v6
          with:
            file: docker/ci/Dockerfile
            tags: example/ci:${{ steps.versions.outputs.tag }}

    Passes:

        # scripts/tag.py hashes docker/ci/Dockerfile too

    Checked where the same job looks whether the tag is there already. A folder that the script names
    covers what is below it.

    Fix: let the script hash the Dockerfile and every source that it copies.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Inputs that the scripts of the step that makes the tag never mention."""
        for job in registry.pipeline.jobs:
            for o in job.using(*docker.BUILD):
                maker = _tag_maker(o.step, {s.id: s for s in job.steps if s.id})
                condition = o.step.node.text("if")
                if maker is None or "steps." not in condition:
                    continue
                text = _scripts(registry.tree, maker)
                context = posixpath.normpath(o.step.node.text("with", "context") or ".")
                path = o.step.node.text("with", "file") or posixpath.join(context, "Dockerfile")
                file = docker.dockerfile(registry.tree, posixpath.normpath(path))
                if not text or file is None or "$" in context:
                    continue
                arguments = docker.build_arguments(o.step.node.text("with", "build-args"))
                for source in docker.Build(file, context, arguments).inputs:
                    if not _mentions(text, source):
                        yield self.finding(
                            maker.at(),
                            "",
                            source,
                            f"the tag of {o.step.title!r} does not depend on {source}, which goes into"
                            " the image",
                            f"let the script hash {source} too",
                        )


def _tag_maker(step: Step, steps: dict[str, Step]) -> Step | None:
    """The step with a script whose output is in the tags of a build."""
    tags = step.input("tags")
    for expression in tags.expressions if tags is not None else ():
        for node in expression.walk():
            # steps.<id>.outputs.<name>
            if isinstance(node, Property) and isinstance(node.of, Property):
                outputs, owner = node.of.key, node.of.of
                if (
                    isinstance(outputs, Literal)
                    and outputs.content == "outputs"
                    and isinstance(owner, Property)
                    and isinstance(owner.key, Literal)
                    and steps.get(str(owner.key.content)) is not None
                    and steps[str(owner.key.content)].run
                ):
                    return steps[str(owner.key.content)]
    return None


def _scripts(tree: Tree, step: Step) -> str:
    """The text of a step's script and of the files of the repository that it runs."""
    script = step.script
    words = {word for command in script.commands for word in command.words}
    words |= {assignment.value for assignment in script.assignments if assignment.value}
    texts = []
    for word in sorted(filter(_SCRIPT.fullmatch, words)):
        data = tree.read(posixpath.normpath(word))
        if data is not None:
            bare = ShellSource(word, data).bare if word.endswith(".sh") else _COMMENT.sub(b"", data)
            texts.append(bare.decode(errors="replace"))
    return "\n".join([script.bare.decode(), *texts]) if texts else ""


_SCRIPT = re.compile(r"[\w./-]+\.(?:py|sh|js|mjs|ts|rb)")
_COMMENT = re.compile(rb"(?m)^[ \t]*+(?:#|//).*$")


def _mentions(text: str, path: str) -> bool:
    """Whether a script names a path: as a whole, in joined parts, or by a folder above it."""
    parts = path.split("/")
    whole = r"[\"'\s/,()]+".join(re.escape(part) for part in parts)
    if re.search(whole, text):
        return True
    return any(
        f"{folder}/*" in text or re.search(rf"(?m)^(?>.*?{re.escape(folder)}[\"']).*(?:glob|walk)", text)
        for folder in ("/".join(parts[:n]) for n in range(1, len(parts)))
    )
