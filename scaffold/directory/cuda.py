"""The CUDA architectures for which a build makes code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.directory.text import Text

NEWEST = 100
"""The compute capability of Blackwell, times ten: no card of an earlier generation runs such code."""

_LIST = re.compile(
    rb"CUDA_ARCHITECTURES[ \t]*+(?:[?:]?=[ \t]*+)?\"?"
    rb"(\d{2,3}[a-f]?(?:-real|-virtual)?(?:\\?[;,][ ]?\d{2,3}[a-f]?(?:-real|-virtual)?)*+)(?![\w.$(])"
)


def newest_only(text: Text) -> Iterator[tuple[str, int]]:
    """(list, offset) of every list of CUDA architectures in which the newest cards alone are."""
    if b"CUDA_ARCHITECTURES" not in text.data:
        return
    for found in _LIST.finditer(text.code):
        if all(int(number) >= NEWEST for number in re.findall(rb"\d+", found[1])):
            yield found[1].decode(), found.start(1)
