"""TOML, as far as the library's reader needs to be kept from some of it."""

from __future__ import annotations

import re

CHAIN = re.compile(r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){16}""")
"""A key of so many parts: what the reader takes for more of them grows like their square."""
