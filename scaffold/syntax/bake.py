"""Bake files: the targets that `docker buildx bake` builds, of HCL and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

MAX_BYTES = 1 << 18

Values = dict[str, Any]
"""Attribute -> a text, a list of texts, a mapping of texts; what is anything else is left out."""


class Bake(NamedTuple):
    """What one file says."""

    targets: dict[str, Values]
    groups: dict[str, list[str]]
    variables: dict[str, str]


@lru_cache(maxsize=64)
def read(data: bytes) -> Bake:
    """A bake file. What cannot be read of it is left out."""
    text = data[:MAX_BYTES].decode(errors="replace")
    try:
        blocks = list(_of_json(json.loads(text)))
    except ValueError:
        blocks = list(_of_hcl(text))
    targets = {name: values for kind, name, values in blocks if kind == "target"}
    groups = {name: _list(values.get("targets")) for kind, name, values in blocks if kind == "group"}
    variables = {
        name: values["default"]
        for kind, name, values in blocks
        if kind == "variable" and isinstance(values.get("default"), str)
    }
    return Bake(targets, groups, variables)


def _of_json(value: Any) -> Iterator[tuple[str, str, Values]]:
    for kind, named in value.items() if isinstance(value, dict) else ():
        for name, values in named.items() if isinstance(named, dict) else ():
            if isinstance(values, dict):
                yield kind, name, values


def _of_hcl(text: str) -> Iterator[tuple[str, str, Values]]:
    """The blocks of HCL: what is no text, list or mapping of texts is left out."""
    tokens = [m[0] for m in re.finditer(_SIGN, text) if not m[0].startswith(("#", "//", "/*"))]
    at = 0
    while at + 2 < len(tokens):
        if re.fullmatch(r"\w+", tokens[at]) and tokens[at + 1].startswith('"') and tokens[at + 2] == "{":
            values, end = _body(tokens, at + 3)
            yield tokens[at], _text(tokens[at + 1]) or "", values
            at = end
        else:
            at += 1


_SIGN = r'"(?:[^"\\\n]|\\.)*+"?|#[^\n]*|//[^\n]*|/\*(?s:.*?)(?:\*/|\Z)|[\w.-]+|[^\s]'
_CLOSING = {"{": "}", "[": "]", "(": ")"}


def _body(tokens: list[str], at: int) -> tuple[Values, int]:
    """The attributes up to the closing brace, and where that ends."""
    found: Values = {}
    while at < len(tokens) and tokens[at] != "}":
        name, sign = tokens[at].strip('"'), tokens[at + 1 : at + 2]
        if sign in (["="], [":"]):
            value, at = _value(tokens, at + 2)
            if value is not None:
                found[name] = value
        else:
            at = _behind(tokens, at)
    return found, at + 1


def _value(tokens: list[str], at: int) -> tuple[Any, int]:
    """One value, None for an expression; and where it ends."""
    first = tokens[at] if at < len(tokens) else ""
    if first == "{":
        return _body(tokens, at + 1)
    end = _behind(tokens, at)
    if first == "[":
        items = [_text(sign) for sign in tokens[at + 1 : end - 1] if sign != ","]
        return ([item for item in items if item is not None], end) if None not in items else (None, end)
    while end < len(tokens) and tokens[end] in ("?", ":", "(", "[", "==", "=", "!", "&", "|", "+"):
        end = _behind(tokens, end + 1 if tokens[end] not in _CLOSING else end)
        first = ""
    return (_text(first) if first else None), end


def _behind(tokens: list[str], at: int) -> int:
    """Where a token ends, or what a bracket encloses."""
    depth = 0
    while at < len(tokens):
        depth += (tokens[at] in _CLOSING) - (tokens[at] in _CLOSING.values())
        at += 1
        if depth <= 0:
            break
    return at


def _text(sign: str) -> str | None:
    """A text or a simple value; None for what only a run of bake knows."""
    if sign.startswith('"'):
        return re.sub(r"\\(.)", r"\1", sign[1:-1])
    if sign in ("true", "false") or re.fullmatch(r"[\d.]+", sign):
        return sign
    return f"${{{sign}}}" if re.fullmatch(r"[A-Za-z_]\w*", sign) else None


def _list(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
