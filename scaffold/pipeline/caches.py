"""Caches: the actions that save and restore them, and what a build names as its cache."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.values import HOLE, Open, is_known, without_holes

SAVE = "actions/cache/save"
RESTORE = "actions/cache/restore"
BOTH = "actions/cache"


def may_begin(key: str, start: str) -> bool:
    """Whether a key may begin with a text, as one that is found does: what is unknown may be anything."""
    if (is_known(key) and is_known(start)) or key.startswith(start):
        return key.startswith(start)
    heads = key.partition(HOLE)[0], start.partition(HOLE)[0]
    length = min(map(len, heads))
    return heads[0][:length] == heads[1][:length] and not (is_known(key) and len(heads[0]) < len(heads[1]))


def is_anywhere(paths: Iterable[str]) -> bool:
    """Whether what stands at some paths is the same on every system, and whatever is built."""
    return all(_is_anywhere(path.lower()) for path in paths)


def _is_anywhere(path: str) -> bool:
    return path.endswith(_SAME_FILES) or any(f"/{folder}/" in f"/{path}/" for folder in _SAME_FOLDERS)


_SAME_FOLDERS = (
    ".cargo/git", ".composer", ".git", ".gradle/wrapper", ".hypothesis", ".ivy2", ".m2", ".npm", ".nuget",
    ".pnpm-store", ".yarn", "corpora", "corpus", "data", "dataset", "datasets", "docs", "fixtures",
    "fonts", "git/db", "huggingface", "lfs", "model", "models", "nltk_data", "pip", "pkg/mod", "pnpm",
    "registry", "source", "sources", "test-data", "testdata", "uv", "weights", "yarn",
)  # fmt: skip
_SAME_FILES = (
    ".css", ".csv", ".git", ".gguf", ".gz", ".html", ".jpg", ".js", ".json", ".jsonl", ".lock", ".map", ".md",
    ".onnx", ".parquet", ".pdf", ".png", ".safetensors", ".sql", ".svg", ".toml", ".txt", ".xml", ".xz",
    ".yaml", ".yml", ".zip", "commit", "commits", "digest", "digests", "sha", "shas", "timestamp",
    "timestamps", "version", "versions",
)  # fmt: skip
"""Folders and endings of files whose content is the same on every system."""


def holds_programs(paths: Iterable[str], *told: str) -> bool:
    """Whether what stands at some paths is likely of one system: a path says so, or what is told of it.

    What nobody knows is none: data and programs are cached alike.
    """
    of_system = [path for path in paths if not is_anywhere([path])]
    return bool(of_system) and any(map(_names_programs, (*of_system, *told)))


@lru_cache(maxsize=4096)
def _names_programs(path: str) -> bool:
    """Whether a path names programs: what is called so in it, or lies where only a tool puts it."""
    *around, last = without_holes(path.lower().rstrip("/"), "-").rsplit("/", 1)
    words = re.split(r"[^a-z]+", last)
    places = re.split(r"[^a-z]+", around[0]) if around else ()
    return (
        any(name in path for name in _FOLDERS)
        or not (_TOOLS | _MADE).isdisjoint(words)
        or not _TOOLS.isdisjoint(places)
    )


_FOLDERS = ("node_modules", "go-build")
_TOOLS = frozenset(
    {"apt", "asdf", "bazel", "bin", "brew", "cabal", "cargo", "ccache", "cellar", "conan", "conda", "cypress"}
    | {"deriveddata", "elan", "electron", "emsdk", "esy", "ghcup", "homebrew", "konan", "linuxkit", "mamba"}
    | {"micromamba", "miniconda", "mise", "nix", "nvm", "opam", "pipx", "pixi", "playwright", "puppeteer"}
    | {"pyenv", "pypoetry", "racket", "rbenv", "renv", "rustup", "sccache", "swiftpm", "sysroot", "target"}
    | {"toolchain", "toolchains", "usr", "vcpkg", "venv", "venvs", "virtualenv", "virtualenvs", "wheelhouse"}
)
"""Tools whose folders hold what is made for one system, and folders that hold nothing else."""
_MADE = frozenset(
    {"binaries", "binary", "browsers", "build", "builds", "built", "bundle", "compiled", "compiler", "cmake"}
    | {"deps", "dist", "gems", "install", "installed", "lib", "libs", "llvm", "local", "obj"}
    | {"opt", "out", "output", "pkgs", "pods", "release", "debug", "sdk", "stack", "tool", "tools", "wheels"}
    | {"zig"}
)
"""What one calls programs, where it is the last word: other things, too, lie in such folders."""


class Missed(NamedTuple):
    """Where the condition of a step is evaluated whose job found no cache."""

    step: Scope
    lookups: Iterable[str]
    """The ids of the steps that look for one."""

    def context(self, name: str) -> Any:
        """The value of a context."""
        found = self.step.context(name)
        if name != "steps":
            return found
        missed = Open("outputs", {"cache-hit": "", "cache-matched-key": ""})
        return Open(found.label, found | {name: Open(name, {"outputs": missed}) for name in self.lookups})

    def status(self, function: str) -> Any:
        """Everything before went well."""
        return self.step.status(function)
