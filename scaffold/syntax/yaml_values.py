"""A YAML file as values with their places: block and flow style, block scalars, anchors and merges.

`YamlSource` reads the style that LocalAI's registration files are written in, node by node; this is
for files of any author. Scalars stay text: what `true` means is for the reader of a key to say, by
`Scalar.typed` (YAML 1.2, so `on` is a word).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scaffold.syntax.yaml_scalars import double_quoted, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from scaffold.syntax.yaml import YamlSource

MAX_VALUES = 100_000
"""Values of a file with every alias written out; more are a bomb."""
MAX_DEPTH = 60
"""Nesting of a file that is read; a workflow has at most ten levels."""


class Scalar:
    """A text. `start` and `end` are the offsets of its spelling."""

    __slots__ = ("end", "start", "style", "text")

    def __init__(self, text: str, start: int, end: int, style: str = "") -> None:
        self.text = text
        self.start = start
        self.end = end
        self.style = style
        """`'`, `"`, `|` or `>`; empty for a plain one."""

    @property
    def typed(self) -> Any:
        """The value of YAML 1.2's core schema: null, boolean, number or string."""
        if self.style:
            return self.text
        if self.text in _WORDS:
            return _WORDS[self.text]
        if self.text[0] in _SIGNS and _NUMBER.fullmatch(self.text):
            whole = len(self.text) <= _EXACT and not re.search(r"[.eE]", self.text)
            return int(self.text) if whole else float(self.text)
        return self.text


class Sequence:
    """A list."""

    __slots__ = ("end", "flow", "items", "start")

    def __init__(self, items: list[Value], start: int, end: int, flow: bool = False) -> None:
        self.items = items
        self.start = start
        self.end = end
        self.flow = flow


class Mapping:
    """Keys and values, in file order; of a repeated key the last one counts."""

    __slots__ = ("end", "flow", "keys", "start", "values")

    def __init__(
        self, values: dict[str, Value], keys: dict[str, Scalar], start: int, end: int, flow: bool = False
    ) -> None:
        self.values = values
        self.keys = keys
        self.start = start
        self.end = end
        self.flow = flow

    def get(self, *path: str) -> Value | None:
        """The value below a chain of keys; None where one of them is missing."""
        value: Value | None = self
        for key in path:
            value = value.values.get(key) if isinstance(value, Mapping) else None
        return value

    def text(self, *path: str) -> str:
        """The text of a scalar below a chain of keys; "" where there is none."""
        value = self.values.get(path[0]) if len(path) == 1 else self.get(*path)
        return value.text if isinstance(value, Scalar) else ""

    def mapping(self, *path: str) -> Mapping:
        """The mapping below a chain of keys; an empty one where there is none."""
        value = self.get(*path)
        return value if isinstance(value, Mapping) else EMPTY

    def start_of(self, path: tuple[str, ...], start: int) -> int:
        """Where the last key of a chain stands that is there; `start` where none is."""
        mapping = self
        for key in path:
            start = mapping.keys[key].start if key in mapping.keys else start
            mapping = mapping.mapping(key)
        return start


Value = Scalar | Sequence | Mapping
EMPTY = Mapping({}, {}, 0, 0)

_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_SIGNS = frozenset("+-.0123456789")
_SIMPLE = re.compile(rb"""[\w./~$\x80-\xff][^\n]*|'[^'\n]*'|"[^"\\\n]*\"""")
_SIMPLE_PAIR = re.compile(rb"([\w.-]+):[ ]+(" + _SIMPLE.pattern + rb")")
_EXACT = 18
"""Digits of a whole number that every reader keeps apart."""
_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")


@lru_cache(maxsize=512)
def read(source: YamlSource, *, strict: bool = False) -> Value | None:
    """The first document of a file; None where it is empty.

    Raises ShapeError where it does not parse, is nested too deeply, has aliases that stand for too much or,
    if `strict`, has a mapping with two keys of one name or an alias without its anchor above.
    """
    document = source.document()
    if source.root.has_error:
        raise source.shape_error(next(source.errors(), None), "is no valid YAML")
    return _Reader(source, strict).value(document) if document is not None else None


