"""Lines of a Dockerfile as docker joins them to instructions, before it reads any."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

INSTRUCTIONS = frozenset(
    {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER"}
    | {"ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")
_HEREDOC = re.compile(
    r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|\\.|(?<!\S)\d*<<-?(\"[^\"\s]+\"|'[^'\s]+'|[^\s<\"']+)(?!\S)"
)
_DIRECTIVE = re.compile(r"(?i)\A(?:#[ \t]*\w+[ \t]*=[^\n]*\n)*?#[ \t]*(?:syntax|escape)[ \t]*=[ \t]*(\S+)")
_FRONTEND = r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?:[:@].*)?|\\"


class Line(NamedTuple):
    """An instruction with its continued lines."""

    word: str
    """Its first word, in capitals."""
    offset: int
    open: str = ""
    """The heredoc of it that does not end; "" where all do."""


def lines(data: bytes) -> Iterator[Line]:
    """The instructions of a Dockerfile; none of one that something else than docker's own reader reads."""
    text = data.decode("latin-1")  # a byte is a character
    directive = _DIRECTIVE.match(text)
    at = 0 if directive is None or re.fullmatch(_FRONTEND, directive[1]) else len(text)
    while at < len(text):
        start, whole, goes_on = at, "", True
        while goes_on and at < len(text):
            end = text.find("\n", at) + 1 or len(text)
            line = text[at:end].strip()
            if line and not line.startswith("#"):
                start = start if whole else at
                goes_on = line.endswith("\\") and not line.endswith("\\\\")
                whole += f"{line[:-1]} " if goes_on else line
            at = end
        word = whole.split(None, 1)[0].upper() if whole.strip() else ""
        for name in _heredocs(whole) if word in _WITH_HEREDOCS else ():
            found = re.compile(rf"(?m)^\t*{re.escape(name)}\r?$").search(text, at)
            if found is None:
                yield Line(word, start, name)
                return
            at = text.find("\n", found.end()) + 1 or len(text)
        if word:
            yield Line(word, start)


def _heredocs(line: str) -> Iterator[str]:
    return (found[1].strip("\"'") for found in _HEREDOC.finditer(line) if found[1])
