"""LocalAI's generated matrix: what its own script hands to the workflows when everything is built.

The script is JavaScript in the repository. It runs in a sandbox, with its files, its event and its
outputs replaced, so that shards, merges and names are what they are at that commit.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.surfaces.matrix.reading import Entry, MatrixReader
from scaffold.syntax.javascript import JsSource
from scaffold.syntax.sandbox import Sandbox, ScriptError
from scaffold.syntax.source import Source, parsed

SPLIT_SCRIPT = "scripts/changed-backends.js"
"""What splits the matrix between the jobs."""

_WORLD = """
const OUTPUT = [];
const console = {log() {}, warn() {}, error() {}};
const process = {env: {GITHUB_EVENT_PATH: "event", GITHUB_OUTPUT: "output", FORCE_ALL: "true"}};
const STUBS = {
  fs: {readFileSync: () => "{}", appendFileSync: (path, text) => OUTPUT.push(text)},
  yaml: {load: () => MATRIX},
};
"""


_WORDS = {"true": True, "false": False}
_PLAIN = (b": true", b": false")


class MatrixScript:
    """The script of a checkout; it equals one that is the same and meets the same entries."""

    def __init__(self, tree: Tree, matrix: MatrixReader) -> None:
        self._tree = tree
        self._matrix = matrix

    def __call__(self) -> Mapping[str, list[dict[str, Any]]]:
        """Output name -> the rows of the matrix that it holds; empty where the script cannot be run."""
        return _made(*self._given)

    @property
    def _given(self) -> tuple[bytes | None, tuple[Entry, ...], tuple[Entry, ...]]:
        return self._tree.read(SPLIT_SCRIPT), tuple(self._matrix.linux), tuple(self._matrix.darwin)

    def __eq__(self, other: object) -> bool:  # noqa: D105 - the class says it
        return isinstance(other, MatrixScript) and self._given == other._given

    __hash__ = None  # type: ignore[assignment]


@lru_cache(maxsize=4)
def _made(
    data: bytes | None, linux: Iterable[Entry], darwin: Iterable[Entry]
) -> Mapping[str, list[dict[str, Any]]]:
    if data is None:
        return {}
    entries = {"include": [*map(_typed, linux)], "includeDarwin": [*map(_typed, darwin)]}
    try:
        source = parsed(JsSource, SPLIT_SCRIPT, data)
        sandbox = Sandbox(SPLIT_SCRIPT, _WORLD + _runnable(source), given={"MATRIX": entries})
        return dict(_matrices(sandbox.text("OUTPUT.join('\\n')").split("\n")))
    except (ScriptError, ShapeError, ValueError):
        return {}


def _runnable(source: JsSource) -> str:
    """The script without its imports: what it imports is a stub, or nothing that a full build needs."""
    stubs = ""
    text = source.data
    for statement, names in reversed(list(source.imports())):
        text = text[: statement.start_byte] + text[statement.end_byte :]
        for name in names:
            stubs += f"const {name} = STUBS.{name} ?? function () {{ return new Map(); }};\n"
    return stubs + text.decode()


def _matrices(lines: Iterable[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The outputs that are matrices."""
    for line in lines:
        name, _, value = line.strip().partition("=")
        rows = json.loads(value).get("include") if value.startswith("{") else None
        if isinstance(rows, list):
            yield name, [row for row in rows if isinstance(row, dict)]


def _typed(entry: Entry) -> Mapping[str, Any]:
    """The fields of an entry as a YAML library gives them to the script."""
    fields = entry.fields
    if not _has_plain(entry.source) or _WORDS.keys().isdisjoint(fields.values()):
        return fields
    quotes = entry.quotes
    return {
        name: text if text not in _WORDS or quotes.get(name) else _WORDS[text]
        for name, text in fields.items()
    }


@lru_cache(maxsize=8)
def _has_plain(source: Source) -> bool:
    """Whether a word that is no text stands in a file without quotes."""
    return any(word in source.data for word in _PLAIN)
