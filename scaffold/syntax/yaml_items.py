"""The items of a YAML list with what they say: matrix entries, gallery items, pins.

Nearly every item of LocalAI's two large files is plain: a mapping of scalars on one line, of flat lists and
mappings of such, and of literal texts. A pattern reads it in a fifth of the time that a syntax tree takes,
and a tree, of this item alone, is made only when somebody edits it. Any other item is read from its tree.
Both ways say the same of an item.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from scaffold.errors import ShapeError
from scaffold.syntax.source import Place
from scaffold.syntax.yaml import YamlSource, repeated

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(slots=True, eq=False)
class YamlItem:
    """An item of a sequence whose value is a mapping."""

    source: YamlSource
    start: int
    """Offset of its dash; of its brace in a list that is written in brackets."""
    end: int
    """Offset just after its last line; comments and blank lines behind it are not its own."""
    fields: dict[str, str] = field(default_factory=dict)
    """Key -> scalar, in file order; "" for a value of another kind."""
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Key -> the scalars of a list."""
    maps: dict[str, dict[str, str]] = field(default_factory=dict)
    """Key -> the scalars of a mapping."""
    anchor: str | None = None
    anchors: dict[str, str] = field(default_factory=dict)
    """Key -> the anchor on its value."""
    repeated: tuple[tuple[str, int], ...] = ()
    """Keys that stand twice in it or in one of its mappings, each with the offset of the later one."""
    parsed: Node | None = None
    """Its node in the syntax tree; None where it was read without one."""
    _offsets: dict[tuple[str, ...], int] | None = None

    @property
    def node(self) -> Node:
        """Its node in a syntax tree, which is made for it where it was read without one.

        Raises ShapeError where the parser takes it for none, as for one with a control character.
        """
        if self.parsed is None:
            self.parsed = self.source.item_alone(self.start, self.end)
            if self.parsed is None:
                line = self.source.line(self.start)
                raise ShapeError(self.source.path, line, "is no valid YAML")
        return self.parsed

    @property
    def quotes(self) -> dict[str, str]:
        """Key -> the quote that its scalar is written with: `'`, `"` or nothing."""
        text = self.source.slice(self.start, self.end)
        return {key: quote for key, quote in _QUOTE.findall(text) if key in self.fields}

    def place(self, *keys: str) -> Place:
        """The place of the value below a chain of keys; of the item itself where there is none."""
        if self.parsed is None:
            if self._offsets is None:
                self._offsets = self._read_offsets()
            return self.source.place(self._offsets.get(keys, self.start))
        value = self.source.item_value(self.parsed)
        for key in keys:
            if self.source.is_alias(value):
                break  # what it stands for is said where it stands
            value = self.source.get(value, key)
        return self.source.place(self.start if value is None or not keys else value)

    def _read_offsets(self) -> dict[tuple[str, ...], int]:
        """Chain of keys -> where the value begins, in an item that was read without a syntax tree."""
        column = self.start - self.source.line_start(self.start)
        text = b" " * (column + 2) + self.source.data[self.start + 2 : self.end]
        found: dict[tuple[str, ...], int] = {}
        above = ""
        for pair in re.finditer(rb"(?m)^[ ]{%d}([ ]{2})?([\w.\x80-\xff-]++):[ ]*+" % (column + 2), text):
            key = pair[2].decode()
            at = pair.end()
            if not pair[1]:
                above = key
            elif above not in self.maps:
                continue  # a line of a text
            if text[at : at + 1] in (b"\n", b"#"):
                nested = _TEXT.search(text, at)
                if nested is None or not (key in self.lists or key in self.maps):
                    continue
                at = nested.start(1)
            found.setdefault((above, key) if pair[1] else (key,), self.start - column + at)
        return found


def read(source: YamlSource, *keys: str) -> list[YamlItem]:
    """The items of the list below a chain of keys, of the document itself without keys.

    Raises ShapeError where the file is no YAML.
    """
    lists = _plain_lists(source)
    if lists is not None:
        return lists.get("/".join(keys), [])
    value = source.get(source.document(), *keys)
    return _resolved([item_of(source, node) for node in source.items(value)])


