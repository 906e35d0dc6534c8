"""What LocalAI makes of its galleries when it loads them: Go's yaml.v3, into a list of its own structs.

One value that it refuses, anywhere in the file, and LocalAI has no backend, or no model, to offer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from scaffold.syntax.source import Source
from scaffold.syntax.yaml_items import YamlItem

TEXT, FLAG, WHOLE, NUMBER = "a text", "true or false", "a whole number", "a number"
ANY = "anything"
Type = str | list["Type"] | dict[str, "Type"]
"""One of those words, a list of one type, or a mapping: key -> type, with the key "" for any other."""

_GALLERY: dict[str, Type] = {
    "url": TEXT,
    "name": TEXT,
    "mirrors": [TEXT],
    "verification": dict.fromkeys(
        ("issuer", "issuer_regex", "identity", "identity_regex", "not_before"), TEXT
    ),
}
_FILES: list[Type] = [dict.fromkeys(("filename", "sha256", "uri"), TEXT)]
_METADATA: dict[str, Type] = {
    **dict.fromkeys(["url", "name", "description", "license", "icon", "size", "backend"], TEXT),
    "urls": [TEXT],
    "tags": [TEXT],
    "files": _FILES,
    "gallery": _GALLERY,
    "installed": FLAG,
}
ITEM: dict[str, Type] = {
    **_METADATA,
    **dict.fromkeys(["alias", "uri", "version", "sha256"], TEXT),
    "mirrors": [TEXT],
    "capabilities": {"": TEXT},
}
"""Key -> type of the struct `GalleryBackend` and the `Metadata` in it (core/gallery, core/config/gallery.go).

A key that is not here is passed over, whatever it holds.
"""
MODEL: dict[str, Type] = {
    **_METADATA,
    "config_file": {"": ANY},
    "overrides": {"": ANY},
    "variants": [{"model": TEXT}],
}
"""The same of `GalleryModel`."""
CONFIGURATION: dict[str, Type] = {
    **dict.fromkeys(["description", "icon", "license", "name", "config_file"], TEXT),
    **dict.fromkeys(["entry_name", "resolved_variant", "pinned_variant"], TEXT),
    "urls": [TEXT],
    "files": _FILES,
    "prompt_templates": [dict.fromkeys(("name", "content"), TEXT)],
}
"""The same of `ModelConfig`, what a model is based on: a file of its own."""

_ORDINARY_BYTES = 400 << 10
_ORDINARY_LINE = 1000
"""yaml.v3 looks for the colon of a key in 1,024 characters."""
_ORDINARY_VALUES = 300
"""Values of an item that others merge; from some 400 on yaml.v3 may call it a bomb."""
_CONTROL = bytes([*range(0x0A), *range(0x0B, 0x20), 0x7F])
_UNUSUAL = re.compile(rb"\xc2[\x80-\x9f]|\xe2\x80[\xa8\xa9]|\xef\xbb\xbf|\xef\xbf[\xbe\xbf]")
"""More control characters, and what only some parsers take for the end of a line or for nothing."""


class Refusal(NamedTuple):
    """Something in a gallery that LocalAI refuses."""

    line: int
    subject: str
    problem: str
    help: str


def is_ordinary(source: Source, items: Sequence[YamlItem]) -> bool:
    """Whether the pattern for plain items has seen all there is, and nothing of it needs to be judged."""
    data = source.data
    if not items or len(data) > _ORDINARY_BYTES or len(data.translate(None, _CONTROL)) < len(data):
        return False
    if not data.isascii() and _UNUSUAL.search(data):
        return False
    if max(map(len, data.split(b"\n"))) > _ORDINARY_LINE:
        return False
    anchors: set[str] = set()
    for item in items:
        merged = item.fields.get("<<")
        if item.parsed is not None or not item.fields or (merged and merged[1:] not in anchors):
            return False
        for key in item.fields:
            wanted = ITEM.get(key, TEXT)
            is_list, is_map = key in item.lists, key in item.maps
            if is_list or is_map:
                if key in ITEM and wanted != ([TEXT] if is_list else {"": TEXT}):
                    return False
            elif wanted is not TEXT:
                return False
        if item.anchor:
            lists = sum(map(len, item.lists.values()))
            if 2 * len(item.fields) + lists + 2 * sum(map(len, item.maps.values())) > _ORDINARY_VALUES:
                return False
            anchors.add(item.anchor)
    return True
