"""YAML by byte span: block mappings, block sequences and scalars, as LocalAI writes them."""

from __future__ import annotations

import re
from functools import cached_property, partial
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from scaffold.errors import ShapeError
from scaffold.syntax import grammar
from scaffold.syntax.source import ParsedSource, Source
from scaffold.syntax.yaml_scalars import double_quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node


MAX_LINES = 32_000
"""The grammar's scanner counts the lines in 16 bits."""
_LONG = 80
_COLUMNS = 120
_BEGINNING = re.compile(rb"[ \t]*+(?:[-?:][ \t]++)*+(?=[^ \t])")
"""Of a line: what can begin another level of block style, which needs a column of its own."""
_RUN = re.compile(rb"(?:[-?:][ \t]++){40}")
_CLOSE_COMMENT = rb"""(?m)^((?:'[^'\n]*+'|"[^"\\\n]*+"|[^#"'\n])*+)(?<=['"\]}])#.*$"""
_QUOTED = rb"""(?ms)^([ ]*+(?:-[ ]++)*+[\w."'-]++:[ ]++)('(?:[^']|'')*+'|"(?:[^"\\]|\\.)*+")"""
_STRIPPED = r"[|>]-[ \t]*\n[ ]+([^\s#][^\n]*?)[ \t]*\n*"
_OTHER_LINE_ENDS = (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9")


_parser = partial(grammar.parser, "tree_sitter_yaml")


class Pair(NamedTuple):
    """One `key: value` of a block mapping."""

    key: str
    value: Node | None
    node: Node


class YamlSource(ParsedSource):
    """A YAML file: mappings and lists in block and in flow style, and the scalars of LocalAI's files."""

    def __init__(self, path: str, data: bytes) -> None:
        super().__init__(path, data, _parser)

    @cached_property
    def comments(self) -> str:
        """The text of all comments that have a line of their own."""
        return "\n".join(x for x in self.data.decode().splitlines() if x.lstrip().startswith("#"))

    def document(self) -> Node | None:
        """The top-level value of the first document; None where the file is empty.

        Raises ShapeError where the file is no YAML.
        """
        self.require_well_formed()
        for document in self.root.children:
            if document.type == "document":
                for child in document.children:
                    if child.type in ("block_node", "flow_node"):
                        return child
        return None

    def item_alone(self, start: int, end: int) -> Node | None:
        """The item of a block sequence between two offsets, without a tree of the whole file.

        None where the parser does not see one item there. The parser counts lines to 32,767 only, which
        is no limit for an item.
        """
        from tree_sitter import Range

        _ = self.is_parsable
        parser = self._parser()
        text = self.data[start:end].rstrip()
        last = (text.count(b"\n") + 1, 0)
        parser.included_ranges = [Range((0, 0), last, self.line_start(start), start + len(text))]
        try:
            root = parser.parse(self.data).root_node
            if root.has_error:
                root = parser.parse(self._without_close_comments).root_node
        finally:
            parser.included_ranges = []
        found = [*self.items(_content(_content(root, "document"), "block_node"))]
        return found[0] if len(found) == 1 and not root.has_error else None

    @cached_property
    def root(self) -> Node:
        """The tree of the whole file. Raises ShapeError as for other files, and for too many lines."""
        if len(self._lines) > MAX_LINES:
            raise ShapeError(self.path, MAX_LINES, f"has more than {MAX_LINES} lines")
        root = super().root
        if root.has_error and self._without_close_comments != self.data:
            other = self.parse(self._without_close_comments)
            root = root if other.has_error else other
        if root.has_error and self._with_joined_quotes != self.data:
            other = self.parse(self._with_joined_quotes)
            said = self._says(self.data) if not other.has_error else None
            if said is not None and said == self._says(self._with_joined_quotes):
                return other
        return root

    @cached_property
    def _without_close_comments(self) -> bytes:
        """Blanks for comments that follow a quote or bracket without a space, which the grammar refuses."""
        return re.sub(
            _CLOSE_COMMENT, lambda found: found[1] + b" " * (len(found[0]) - len(found[1])), self.data
        )

    @cached_property
    def _with_joined_quotes(self) -> bytes:
        """Blanks for the line ends in quotes, whose further lines the grammar wants behind their key."""
        return re.sub(
            _QUOTED, lambda found: found[1] + found[2].replace(b"\r", b" ").replace(b"\n", b" "), self.data
        )

    def _says(self, data: bytes) -> list[tuple[object, ...]] | None:
        """What libyaml reads in a text, whatever the spaces in its values; None where it refuses it."""
        from scaffold.syntax import yaml_events

        try:
            root = yaml_events.document(Source(self.path, data)).root
        except ShapeError:
            return None
        found, pending = list[tuple[object, ...]](), [root] if root is not None else []
        while pending:
            node = pending.pop()
            found.append((node.kind, node.text.split(), len(node.below)))
            pending += node.below
        return found

    @cached_property
    def _lines(self) -> list[bytes]:
        """The lines as one parser or the other counts them."""
        data = self.data
        for end in _OTHER_LINE_ENDS if not data.isascii() else ():
            data = data.replace(end, b"\n")
        return data.splitlines()

    def require_parsable(self) -> None:
        super().require_parsable()
        # The grammar's scanner overruns its memory at 254 levels; a column holds two, a mapping and its list.
        long = map(_LONG.__le__, map(len, self._lines))
        for number, line in compress(enumerate(self._lines, 1), long):
            if _columns(line) >= _COLUMNS or _RUN.search(line):
                raise ShapeError(self.path, number, "is nested too deeply")

    def require_well_formed(self) -> None:
        """Raises ShapeError where the file is no YAML, or some that the grammar does not know."""
        if not self.root.has_error:
            return
        from scaffold.syntax import yaml_events

        yaml_events.document(self)  # says better than the grammar what is wrong, and where
        first = next(self.errors(), None)
        at = first if first is not None and first.start_byte else None
        raise self.shape_error(at, "is YAML of a kind that is not understood here")

    def pairs(self, node: Node | None) -> list[Pair]:
        """The pairs of a mapping; empty where the node is none."""
        mapping = _content(node, "block_mapping") or _content(node, "flow_mapping")
        if mapping is None:
            return []
        pairs = []
        for child in mapping.named_children:
            if child.type in ("block_mapping_pair", "flow_pair"):
                key = child.child_by_field_name("key")
                if key is not None:
                    pairs.append(Pair(self.scalar(key), child.child_by_field_name("value"), child))
        return pairs

    def get(self, node: Node | None, *keys: str) -> Node | None:
        """The value below a chain of mapping keys; None where one of them is missing."""
        for key in keys:
            node = next((pair.value for pair in self.pairs(node) if pair.key == key), None)
            if node is None:
                return None
        return node

    def items(self, node: Node | None) -> list[Node]:
        """The items of a sequence, in block style each with its dash; empty where the node is none."""
        sequence = _content(node, "block_sequence") or _content(node, "flow_sequence")
        if sequence is None:
            return []
        return [
            child for child in sequence.named_children if child.type in ("block_sequence_item", "flow_node")
        ]

    def item_value(self, item: Node) -> Node | None:
        """The value of a sequence item; None for an empty one."""
        if item.type == "flow_node":
            return item
        return next((c for c in item.named_children if c.type in ("block_node", "flow_node")), None)

    def anchor(self, value: Node | None) -> str | None:
        """Name of the anchor (`&name`) on a value."""
        for child in value.named_children if value is not None else ():
            if child.type == "anchor":
                return self.text(child)[1:]
        return None

    def scalar(self, node: Node | None) -> str:
        """The string that a scalar stands for; `*name` for an alias; "" for an empty value."""
        if node is None:
            return ""
        text = self.text(node)
        if text[:1] in ("!", "&") and node.type == "flow_node":
            node = next((c for c in node.named_children if c.type not in ("tag", "anchor", "comment")), node)
            text = self.text(node)
        if text[:1] == "'" and text[-1:] == "'" and len(text) > 1:
            return text[1:-1].replace("''", "'")
        if text[:1] == '"' and text[-1:] == '"' and len(text) > 1:
            return double_quoted(text[1:-1])
        return text.rstrip("\n")

    def is_flow(self, node: Node | None) -> bool:
        """Whether a value is a mapping or a list in brackets."""
        return bool(_content(node, "flow_mapping") or _content(node, "flow_sequence"))

    def is_alias(self, node: Node | None) -> bool:
        """Whether a value is an alias (`*name`)."""
        return _content(node, "alias") is not None

    def is_literal(self, node: Node | None) -> bool:
        """Whether a value is a text of lines below its key (`|` or `>`)."""
        return _content(node, "block_scalar") is not None

    def stripped_line(self, node: Node | None) -> str:
        """What `>-` or `|-` with one line below it stands for; "" for any other value."""
        content = _content(node, "block_scalar")
        found = re.fullmatch(_STRIPPED, self.text(content)) if content is not None else None
        return found[1] if found else ""

    def said(self, node: Node | None) -> str:
        """The string that a scalar on a line of its own stands for too; see `stripped_line`."""
        return self.stripped_line(node) or self.scalar(node)

    def scalars(self, node: Node | None) -> Iterator[tuple[str, Node]]:
        """The scalar items of a sequence, each with its node."""
        for item in self.items(node):
            value = self.item_value(item)
            if value is not None:
                yield self.said(value), value

    def item_end(self, item: Node) -> int:
        """Offset just after the last line of a sequence item, without comments and blank lines behind it."""
        node = item
        while node.type != "block_scalar":
            below = [child for child in node.children if child.type != "comment"]
            if not below:
                break
            node = below[-1]
        return self.last_line_end(item.start_byte, node.end_byte)


def _columns(line: bytes) -> int:
    """How many columns of a line can begin a level of block style."""
    beginning = _BEGINNING.match(line)
    return beginning.end() if beginning else 0


def repeated(pairs: Sequence[Pair]) -> tuple[tuple[str, int], ...]:
    """Keys that an earlier pair has too, each with the offset of the later pair."""
    if len({pair.key for pair in pairs}) == len(pairs):
        return ()
    earlier: set[str] = set()
    found = []
    for pair in pairs:
        if pair.key in earlier:
            found.append((pair.key, pair.node.start_byte))
        earlier.add(pair.key)
    return tuple(found)


def quote(value: str, style: str) -> str:
    """A scalar spelled with the given quote; plain where `style` is empty and YAML allows it."""
    if style == "'":
        return "'" + value.replace("'", "''") + "'"
    if style == '"' or not _plain_is_safe(value):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return value


def _plain_is_safe(value: str) -> bool:
    if not value or value != value.strip() or value[0] in "-?:,[]{}#&*!|>'\"%@`" or not value.isprintable():
        return False
    if ": " in value or " #" in value or value.endswith(":"):
        return False
    return not (value.lower() in _RESERVED or value[0].isdigit() or value[0] in "+.~")


_RESERVED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "=", "<<"}


def _content(node: Node | None, kind: str) -> Node | None:
    if node is None or node.type == kind:
        return node
    return next((child for child in node.named_children if child.type == kind), None)
