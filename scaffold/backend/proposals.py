"""A name in the place of one that is bad or taken."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import count

from scaffold.backend.limits import HARDWARE_WORDS, MAX_NAME, wrong


def proposed(name: str, is_free: Callable[[str], bool]) -> str:
    """A name that is good and free, as near to `name` as may be."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    good = [word for word in words if not any(hardware in word for hardware in HARDWARE_WORDS)]
    while good and (good[-1] == "development" or len("-".join(good)) > MAX_NAME - len("-backend-99")):
        good.pop()
    while good and not good[0][0].isalpha():
        good[0] = good[0].lstrip("0123456789")
        good = good if good[0] else good[1:]
    stem = "-".join(good) or "my"
    candidates = (stem, f"{stem}-backend", *(f"{stem}-{number}" for number in range(2, 100)))
    for each in candidates:
        if wrong("name", each) is None and is_free(each):
            return each
    numbered = (f"my-backend-{number}" for number in count(1))
    return next(each for each in numbered if is_free(each))
