"""What the workflows and Dockerfiles say of building images: callers, shards, builder images."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from scaffold.backend.names import FOLDER
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.surfaces.base import YamlRecord
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.shell import ShellSource
from scaffold.syntax.source import Place, parsed
from scaffold.syntax.yaml import YamlSource
from scaffold.syntax.yaml_items import item_of

WORKFLOWS = (".github/workflows/backend.yml", ".github/workflows/backend_pr.yml")
"""The workflows that build images: of a push, of a pull request."""

LINUX_BUILD = "backend_build.yml"
DARWIN_BUILD = "backend_build_darwin.yml"
MERGE = "backend_merge.yml"
BASE_IMAGES = ".github/workflows/base-images.yml"
SPLIT_SCRIPT = "scripts/changed-backends.js"
MATRIX_LIMIT = 256
"""Jobs of one matrix from which on GitHub starts none of them."""

_TAG_SUFFIX = re.compile(rb"(?m)(?:tag-suffix:\s*[\"']?|^\s*suffix=)(-[\w.-]+)")
_OWN_SOURCES = re.compile(rf"\.$|{FOLDER}(?!common)")
_OWN_FOLDER = re.compile(r"[\w/]*backend/(\w+)/\$\{?BACKEND\}?/?")


class Caller(NamedTuple):
    """A job that calls the reusable build workflow once per matrix entry."""

    path: str
    line: int
    job: str
    builds: str
    """Name of the reusable workflow."""
    fields: frozenset[str]
    """The matrix fields that it hands on."""
    static_entries: int
    """Number of entries that stand in the job itself; 0 where a script hands them in."""


@dataclass(slots=True, eq=False)
class BaseImage(YamlRecord):
    """One builder image that `base-images.yml` builds."""

    @property
    def fields(self) -> dict[str, str]:
        """Field -> value."""
        return self.item.fields

    @property
    def tag(self) -> str:
        """Its tag."""
        return self.fields.get("tag", "")


class ImageBuilds:
    """The build side of the CI, read once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    def _source(self, path: str) -> YamlSource | None:
        data = self.tree.read(path)
        return parsed(YamlSource, path, data) if data is not None else None

    @cached_property
    def callers(self) -> list[Caller]:
        """Every job that builds matrix entries, workflow by workflow."""
        return self._callers(LINUX_BUILD, DARWIN_BUILD)

    @cached_property
    def merges(self) -> list[Caller]:
        """Every job that merges the images of matrix entries."""
        return self._callers(MERGE)

    def _callers(self, *reusable: str) -> list[Caller]:
        found = []
        for path in WORKFLOWS:
            source = self._source(path)
            for job in source.pairs(source.get(source.document(), "jobs")) if source else ():
                assert source is not None
                builds = source.scalar(source.get(job.value, "uses")).rpartition("/")[2]
                if builds in reusable:
                    text = source.text(job.node)
                    entries = source.items(source.get(job.value, "strategy", "matrix", "include"))
                    found.append(
                        Caller(
                            path,
                            source.line(job.node.start_byte),
                            job.key,
                            builds,
                            frozenset(re.findall(r"(?<![\w-])matrix\.([\w-]+)", text)),
                            len(entries),
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
        source = self._source(BASE_IMAGES)
        found: list[BaseImage] = []
        for job in source.pairs(source.get(source.document(), "jobs")) if source else ():
            assert source is not None
            entries = source.items(source.get(job.value, "strategy", "matrix", "include"))
            found += [BaseImage(item_of(source, entry)) for entry in entries]
        return found

    @cached_property
    def shared_inputs(self) -> dict[str, Place]:
        """File outside of every backend that a backend Dockerfile copies or mounts -> where it does."""
        found: dict[str, Place] = {}
        for file in docker.dockerfiles(self.tree, ("backend",)):
            for path, taken in docker.context_inputs(file, None):
                if not path.startswith("..") and not _OWN_SOURCES.match(path):
                    found.setdefault(self._example(path), file.place(taken))
        return {path: place for path, place in found.items() if path}

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

    def goals(self, lang: str, dockerfile: str | None) -> list[tuple[str, str]]:
        """(make goal, recipe) of all that a recipe calls in a backend's directory; no Dockerfile is macOS."""
        script = "golang" if lang == "go" else lang
        macos = f"scripts/build/{script}-darwin.sh"
        path = macos if dockerfile is None else dockerfile.removeprefix("./")
        if (path, lang) not in self._goals:
            is_macos = dockerfile is None
            shells = [ShellSource(path, self.tree.read(path) or b"")] if is_macos else self._shells(path)
            self._goals[path, lang] = [(goal, path) for shell in shells for goal in _goals_in(shell, lang)]
        return self._goals[path, lang]

    def _shells(self, dockerfile: str) -> Iterable[ShellSource]:
        """The scripts of a Dockerfile that may call make in some folder."""
        file = docker.dockerfile(self.tree, dockerfile)
        runs = (i for i in file.instructions if i.name == "RUN") if file else ()
        return [shell for run in runs for shell in run.shells if b" -C" in shell.data]

    @cached_property
    def _goals(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        return {}

    def takes_builder_image(self, dockerfile: str) -> bool:
        """Whether a Dockerfile has a stage on a prebuilt builder image."""
        file = docker.dockerfile(self.tree, dockerfile.removeprefix("./"))
        return file is not None and any("BUILDER_BASE_IMAGE" in stage.image for stage in file.stages)


def _goals_in(shell: ShellSource, lang: str) -> Iterator[str]:
    """The goals of every `make -C` in the directory of whichever backend of a language is built."""
    folders = {assignment.name: assignment.value or "" for assignment in shell.assignments}
    for command in shell.commands:
        words = command.bare
        if words[:1] == ("make",) and "-C" in words[:-1]:
            folder: str = words[words.index("-C") + 1]
            if folder.startswith("$"):
                folder = folders.get(folder.strip("${}/"), "")
            own = _OWN_FOLDER.fullmatch(folder)
            if own is not None and own[1] == lang:
                yield from (word for word in words[1:] if re.fullmatch(r"[a-z][\w-]*", word))