def plain(value: Value | None) -> Any:
    """A value as dictionaries, lists, and the types of YAML 1.2's core schema."""
    if isinstance(value, Mapping):
        return {key: plain(below) for key, below in value.values.items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value.items]
    return value.typed if value is not None else None


def scalars_below(value: Value | None) -> Iterator[Scalar]:
    """Every scalar of a value, however deep."""
    if isinstance(value, Scalar):
        yield value
    elif value is not None:
        for item in value.items if isinstance(value, Sequence) else value.values.values():
            yield from scalars_below(item)


def scalars(value: Value | None) -> Iterator[Scalar]:
    """A scalar itself, or the scalars of a sequence."""
    if isinstance(value, Scalar):
        yield value
    elif isinstance(value, Sequence):
        yield from (item for item in value.items if isinstance(item, Scalar))


class _Reader:
    def __init__(self, source: YamlSource, strict: bool) -> None:
        self.source = source
        self.strict = strict
        self.anchors: dict[str, Value] = {}
        self.sizes: dict[str, tuple[int, int]] = {}
        """Anchor -> how many values are below it, and how deep."""
        self.size = 0
        self.depth = 0
        self.deepest = 0

    def value(self, node: Node) -> Value:
        kind = node.type
        if kind == "flow_node":
            simple = self._simple(node.start_byte, node.end_byte)
            if simple is not None:
                return simple
        self.depth += 1
        self._bound(node)
        before, deepest = self.size, self.deepest
        self.deepest = self.depth
        self.size += 1
        anchor = ""
        content = None
        for child in node.named_children if kind in ("block_node", "flow_node") else (node,):
            if child.type == "anchor":
                anchor = self.source.text(child)[1:]
            elif child.type not in ("tag", "comment"):
                content = child
        value = (
            self._content(content) if content is not None else Scalar("", node.start_byte, node.start_byte)
        )
        if anchor:
            self.anchors[anchor] = value
            self.sizes[anchor] = self.size - before, self.deepest - self.depth
        self.deepest = max(deepest, self.deepest)
        self.depth -= 1
        return value

    def _bound(self, node: Node, below: int = 0) -> None:
        """Raises ShapeError where `below` more levels are too many."""
        self.deepest = max(self.deepest, self.depth + below)
        if self.deepest > MAX_DEPTH:
            raise self.source.shape_error(node, "is nested too deeply")

    def _simple(self, start: int, end: int) -> Scalar | None:
        """A scalar on one line that stands for what is written: nearly all are, and need no other node."""
        match = _SIMPLE.fullmatch(self.source.data, start, end)
        if match is None:
            return None
        self.size += 1
        return self._scalar(match, 0)

    def _scalar(self, match: re.Match[bytes], group: int) -> Scalar:
        text = match[group].decode()
        if text[0] in "'\"":
            return Scalar(text[1:-1], match.start(group), match.end(group), text[0])
        return Scalar(text, match.start(group), match.end(group))

    def _content(self, node: Node) -> Value:
        kind = node.type
        if kind in ("block_mapping", "flow_mapping"):
            return self._mapping(node)
        if kind in ("block_sequence", "flow_sequence"):
            return self._sequence(node)
        start, end = node.start_byte, node.end_byte
        if kind == "alias":
            name = self.source.text(node)[1:]
            size, below = self.sizes.get(name, (0, 0))
            self.size += size
            self._bound(node, below)
            if self.size > MAX_VALUES:
                raise self.source.shape_error(
                    node, f"has aliases that stand for more than {MAX_VALUES} values"
                )
            found = self.anchors.get(name)
            if found is None and self.strict:
                raise self.source.shape_error(node, f"has an alias *{name} with no anchor &{name} above")
            return found if found is not None else Scalar("", start, end)
        text = self.source.text(node)
        if kind == "block_scalar":
            return Scalar(_block(text, self._indent(node)), start, end, text[0])
        if kind == "double_quote_scalar":
            return Scalar(double_quoted(text[1:-1]), start, end, '"')
        if kind == "single_quote_scalar":
            return Scalar(folded(text[1:-1]).replace("''", "'"), start, end, "'")
        return Scalar(folded(text) if "\n" in text else text, start, end)

    def _indent(self, node: Node) -> int:
        """Indentation of the line that a block scalar begins in."""
        line = self.source.data[self.source.line_start(node.start_byte) : node.start_byte]
        return len(line) - len(line.lstrip(b" -"))

    def _mapping(self, node: Node) -> Mapping:
        values: dict[str, Value] = {}
        keys: dict[str, Scalar] = {}
        merged: list[Mapping] = []
        for pair in node.named_children:
            if pair.type not in ("block_mapping_pair", "flow_pair"):
                continue
            start = pair.start_byte
            simple = _SIMPLE_PAIR.fullmatch(self.source.data, start, pair.end_byte)
            if simple is not None:
                name = simple[1].decode()
                if self.strict:
                    self._require_first(name, keys, pair)
                keys[name] = Scalar(name, start, simple.end(1))
                values[name] = self._scalar(simple, 2)
                self.size += 2
                continue
            key_node = pair.child_by_field_name("key")
            value_node = pair.child_by_field_name("value")
            key = self.value(key_node) if key_node is not None else None
            if not isinstance(key, Scalar):
                continue
            if value_node is not None:
                value = self.value(value_node)
            else:
                value = Scalar("", pair.end_byte, pair.end_byte)
            if key.text == "<<" and not key.style:
                merged += [m for m in getattr(value, "items", [value]) if isinstance(m, Mapping)]
                continue
            if self.strict:
                self._require_first(key.text, keys, pair)
            values[key.text] = value
            keys[key.text] = key
        for other in merged:
            for name, value in other.values.items():
                values.setdefault(name, value)
                keys.setdefault(name, other.keys[name])
        return Mapping(values, keys, node.start_byte, node.end_byte, node.type == "flow_mapping")

    def _require_first(self, key: str, earlier: dict[str, Scalar], pair: Node) -> None:
        if key in earlier:
            raise self.source.shape_error(pair, f"has two keys {key!r}")

    def _sequence(self, node: Node) -> Sequence:
        items: list[Value] = []
        for child in node.named_children:
            if child.type == "block_sequence_item":
                inner = [c for c in child.named_children if c.type in ("block_node", "flow_node")]
                empty = Scalar("", child.end_byte, child.end_byte)
                items.append(self.value(inner[0]) if inner else empty)
            elif child.type == "flow_pair":
                items.append(self._mapping_of_pair(child))
            elif child.type != "comment":
                items.append(self.value(child))
        return Sequence(items, node.start_byte, node.end_byte, node.type == "flow_sequence")

    def _mapping_of_pair(self, pair: Node) -> Mapping:
        """`[key: value]`: a sequence item that is a mapping of one pair."""
        key_node, value_node = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        key = self.value(key_node) if key_node is not None else None
        if not isinstance(key, Scalar) or value_node is None:
            return EMPTY
        value = self.value(value_node)
        return Mapping({key.text: value}, {key.text: key}, pair.start_byte, pair.end_byte, True)


def _block(text: str, parent: int) -> str:
    """The text of a block scalar, `|` or `>`."""
    header, _, body = text.partition("\n")
    lines = body.split("\n")
    given = re.search(r"\d", header.partition("#")[0])
    filled = [line for line in lines if line.strip(" ")]
    if given:
        indent = parent + int(given[0])
    else:
        indent = min((len(line) - len(line.lstrip(" ")) for line in filled), default=0)
    lines = [line[indent:] for line in lines]
    end = len(lines)
    while end and not lines[end - 1]:
        end -= 1
    kept, trailing = lines[:end], len(lines) - end
    result = "\n".join(kept) if header[0] == "|" else _fold_block(kept)
    chomp = header.partition("#")[0]
    if "-" in chomp or not kept:
        return result
    return result + "\n" * (max(trailing, 1) if "+" in chomp else 1)


def _fold_block(lines: list[str]) -> str:
    folded = ""
    for number, line in enumerate(lines):
        if number:
            before = lines[number - 1]
            keeps = line[:1] in (" ", "\t") or before[:1] in (" ", "\t")
            if not line or keeps:
                folded += "\n"
            elif before:
                folded += " "
        folded += line
    return folded
