"""Words that are a letter apart."""

from __future__ import annotations

import re
from collections.abc import Iterable


def nearest(word: str, others: Iterable[str]) -> str:
    """The first of some words that a letter makes of another one; "" where there is none."""
    return next((other for other in sorted(others) if is_near(word, other)), "")


def is_near(one: str, other: str) -> bool:
    """Whether a letter more, less, another one or two in the other order make the difference; no digit."""
    if abs(len(one) - len(other)) > 1:
        return False
    if len(one) > len("ab") and one[:1] != other[:1] and one[-1:] != other[-1:]:
        return False  # no one letter is both the first and the last
    short, long = sorted((one, other), key=len)
    at = next((n for n, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(long) > len(short):
        is_near = short[at:] == long[at + 1 :]
    else:
        swapped = short[at + 1 : at + 2] + short[at : at + 1] + short[at + 2 :]
        is_near = short[at + 1 :] == long[at + 1 :] or swapped == long[at:]
    return is_near and re.sub(r"\d", "", one) != re.sub(r"\d", "", other)
