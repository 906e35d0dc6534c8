"""What LocalAI refuses or passes over in the configuration of a model, when it is installed.

The list of models is loaded with any configuration. Of one model it is decoded into structs of Go then: a
value of another kind, and the model cannot be installed. The list is large: what is plain is known by a
pattern, which is made of those structs, and only the rest is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from typing import NamedTuple

from scaffold.errors import ShapeError
from scaffold.surfaces.gallery.decoding import decoded
from scaffold.surfaces.gallery.loading import ANY, FLAG, MODEL, NUMBER, TEXT, WHOLE, Refusal, Type
from scaffold.surfaces.gallery.structs import Structs
from scaffold.surfaces.model_configuration import configures
from scaffold.surfaces.model_loading import SCALAR, configuration_refusals
from scaffold.surfaces.models import LIST, ModelGallery
from scaffold.surfaces.use_cases import use_cases
from scaffold.syntax.source import Source
from scaffold.syntax.yaml_events import Kind, document

PACKAGE = "core/config"
STRUCT = "ModelConfig"
"""What the configuration of a model is decoded into."""

_CONFIGURED = re.compile(
    rb"\n  (?:overrides|config_file):[ ]*+\n((?:(?:    [^\n]*+|[ ]*+(?:#[^\n]*+)?+)\n)++)"
)
_OTHER_BASE = re.compile(rb"<<|\burl[\"']?:")
"""Where a model has it, its `config_file` is not read, or may not be."""
_BASE = re.compile(rb"(?:\A|\n)config_file:[ ]*+\|[ ]*+\n((?:(?:[ ]++[^\n]*+)?+(?:\n|\Z))++)")
_MARGIN = re.compile(rb"\n*([ ]+)")
_LOST = re.compile(r"[ \n](?=[^ \n\t])(?=[^\n]*+\n|(?<=\n))(?:[^ ]|[ ](?![\n]|\Z))++")
"""A text of several lines that begins with one blank, without blanks at the ends of its lines."""
_ALIAS = re.compile(rb"\*([^]\[{},\s]+)")

_REST = r"[ ]*+(?:\#[^\n]*+)?+\n"
_UNESCAPED = r"""(?!"(?:[ ]|\\n))"""
_ONE_LINE = {
    FLAG: rf"[ ]++(?:true|false){_REST}",
    WHOLE: rf"[ ]++-?[0-9]++{_REST}",
    NUMBER: rf"[ ]++-?[0-9]++(?:\.[0-9]++)?+{_REST}",
}
MOST = 1 << 16
"""Characters of the pattern; LocalAI's has a fourth."""
LEVELS = 6

_SAID = re.compile(
    rb"known_usecases:[ ]*+(?:\[([^]\[{}\n]*+)\]|(?:#[^\n]*+)?\r?\n(?:[ ]*+#[^\n]*+\n)*+"
    rb"((?P<in>[ ]++)-[ ][^\n]*+(?:\n(?:(?P=in)-[ ]|[ ]*+#)[^\n]*+)*+))"
)
_LISTED = re.compile(rb"(?m)^[ ]*+-[ ]++([^#\s][^#\n]*+)")
_BETWEEN = re.compile(rb"([^,\s][^,\n]*+)")
_WORD = re.compile(rb"[\"']?(\w[^\"']*)[\"']?")


class UseCase(NamedTuple):
    """Something that `known_usecases` says, and that is none to LocalAI."""

    value: str
    line: int


class Configurations:
    """How LocalAI reads configurations; nothing is refused where the source does not say it."""

    def __init__(self, models: ModelGallery) -> None:
        self.models = models
        kinds = Structs(models.tree).kind(PACKAGE, STRUCT)
        self._kinds: dict[str, Type] = kinds if isinstance(kinds, dict) else {}
        self._of_file: dict[str, Type] = {**self._kinds, "name": ANY}
        """Of a `config_file`: its name is replaced before it is decoded."""
        self._plain = re.compile(f"(?x:{_Pattern().block(self._kinds, 0)})".encode())
        self.use_cases = use_cases(models.tree)

    @property
    def refusals(self) -> Iterator[tuple[str, Refusal]]:
        """What LocalAI refuses when it installs models, each with its file."""
        yield from ((LIST, refusal) for refusal in self._of_list())
        for path in self.models.bases:
            yield from ((path, refusal) for refusal in self._of_base(path, self.models.read(path)))

    @property
    def refused_unused(self) -> Iterator[tuple[str, Refusal]]:
        """What LocalAI refuses of the files that no model of the list is based on, each with its file."""
        for path in self.models.unused:
            data = self.models.read(path)
            for refusal in configuration_refusals(path, data) or self._of_base(path, data):
                yield path, refusal

    @property
    def unknown_use_cases(self) -> Iterator[tuple[str, UseCase]]:
        """What is said to be a use case and is none, each with its file."""
        for path in (LIST, *self.models.bases) if self.use_cases else ():
            yield from ((path, found) for found in self._unknown(self.models.read(path)))

    def _of_list(self) -> Iterator[Refusal]:
        """What is refused of the models of the list; not of those that keep the list from loading."""
        for line, item in self.models.items if self._kinds else ():
            if self._is_plain(item):
                continue
            known = {name.decode(errors="replace") for name in _ALIAS.findall(item)}
            wanted: dict[str, Type] = {"overrides": self._kinds}
            if not _OTHER_BASE.search(item):
                wanted["config_file"] = self._of_file
            try:
                source = Source(LIST, item)
            except ShapeError:
                continue
            if not decoded(source, [MODEL], known):
                for refusal in (*decoded(source, [{**MODEL, **wanted}], known), *_unwritable(source, wanted)):
                    yield refusal._replace(line=line + refusal.line - 1)

    def _of_base(self, path: str, data: bytes) -> Iterator[Refusal]:
        """What is refused of the configuration in a file that models are based on."""
        block = _BASE.search(data)
        if not self._kinds or (block is not None and self._is_right(path, block[1])):
            return
        try:
            found = document(Source(path, data))
        except ShapeError:
            return
        pairs = found.root.pairs if found.root is not None and found.root.kind is Kind.mapping else []
        for key, value in pairs:
            if key.text == "config_file" and value.kind is Kind.scalar:
                first = found.line(value)
                below = value.text.rstrip().count("\n") + 1 if found.text[value.at] in "|>" else 0
                source = Source(path, b"\n" * (first if below else 0) + value.text.encode())
                refusals = decoded(source, {"": ANY}) or decoded(source, self._of_file)
                for refusal in refusals or _unwritable(source):
                    yield refusal._replace(line=min(refusal.line, first + below) if below else first)

    def _unknown(self, data: bytes) -> Iterator[UseCase]:
        """What is said to be a use case in a file, and is none."""
        for said in _SAID.finditer(data):
            if not configures(data, said.start()):
                continue
            part, one = (1, _BETWEEN) if said[1] is not None else (2, _LISTED)
            for found in one.finditer(said[part]):
                word = _WORD.fullmatch(found[1].strip())
                value = word[1].decode(errors="replace") if word else ""
                flag = value.removeprefix("FLAG_") if value.isupper() else value
                if value not in ("", "null") and flag.lower() not in self.use_cases:
                    yield UseCase(value, data.count(b"\n", 0, said.start(part) + found.start(1)) + 1)

    def _is_plain(self, item: bytes) -> bool:
        """Whether the pattern has seen all configurations of a model."""
        blocks = _CONFIGURED.findall(item)
        keys = item.count(b"overrides") + item.count(b"config_file")
        return len(blocks) == keys and all(map(self._matches, blocks))

    def _is_right(self, path: str, block: bytes) -> bool:
        """Whether a text is YAML without a key twice, and plain: of the list the YAML is seen before."""
        return self._matches(block) and not decoded(Source(path, _at_margin(block)), {"": ANY})

    def _matches(self, block: bytes) -> bool:
        text = _at_margin(block)
        return self._plain.fullmatch(text if text.endswith(b"\n") else text + b"\n") is not None


def _at_margin(block: bytes) -> bytes:
    margin = _MARGIN.match(block)
    return re.sub(rb"(?m)^%s" % margin[1], b"", block) if margin else block


def _unwritable(source: Source, keys: Container[str] = ()) -> Iterator[Refusal]:
    """The texts in lists of a configuration that yaml.v3 (v3.0.1) writes so that it cannot read them.

    LocalAI writes a configuration before it decodes it. With keys, those are of them in the items of a list.
    """
    found = document(source)
    pending = [(found.root, False)] if found.root is not None else []
    if keys:
        items = found.root.below if found.root is not None else []
        pairs = (pair for item in items if item.kind is Kind.mapping for pair in item.pairs)
        pending = [(value, False) for key, value in pairs if key.text in keys]
    while pending:
        node, is_listed = pending.pop()
        values = node.below[1::2] if node.kind is Kind.mapping else node.below
        pending += [(below, is_listed or node.kind is Kind.sequence) for below in values]
        if is_listed and node.kind is Kind.scalar and _LOST.fullmatch(node.text):
            yield Refusal(
                found.line(node),
                f"text {node.text.split()[0]}",
                f"yaml.v3 writes the text {node.text[:40]!r}, which begins with a blank and stands in a list,"
                " so that it cannot read it again",
                "begin the text with a letter or a sign",
            )


class _Pattern:
    """A pattern of the plain ways to write what is decoded into a type."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], str] = {}

    def block(self, kinds: dict[str, Type], level: int) -> str:
        """The lines of a mapping; a pattern that matches nothing where there is none, or it is too long."""
        if (id(kinds), level) not in self._made:
            pairs = self._pairs(kinds, level) if level <= LEVELS else ""
            lines = rf"(?:[ ]{{{2 * level}}}{pairs}|{_REST})++" if pairs else ""
            self._made[id(kinds), level] = lines if 0 < len(lines) <= MOST else r"(?!)"
        return self._made[id(kinds), level]

    def _pairs(self, kinds: dict[str, Type], level: int) -> str:
        ways: dict[str, list[str]] = {}
        for key, kind in kinds.items():
            if way := self._value(kind, level):
                ways.setdefault(way, []).append(re.escape(key) or r"[\w.-]++")
        either = "|".join(f"(?:{'|'.join(keys)}):{way}" for way, keys in ways.items())
        return f"(?:{either})" if ways else ""

    def _value(self, kind: Type, level: int) -> str:
        deeper = rf"(?:[ ]{{{2 * level + 1},}}[^\n]*+\n|[ ]*+\n)*+"
        if kind == TEXT:
            return rf"[ ]++(?:[|>][-+0-9]*+{_REST}|{_UNESCAPED}{SCALAR}){deeper}"
        if kind == [TEXT]:
            return rf"{_REST}(?:(?:{_REST})*+[ ]{{{2 * level},}}-[ ](?![^\n]*:[ \n]){_UNESCAPED}{SCALAR})++"
        if isinstance(kind, dict):
            return rf"{_REST}{deeper}" if kind == {"": ANY} else rf"{_REST}{self.block(kind, level + 1)}"
        if isinstance(kind, list) and isinstance(kind[0], dict):
            pairs = self._pairs(kind[0], level + 2)
            first = rf"[ ]{{{2 * level + 2}}}-[ ]{pairs}"
            return rf"{_REST}(?:{first}(?:[ ]{{{2 * level + 4}}}{pairs})*+)++" if pairs else ""
        return _ONE_LINE.get(kind, "") if isinstance(kind, str) else ""
