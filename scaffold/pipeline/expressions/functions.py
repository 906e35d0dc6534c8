"""The functions of GitHub's expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from scaffold.pipeline.expressions.values import (
    HOLE,
    HOLE_END,
    MAX_LENGTH,
    Open,
    Unknown,
    equal_values,
    is_known,
    label_of,
    property_of,
    text_of,
)


def call(name: str, arguments: list[Any]) -> Any:
    """The value of a function; unknown for a function that nobody knows here."""
    unknown = Unknown(f"{name}({','.join(map(label_of, arguments))})"[:MAX_LENGTH])
    function = _FUNCTIONS.get(name)
    takes_unknown = name in ("format", "join")
    if function is None or (not takes_unknown and any(isinstance(a, Unknown) for a in arguments)):
        return unknown
    try:
        result = function(*arguments)
    except (TypeError, ValueError, IndexError, RecursionError):
        return unknown
    return unknown if isinstance(result, str) and len(result) > MAX_LENGTH else result


def _contains(where: Any, what: Any) -> Any:
    if isinstance(where, list):
        results = [equal_values(item, what) for item in where]
        unknown = next((result for result in results if isinstance(result, Unknown)), False)
        return True if True in results else unknown
    return _within(where, what, lambda a, b: b in a)


def _within(where: Any, what: Any, test: Callable[[str, str], bool]) -> Any:
    where, what = text_of(where).lower(), text_of(what).lower()
    found = test(where, what)
    return Unknown(f"{what}in{where}") if not found and not (is_known(where) and is_known(what)) else found


def _at_end(where: Any, what: Any, test: Callable[[str, str], bool], known: Callable[[str], str]) -> Any:
    """`startsWith` or `endsWith`: what is `known` at that end decides, where it is long enough or differs."""
    result = _within(where, what, test)
    here, wanted = known(text_of(where).lower()), text_of(what).lower()
    if isinstance(result, Unknown) and is_known(wanted) and not test(wanted, here):
        return False
    return result


def _format(pattern: Any, *arguments: Any) -> str:
    texts = [text_of(argument) for argument in arguments]
    pattern = text_of(pattern)
    if len(pattern) + pattern.count("{") * max(map(len, texts), default=0) > MAX_LENGTH:
        raise ValueError
    return re.sub(r"\{\{|\}\}|\{(\d{1,3})\}", lambda m: texts[int(m[1])] if m[1] else m[0][0], pattern)


def _join(items: Any, separator: Any = ",") -> Any:
    if isinstance(items, Unknown):
        return Unknown(f"join({items.label})")
    return text_of(separator).join(map(text_of, items)) if isinstance(items, list) else text_of(items)


def _to_json(value: Any) -> Any:
    if isinstance(value, Open):
        return Unknown(f"toJSON({value.label})")
    return json.dumps(_as_json(value), indent=2, ensure_ascii=False)


def _as_json(value: Any) -> Any:
    """A value with a hole for each part that is unknown, and all of it that is known."""
    if isinstance(value, (Open, Unknown)):
        return f"{HOLE}{value.label}{HOLE_END}"
    if isinstance(value, dict):
        return {name: _as_json(property_of(value, name)) for name in list(value)}
    return [*map(_as_json, value)] if isinstance(value, list) else value


def _from_json(text: Any) -> Any:
    if not is_known(text_of(text)):
        return Unknown(f"fromJSON({label_of(text)})")
    return json.loads(text_of(text), parse_int=_whole)


def _whole(digits: str) -> float:
    """A whole number of JSON; a large one is a float, as every number is to an expression."""
    return int(digits) if len(digits) < _EXACT else float(digits)


_EXACT = 16
"""Digits from which on a float is not exact."""


def _case(*arguments: Any) -> Any:
    for condition, result in zip(arguments[::2], arguments[1::2], strict=False):
        if condition is True:
            return result
    return arguments[-1] if len(arguments) % 2 else None


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "contains": _contains,
    "startswith": lambda a, b: _at_end(a, b, str.startswith, lambda text: text.partition(HOLE)[0]),
    "endswith": lambda a, b: _at_end(a, b, str.endswith, lambda text: text.rpartition(HOLE_END)[2]),
    "format": _format,
    "join": _join,
    "tojson": _to_json,
    "fromjson": _from_json,
    "case": _case,
}
"""What can be computed here; `hashFiles` cannot, and its label says of which files it is the hash."""
