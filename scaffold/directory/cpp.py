"""A C++ server: what its signal handlers call."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.directory.text import Spot, Text
from scaffold.syntax.cpp import CppSource


def shutdowns(text: Text) -> tuple[Spot, ...]:
    """The calls of `Shutdown` that a signal handler makes, itself or by what it calls."""
    if b"Shutdown" not in text.data or not any(word in text.data for word in (b"signal", b"sa_")):
        return ()

    def spots(source: CppSource) -> Iterator[Spot]:
        for place in source.calls("Shutdown", method=True):
            if source.runs_on_signal(place):
                yield text.spot(place[0].start_byte, place[0].end_byte)

    return text.read(CppSource, spots)
