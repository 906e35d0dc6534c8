"""The model gallery, `gallery/*.yaml`: which backend each model is for."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Container, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

from scaffold.checkout.merged import require_merged
from scaffold.checkout.tree import Tree
from scaffold.surfaces.gallery.loading import Refusal
from scaffold.surfaces.model_configuration import configures
from scaffold.surfaces.model_files import Half, halves, quoted_backends
from scaffold.surfaces.model_keys import Misspelt, may_repeat, misspelt, repeated
from scaffold.surfaces.parts import Part
from scaffold.syntax.yaml_events import in_block_style

FOLDER = "gallery"
LIST = f"{FOLDER}/index.yaml"
_NAME = re.compile(
    rb"backend:[ \t]*([\"']?)([A-Za-z0-9][\w.-]*)\1(?:[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)|[ \t]*[,}])"
)
_FLOW = re.compile(rb"(?m)^[ -]*(?:config_file|files|options|overrides|parameters):[ ]*[\[{]|^[ ]*- \{")
"""What of a model or its base stands in brackets, and is read here."""


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


_OWN_NAME = re.compile(
    rb"(?:\A- |\n  )name:[ ]*+(?!(?:~|null|Null|NULL)[ ]*+(?:#|\r?\n|\Z))"
    rb"[\"']?([^\"'\n#]+?)[\"']?[ ]*(?:#[^\n]*)?(?=\r?\n|\Z)"
)
_WEIGHTS = re.compile(
    rb"\n([ ]++)parameters:[ ]*+\n(?:\1[ ]++[^\n]*+\n){0,30}?\1[ ]++model:[ ]*+[\"']?"
    rb"([^\"'\n]*\.(?:gguf|ggml|bin|safetensors))[\"']?[ ]*(?=\r?\n|\Z)"
)
_MODEL = re.compile(rb"\n[ ]+model:")
_FILE = re.compile(rb"\n[ ]+(?:- )?filename:[ ]*[\"']?([^\"'\n]*?)[\"']?[ ]*(?=\r?\n|\Z)")
_BASE = re.compile(rb"\n  url:[ ]*[\"']?github:[\w.-]+/LocalAI/gallery/([\w.-]+\.ya?ml)@([\w./-]*)")
_ARCHIVE = re.compile(r"\.(?:tar\.\w+|tgz|zip)$")
_NO_TEXT = r"(?:null|Null|NULL|~|[|>][-+\d]*)[ ]*+(?:#|\r?\n|\Z)"
"""A value that is empty, or a text that begins in the next line."""
_SUM = re.compile(
    rf"sha256:[ ]*+(?!{_NO_TEXT}|[\"']?[0-9a-fA-F]{{64}}[\"']?[ ]*+(?:#|\r?\n|\Z))"
    r"[\"']?([^\"'\s#]++)".encode()
)
_VARIANTS = re.compile(rb"\n  variants:[ ]*+((?:\r?\n    (?:- |  )[^\n]*+)++)")
_VARIANT = re.compile(rb"\n    (?:- |  )model:[ ]*+[\"']?([^\"'\n#]+?)[\"']?[ ]*+(?=#|\r?\n|\Z)")
_PAGE = re.compile(rb"uri:[ ]*[\"']?(https://huggingface\.co/[^/\s\"']+/[^/\s\"']+)/?[\"']?[ ]*(?=\r?\n|\Z)")


_MERGES = re.compile(rb"<<:(?![ ]*+(?:\[[ ]*+\]|\{[ ]*+\}))")
"""A merge of something."""
_CONFIGURES = re.compile(rb"(?m)^config_file:")


INSTALLING = "core/gallery/models.go"
"""Where LocalAI makes a model's configuration."""
FEW = 6
"""Lines within which the keys of a file stand."""
_WANTED = ("url", "config_file")
_OPTIONS = re.compile(rb"\n[ ]+options:[ ]*\n((?:[ ]+- [^\n]*(?:\n|\Z))+)")
_OPTION = re.compile(rb"- [\"']?([^\"'\n]+)")
_FILES = re.compile(rb"\n  files:[ ]*(?:\n  [ -][^\n]*)*")
_MERGE = re.compile(rb"(?m)^(- |  )(?:!!merge )?<<:[ ]*\*[\w.-]+[ ]*$")


