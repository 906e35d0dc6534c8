"""Rules about images: what they are built from, for whom, and under which name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.pipeline import docker
from scaffold.pipeline.docker import Dockerfile
from scaffold.pipeline.expressions.nodes import Literal, Property
from scaffold.pipeline.expressions.values import is_known, text_of
from scaffold.pipeline.patterns import takes
from scaffold.pipeline.scopes import JobRun, StepRun, native
from scaffold.rules.base import Finding, PipelineRule, Severity
from scaffold.syntax import yaml_values as yaml

if TYPE_CHECKING:
    from scaffold.checkout.tree import Tree
    from scaffold.pipeline.model import Step, Workflow
    from scaffold.pipeline.repository import Repository


class DigestProvenance(PipelineRule):
    """An image that is pushed by digest to two registries is pushed without provenance.

    Why: the attestation is part of what the digest names, and it is made once for each registry. The
    two then hold different digests, the step knows one of them, and the merge fails in the other
    registry with `not found`, as it did in LocalAI.

    Fails:

        outputs: |
          type=image,name=quay.io/example/app,push-by-digest=true,push=true
          type=image,name=docker.io/example/app,push-by-digest=true,push=true

    Passes:

        outputs: |
          type=image,name=quay.io/example/app,push-by-digest=true,push=true
          type=image,name=docker.io/example/app,push-by-digest=true,push=true
        provenance: false

    Fix: `scaffold check --fix` adds `provenance: false`.
    """

    severity = Severity.error
    fixable = True

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps that push one digest to several registries with an attestation."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for leg in run.using(*docker.BUILD):
                for step in leg.using(*docker.BUILD):
                    if step.step in reported or "outputs" not in step.step.given:
                        continue
                    if step.input("provenance") == "false" or step.runs is False:
                        continue
                    names = [
                        name
                        for options in docker.outputs(step)
                        if options.get("push-by-digest") == "true"
                        for name in options.get("name", "").split(",")
                    ]
                    if len({_registry(name) for name in names}) < 2:  # noqa: PLR2004 - two registries
                        continue
                    provenance = "false" if _without_attestations(step) else step.input("provenance")
                    if provenance != "false" and is_known(provenance):
                        reported.add(step.step)
                        yield self.finding(
                            step.step.at("with", "outputs"),
                            "",
                            step.step.title,
                            f"the image goes by digest to {' and '.join(dict.fromkeys(names))}, and its"
                            " provenance makes the digests differ",
                            "set provenance: false",
                            fix=partial(_set_provenance, step.step),
                        )


def _without_attestations(step: StepRun) -> bool:
    """Whether the environment switches attestations off."""
    value = step.context("env").get("BUILDX_NO_DEFAULT_ATTESTATIONS")
    return "provenance" not in step.step.given and value is not None and text_of(value) in ("1", "true")


def _registry(name: str) -> str:
    host, slash, _ = name.partition("/")
    return host if slash and ("." in host or ":" in host) else "docker.io"


def _set_provenance(step: Step, changes: ChangeSet) -> None:
    inputs = step.node.mapping("with")
    node = inputs.get("provenance")
    if isinstance(node, yaml.Scalar):
        changes.add(Edit(step.path, node.start, node.end, "false"))
        return
    key = inputs.keys["outputs"]
    line = step.source.line_start(key.start)
    indent = step.source.slice(line, key.start)
    changes.insert(step.path, line, f"{indent}provenance: false\n")


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
            patterns = [scalar.text for scalar in yaml.scalars(paths)]
            reported: set[str] = set()
            for leg in run.using(*docker.BUILD):
                for step in leg.using(*docker.BUILD):
                    found = docker.built(step, registry.tree) if step.runs is not False else None
                    if found is None or not docker.pushes(step):
                        continue
                    for path in inputs(*found):
                        if path in reported or _taken(registry.tree, patterns, path):
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


def inputs(file: Dockerfile, context: str) -> list[str]:
    """The files and folders of a repository that an image is made of, its Dockerfile first."""
    sources = (posixpath.normpath(posixpath.join(context, source)) for source, _ in file.sources)
    return list(dict.fromkeys((file.path, *(s for s in sources if s != "." and not s.startswith("..")))))


def _taken(tree: Tree, patterns: list[str], path: str) -> bool:
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


class CopyFromArg(PipelineRule):
    """`COPY --from` names a stage or an image, and no variable.

    Why: a build argument is not expanded there: the build looks for a stage that is called `${STAGE}`.
    It fails where somebody first uses that branch of the Dockerfile.

    Fails:

        COPY --from=${BUILDER} /out /

    Passes:

        FROM ${BUILDER} AS builder
        FROM scratch
        COPY --from=builder /out /

    Fix: give the image a name with `FROM ... AS`, where variables are expanded.
    """

    severity = Severity.error

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Instructions with a variable behind `--from=`."""
        for file in known_dockerfiles(registry):
            for instruction in file.instructions:
                match = re.match(r"(?:--\S+\s+)*--from=(\S*\$\S*)", instruction.text)
                if instruction.name == "COPY" and match:
                    yield self.finding(
                        file.place(instruction),
                        "",
                        match[1],
                        f"COPY --from={match[1]}: a variable is not expanded there",
                        f"name the image in a stage: FROM {match[1]} AS source, COPY --from=source",
                    )


