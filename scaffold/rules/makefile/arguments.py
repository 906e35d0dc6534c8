"""Arguments that the Makefile gives to the builds of images."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.backend.near import is_near
from scaffold.directory.build_arguments import arguments, undeclared
from scaffold.directory.text import text_of
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Rule, Severity


class BuildArgUndeclared(Rule):
    """What the Makefile gives to the build of an image is an argument of its Dockerfile.

    Why: Docker passes over an argument without an `ARG`, and builds with the default of the one that was
    meant. LocalAI's Makefile gave `IMAGE_BASE` to a Dockerfile with `ARG BASE_IMAGE`, so whoever asked for
    a CUDA image got another (#5880).

    Fails: `ARG BASE_IMAGE=ubuntu:24.04` in the Dockerfile, and

        docker build --build-arg IMAGE_BASE=$(BASE_IMAGE) .

    Passes:

        docker build --build-arg BASE_IMAGE=$(BASE_IMAGE) .

    Told are names that an argument of the Dockerfile has with the words in another order, or a letter apart.
    Where make puts the name of the Dockerfile together, one that it fits is enough.

    Fix: write the name that the Dockerfile has, or take the argument away.
    """

    severity = Severity.warning

    def check(self, registry: Registry) -> Iterator[Finding]:
        """Arguments that no Dockerfile declares, each once for a Dockerfile."""
        if registry.only is not None:
            return
        makefile = registry.makefile
        data = registry.tree.read(makefile.path) or b""
        files = [
            f"backend/{name}" for name in registry.tree.names("backend") if name.startswith("Dockerfile")
        ]
        files += [name for name in registry.tree.names("") if name.startswith("Dockerfile")]
        told = set()
        for name, path, offset in undeclared(data, files, registry.tree.read):
            if (name, path) in told:
                continue
            told.add((name, path))
            declared = arguments(registry.tree.read(path) or b"")
            meant = next((one for one in declared if _is_meant(name, one)), "")
            if meant:
                yield self.finding(
                    text_of(makefile.path, data).place(offset),
                    "",
                    f"{name} of {path}",
                    f"{path} has no ARG {name}: {meant} keeps its default",
                    f"write {meant}",
                )


def _is_meant(name: str, other: str) -> bool:
    return sorted(name.split("_")) == sorted(other.split("_")) or is_near(name, other)