class ModelGallery:
    """The lists of models, which are too large to be parsed for one key."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._texts: dict[str, bytes] = {}

    name = "model gallery"

    def read(self, path: str) -> bytes:
        """A file of the gallery; nothing where there is none. Raises ShapeError for marks of a merge."""
        if path not in self._texts:
            data = (self.tree.content(path) or b"").removeprefix(BOM_UTF8)
            require_merged(path, data)
            self._texts[path] = data
        return self._texts[path]

    @property
    def items(self) -> tuple[tuple[int, bytes], ...]:
        """The items of the list, each with the line that it begins in."""
        return _items(self.read(LIST))

    @property
    def parts(self) -> Iterable[Part]:
        data = self.read(LIST)
        yield Part(LIST, "model", len(_listed(data)))
        yield Part(LIST, "`backend:` of a model", len(re.findall(rb"[ \t{]backend:", data)))

    @cached_property
    def models(self) -> list[Model]:
        """The items of the list, in file order."""
        models = []
        for model, base in _listed(self.read(LIST)):
            data = _blocked(self.read(f"{FOLDER}/{base}")) if base else b""
            weights = _WEIGHTS.search(data) if base and not model.weights else None
            models.append(
                model._replace(
                    files=model.files.union(_files(data)),
                    weights=weights[2].decode(errors="replace") if weights else model.weights,
                )
            )
        return models

    @cached_property
    def bases(self) -> dict[str, int]:
        """The files of this folder that models are based on -> the line where the first one says so.

        Those of a release are not in the checkout.
        """
        data = self.read(LIST)
        found: dict[str, int] = {}
        line, counted = 1, 0
        for base in _BASE.finditer(data):
            if base[2] not in (b"master", b"main"):
                continue
            line, counted = line + data.count(b"\n", counted, base.start(1)), base.start(1)
            found.setdefault(f"{FOLDER}/{base[1].decode()}", line)
        return found

    @property
    def unused(self) -> list[str]:
        """The files of this folder that a model could be based on, and none of the list is."""
        paths = (f"{FOLDER}/{name}" for name in self.tree.names(FOLDER) if name.endswith((".yaml", ".yml")))
        others = (path for path in paths if path != LIST and path not in self.bases)
        return [path for path in others if _CONFIGURES.search(self.read(path))]

    @property
    def refusals(self) -> Iterator[tuple[str, Refusal]]:
        """What LocalAI refuses of the list and of what models are based on, each with its file."""
        from scaffold.surfaces.model_loading import configuration_refusals

        yield from ((LIST, refusal) for refusal in _refusals(self.read(LIST)))
        for path in self.bases:
            for refusal in configuration_refusals(path, self.read(path)):
                yield path, refusal

    @property
    def repeated(self) -> tuple[tuple[str, str, int], ...]:
        """(model, key, line) of every key that stands in one mapping of a model for the second time."""
        return _twice(self.read(LIST))

    @cached_property
    def baseless(self) -> list[tuple[str, int, str]]:
        """(model, line, what it lacks) of every model of which LocalAI cannot make a configuration.

        A release of LocalAI wants a base, later ones something of their own to install.
        """
        code = self.tree.content(INSTALLING) or b""
        keys: tuple[str, ...] = _WANTED if b"invalid gallery model" in code else ()
        keys = (*_WANTED, "overrides", "files", "variants") if b"installs nothing" in code else keys
        key = re.compile(r"(?:\A- |\n  )(?:{})[ ]*:".format("|".join(keys)).encode()) if keys else None
        wrong = {one.line for one in self.misspelt if one.meant in keys}
        return [
            (name_of(item), line, " or ".join(f"`{one}`" for one in keys))
            for line, item in (self.items if key else ())
            if key
            and not key.search(item)
            and not _MERGES.search(item)
            and name_of(item)
            and wrong.isdisjoint(range(line, line + item.count(b"\n")))
        ]

    @property
    def nameless(self) -> Iterator[int]:
        """The line of every model that has no name, its own or by a merge."""
        unnamed = (
            (line, item) for line, item in self.items if not name_of(item) and not _MERGES.search(item)
        )
        wrong = {one.line for one in self.misspelt if one.meant == "name"}
        return (
            line
            for line, item in unnamed
            if not name_of(_blocked(item)) and wrong.isdisjoint(range(line, line + item.count(b"\n")))
        )

    @property
    def halves(self) -> Iterator[Half]:
        """Every file to download without a name or an address; not those of which the key is misspelt."""
        wrong = [(one.meant, one.line) for one in self.misspelt]
        for half in halves(self.read(LIST), self.items, _blocked):
            if not any(half.lacks == meant and 0 <= line - half.line < FEW for meant, line in wrong):
                yield half

    @cached_property
    def misspelt(self) -> list[Misspelt]:
        """The keys that LocalAI passes over, and that are a letter away from one that is absent."""
        return [*misspelt(LIST, self.read(LIST), self.items)]

    @cached_property
    def dropped(self) -> list[tuple[str, list[str], str, int]]:
        """(model, options, base, line) of what a base loads, a model downloads, and its own options lack.

        The list of options in its overrides stands for that of its base, it does not add to it.
        """
        found = []
        for line, written in self.items:
            item = _blocked(written)
            own = _OPTIONS.search(item)
            based = _BASE.search(item) if own and b"\n  files:" in item else None
            given = _OPTIONS.search(_blocked(self.read(f"{FOLDER}/{based[1].decode()}"))) if based else None
            if own is None or based is None or given is None:
                continue
            files = {*_files(item)}
            loaded = _FILES.sub(b"", item)
            options = [option.decode(errors="replace") for option in _OPTION.findall(given[1])]
            values = {option: option.partition(":")[2].strip() for option in options}
            lacks = [o for o, value in values.items() if value in files and value.encode() not in loaded]
            if lacks:
                at = line + item.count(b"\n", 0, own.start(1)) - 1 if item == written else line
                found.append((name_of(item), lacks, based[1].decode(), at))
        return found

    @property
    def pages(self) -> Iterator[tuple[str, int]]:
        """(address, line) of every file to download whose address is a page about a repository."""
        data = self.read(LIST)
        line, counted = 1, 0
        for found in _PAGE.finditer(data):
            line, counted = line + data.count(b"\n", counted, found.start()), found.start()
            yield found[1].decode(errors="replace"), line

    @property
    def sums(self) -> Iterator[tuple[str, int]]:
        """(value, line) of every checksum that is none."""
        return _values(self.read(LIST), _SUM)

    def addresses(self, known: tuple[str, ...]) -> Iterator[tuple[str, int]]:
        """(value, line) of every address that begins as none of those that are known."""
        return _values(self.read(LIST), _foreign(known)) if known else iter(())

    @property
    def unlisted_variants(self) -> Iterator[tuple[str, str, int]]:
        """(model, variant, line) of every variant of a model that is no model of the list."""
        data = self.read(LIST)
        listed = {model.name.lower() for model in self.models}
        at = data.find(b"\n  variants:")
        while at >= 0:
            block = _VARIANTS.match(data, at)
            for found in _VARIANT.finditer(data, block.start(1), block.end(1) + 1) if block else ():
                variant = found[1].decode(errors="replace")
                if variant.lower() not in listed and "@" not in variant:
                    model = name_of(data[data.rfind(b"\n- ", 0, at) + 1 : at])
                    yield model, variant, data.count(b"\n", 0, found.start(1)) + 1
            at = data.find(b"\n  variants:", at + 1)

    def uses(self, of: Container[str], *, others: bool = False) -> Iterator[Use]:
        """The models for backends of some names; with `others`, for backends of other names."""
        for file in self.tree.names(FOLDER):
            path = f"{FOLDER}/{file}"
            data = self.read(path) if file.endswith((".yaml", ".yml")) else b""
            at = data.find(b"backend:")
            line, counted = 1, 0
            seen = set()
            while at >= 0:
                found = _NAME.match(data, at)
                name = found[2].decode() if found else ""
                if found and (name.lower() in of) is not others and configures(data, at):
                    line, counted = line + data.count(b"\n", counted, at), at
                    seen.add(found.start(2))
                    yield Use(name, path, line, found.start(2), found.end(2))
                at = data.find(b"backend:", at + 1)
            for start, end in quoted_backends(data) if path != LIST else ():
                name = data[start:end].decode()
                if (name.lower() in of) is not others and start not in seen:
                    yield Use(name, path, data.count(b"\n", 0, start) + 1, start, end)


@lru_cache(maxsize=2)
def _foreign(known: tuple[str, ...]) -> re.Pattern[bytes]:
    """An address that begins as none of those that are known."""
    either = "|".join(map(re.escape, known))
    return re.compile(rf"ur[il]:[ ]*+(?!{_NO_TEXT})[\"']?+(?!{either})([^\"'\s#]++)".encode())


def _values(data: bytes, pattern: re.Pattern[bytes]) -> Iterator[tuple[str, int]]:
    """(value, line) of every key that a pattern finds in an item."""
    for found in pattern.finditer(data):
        start = data.rfind(b"\n", 0, found.start()) + 1
        if not data[start : found.start()].strip(b" -"):
            yield found[1].decode(errors="replace"), data.count(b"\n", 0, start) + 1


@lru_cache(maxsize=2)
def _items(data: bytes) -> tuple[tuple[int, bytes], ...]:
    """The items of a list, each with the line that it begins in."""
    head, *texts = (b"\n" + data).split(b"\n- ")
    line = 1 + head.count(b"\n")
    items = []
    for text in texts:
        item = b"- %s\n" % text
        items.append((line, item))
        line += item.count(b"\n")
    return tuple(items)


def name_of(item: bytes) -> str:
    """The name of a model; "" where its item has none."""
    name = _OWN_NAME.search(item)
    return name[1].decode(errors="replace") if name else ""


def base_of(item: bytes) -> str:
    """The file of this folder, of some commit, that a model is based on; "" for none."""
    base = _BASE.search(item)
    return f"{FOLDER}/{base[1].decode()}" if base else ""


@lru_cache(maxsize=4)
def _refusals(data: bytes) -> tuple[Refusal, ...]:
    """What LocalAI refuses of a list; nothing where there is none."""
    from scaffold.surfaces.model_loading import list_refusals

    return tuple(list_refusals(LIST, data, _items(data))) if data else ()


@lru_cache(maxsize=4)
def _twice(data: bytes) -> tuple[tuple[str, str, int], ...]:
    """(model, key, line) of every key that stands in one mapping of a list's item for the second time."""
    found = []
    for line, item in _items(data):
        if may_repeat(item):
            found += [(name_of(item), key, line + at - 1) for key, at in repeated(LIST, item)]
    return tuple(found)


@lru_cache(maxsize=4)
def _listed(data: bytes) -> tuple[tuple[Model, str], ...]:
    """The models of a list, each with the base configuration that may name its weights; "" for none."""
    models = []
    for line, written in _items(data):
        item = _blocked(written)
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
            name_of(item),
            line,
            loaded,
            (line + item.count(b"\n", 0, at.end()) if item == written else line) if at else 0,
            frozenset(files),
        )
        models.append((model, base[1].decode() if base else ""))
    return tuple(models)


@lru_cache(maxsize=64)
def _blocked(data: bytes) -> bytes:
    """An item or a configuration as it is mostly written: in block style."""
    if not _FLOW.search(data):
        return data
    alone = _MERGE.sub(rb"\1merged: true", data)  # what it merges is not here
    made = in_block_style(alone, "config_file")
    return data if made == alone else made


def _files(data: bytes) -> list[str]:
    """The names of the files that an item or a base configuration downloads."""
    return [name.decode(errors="replace") for name in _FILE.findall(data)]
