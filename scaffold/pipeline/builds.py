"""Images that a job builds and pushes, whatever builds them: actions, bake, commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from scaffold.pipeline import bake, docker
from scaffold.pipeline.destinations import begins_unknown, names_behind, stays
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.expressions.values import HOLE, HOLE_END, text_of
from scaffold.pipeline.image_commands import Built, Named, acts, containers_in, image_commands
from scaffold.pipeline.model import Job, Pipeline
from scaffold.pipeline.patterns import uncommented
from scaffold.pipeline.runs import written
from scaffold.pipeline.scopes import JobRun, StepRun
from scaffold.pipeline.steps import Occurrence, Step
from scaffold.pipeline.triggers import names_tags
from scaffold.syntax.shell import Command
from scaffold.syntax.source import Place

BAKE = "docker/bake-action"
BUILDAH = "redhat-actions/buildah-build"
PUSH = "redhat-actions/push-to-registry"

Options = tuple[Mapping[str, str], ...]
_Local = dict[str, "ImageBuild"]
"""Name of an image on the runner, with its tag -> what builds it."""


class ImageBuild:
    """One image that a step builds, asked by the names of the build action's inputs."""

    def __init__(
        self, at: StepRun, inputs: Mapping[str, str] | None = None, command: Command | None = None
    ) -> None:
        """`inputs` is what a command or a target of bake says; the inputs of an action are its own."""
        self.at = at
        self._inputs = inputs
        self._command = command
        self.pushed: list[str] = []
        """The names under which a later command pushes it."""

    @property
    def job(self) -> JobRun:
        """The leg that builds it."""
        return self.at.job

    def input(self, name: str) -> str:
        """One of the inputs as text, with holes for what is unknown; "" where it is not given."""
        found = self.at.input(name) if self._inputs is None else self._inputs.get(name, "")
        return found or (self._by_default if name == "platforms" else "")

    def gives(self, name: str) -> bool:
        """Whether it says something of one of the inputs."""
        given = name in (self.at.step.given if self._inputs is None else self._inputs)
        return given or (name == "platforms" and bool(self._by_default))

    @property
    def _by_default(self) -> str:
        """The platform that a variable of docker asks for where a build says nothing; "" for none."""
        if _PLATFORM not in self.job.job.variables:
            return ""
        return text_of(self.at.context("env").get(_PLATFORM, ""))

    @property
    def tags(self) -> tuple[str, ...]:
        """The names under which it is pushed at once; none for one that is pushed by its digest."""
        if not (self.gives("push") or self.gives("outputs")):
            return ()
        if docker.is_by_digest(self.input("outputs")) or not self._pushes:
            return ()
        if self._inputs is None:
            return tuple(_tags(self.at))
        names = re.split(r"[,\n]", self.input("tags"))
        made = [name for options in docker.outputs(self) for name in options.get("name", "").split(",")]
        return tuple(name.strip() for name in (*names, *made) if name.strip() and "$" not in name)

    @property
    def _pushes(self) -> bool | None:
        """Whether it is pushed at once; None where only a run knows."""
        return docker.pushes(self)

    @property
    def platforms(self) -> frozenset[str]:
        """What it is built for; none where that is not known."""
        return docker.platforms(self)

    @property
    def by_digest(self) -> bool:
        """Whether it is certainly pushed, and by its digest alone."""
        return docker.is_by_digest(self.input("outputs")) and self._pushes is True

    @property
    def is_pushed(self) -> bool:
        """Whether its image is certainly pushed, at once or by a command behind, to others than the job."""
        far = not all(stays(name, self.job.job) for name in self.pushed)
        return far or (self._pushes is True and not self.is_local)

    @property
    def is_local(self) -> bool:
        """Whether every name that it gets as it is built is in a registry of the machine itself."""
        named = ",".join([self.input("tags"), *(o.get("name", "") for o in docker.outputs(self))])
        names = [name for part in named.replace("\n", ",").split(",") if (name := part.strip())]
        known = [name for name in names if not begins_unknown(name)]
        if not names or not all(map(docker.is_local_name, known)):  # nearly always
            return False
        behind = names_behind(self.at, self.at.step.spelled("tags")) if self._inputs is None else []
        return len(known) == len(names) or all(stays(n, self.job.job) for n in behind or names)

    @property
    def by_buildah(self) -> bool:
        """Whether buildah builds it, alone or as podman, and no BuildKit."""
        program = posixpath.basename(self._command.bare[0]) if self._command is not None else ""
        return program in ("buildah", "podman")

    @property
    def exports(self) -> Options:
        """Where its layers are written to."""
        return docker.cache_options(self.input("cache-to")) if self.gives("cache-to") else ()

    @property
    def imports(self) -> Options:
        """Where they are looked for."""
        return docker.cache_options(self.input("cache-from")) if self.gives("cache-from") else ()

    def cache_names(self, key: str) -> Iterator[str]:
        """The caches of layers in a common place that its `cache-to` or its `cache-from` uses."""
        named = self.exports if key == "cache-to" else self.imports
        return filter(None, (docker.cache_name(options) for options in named if self._reaches(options)))

    def _reaches(self, options: Mapping[str, str]) -> bool:
        """Whether it has what a cache asks for: a script has no token of GitHub's cache by itself.

        buildx leaves such a cache out and says nothing.
        """
        if options["type"] != "gha" or not self.at.step.run:
            return True
        return "token" in options or _shows_token(self.job.job)

    @property
    def image(self) -> tuple[str, str]:
        """What it is built from."""
        return self.input("context"), self.input("file")

    @property
    def layers(self) -> tuple[object, ...]:
        """What tells its layers from those of another build."""
        rest = self.input("target"), self.input("build-args")
        return self.image, self.platforms, rest, self.at.job.runs_on

    def place(self, key: str) -> Place:
        """Where one of its options stands."""
        step = self.at.step
        flag = f"-{_FLAGS.get(key, key)}" if key != "tags" else "push"
        if self._command is not None and self._command.source.path:  # of a file that the step runs
            source, start = self._command.source, self._command.start_byte
            at = source.data.find(flag.encode(), start, self._command.end_byte)
            return source.place(max(at, start))
        if step.run:
            return step.line_of(flag)
        return step.at("with", key if key in step.given else "set")


