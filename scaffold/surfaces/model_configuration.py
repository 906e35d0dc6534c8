"""Where the configuration of a model stands among the words about it."""

from __future__ import annotations

import re

NEAR = 100
"""Lines within which a model's configuration begins and ends."""
WIDE = 100
"""Bytes of such a line."""

_CONFIGURATION = re.compile(rb"[ \t-]*(?:overrides|config_file):")
"""What holds a model's configuration: everything else is words about it."""
_IN_FLOW = re.compile(rb"[ \t-]*(?:overrides|config_file):[ \t]*\{(?:[^{}]|\{[^{}]*\})*\Z")
"""The same in flow style, up to one of its keys."""

_IN_PROCESS = re.compile(rb"\n[ ]*pii_detection:[ ]*\r?\n")
"""What LocalAI does itself, without a backend: `IsPatternDetector` in core/config."""


def configures(data: bytes, at: int) -> bool:
    """Whether a key is one of a model's configuration, which LocalAI starts a backend for."""
    start = data.rfind(b"\n", 0, at) + 1
    indent = data[start:at]
    if indent.strip():
        return _IN_FLOW.match(indent) is not None
    if not indent:
        return False
    above = start
    for _ in range(NEAR):
        if not above:
            break
        line_end, above = above - 1, data.rfind(b"\n", 0, above - 1) + 1
        line = data[above:line_end]
        if line.strip() and len(line) - len(line.lstrip()) < len(indent):
            return _CONFIGURATION.match(line) is not None and not _is_in_process(data, at, len(indent))
    return False


def _is_in_process(data: bytes, at: int, indent: int) -> bool:
    """Whether the keys beside one say that LocalAI does it all itself."""
    beside = data[at : at + NEAR * WIDE]
    end = re.compile(rb"\n[ ]{0,%d}[^ \r\n]" % (indent - 1)).search(beside)
    return _IN_PROCESS.search(beside, 0, end.start() if end else len(beside)) is not None