def item_of(source: YamlSource, node: Node) -> YamlItem:
    """An item, by its node in the syntax tree."""
    value = source.item_value(node)
    pairs = source.pairs(value)
    item = YamlItem(source, node.start_byte, source.item_end(node), anchor=source.anchor(value), parsed=node)
    twice = [*repeated(pairs)]
    for pair in pairs:
        inner = source.pairs(pair.value)
        listed = tuple(text for text, _ in source.scalars(pair.value))
        one_line = not (inner or listed or source.is_literal(pair.value) or source.is_flow(pair.value))
        item.fields[pair.key] = source.scalar(pair.value) if one_line else source.stripped_line(pair.value)
        if inner:
            item.maps[pair.key] = {p.key: source.said(p.value) for p in inner}
            twice += repeated(inner)
        if listed:
            item.lists[pair.key] = listed
        anchor = source.anchor(pair.value)
        if anchor:
            item.anchors[pair.key] = anchor
    item.repeated = tuple(twice)
    return item


def _resolved(items: list[YamlItem]) -> list[YamlItem]:
    """Items with what the aliases that are values stand for: the value of a key above with that anchor."""
    known: dict[str, tuple[YamlItem, str]] = {}
    for item in items:
        for key, text in item.fields.items() if item.parsed is not None else ():
            if text[:1] == "*" and text[1:] in known:
                other, of = known[text[1:]]
                item.fields[key] = other.fields[of]
                if of in other.maps:
                    item.maps[key] = other.maps[of]
                if of in other.lists:
                    item.lists[key] = other.lists[of]
            if key in item.anchors:
                known[item.anchors[key]] = item, key
    return items


_KEY = r"[\w.-]+"
_WORDS = r"[\w./](?:[^\n:#]|:(?![ \n]|\Z)|(?<![ ])\#)*+"
_BESIDE = r"(?:\#[^\n]*+)?+"
"""A comment may follow a quote without a space."""
_SCALAR = rf"""(?:{_WORDS}|(?:'[^'\n]*+'|"[^"\\\n]*+"){_BESIDE})"""
_NOTE = r"(?:[ ]+\#[^\n]*+)?+[ ]*+"
_ONE_LINE = rf"""(?:({_WORDS})|(?:'([^'\n]*+)'|"([^"\\\n]*+)"){_BESIDE}){_NOTE}"""
_SKIPPED = r"(?:\n[ ]*+(?:\#[^\n]*+)?+(?=\n|\Z))*+"
"""Lines of comments, and blank ones."""

_QUOTE = re.compile(rf"(?m)^[ ]*(?:-[ ])?({_KEY}):[ ]+(['\"]?)")
_TEXT = re.compile(rb"(?m)^[ ]*([^ #\n])")
_LISTED = r"(?m)^[ ]*-[ ](.*)$"
_INNER = rf"(?m)^[ ]*({_KEY}):[ ](.*)$"
_FIRST = re.compile(r"(?:\n[ ]{2}(?:&(?P<anchor>[\w.-]+)|!!merge[ ]<<:[ ](?P<merged>\*[\w.-]+)))?+")
_PAIR = rf"""(?x){_SKIPPED}\n[ ]{{2}}({_KEY}):(?:
            [ ]{_ONE_LINE}
            |[ ]\|\n(?P<margin>[ ]{{3,}}+)[^ \n][^\n]*+(?:\n(?P=margin)[^\n]*+|\n[ ]*+(?=\n|\Z))*+
            |{_NOTE}(
                (?:{_SKIPPED}\n[ ]{{2}}-[ ]{_SCALAR}{_NOTE})++
                |(?:{_SKIPPED}\n[ ]{{4}}-[ ]{_SCALAR}{_NOTE})++
                |(?:{_SKIPPED}\n[ ]{{4}}{_KEY}:[ ]{_SCALAR}{_NOTE})++
            )?+
        )"""
"""A key with its scalar, literal text, list or mapping."""


_LINE = re.compile(rf"\n[ ]{{2}}({_KEY}):[ ]{_ONE_LINE}(?=\n|\Z)")
"""A key with its scalar."""

_HEAD = re.compile(rb"\n(?!-[ ])[^ #\n].*")
"""Lines of the first column that are neither items nor comments, found by the line ends before them: fast."""