_PLATFORM = "DOCKER_DEFAULT_PLATFORM"
_FLAGS = {"platforms": "platform", "outputs": "output"}


class ImagePush(ImageBuild):
    """The push of an image that was built before."""

    def __init__(
        self, at: StepRun, name: str, build: ImageBuild | None, command: Command | None = None
    ) -> None:
        super().__init__(at, {}, command)
        self._name = name
        self._build = build
        if build is not None:
            build.pushed.append(name)

    @property
    def tags(self) -> tuple[str, ...]:
        """The name under which it is pushed."""
        return (self._name,)

    @property
    def platforms(self) -> frozenset[str]:
        """What it was built for; none where that is not known."""
        return self._build.platforms if self._build is not None else frozenset()

    def place(self, key: str) -> Place:
        """Where its name stands, for any option."""
        return super().place(key) if self.at.step.run else self.at.step.at("with", "image")


def may_build(step: Step) -> bool:
    """Whether a step may build or push an image."""
    return step.action in (*docker.BUILD, BAKE, BUILDAH, PUSH) or any(map(acts, step.containers))


def builds_of(leg: JobRun) -> Iterator[ImageBuild]:
    """The images that a leg builds and pushes, in order; without those of steps that do not run."""
    local: _Local = {}
    building = may_build_in(leg.job)
    pushing = _pushes_built(leg.job) if building else False
    for occurrence in building:
        step = leg.bind(occurrence)
        if step.runs is not False:
            for made in images_of(step, local):
                if pushing and not isinstance(made, ImagePush):
                    local |= dict.fromkeys(map(docker.tagged, _listed(made.input("tags"))), made)
                yield made


@lru_cache(maxsize=1024)
def may_build_in(job: Job) -> tuple[Occurrence, ...]:
    """The steps of a job that may build or push images."""
    return tuple(
        o for o in job.occurrences if may_build(o.step) or any(map(acts, containers_in(job, o.step)))
    )


@lru_cache(maxsize=1024)
def _pushes_built(job: Job) -> bool:
    """Whether a step of a job may push what another one built."""
    return any("push" in command.bare for o in job.occurrences for command in containers_in(job, o.step))


@lru_cache(maxsize=1024)
def _shows_token(job: Job) -> bool:
    """Whether a step of a job may give its scripts the token of GitHub's cache."""
    texts = (o.step.source.slice(o.step.node.start, o.step.node.end) for o in job.occurrences)
    return any(re.search(_GIVES, text) for text in texts)


_GIVES = r"ACTIONS_RUNTIME_TOKEN|-runtime@|/sccache-action@"
"""A script that names it, or one of the actions that set it for all steps behind them."""


@lru_cache(maxsize=4)
def written_builds(pipeline: Pipeline) -> tuple[ImageBuild, ...]:
    """The builds of all jobs, as the files alone tell them."""
    return tuple(build for job in pipeline.jobs for build in builds_of(written(job)))


def images_of(step: StepRun, local: _Local) -> Iterator[ImageBuild]:
    """The images that a step builds and pushes; `local` are those on its runner, and gets its own."""
    action = step.step.action
    if action in docker.BUILD:
        yield ImageBuild(step)
    elif action == BAKE:
        yield from (ImageBuild(step, inputs) for inputs in bake.of_action(step))
    elif action == BUILDAH:
        archs = ",".join(f"linux/{arch}" for arch in _listed(step.input("archs")))
        made = ImageBuild(step, {"platforms": step.input("platforms") or archs})
        local |= dict.fromkeys(map(docker.tagged, _full_names(step)), made)
    elif action == PUSH:
        yield from _pushed(step, local)
    else:
        yield from _of_script(step, local)


