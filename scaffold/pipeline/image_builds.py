"""What the workflows and Dockerfiles say of building images: callers, shards, builder images."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from scaffold.backend.names import FOLDER
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.documents import read_document
from scaffold.pipeline.expressions.templates import template
from scaffold.pipeline.localai import SPLIT_SCRIPT
from scaffold.pipeline.matrix import outputs_in
from scaffold.surfaces.parts import FILTERED, MACOS_MATRIX, ON_MACOS, OPTIONAL, Part
from scaffold.syntax import yaml_values as yaml
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, parsed
from scaffold.syntax.yaml import YamlSource

WORKFLOWS = (".github/workflows/backend.yml", ".github/workflows/backend_pr.yml")
"""The workflows that build images: of a push, of a pull request."""

LINUX_BUILD = "backend_build.yml"
DARWIN_BUILD = "backend_build_darwin.yml"
MERGE = "backend_merge.yml"
BASE_IMAGES = ".github/workflows/base-images.yml"
TEST_EXTRA = ".github/workflows/test-extra.yml"
DARWIN_SCRIPTS = ("scripts/build/python-darwin.sh", "scripts/build/golang-darwin.sh")
"""What builds most backends on macOS."""
MATRIX_LIMIT = 256
"""Jobs of one matrix from which on GitHub starts none of them."""

_TAG_SUFFIX = re.compile(rb"(?m)(?:tag-suffix:\s*[\"']?|^[ \t]*suffix=)(-[\w.-]+)")
_OWN_SOURCES = re.compile(rf"\.$|{FOLDER}(?!common)")
_OWN_FOLDER = re.compile(r"[\w/]*backend/(\w+)/(?:\$\{?BACKEND\}?|([\w.-]+))/?")


_BUILD_ARG = re.compile(rb"(?m)^[ ]+([A-Z][A-Z0-9_]*)=")


class Caller(NamedTuple):
    """A job that calls the reusable build workflow once per matrix entry."""

    path: str
    line: int
    job: str
    builds: str
    """Name of the reusable workflow."""
    fields: frozenset[str]
    """The matrix fields that it hands on."""
    reads: frozenset[str]
    """The outputs of other jobs that it reads."""
    static_entries: int
    """Number of entries that stand in the job itself; 0 where a script hands them in."""


class SharedInput(NamedTuple):
    """A file outside of every backend that goes into images."""

    place: Place
    """The first line that takes it."""
    dockerfiles: frozenset[str]
    """The paths of those by which it is taken."""


@dataclass(slots=True, eq=False)
class BaseImage:
    """One builder image that `base-images.yml` builds."""

    source: YamlSource
    node: yaml.Mapping
    fields: dict[str, str]
    """Field -> value."""

    @property
    def tag(self) -> str:
        """Its tag."""
        return self.fields.get("tag", "")

    def at(self, field: str) -> Place:
        """The place of a field; of the image itself where it has none."""
        return self.source.place(self.node.keys.get(field, self.node).start)


def _included(job: yaml.Value) -> list[yaml.Value]:
    """The rows that a job adds to its matrix."""
    rows = job.get("strategy", "matrix", "include") if isinstance(job, yaml.Mapping) else None
    return rows.items if isinstance(rows, yaml.Sequence) else []


class ImageBuilds:
    """The build side of the CI, read once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def _jobs(self, path: str) -> tuple[YamlSource, yaml.Mapping] | None:
        """A workflow as text, and its jobs."""
        data = self.tree.read(path)
        found = read_document(path, data) if data is not None else None
        return (found[0], found[1].mapping("jobs")) if found is not None else None

    name = "image builds"

    @property
    def parts(self) -> Iterable[Part]:
        for path, whose, began in zip(WORKFLOWS, ("", " of a pull request"), ("", FILTERED), strict=True):
            own = [caller for caller in self.callers if caller.path == path]
            line = own[0].line if own else 0
            yield Part(path, f"job that builds images{whose}", len(own), began, line=line)
            on_macos = MACOS_MATRIX if whose else ON_MACOS
            for builds, since in ((LINUX_BUILD, began), (DARWIN_BUILD, on_macos), (MERGE, OPTIONAL)):
                own = [c for c in (*self.callers, *self.merges) if (c.path, c.builds) == (path, builds)]
                line = own[0].line if own else 0
                yield Part(
                    path, f"call of {builds} by a job that builds images{whose}", len(own), since, line=line
                )
        for builds, since in ((LINUX_BUILD, ""), (MERGE, "2026-05-09")):
            path = f".github/workflows/{builds}"
            _, jobs = self._jobs(path) or (None, yaml.EMPTY)
            yield Part(path, f"job of {builds}", len(jobs.values), since)
        tags = sum(bool(image.tag) for image in self.base_images)
        yield Part(BASE_IMAGES, "`tag` of a builder image", tags, "2026-05-10")
        yield Part(SPLIT_SCRIPT, "statement", int(self.has_script), FILTERED)
        for path, since in zip((*WORKFLOWS, TEST_EXTRA), ("2026-05-08", FILTERED, "2026-03-30"), strict=True):
            calls = (self.tree.read(path) or b"").count(b"run " + SPLIT_SCRIPT.encode())
            yield Part(path, f"run of {SPLIT_SCRIPT} in {path.rpartition('/')[2]}", calls, since)
        line = self.shards[1].line if self.shards else 0
        yield Part(
            SPLIT_SCRIPT, "SINGLEARCH_SHARDS", self.shards[0] if self.shards else 0, OPTIONAL, line=line
        )
        for script in DARWIN_SCRIPTS:
            calls = len(ShellSource(script, data).commands) if (data := self.tree.read(script)) else 0
            since = ON_MACOS if "python" in script else MACOS_MATRIX
            yield Part(script, f"command in {script.rpartition('/')[2]}", calls, since)

    @cached_property
    def callers(self) -> list[Caller]:
        """Every job that builds matrix entries, workflow by workflow."""
        return self._callers(LINUX_BUILD, DARWIN_BUILD)

    @cached_property
    def build_args(self) -> frozenset[str]:
        """The build arguments that every image of a matrix entry is given; none where there is no list."""
        data = self.tree.read(f".github/workflows/{LINUX_BUILD}") or b""
        return (
            frozenset(name.decode() for name in _BUILD_ARG.findall(data))
            if b"build-args:" in data
            else frozenset()
        )

    @cached_property
    def merges(self) -> list[Caller]:
        """Every job that merges the images of matrix entries."""
        return self._callers(MERGE)

    def _callers(self, *reusable: str) -> list[Caller]:
        found = []
        for path in WORKFLOWS:
            source, jobs = self._jobs(path) or (None, yaml.EMPTY)
            for name, job in jobs.values.items():
                builds = job.text("uses").rpartition("/")[2] if isinstance(job, yaml.Mapping) else ""
                if source is not None and builds in reusable:
                    inputs = job.get("with") if isinstance(job, yaml.Mapping) else None
                    said = [template(s.text) for s in yaml.scalars_below(job)]
                    given = [template(s.text) for s in yaml.scalars_below(inputs)]
                    found.append(
                        Caller(
                            path,
                            source.line(jobs.keys[name].start),
                            name,
                            builds,
                            frozenset(name for of in given for name in of.names("matrix")),
                            frozenset(name for of in said for name in outputs_in(of)),
                            len(_included(job)),
                        )
                    )
        return found

    @cached_property
    def tags(self) -> frozenset[str]:
        """Tag suffixes that the build workflows spell out: those of single jobs, and of a matrix in them."""
        texts = (self.tree.read(path) or b"" for path in WORKFLOWS)
        found = {m for text in texts for m in _TAG_SUFFIX.findall(text)}
        return frozenset(tag.decode() for tag in found)

    @cached_property
    def base_images(self) -> list[BaseImage]:
        """The builder images; empty in a checkout that has none."""
        source, jobs = self._jobs(BASE_IMAGES) or (None, yaml.EMPTY)
        found: list[BaseImage] = []
        for entry in (entry for job in jobs.values.values() for entry in _included(job)):
            if source is not None and isinstance(entry, yaml.Mapping):
                fields = {key: entry.text(key) for key in entry.values}
                found.append(BaseImage(source, entry, fields))
        return found

    @cached_property
    def shared_inputs(self) -> dict[str, SharedInput]:
        """What Dockerfiles of backends copy or mount of no backend's folder, or their scripts call."""
        found: dict[str, SharedInput] = {}
        for file in docker.dockerfiles(self.tree, ("backend",)):
            for path, place in self._taken(file):
                known = found.get(path, SharedInput(place, frozenset()))
                found[path] = known._replace(dockerfiles=known.dockerfiles | {file.path})
        return found

    def _taken(self, file: Dockerfile) -> Iterator[tuple[str, Place]]:
        """The shared files that one Dockerfile takes, each where it stands."""
        for path, taken in docker.context_inputs(file, self._passed):
            example = "" if path.startswith("..") or _OWN_SOURCES.match(path) else self._example(path)
            if example:
                yield example, file.place(taken)
                yield from self._called(example)

    @cached_property
    def _passed(self) -> Mapping[str, str] | None:
        """The build arguments that the images get; None where nobody knows their names."""
        _, jobs = self._jobs(f".github/workflows/{LINUX_BUILD}") or (None, yaml.EMPTY)
        steps = [job.get("steps") for job in jobs.values.values() if isinstance(job, yaml.Mapping)]
        listed = (s for value in steps if isinstance(value, yaml.Sequence) for s in value.items)
        texts = (s.text("with", "build-args") for s in listed if isinstance(s, yaml.Mapping))
        passed = [docker.build_arguments(text) for text in texts if text]
        known = [arguments for arguments in passed if arguments is not None]
        return dict(ChainMap(*map(dict, known))) if known and len(known) == len(passed) else None

    def _called(self, path: str) -> Iterator[tuple[str, Place]]:
        """The scripts of `.docker/` that a script calls, wherever the checkout is mounted."""
        data = (self.tree.read(path) or b"") if path.endswith(".sh") else b""
        shell = parsed(ShellSource, path, data) if b".docker/" in data else None
        for command in shell.commands if shell else ():
            for word in (word for word in command.bare if ".docker/" in word):
                called = re.search(r"(?:^|/)(\.docker/[\w.-]+\.sh)$", word)
                if shell and called and called[1] != path and self.tree.read(called[1]) is not None:
                    yield called[1], Place(path, shell.line(command.start_byte))

    def _example(self, path: str) -> str:
        """A file that stands for `path`: itself, or the first file of a folder; "" for nothing."""
        if self.tree.read(path) is not None:
            return path
        return next(iter(self.tree.files(path)), "") if self.tree.is_dir(path) else ""

    @cached_property
    def has_script(self) -> bool:
        """Whether the script that hands the matrix to the workflows has any code."""
        data = self.tree.read(SPLIT_SCRIPT)
        return data is not None and any(parsed(JsSource, SPLIT_SCRIPT, data).declarations())

    @cached_property
    def shards(self) -> tuple[int, Place] | None:
        """Among how many jobs the script deals the single-arch entries, and where it says so."""
        data = self.tree.read(SPLIT_SCRIPT) or b""
        match = re.search(rb"^const SINGLEARCH_SHARDS\s*=\s*(\d+)", data, re.MULTILINE)
        if match is None:
            return None
        return int(match[1]), Place(SPLIT_SCRIPT, data.count(b"\n", 0, match.start()) + 1)

    def goals(self, name: str, lang: str, dockerfile: str | None) -> list[tuple[str, str]]:
        """(make goal, recipe) of all that a recipe calls in a backend's directory; no Dockerfile is macOS."""
        path = darwin_script(lang) if dockerfile is None else dockerfile.removeprefix("./")
        if (path, lang) not in self._goals:
            self._goals[path, lang] = [
                (goal, backend)
                for shell in self._shells(path, is_dockerfile=dockerfile is not None)
                for goal, backend in _goals_in(shell, lang)
            ]
        return [(goal, path) for goal, backend in self._goals[path, lang] if backend in ("", name)]

    def _shells(self, path: str, *, is_dockerfile: bool) -> Iterable[ShellSource]:
        """The scripts of a recipe that name the backend by its variable."""
        if is_dockerfile:
            file = docker.dockerfile(self.tree, path)
            shells = file.shells(b"make") if file else ()
            return (shell for shell in shells if any(option in shell.data for option in _FOLDER_OPTIONS))
        data = self.tree.read(path)
        return [ShellSource(path, data)] if data else ()

    @cached_property
    def _goals(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        return {}

    def takes_builder_image(self, dockerfile: str) -> bool:
        """Whether a Dockerfile has a stage on a prebuilt builder image."""
        file = docker.dockerfile(self.tree, dockerfile.removeprefix("./"))
        return file is not None and any("BUILDER_BASE_IMAGE" in stage.image for stage in file.stages)

    def starts_from(self, dockerfile: str, argument: str) -> bool:
        """Whether a stage of a Dockerfile is on what a build argument alone says, which every build gives."""
        file = docker.dockerfile(self.tree, dockerfile.removeprefix("./"))
        images = {stage.image for stage in file.stages} if file is not None else set()
        return argument in self.build_args and not images.isdisjoint({f"${{{argument}}}", f"${argument}"})

    def installs_by(self, dockerfile: str, argument: str) -> bool:
        """Whether a build argument is a part of the names of packages that a Dockerfile's scripts install."""
        data = self.tree.read(dockerfile.removeprefix("./")) or b""
        scripts = (self.tree.read(path.decode()) or b"" for path in _SCRIPT.findall(data))
        used = re.compile(rb"-\$\{?" + argument.encode() + rb"\b")
        return argument in self.build_args and any(
            b"apt-get" in text and used.search(text) for text in (data, *scripts)
        )


def darwin_script(lang: str) -> str:
    """What builds the backends of a language on macOS, but for those with a script of their own."""
    return f"scripts/build/{'golang' if lang == 'go' else lang}-darwin.sh"


_SCRIPT = re.compile(rb"(?<![\w./-])\.docker/[\w.-]++\.sh(?![\w.-])")
"""A script that Dockerfiles share."""

_FOLDER_OPTIONS = (b" -C ", b" -BC ")


def _goals_in(shell: ShellSource, lang: str) -> Iterator[tuple[str, str]]:
    """(goal, backend) of every `make -C` in the directory of a backend; "" is whichever is built."""
    folders = {assignment.name: assignment.value or "" for assignment in shell.assignments}
    for command in shell.commands:
        words = command.bare
        at = next((n for n, word in enumerate(words[:-1]) if f" {word} ".encode() in _FOLDER_OPTIONS), None)
        if words[:1] == ("make",) and at is not None:
            folder: str = words[at + 1]
            if folder.startswith("$"):
                folder = folders.get(folder.strip("${}/"), "")
            own = _OWN_FOLDER.fullmatch(folder)
            if own is not None and own[1] == lang:
                goals = (word for word in words[1:] if re.fullmatch(r"[a-z][\w-]*", word))
                yield from ((goal, own[2] or "") for goal in goals)
