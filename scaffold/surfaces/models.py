"""The model gallery, `gallery/*.yaml`: which backend each model is for."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

from scaffold.checkout.tree import Tree
from scaffold.errors import ShapeError
from scaffold.surfaces.base import Part
from scaffold.syntax.source import Source
from scaffold.syntax.yaml_events import Kind, document

FOLDER = "gallery"
LIST = f"{FOLDER}/index.yaml"
NEAR = 100
"""Lines within which a model's configuration begins and ends."""
WIDE = 100
"""Bytes of such a line."""

_NAME = re.compile(rb"backend:[ \t]*([\"']?)([A-Za-z0-9][\w.-]*)\1[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
_CONFIGURATION = re.compile(rb"[ \t-]*(?:overrides|config_file):")
"""What holds a model's configuration: everything else is words about it."""

_IN_PROCESS = re.compile(rb"\n[ ]*pii_detection:[ ]*\r?\n")
"""What LocalAI does itself, without a backend: `IsPatternDetector` in core/config."""


class Use(NamedTuple):
    """A model's `backend:`."""

    name: str
    path: str
    line: int
    start: int
    end: int
    """Where the name ends."""


class Model(NamedTuple):
    """One item of the list of models."""

    name: str
    line: int
    weights: str
    """The file that its configuration loads; "" where it is no single file that is downloaded as it is."""
    weights_line: int
    """Where that is said, or the configuration is named that says it."""
    files: frozenset[str]
    """The names of the files that are downloaded, of its base configuration too."""


_OWN_NAME = re.compile(rb"(?:\A- |\n  )name:[ ]*[\"']?([^\"'\n#]+?)[\"']?[ ]*(?:#[^\n]*)?(?=\r?\n|\Z)")
_WEIGHTS = re.compile(
    rb"\n([ ]++)parameters:[ ]*+\n(?:\1[ ]++[^\n]*+\n){0,30}?\1[ ]++model:[ ]*+[\"']?"
    rb"([^\"'\n]*\.(?:gguf|ggml|bin|safetensors))[\"']?[ ]*(?=\r?\n|\Z)"
)
_MODEL = re.compile(rb"\n[ ]+model:")
_KEY = re.compile(rb"(?m)^([ -]*+)(\w[\w-]*+):(?=[ \r\n])")
_FILE = re.compile(rb"\n[ ]+(?:- )?filename:[ ]*[\"']?([^\"'\n]*?)[\"']?[ ]*(?=\r?\n|\Z)")
_BASE = re.compile(rb"\n  url:[ ]*[\"']?github:[^\n]*/gallery/([\w.-]+\.ya?ml)@")
_ARCHIVE = re.compile(r"\.(?:tar\.\w+|tgz|zip)$")
_PAGE = re.compile(rb"uri:[ ]*[\"']?(https://huggingface\.co/[^/\s\"']+/[^/\s\"']+)/?[\"']?[ ]*(?=\r?\n|\Z)")


class ModelGallery:
    """The lists of models, which are too large to be parsed for one key."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree

    name = "model gallery"

    @property
    def parts(self) -> Iterable[Part]:
        data = self.tree.content(LIST) or b""
        yield Part(LIST, "model", len(_listed(data)), beside=FOLDER)
        yield Part(LIST, "`backend:` of a model", len(re.findall(rb"[ \t]backend:", data)), beside=FOLDER)

    @cached_property
    def models(self) -> list[Model]:
        """The items of the list, in file order."""
        models = []
        for model, base in _listed(self.tree.content(LIST) or b""):
            data = (self.tree.content(f"{FOLDER}/{base}") or b"") if base else b""
            weights = _WEIGHTS.search(data) if base and not model.weights else None
            models.append(
                model._replace(
                    files=model.files.union(_files(data)),
                    weights=weights[2].decode(errors="replace") if weights else model.weights,
                )
            )
        return models

    @property
    def repeated(self) -> Iterator[tuple[str, str, int]]:
        """(model, key, line) of every key that stands in one mapping of a model for the second time."""
        for line, item in _items(self.tree.content(LIST) or b""):
            if _may_repeat(item):
                name = _OWN_NAME.search(item)
                for key, at in _repeated(item):
                    yield name[1].decode(errors="replace") if name else "", key, line + at - 1

    @property
    def pages(self) -> Iterator[tuple[str, int]]:
        """(address, line) of every file to download whose address is a page about a repository."""
        data = self.tree.content(LIST) or b""
        line, counted = 1, 0
        for found in _PAGE.finditer(data):
            line, counted = line + data.count(b"\n", counted, found.start()), found.start()
            yield found[1].decode(errors="replace"), line

    def uses(self, of: Container[str], *, others: bool = False) -> Iterator[Use]:
        """The models for backends of some names; with `others`, for backends of other names."""
        for file in self.tree.names(FOLDER):
            path = f"{FOLDER}/{file}"
            data = (self.tree.content(path) or b"") if file.endswith((".yaml", ".yml")) else b""
            at = data.find(b"backend:")
            line, counted = 1, 0
            while at >= 0:
                found = _NAME.match(data, at)
                name = found[2].decode() if found else ""
                if found and (name.lower() in of) is not others and _configures(data, at):
                    line, counted = line + data.count(b"\n", counted, at), at
                    yield Use(name, path, line, found.start(2), found.end(2))
                at = data.find(b"backend:", at + 1)


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The items of a list, each with the line that it begins in."""
    head, *texts = (b"\n" + data).split(b"\n- ")
    line = 1 + head.count(b"\n")
    for text in texts:
        item = b"- %s\n" % text
        yield line, item
        line += item.count(b"\n")


@lru_cache(maxsize=4)
def _listed(data: bytes) -> tuple[tuple[Model, str], ...]:
    """The models of a list, each with the base configuration that may name its weights; "" for none."""
    models = []
    for line, item in _items(data):
        name = _OWN_NAME.search(item)
        downloads = b"\n  files:" in item
        weights = _WEIGHTS.search(item) if downloads else None
        is_based = downloads and weights is None and not _MODEL.search(item)
        files = _files(item) if weights or is_based else []
        if any(map(_ARCHIVE.search, files)):
            weights, is_based = None, False
        loaded = weights[2].decode(errors="replace") if weights else ""
        base = _BASE.search(item) if is_based or (weights and loaded not in files) else None
        at = weights or (base if is_based else None)
        model = Model(
            name[1].decode(errors="replace") if name else "",
            line,
            loaded,
            line + item.count(b"\n", 0, at.end()) if at else 0,
            frozenset(files),
        )
        models.append((model, base[1].decode() if base else ""))
    return tuple(models)


def _may_repeat(item: bytes) -> bool:
    """Whether two lines of an item look like one key of one mapping; they may be words of a text."""
    seen: dict[int, set[bytes]] = {}
    for dashes, key in _KEY.findall(item):
        depth = len(dashes)
        if b"-" in dashes:
            seen.pop(depth, None)
        for deeper in [other for other in seen if other > depth]:
            del seen[deeper]
        keys = seen.setdefault(depth, set())
        if key in keys:
            return True
        keys.add(key)
    return False


def _repeated(item: bytes) -> Iterator[tuple[str, int]]:
    """(key, line in the item) of every key that an item has twice; none where no YAML is seen."""
    try:
        found = document(Source(LIST, item))
    except ShapeError:
        return
    pending = [found.root] if found.root else []
    while pending:
        node = pending.pop()
        pending += node.below
        keys: set[str] = set()
        for key, _ in node.pairs if node.kind is Kind.mapping else ():
            if key.kind is Kind.scalar and key.text in keys:
                yield key.text, found.line(key)
            keys.add(key.text)


def _files(data: bytes) -> list[str]:
    """The names of the files that an item or a base configuration downloads."""
    return [name.decode(errors="replace") for name in _FILE.findall(data)]


def _configures(data: bytes, at: int) -> bool:
    """Whether a key is one of a model's configuration, which LocalAI starts a backend for."""
    start = data.rfind(b"\n", 0, at) + 1
    indent = data[start:at]
    if not indent or indent.strip():
        return False
    above = start
    for _ in range(NEAR):
        if not above:
            break
        line_end, above = above - 1, data.rfind(b"\n", 0, above - 1) + 1
        line = data[above:line_end]
        if line.strip() and len(line) - len(line.lstrip()) < len(indent):
            return _CONFIGURATION.match(line) is not None and not _is_in_process(data, at, len(indent))
    return False


def _is_in_process(data: bytes, at: int, indent: int) -> bool:
    """Whether the keys beside one say that LocalAI does it all itself."""
    beside = data[at : at + NEAR * WIDE]
    end = re.compile(rb"\n[ ]{0,%d}[^ \r\n]" % (indent - 1)).search(beside)
    return _IN_PROCESS.search(beside, 0, end.start() if end else len(beside)) is not None
