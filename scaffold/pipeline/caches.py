"""Caches: the actions that save and restore them, and what a build names as its cache."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from scaffold.pipeline.expressions.nodes import Scope
from scaffold.pipeline.expressions.values import HOLE, Open, is_known

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