def _of_script(step: StepRun, local: _Local) -> Iterator[ImageBuild]:
    for made in image_commands(step):
        if isinstance(made, Named):
            image = docker.tagged(made.image)
            if image in local:
                local[docker.tagged(made.name)] = local[image]
            continue
        at = step if made.sure else step.perhaps()
        if isinstance(made, Built):
            yield ImageBuild(at, made.inputs, made.command)
        elif "$" not in made.name:
            yield ImagePush(at, made.name, local.get(docker.tagged(made.image)), made.command)


def _pushed(step: StepRun, local: _Local) -> Iterator[ImagePush]:
    """What `push-to-registry` pushes: it takes the names of the build, or repeats them."""
    before = _maker(step, step.step.spelled("image"), "image", BUILDAH)
    taken = _maker(step, step.step.spelled("tags"), "tags", BUILDAH)
    registry = step.input("registry").rstrip("/")
    for name in _full_names(before if before is not None and taken else step):
        yield ImagePush(step, f"{registry}/{name}" if registry else name, local.get(docker.tagged(name)))


def _maker(step: StepRun, text: str, output: str, action: str) -> StepRun | None:
    """The step with an action of which a text beside another step is an output, and nothing else."""
    path = template(text).output
    if path[:1] != ("steps",) or path[3:] != (output,):
        return None
    beside = (s for s in step.job.using(action) if s.outer is step.outer)
    return next((s for s in beside if s.step.id == path[1]), None)


def _full_names(step: StepRun) -> Iterator[str]:
    image = step.input("image")
    for tag in _listed(step.input("tags") or "latest"):
        yield tag if "/" in tag and ":" in tag else f"{image}:{tag}"


def _listed(text: str) -> list[str]:
    return [part for part in re.split(r"[,\s]+", text) if part]


def _tags(step: StepRun) -> Iterator[str]:
    """The names that a step of the build action gives to what it pushes: its tags, or else its outputs'."""
    for line in step.step.spelled("tags").split("\n"):
        maker = _maker(step, line.strip(), "tags", docker.METADATA)
        if maker is not None:
            names = [*_asked_for(maker), *_latest(maker, step)]
            yield from (f"{image}:{name}" for image in _images(maker) for name in names)
        elif line.strip():
            yield from (tag.strip() for tag in text_of(template(line).value(step)).split(",") if tag.strip())
    for options in docker.outputs(step) if not step.input("tags") and "outputs" in step.step.given else ():
        yield from (name for name in options.get("name", "").split(",") if name)


def _images(maker: StepRun) -> Iterator[str]:
    """The images that `docker/metadata-action` certainly names: what a line says of them is no name."""
    for line in uncommented(maker.input("images")):
        options = docker.options_of(line)
        if options.get("enable", "true") == "true":
            yield options.get("name") or line.partition(",")[0]


def _asked_for(maker: StepRun) -> Iterator[str]:
    """The names that `docker/metadata-action` is asked for: what a line makes is known to be the same."""
    flavor = maker.input("flavor")
    for line in uncommented(maker.input("tags")) or ["by default"]:
        how = re.sub(r",enable=true\b", "", line)
        if "enable=false" not in how:
            label = f"{how} {flavor}".replace(HOLE, "<").replace(HOLE_END, ">")
            yield f"{HOLE}{label}{HOLE_END}"


def _latest(maker: StepRun, step: StepRun) -> Iterator[str]:
    """The name that `docker/metadata-action` gives to an image of a tag beside those that it is asked for."""
    flavor = {k: v for line in uncommented(maker.input("flavor")) for k, v in _flavor(line)}
    of_tag = re.search(r"type=(?:semver|pep440|match)\b|event=tag\b", maker.input("tags") or "event=tag")
    asked = (step.step.condition, step.step.input("push"), step.job.job.condition)
    chosen = any({"ref", "ref_name", "ref_type"}.intersection(of.names("github")) for of in asked if of)
    by_tag = of_tag is not None and not chosen and names_tags(step.job.call.run.workflow)
    if flavor.get("latest", "auto") == "true" or (by_tag and flavor.get("latest", "auto") == "auto"):
        yield f"{flavor.get('prefix', '')}latest{flavor.get('suffix', '')}"


def _flavor(line: str) -> Iterator[tuple[str, str]]:
    """What a line of a flavor says of `latest`: a prefix or suffix only where it is for that too."""
    options = docker.options_of(line)
    for name in ("latest", "prefix", "suffix"):
        if name in options and (name == "latest" or options.get("onlatest") == "true"):
            yield name, options[name]
