"""The Go modules that jobs work on: in which folders, and so by which `go.mod`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from scaffold.checkout.tree import Tree
from scaffold.pipeline.model import Job
from scaffold.pipeline.script_folders import placed
from scaffold.pipeline.steps import CHECKOUT, Step, folder_of

MODULE = "go.mod"
SETUP = "actions/setup-go"
_PROGRAMS = (
    *("ginkgo", "go", "golangci-lint", "goreleaser", "gotestsum", "govulncheck", "ko", "mage", "make"),
    *("staticcheck", "task"),
)
"""What works on the module of the folder in which it runs."""
_PROGRAM = re.compile(rf"(?<![\w-])(?:{'|'.join(_PROGRAMS)})(?![\w-])")
_FETCHED = re.compile(
    r"\bgo[ \t]++(?:install|run)(?:[ \t]++-[^\s;&|]++(?:[ \t]++\w[\w,=]*+(?![\w./@-]))?+)*+"
    r"[ \t]++\w[\w./~-]*+@[\w.-]+"
)
"""A program at a version of its own: what `go.mod` is here does not matter to it."""
_FOLDERS = ("working-directory", "workdir")
_FILES = ("go-version-file", "cache-dependency-path")
"""Inputs of actions that name a folder of a module, or a file in one."""


def module_above(tree: Tree, folder: str) -> str:
    """The nearest `go.mod` above what is in a folder; the root's where there is none."""
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    paths = ("/".join((*parts[:depth], MODULE)) for depth in range(len(parts), 0, -1))
    return next((path for path in paths if tree.read(path) is not None), MODULE)


@lru_cache(maxsize=256)
def modules_of(job: Job) -> frozenset[str]:
    """Each `go.mod` by which a job works: the root's where it does there, none where nobody knows."""
    if job.called is not None:
        return frozenset[str]().union(*(modules_of(own) for own in job.called.jobs.values()))
    steps = [occurrence.step for occurrence in job.occurrences]
    works = any(step.run or step.action.startswith("docker/b") for step in steps)
    if any(map(_is_of_another, steps)) or (works and not any(map(_may_run_go, steps))):
        return frozenset()
    used = [pair for o in job.occurrences for pair in _folders(job, o.step)]
    if not any(sure for _, sure in used) and any(_FETCHED.search(o.step.run) for o in job.occurrences):
        return frozenset()  # a program that is fetched at a version is built by its own module
    folders = {folder for folder, sure in used if sure} or {folder for folder, _ in used}
    known = {folder for folder in folders if "$" not in folder and not folder.startswith(_ELSEWHERE)}
    modules = {module_above(job.workflow.pipeline.tree, folder) for folder in known}
    if not folders or MODULE in modules:
        return frozenset({MODULE})
    return frozenset(modules) if folders == known else frozenset()


_ELSEWHERE = ("/", "..", "~")
"""How a folder begins that is outside of the repository, or may be in it: nobody knows of which module."""


def _may_run_go(step: Step) -> bool:
    """Whether a step may work with the Go of the machine; images that are built have one of their own."""
    if not step.run:
        return not step.action.startswith(_NO_GO) and not step.uses.startswith("./")
    commands = step.script.commands
    return not commands or any(c.bare and c.bare[0] not in _PLAIN for c in commands)


_NO_GO = ("actions/", "aws-actions/", "docker/", "google-github-actions/auth", "sigstore/cosign-installer")
_PLAIN = frozenset(
    {"[", "basename", "cat", "cd", "cosign", "cp", "cut", "date", "dirname", "docker", "echo", "exit"}
    | {"export", "git", "grep", "head", "jq", "ls", "mkdir", "mv", "pip", "printf", "pytest", "rm", "sed"}
    | {"set", "sort", "uv", "tail", "tee", "test", "tr", "true"}
)
"""Actions and programs that neither are made by Go on the machine, nor call it."""


def _is_of_another(step: Step) -> bool:
    """Whether a step puts another repository where this one would be."""
    repository = step.spelled("repository") if step.action == CHECKOUT else ""
    return bool(repository) and "${{" not in repository and not step.spelled("path")


def _folders(job: Job, step: Step) -> Iterator[tuple[str, bool]]:
    """The folders in which a step works, each with whether what runs there is known to work on a module."""
    home = posixpath.dirname(step.path)
    if not step.run:
        folders = [step.spelled(name) for name in _FOLDERS]
        folders += [posixpath.dirname(step.spelled(name)) for name in _FILES if step.action == SETUP]
        yield from ((placed(folder, ".", home), True) for folder in folders if folder)
        return
    at = placed(folder_of(step, job.node, job.workflow.node), ".", home)
    moves = any(word in step.run for word in ("cd", "pushd", "-C"))
    if not moves or not re.search(r"\b(?:cd|pushd)\b|-C\b", step.run):
        own = _FETCHED.sub("", step.run) if "@" in step.run else step.run
        yield at, _PROGRAM.search(own) is not None
        return
    left: list[str] = []
    for command in step.script.commands:
        words = command.bare
        if words[:1] in (("cd",), ("pushd",)) and words[1:]:
            left.append(at)
            at = placed(words[1], at, home)
        elif words[:1] == ("popd",):
            at = left.pop() if left else at
        elif words and not _FETCHED.search(" ".join(words)):
            named = words[words.index("-C") + 1] if "-C" in words[:-1] else ""
            yield placed(named, at, home), words[0] in _PROGRAMS
