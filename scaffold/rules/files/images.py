"""What scripts and Dockerfiles of backends do that never works."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from scaffold.directory.comparisons import constant
from scaffold.directory.image_programs import (
    BARE,
    GIVEN,
    MANAGED,
    based_and_piping,
    based_on_argument,
    missing,
    refused_pips,
)
from scaffold.directory.splitting import split_values
from scaffold.directory.text import Text, text_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity
from scaffold.syntax import dockerfile
from scaffold.syntax.dockerfile import Dockerfile
from scaffold.syntax.instructions import Stage
from scaffold.syntax.source import Place

FOLDERS = (".docker", "scripts", "backend/python/common")
"""Where the scripts are that many backends share."""


class ComparisonConstant(Rule):
    """A test of a script compares something that may change.

    Why: a test that has one answer for ever leaves a branch that nobody meets, and nothing says so.
    LocalAI's Dockerfiles asked whether `"${CMAKE_FROM_SOURCE}}"` is `"true"`, which it never is: who set the
    argument got the cmake of the system (#5823, #7864).

    Fails:

        if [ "${FROM_SOURCE}}" = "true" ]; then
        if [ "BUILD_TYPE" = "cublas" ]; then

    Passes:

        if [ "${FROM_SOURCE}" = "true" ]; then
        if [ "${BUILD_TYPE}" = "cublas" ]; then

    Looked at are Dockerfiles, the scripts of backends, and those that they share.

    Fix: take the brace away, or write the `$` of the variable.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Tests that compare what is always the same; each text of a file once."""
        for name, text in (*_shared(registry), *_own(registry)):
            told = set()
            for one in constant(text.code if b"[" in text.data else b""):
                if one.written not in told:
                    told.add(one.written)
                    yield self.finding(
                        text.place(one.offset), name, f"{text.path} {one.written}", one.problem, one.help
                    )


def _own(registry: Registry) -> Iterator[tuple[str, Text]]:
    """(backend, script) of every backend."""
    for name in registry.backends:
        files = registry.files(name)
        for text in files.texts(one for one in files.names if one.endswith(".sh")):
            yield name, text


def _shared(registry: Registry) -> Iterator[tuple[str, Text]]:
    """What many backends share, without a backend."""
    if registry.only is not None:
        return
    paths = [path for folder in FOLDERS for path in registry.tree.files(folder) if path.endswith(".sh")]
    paths += [f"backend/{name}" for name in registry.tree.names("backend") if name.startswith("Dockerfile")]
    for path in (*paths, "Dockerfile"):
        data = registry.tree.read(path)
        if data:
            yield "", text_of(path, data)


class ProgramNotInstalled(Rule):
    """What the build of an image runs is installed by then.

    Why: Ubuntu's own image has no curl, wget, git or unzip. An installation in one branch does not
    count for another: "wget: not found" came up for one platform, in the build that had it alone.
    LocalAI repaired three Dockerfiles for it in two days (dc6182bbb, edcbf82b3, 1d1d52da5).

    Fails: an entry with `base-image: "ubuntu:24.04"` and `build-type: 'cublas'`, and

        RUN if [ "${BUILD_TYPE}" = "vulkan" ]; then apt-get install -y wget; fi
        RUN if [ "${BUILD_TYPE}" = "cublas" ]; then wget https://example.org/cudss.deb; fi

    Passes:

        RUN apt-get update && apt-get install -y wget
        RUN if [ "${BUILD_TYPE}" = "cublas" ]; then wget https://example.org/cudss.deb; fi

    Each Dockerfile is followed for each build of the matrix on a plain Ubuntu, up to the first script that
    may install something.

    Fix: add it to the packages that every build installs.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Programs that a build runs too early, once for a Dockerfile and place."""
        told: set[tuple[str, str]] = set()
        for build in _builds(registry, BARE, based_on_argument):
            for program, offset in missing(build.stage, build.given, registry.tree.read):
                if (build.file.path, program) not in told:
                    told.add((build.file.path, program))
                    yield self.finding(
                        build.place(offset),
                        "",
                        f"{build.file.path} {program}",
                        f"{program} is run here for {build.title}, and nothing has installed it:"
                        f" {build.image} has none",
                        f"add {program} to the packages that every build installs",
                    )


class PipRefused(Rule):
    """pip installs what the build of an image has it install.

    Why: since Ubuntu 23.04 the Python of the system belongs to apt. pip changes nothing there, with `--user`
    neither: "error: externally-managed-environment", and the build ends. LocalAI's first images on Ubuntu
    24.04 could not be built for it (b4172762d).

    Fails: an entry with `base-image: "ubuntu:24.04"`, and

        RUN apt-get install -y python3-pip && pip install --upgrade pip

    Passes:

        RUN apt-get install -y python3-pip && pip install --break-system-packages --upgrade pip

    Each Dockerfile is followed for each build of the matrix, up to where it makes a virtual environment or
    allows this otherwise.

    Fix: install it in a virtual environment, or say `--break-system-packages` for such a release.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Installations that pip refuses in some build, each place once."""
        told: set[Place] = set()
        for build in _builds(registry, MANAGED, based_and_piping):
            for place in map(build.place, refused_pips(build.stage, build.given)):
                if place not in told:
                    told.add(place)
                    yield self.finding(
                        place,
                        "",
                        f"{build.file.path} pip",
                        f"pip refuses to change the Python of {build.image}, for {build.title}",
                        "install it in a virtual environment, or add --break-system-packages",
                    )


class _Build(NamedTuple):
    """A stage of a Dockerfile in one build of the matrix."""

    file: Dockerfile
    stage: Stage
    given: Mapping[str, str]
    image: str
    title: str

    def place(self, offset: int) -> Place:
        return self.file.place(offset)


def _builds(
    registry: Registry, images: re.Pattern[str], stages: Callable[[Dockerfile], Iterable[Stage]]
) -> Iterator[_Build]:
    """Some stages of the Dockerfiles, in each build of the matrix on some images that differs from others."""
    files: dict[str, tuple[Dockerfile, list[Stage]] | None] = {}
    followed: set[object] = set()
    for entry in registry.matrix.linux if registry.only is None else ():
        image = entry.fields.get("base-image", "")
        path = entry.fields.get("dockerfile", "").removeprefix("./")
        if not images.fullmatch(image):
            continue
        if path not in files:
            data = registry.tree.read(path)
            file = dockerfile.read(path, data) if data else None
            files[path] = (file, [*stages(file)]) if file is not None else None
        found = files[path]
        given = {name: entry.fields[key] for name, key in GIVEN.items() if key in entry.fields}
        for platform in entry.fields.get("platforms", "").split(",") if found and found[1] else ():
            known = {**given, "TARGETPLATFORM": platform, "TARGETARCH": platform.rpartition("/")[2]}
            key = path, image, *sorted(known.items())
            if found and key not in followed:
                followed.add(key)
                title = f"{entry.tag_suffix} on {platform}"
                yield from (_Build(found[0], stage, known, image, title) for stage in found[1])


class MakeValueSplits(Rule):
    """A value of a Makefile with a `;` reaches the shell in quotes.

    Why: to the shell a `;` ends the command. CMake is given the beginning of the list, and what follows is
    run as commands of their own: "gfx900: command not found". LocalAI's ROCm builds of llama-cpp ended so
    (4fbd63946).

    Fails:

        GPU_TARGETS?=gfx908;gfx90a;gfx1100
        CMAKE_ARGS+=-DGPU_TARGETS=$(GPU_TARGETS)
        build:
                cmake $(CMAKE_ARGS) ..

    Passes:

        GPU_TARGETS?=gfx908;gfx90a;gfx1100
        CMAKE_ARGS+=-DGPU_TARGETS="$(GPU_TARGETS)"
        build:
                cmake $(CMAKE_ARGS) ..

    Looked at are values of one word.

    Fix: put the value in quotes where it is used, or its parts apart by commas where CMake takes those.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Lists that recipes give to the shell as they are."""
        for name in registry.backends:
            for text in registry.files(name).makefiles:
                for one in split_values(text):
                    via = "" if one.used == one.variable else f", in {one.used},"
                    yield self.finding(
                        text.place(one.offset),
                        name,
                        f"{one.variable} of {text.path}",
                        f"{one.variable} has a `;` and comes{via} to the shell in no quotes, which takes the"
                        " rest for another command",
                        f'write "$({one.variable})" where it is used',
                    )
