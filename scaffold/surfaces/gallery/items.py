"""One item of the gallery: a meta, or an image of one variant in one channel."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import YamlRecord
from scaffold.syntax.source import Place
from scaffold.syntax.yaml import quote
from scaffold.syntax.yaml_items import YamlItem

if TYPE_CHECKING:
    from tree_sitter import Node


DEVELOPMENT = "-development"
CHANNELS = {"": "latest", DEVELOPMENT: "master"}
"""Suffix of the item's name -> first part of the image's tag."""

NOTHING = ("null", "~")
"""Words that are no value, in lower case."""

IMAGE_KEYS = ("uri", "mirrors")
"""Keys of an image; a meta has none of them."""


@dataclass(slots=True, eq=False)
class Item(YamlRecord):
    """One item of the gallery."""

    name: str
    alias: str
    anchor: str | None
    merges: str | None
    """Name of the anchor that it merges."""
    uri: str
    mirrors: tuple[str, ...]
    capabilities: dict[str, str]
    tags: tuple[str, ...]
    channel: str
    """`latest` or `master`: the first part of the image's tag; "" for a meta."""
    tag_suffix: str
    """The image's tag without its channel, as in the matrix; "" for a meta."""

    @classmethod
    def of(cls, item: YamlItem) -> Item:
        """The item of the gallery that an item of the file is."""
        fields = item.fields
        uri = _said(item, "uri")
        merged = fields.get("<<") or next(iter(item.lists.get("<<", ())), "")
        channel, dash, rest = uri.rpartition(":")[2].partition("-")
        return cls(
            item,
            name=_said(item, "name"),
            alias=_said(item, "alias"),
            anchor=item.anchor,
            merges=merged.removeprefix("*") or None,
            uri=uri,
            mirrors=item.lists.get("mirrors", ()),
            capabilities=item.maps.get("capabilities", {}),
            tags=item.lists.get("tags", ()),
            channel=channel,
            tag_suffix=dash + rest,
        )

    @property
    def is_meta(self) -> bool:
        """Whether it maps hardware to images."""
        return bool(self.capabilities)

    @property
    def is_development(self) -> bool:
        """Whether its name is one of the development channel."""
        return self.name.endswith(DEVELOPMENT)

    @property
    def base_name(self) -> str:
        """Its name in the release channel."""
        return self.name.removesuffix(DEVELOPMENT)

    @property
    def repository(self) -> str:
        """Where its image is; "" for a meta."""
        return self.uri.rpartition(":")[0]

    @property
    def tag(self) -> str:
        """The tag of its image; "" for a meta."""
        return self.uri.rpartition(":")[2]

    @property
    def last_capability(self) -> Place:
        """Where the list of its capabilities ends: the line below which one more is written."""
        return self.at("capabilities", *[*self.capabilities][-1:])

    @property
    def summary(self) -> str:
        """The first sentence of its description, on one line and without its full stop; "" without one."""
        node = self.source.get(self.source.item_value(self.item.node), "description")
        text = self.source.scalar(node)
        if self.source.is_literal(node):
            text = text.partition("\n")[2]
        sentence = re.split(r"(?<=[\w)])[.!](?:\s|$)", " ".join(text.split()), maxsplit=1)[0]
        return sentence.strip()

    def set_value(self, changes: ChangeSet, value: str, *keys: str) -> None:
        """Plan another text for a scalar below a chain of keys that is there."""
        node = self.value(*keys)
        if node is not None:
            style = self.source.slice(node.start_byte, node.start_byte + 1)
            text = quote(value, style if style in ("'", '"') else "")
            changes.add(Edit(self.path, node.start_byte, node.end_byte, text))

    def set_key(self, changes: ChangeSet, old: str, new: str) -> None:
        """Plan another name for a capability key."""
        for pair in self.source.pairs(self.value("capabilities")):
            if pair.key == old:
                start = pair.node.start_byte
                changes.add(Edit(self.path, start, start + len(old.encode()), new))

    def add_capability(self, changes: ChangeSet, key: str, image: str, behind: str | None = None) -> None:
        """Plan one more capability, behind that of another key or else behind the last one."""
        pairs = self.source.pairs(self.value("capabilities"))
        if not pairs:
            self.begin_capabilities(changes, {key: image})
            return
        last = next((pair for pair in pairs if pair.key == behind), pairs[-1]).node
        indent = " " * (last.start_byte - self.source.line_start(last.start_byte))
        changes.insert(self.path, self.source.line_end(last.end_byte - 1), f'{indent}{key}: "{image}"\n')

    def drop_capability(self, changes: ChangeSet, key: str) -> None:
        """Plan the line of a capability away."""
        for pair in self.source.pairs(self.value("capabilities")):
            if pair.key == key:
                start = self.source.line_start(pair.node.start_byte)
                changes.delete_lines(self.path, start, self.source.line_end(pair.node.end_byte - 1))

    def add_alias(self, changes: ChangeSet, alias: str) -> None:
        """Plan an alias behind the name."""
        where = self.source.line_end(self.nodes["name"].end_byte - 1)
        changes.insert(self.path, where, f'  alias: "{alias}"\n')

    def begin_capabilities(self, changes: ChangeSet, capabilities: dict[str, str]) -> None:
        """Plan the capabilities of an item that has none, below their key where it is there."""
        head, *lines = capability_lines(capabilities)
        node = self.nodes.get("capabilities")
        end = self.end if node is None else self.source.line_end(node.end_byte - 1)
        changes.insert(self.path, end, "".join(f"{x}\n" for x in ([head] if node is None else []) + lines))

    def lines(self, *keys: str) -> list[tuple[int, int]]:
        """The lines of some keys, neighbours as one; comments that follow belong to what comes next."""
        spans: list[tuple[int, int]] = []
        for key, node in self.nodes.items():
            if key in keys:
                start, end = self.source.line_start(node.start_byte), _text_end(node)
                joined = spans.pop()[0] if spans and spans[-1][1] == start else start
                spans.append((joined, self.source.line_end(end - 1)))
        return spans

    def set_mirrors(self, changes: ChangeSet, mirrors: list[str]) -> None:
        """Plan other mirrors: in the place of the present ones, or behind the uri."""
        text = "mirrors:\n" + "\n".join(f"    - {mirror}" for mirror in mirrors)
        nodes = self.nodes
        if "mirrors" in nodes:
            changes.add(Edit(self.path, nodes["mirrors"].start_byte, _text_end(nodes["mirrors"]), text))
        elif "uri" in nodes:
            changes.insert(self.path, self.source.line_end(nodes["uri"].end_byte - 1), f"  {text}\n")


def _said(item: YamlItem, key: str) -> str:
    """A text of an item; "" for a word that is nothing to YAML."""
    text = item.fields.get(key, "")
    return "" if text.lower() in NOTHING and not item.quotes.get(key) else text


def of_development(capabilities: dict[str, str]) -> dict[str, str]:
    """The capabilities of a development meta whose base has these."""
    return {key: f"{image}{DEVELOPMENT}" for key, image in capabilities.items()}


def capability_lines(keys: dict[str, str]) -> list[str]:
    """The lines of some capabilities, with the line of their key."""
    return ["  capabilities:", *(f'    {key}: "{image}"' for key, image in keys.items())]


def _text_end(node: Node) -> int:
    """Where the text of a value ends: comments that follow it may be inside of its node."""
    flow = node.type in ("flow_mapping", "flow_sequence")
    inner = [] if flow else [child for child in node.named_children if child.type != "comment"]
    return _text_end(inner[-1]) if inner else node.end_byte
