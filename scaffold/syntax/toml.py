"""TOML, as far as the library's reader needs to be kept from some of it."""

from __future__ import annotations

import re

_CHAIN = r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){16}"""


def chain(text: str) -> re.Match[str] | None:
    """A key of so many parts that what the reader takes for more of them grows like their square."""
    return re.search(_CHAIN, text)