@lru_cache(maxsize=64)
def _plain_lists(source: YamlSource) -> dict[str, list[YamlItem]] | None:
    """Top-level key -> its items, or "" -> the document's own; None where not everything is plain."""
    if b"\r" in source.data:
        return None
    lines = _HEAD.finditer(b"\n" + source.data)
    heads = [(line.start(), line.end() - 1, line[0][1:].decode()) for line in lines]
    begins = bool(heads) and heads[0][2] == "---" and not _TEXT.search(source.data, 0, heads[0][0])
    marks = heads if begins else [(0, 0, ""), *heads]
    found = {}
    for (_, start, head), (end, _, _) in zip(marks, [*marks[1:], (len(source.data), 0, "")], strict=True):
        items = _plain_items(source, start, end)
        whole = head in ("", "---")
        key = "" if whole else head.removesuffix(":")
        if items is None or key in found or (len(marks) > 1 and items if whole else key == head):
            return None
        found[key] = items
    return found


def _plain_items(source: YamlSource, start: int, end: int) -> list[YamlItem] | None:
    """The items between two offsets; None where there is anything else."""
    first = _TEXT.search(source.data, start, end)
    if first is None:
        return []
    at = first.start(1)
    if not source.data.startswith(b"- ", at, end):
        return None
    margin = "\n" + " " * (at - source.line_start(at))
    dashes = re.compile(margin.encode() + b"(?=- )")
    starts = [at, *(dash.end() for dash in dashes.finditer(source.data, at, end))]
    items = []
    for begin, behind in zip(starts, [*starts[1:], end], strict=True):
        text = _without_last_comments(source.data[begin:behind].decode().rstrip(), margin)
        item = _plain_item(source, begin, text, margin)
        if item is None:
            node = source.item_alone(begin, behind)
            if node is None:
                return None
            item = item_of(source, node)
        items.append(item)
    return _resolved(items)


def _without_last_comments(text: str, margin: str) -> str:
    """An item without the comments behind it, unless they may be the last lines of a literal text."""
    literal = text.find("|\n") if "#" in text else -1
    end = len(text)
    while "#" in text[(last := text.rfind("\n", 0, end) + 1) : end] and last:
        in_text = text.startswith(margin + "   ", last - 1) and 0 <= literal < end - 1
        if in_text or not text[last:end].lstrip(" ").startswith("#"):
            break
        end = last
        while text[end - 1].isspace():
            end -= 1
    return text[:end]


def _plain_item(source: YamlSource, start: int, text: str, margin: str) -> YamlItem | None:
    """The item that a text is, whose lines begin with `margin`; None where it is not plain."""
    mapping = "\n  " + text[2:].replace(margin, "\n")
    first = _FIRST.match(mapping)
    assert first is not None, "it may be empty"
    anchor, merged = first.groups()
    lines = _LINE.findall(mapping) if not first.end() else ()
    if len(lines) == mapping.count("\n") - _comments(mapping):  # nothing below a key, as in the build matrix
        fields = {key: plain.rstrip() or single or double for key, plain, single, double in lines}
        end = source.line_end(start + len(text.encode()) - 1)
        return YamlItem(source, start, end, fields) if len(fields) == len(lines) else None
    fields = {"<<": merged} if merged else {}
    lists: dict[str, tuple[str, ...]] = {}
    maps: dict[str, dict[str, str]] = {}
    at = first.end()
    number = int(bool(merged))
    while pair := re.match(_PAIR, mapping[at:]):  # an index needs it, and no matrix
        at += pair.end()
        number += 1
        key, plain, single, double, _, below = pair.groups("")
        fields[key] = plain.rstrip() or single or double
        if not below:
            continue
        listed = re.findall(_LISTED, below)
        if listed:
            lists[key] = tuple(map(_unquoted, listed))
        else:
            inner = re.findall(_INNER, below)
            maps[key] = {name: _unquoted(text) for name, text in inner}
            if len(maps[key]) < len(inner):
                return None
    if at < len(mapping) or len(fields) < number:
        return None
    end = source.line_end(start + len(text.encode()) - 1)
    return YamlItem(source, start, end, fields, lists, maps, anchor)


def _comments(text: str) -> int:
    """Lines that are comments, or may be."""
    return sum(line.lstrip(" ").startswith("#") for line in text.split("\n")) if "#" in text else 0


@lru_cache(maxsize=4096)
def _unquoted(raw: str) -> str:
    """The scalar that the rest of a plain line stands for."""
    if raw[:1] in ("'", '"'):
        return raw[1 : raw.index(raw[0], 1)]
    return raw.partition(" #")[0].rstrip()
