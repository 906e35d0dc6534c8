"""What a YAML scalar is to Go's yaml.v3 (v3.0.1, resolve.go): its tag, written or not."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scaffold.syntax.yaml_events import Node

_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), "!!null"),
    **dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), "!!bool"),
    **dict.fromkeys((s + w for s in ("", "+", "-") for w in (".inf", ".Inf", ".INF")), "!!float"),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), "!!float"),
}
_INTEGER = re.compile(r"[-+]?(?:0[bB][01]+|0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_CLOCK = r"\d\d?:\d\d?:\d\d?(?:[.,]\d+)?"
_TIME = re.compile(rf"(?P<day>\d{{4}}-\d\d?-\d\d?)(?:[Tt]{_CLOCK}(?:Z|[-+]\d\d:\d\d)| {_CLOCK})?")


def short_tag(tag: str) -> str:
    """A tag as people write it."""
    prefix = "tag:yaml.org,2002:"
    return f"!!{tag.removeprefix(prefix)}" if tag.startswith(prefix) else tag


def resolved_tag(node: Node) -> str:
    """The short tag of what a scalar stands for; "" where its tag says what it is not."""
    tag = short_tag(node.tag)
    if tag in ("", "!"):
        return _resolved(node.text) if node.plain else "!!str"
    if tag == "!!binary":
        return tag if _is_base64(node.text) else ""
    if tag not in ("!!bool", "!!int", "!!float", "!!null", "!!timestamp"):
        return tag
    found = _resolved(node.text)
    return tag if found == tag or (tag, found) == ("!!float", "!!int") else ""


def _resolved(text: str) -> str:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789":
        return "!!str"
    if _is_time(text):
        return "!!timestamp"
    plain = text.replace("_", "")
    if _INTEGER.fullmatch(plain):
        return "!!int"
    return "!!float" if _FLOAT.fullmatch(plain) else "!!str"


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    if found is None:
        return False
    try:
        year, month, day = map(int, found["day"].split("-"))
        datetime(max(year, 4), month, day)
    except ValueError:
        return False
    return True


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
