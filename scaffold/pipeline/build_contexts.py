"""What builds of images find in their context, and what is made there before."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

from scaffold.checkout.door import Kind
from scaffold.checkout.tree import Tree
from scaffold.pipeline import docker
from scaffold.pipeline.builds import ImageBuild
from scaffold.pipeline.flows import flows_of
from scaffold.pipeline.repository import Repository
from scaffold.pipeline.steps import CHECKOUT, Step
from scaffold.syntax.dockerfile import Dockerfile, Input

_PURE = frozenset(
    {"actions/attest-build-provenance", "anchore/sbom-action", "aws-actions/amazon-ecr-login"}
    | {"aws-actions/configure-aws-credentials", "azure/docker-login", "azure/login", "docker/login-action"}
    | {"docker/metadata-action", "docker/setup-buildx-action", "docker/setup-docker-action"}
    | {"docker/setup-qemu-action", "google-github-actions/auth", "jlumbroso/free-disk-space"}
    | {"sigstore/cosign-installer", "step-security/harden-runner"}
)
"""Actions that put no file into the checkout."""
_FETCHING = frozenset({"actions/cache", "actions/cache/restore", "actions/download-artifact"})
_QUIET = frozenset(
    {"[", "[[", "cut", "date", "echo", "exit", "export", "printf", "set", "test", "tr", "true"}
)
"""Commands that make no file that a build takes."""


@lru_cache(maxsize=2)
def builds_by_place(repository: Repository) -> Mapping[tuple[str, str], list[ImageBuild]]:
    """Folder and Dockerfile, both of the repository -> what builds an image from them."""
    asked: dict[tuple[str, str], list[ImageBuild]] = {}
    for build in (build for run in repository.runs.all() for build in flows_of(run).builds):
        asked.setdefault(build.image, []).append(build)
    found: dict[tuple[str, str], list[ImageBuild]] = {}
    for image, builds in asked.items():
        place = docker.source_of(*image)
        if place is not None:
            found.setdefault(place, []).extend(builds)
    return found


def absent(tree: Tree, context: str, file: Dockerfile) -> Iterator[tuple[str, Input]]:
    """What a Dockerfile takes from a context and what is not there, nor ignored by git.

    Without what only a build knows the name of, and patterns. The folder that it would be in is there.
    """
    for found in file.inputs:
        path = found.path.strip("\"'").lstrip("/")
        written = file.data[found.start_byte : found.end_byte]
        if b"$" in written or re.search(r"[*?\[\\:]|<<", path) or found.arguments:
            continue
        placed = posixpath.normpath(posixpath.join(context, docker.in_context(path))).lstrip("/")
        above = posixpath.dirname(placed)
        if (
            placed not in (".", "")
            and not placed.startswith(("..", ".git/"))
            and placed != ".git"
            and tree.kind(placed) is None
            and (not above or tree.kind(above) is Kind.folder)
            and not _may_be_ignored(tree, placed)
        ):
            yield placed, found


def _may_be_ignored(tree: Tree, path: str) -> bool:
    """Whether a `.gitignore` may name a path or a folder on its way, or it is of another repository."""
    parts = path.split("/")
    for depth in range(len(parts)):
        listed = (tree.read("/".join((*parts[:depth], ".gitignore"))) or b"").decode(errors="replace")
        patterns = {line.strip("/ \r").rpartition("/")[2] for line in listed.split("\n")} - {"", "*", "**"}
        if any(fnmatchcase(part, pattern) for part in parts[depth:] for pattern in patterns):
            return True
    modules = re.findall(rb"(?m)^[ \t]*+path[ \t]*+=[ \t]*+(\S++)", tree.read(".gitmodules") or b"")
    return any(f"{path}/".startswith(f"{module.decode(errors='replace')}/") for module in modules)


def is_whole(build: ImageBuild, path: str, *, known: bool) -> bool:
    """Whether a build finds nothing but what is in the repository at a path.

    `known` says that the steps before make only what they name.
    """
    checked_out = False
    for occurrence in build.job.job.occurrences:
        step = occurrence.step
        if step.action == CHECKOUT:
            checked_out = True
        is_build = occurrence is build.at.occurrence
        if (not is_build or step.run) and _may_make(step, posixpath.basename(path), known=known):
            return False
        if is_build:
            break
    return checked_out or not build.input("context")


def _may_make(step: Step, name: str, *, known: bool) -> bool:
    """Whether a step may put a file of some name into the checkout."""
    if step.run:
        quiet = all(command.bare[:1] and command.bare[0] in _QUIET for command in step.script.commands)
        return name in step.run or not (known or quiet)
    if step.action == CHECKOUT:
        ref = step.spelled("ref")
        return bool({"repository", "path"} & step.given.keys()) or (bool(ref) and "github." not in ref)
    if step.action in docker.BUILD:
        return "outputs" in step.given and not known
    return step.action in _FETCHING or not (known or step.action in _PURE)
