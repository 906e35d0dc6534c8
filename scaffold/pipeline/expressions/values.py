"""The values of GitHub's expressions, and what is known of them.

A value that only a real run has is `Unknown`. It travels through every operator and keeps its name,
so that two keys can be compared although nobody knows the hash in them.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Truth = bool | None

MAX_LENGTH = 1 << 16
"""Length of a string that is made; a longer one is unknown."""

HOLE = "\ue000"
HOLE_END = "\ue001"
"""What stands around the name of an unknown part in a rendered text."""


@dataclass(slots=True, unsafe_hash=True)  # to make a frozen one takes three times as long
class Unknown:
    """A value that only a run has. Two with one label are the same value; nobody changes one."""

    label: str
    truth: bool | None = None
    """Whether it counts as true, where that is known."""


class OwnRepository(Unknown):
    """The name of the repository, or of its owner: it equals whatever the workflows compare it with."""


class Person(Unknown):
    """The name of somebody, who is no bot."""


FORK = "\ue002fork"
"""The owner and name of a fork: equal to nothing that a workflow can spell."""


class Open(dict[str, Any]):
    """A context of which only some properties are known; the others are unknown, not null."""

    def __init__(self, label: str, known: Mapping[str, Any] | None = None) -> None:
        super().__init__(known or {})
        self.label = label


class Lazy(dict[str, Any]):
    """A context whose properties are evaluated when they are read: most jobs read few of their inputs."""

    def __init__(self, unread: Mapping[str, Any], evaluate: Callable[[str], Any]) -> None:
        """`unread` has every name, `PENDING`: to copy it is faster than to make it again."""
        super().__init__(unread)
        self._evaluate = evaluate

    def read(self, name: str) -> Any:
        """A property that is read for the first time."""
        found = self[name] = self._evaluate(name)
        return found


PENDING = object()
"""A property of a `Lazy` that nobody has read yet."""
MISSING = object()


class Spread(list[Any]):
    """What `.*` gives: a property of it is that property of every item."""


def property_of(value: Any, key: Any) -> Any:
    """One property of a value, as GitHub looks it up: by a name in any case, null where it is missing."""
    if isinstance(value, dict) and type(key) is str:  # nearly always
        item = value.get(key, MISSING)
        if item is PENDING:
            assert isinstance(value, Lazy)
            return value.read(key)
        if item is not MISSING:
            return item
    if isinstance(value, Spread):
        found = [property_of(item, key) for item in value]
        return Spread(item for item in found if item is not None)
    if isinstance(value, Unknown):
        return Unknown(f"{value.label}.{label_of(key)}")
    if isinstance(key, Unknown):
        return Unknown(f"{label_of(value)}[{key.label}]")
    if isinstance(value, dict):
        if key in value:
            return value[key]
        folded = text_of(key).lower()
        for name in value:
            if name.lower() == folded:
                return property_of(value, name)
        return Unknown(f"{value.label}.{folded}") if isinstance(value, Open) else None
    if isinstance(value, list) and isinstance(key, (int, float)) and 0 <= key < len(value):
        return value[int(key)]
    return None


def truth_of(value: Any) -> bool | None:
    """Whether a value counts as true; None where that is not known."""
    if value is True or value is False:
        return value is True
    if isinstance(value, Unknown):
        return value.truth
    if isinstance(value, str) and HOLE in value:
        return True  # something stands around the hole
    if isinstance(value, float) and math.isnan(value):
        return False
    return value not in (None, False, 0, "") if not isinstance(value, (dict, list)) else True


def all_of(parts: list[Truth]) -> Truth:
    """And, in three values."""
    if False in parts:
        return False
    return None if None in parts else True


def text_of(value: Any) -> str:
    """The string that a value becomes; an unknown one becomes a named hole."""
    if isinstance(value, str):
        return value
    if isinstance(value, Unknown):
        return f"{HOLE}{value.label}{HOLE_END}"
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        whole = isinstance(value, int) or (math.isfinite(value) and value == int(value))
        return str(int(value)) if whole else str(value)
    return "Array" if isinstance(value, list) else "Object"


def as_variable(value: Any) -> Any:
    """A value as a variable of the environment, or as the input of an action: nothing but strings there."""
    return value if isinstance(value, Unknown) else text_of(value)


def label_of(value: Any) -> str:
    """A name for a value that tells it from others."""
    if isinstance(value, (Unknown, Open)):
        return value.label
    if isinstance(value, Lazy):
        value = {name: property_of(value, name) for name in list(value)}
    name = repr(value)
    return name if len(name) <= _LABEL else f"{name[:_LABEL]}#{zlib.crc32(name.encode()):x}"


_LABEL = 200
"""Characters of a value that stand in its name."""


def is_known(text: str) -> bool:
    """Whether a rendered text has no unknown part."""
    return HOLE not in text


def commit(number: int) -> str:
    """The name of a commit that nobody made."""
    return f"{number:040x}"


def run_id(number: int) -> str:
    """The id of a run that never was."""
    return f"7{number:012}"


_MADE_UP = r"(?<![0-9a-f])(?:0{30}[0-9a-f]{10}|70{8}\d{4})(?![0-9a-f])"
"""Such a commit, such a run."""


def shown(text: str) -> str:
    """A rendered text for people: what is unknown in it, or made up, is three dots."""
    return re.sub(_MADE_UP, "…", without_holes(text, "…"))


def without_holes(text: str, sign: str) -> str:
    """A rendered text with a sign for each unknown part."""
    *closed, rest = text.split(HOLE_END)
    parts = (part.partition(HOLE) for part in closed)
    return "".join(before + (sign if hole else HOLE_END) for before, hole, _ in parts) + rest


def holes(text: str) -> set[str]:
    """What is unknown in a rendered text."""
    return {part.partition(HOLE)[2] for part in text.split(HOLE_END)[:-1] if HOLE in part}


def may_equal(one: str, other: str) -> bool:
    """Whether two rendered texts may be the same: where what is known at their ends agrees."""
    if is_known(one) and is_known(other):
        return one == other
    starts = one.partition(HOLE)[0], other.partition(HOLE)[0]
    ends = one.rpartition(HOLE_END)[2], other.rpartition(HOLE_END)[2]
    if is_known(one) or is_known(other):
        known, place = (one, 1) if is_known(one) else (other, 0)
        return known.startswith(starts[place]) and known[len(starts[place]) :].endswith(ends[place])
    length, tail = min(map(len, starts)), min(map(len, ends))
    return starts[0][:length] == starts[1][:length] and (not tail or ends[0][-tail:] == ends[1][-tail:])


def last_part(path: str) -> str:
    """What stands behind the last slash of a rendered path, not of the name of an unknown part."""
    closed, end, rest = path.rpartition(HOLE_END)
    if not end or "/" in rest:
        return rest.rpartition("/")[2]
    before, hole, name = closed.rpartition(HOLE)
    return f"{last_part(before)}{hole}{name}{end}{rest}"


def equal_values(left: Any, right: Any) -> bool | Unknown:
    """GitHub's `==`: strings in any case, different types as numbers."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        for one, other in ((left, right), (right, left)):
            if isinstance(one, Person) and isinstance(other, str) and other.lower().endswith("[bot]"):
                return False
            if isinstance(one, OwnRepository):
                return FORK not in other if isinstance(other, str) else isinstance(other, OwnRepository)
        if isinstance(left, Unknown) and isinstance(right, Unknown) and left.label == right.label:
            return True
        return Unknown("==")
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
        if left != right and (HOLE in left or HOLE in right) and may_equal(left, right):
            return Unknown("==")
        return bool(left == right)
    if isinstance(left, (dict, list)) or isinstance(right, (dict, list)):
        return left is right
    if type(left) is type(right):
        return bool(left == right)
    return number(left) == number(right)


def compare(operator: str, left: Any, right: Any) -> bool:
    """GitHub's `<`, `<=`, `>` and `>=`: strings in any case, all else as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        a: Any = left.lower()
        b: Any = right.lower()
    else:
        a, b = number(left), number(right)
    return bool({"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator])


def number(value: Any) -> float:
    """The number that a value becomes; NaN where it is none."""
    if value is None or value is False or value == "":
        return 0.0
    if value is True:
        return 1.0
    try:
        if isinstance(value, (int, float)):
            return float(value)
        return float(int(value, 16) if value[:2].lower() == "0x" else value) if value.strip() else 0.0
    except OverflowError:
        return math.inf
    except (ValueError, AttributeError):
        return math.nan