def known_dockerfiles(registry: Repository) -> list[Dockerfile]:
    """The Dockerfiles at the usual places, and those that a workflow builds."""
    found = {file.path: file for file in docker.dockerfiles(registry.tree, ("", "backend", "docker"))}
    for workflow in registry.pipeline.workflows:
        for job in workflow.jobs.values():
            for o in job.using(*docker.BUILD):
                path = posixpath.normpath(o.step.node.text("with", "file") or "Dockerfile")
                file = docker.dockerfile(registry.tree, path) if path not in found else None
                if file is not None:
                    found[path] = file
    return list(found.values())


class QemuLeg(PipelineRule):
    """A leg that builds for amd64 or arm64 alone runs on a runner of that architecture.

    Why: GitHub has runners of both. A leg of the other architecture compiles under emulation, many times
    as slowly, and with some compilers not at all. An image of LocalAI for arm64 boards was built on an
    arm64 runner with `platforms: linux/amd64`, which was nothing that the boards could start.

    Fails:

        strategy:
          matrix: {platform: [linux/amd64, linux/arm64]}
        runs-on: ubuntu-latest

    Passes:

        runs-on: ${{ matrix.platform == 'linux/arm64' && 'ubuntu-24.04-arm' || 'ubuntu-latest' }}

    A Dockerfile that compiles for the target on the build platform (`BUILDPLATFORM`) emulates nothing.

    Fix: choose the runner by the platform.
    """

    severity = Severity.warning

    def check(self, registry: Repository) -> Iterator[Finding]:
        """Build steps of a leg whose one platform is not the runner's."""
        reported: set[Step] = set()
        for run in registry.runs.all():
            for leg in run.using(*docker.BUILD):
                for step in leg.using(*docker.BUILD):
                    if step.step in reported or step.runs is False:
                        continue
                    arch = emulated(leg, step)
                    found = docker.built(step, registry.tree) if arch else None
                    if arch and found is not None and "BUILDPLATFORM" not in found[0].text:
                        reported.add(step.step)
                        yield self.finding(
                            step.step.at("with", "platforms"),
                            "",
                            step.step.title,
                            f"a leg builds for {arch} on {leg.runs_on}: everything in it is emulated",
                            "run the leg on a runner of its architecture",
                        )


ARCHES = {"linux/amd64": "X64", "linux/arm64": "ARM64", "linux/arm64/v8": "ARM64"}


def emulated(leg: JobRun, step: StepRun) -> str:
    """The one platform of a leg that its runner must emulate; "" where there is none."""
    platform = step.input("platforms").strip()
    system, arch = native(leg.runs_on)
    return platform if system == "Linux" and arch and ARCHES.get(platform, arch) != arch else ""


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
        for workflow in registry.pipeline.workflows:
            for job in workflow.jobs.values():
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
                    for source in inputs(file, context):
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
    texts = []
    for word in re.findall(r"[\w./-]+\.(?:py|sh|js|mjs|ts|rb)\b", step.run):
        data = tree.read(posixpath.normpath(word))
        if data is not None:
            texts.append(re.sub(r"(?m)^\s*(?:#|//).*$", "", data.decode(errors="replace")))
    return "\n".join([step.run, *texts]) if texts else ""


def _mentions(text: str, path: str) -> bool:
    """Whether a script names a path: as a whole, in joined parts, or by a folder above it."""
    parts = path.split("/")
    whole = r"[\"'\s/,()]+".join(re.escape(part) for part in parts)
    if re.search(whole, text):
        return True
    return any(
        re.search(re.escape("/".join(parts[:n])) + r"(?:/\*|[\"'](?:\)|,)?.*(?:glob|walk))", text)
        for n in range(1, len(parts))
    )
