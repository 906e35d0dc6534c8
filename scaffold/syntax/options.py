"""Options of commands: short ones that stand in one word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

OF_BUILD = "cfmotv"
"""The short options with a value of a build by docker, podman, buildah or nerdctl."""
OF_KO = "fjlt"
"""Those of ko."""


def apart(words: Iterable[str], valued: str) -> Iterator[str]:
    """The words of a command with each of its short options in a word of its own, and each value too.

    `valued` are the letters of the short options that have a value: where `f` is one, `-Rf x` is `-R -f x`,
    and so are `-Rfx` and `-Rf=x`.
    """
    for word in words:
        found = re.fullmatch(rf"(?s)-([A-Za-z]*?)(?:([{valued}])(=?.*))?", word) if word[:1] == "-" else None
        if found is None or word == "-":
            yield word
            continue
        switches, letter, value = found.groups()
        yield from (f"-{switch}" for switch in switches)
        if letter:
            yield f"-{letter}"
        if value:
            yield value.removeprefix("=")
