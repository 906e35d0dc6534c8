"""The commands of a shell script, as far as a rule needs them: words, without comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$", re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_SEPARATOR = re.compile(r"\n|;|&&|\|\||\||(?<![<>])&(?!>)")


class Command(NamedTuple):
    """One command: its words, with what stands in quotes freed of them."""

    words: tuple[str, ...]
    text: str
    """As it is written, for finding its line."""

    def starts(self, *words: str) -> bool:
        """Whether its first words are these, behind assignments, `sudo`, `env` and the like."""
        return self.bare[: len(words)] == words

    @property
    def bare(self) -> tuple[str, ...]:
        """Its words without what only prepares it."""
        position = 0
        while position < len(self.words) and _PREFIX.fullmatch(self.words[position]):
            position += 1
        return self.words[position:]

    @property
    def operands(self) -> tuple[str, ...]:
        """Its words behind the first two that are no options, redirections or assignments."""
        found = []
        for word in self.bare[2:]:
            if word.startswith((">", "2>", "<", "#")):
                break
            if not word.startswith("-") and "=" not in word:
                found.append(word)
        return tuple(found)


_PREFIX = re.compile(
    r"[A-Za-z_]\w*=.*|sudo|env|time|nice|exec|then|do|else|if|while|!|\{|\(|@|-E|-n", re.DOTALL
)


def without_comments(script: str) -> str:
    """A script without its comments and with its continued lines joined."""
    return re.sub(r"\\\r?\n", " ", _COMMENT.sub("", script))


@cache
def commands(script: str) -> tuple[Command, ...]:
    """The commands of a script, in order."""
    return tuple(_commands(script))


def _commands(script: str) -> Iterator[Command]:
    expressions: list[str] = []

    def hide(match: re.Match[str]) -> str:
        expressions.append(match[0])
        return f"\ue010{len(expressions) - 1}\ue011"

    hidden = _EXPRESSION.sub(hide, without_comments(script))
    for part in _SEPARATOR.split(hidden):
        text = re.sub(r"\ue010(\d+)\ue011", lambda m: expressions[int(m[1])], part).strip()
        words = re.findall(r"(?:\"[^\"]*\"|'[^']*'|[^\s\"'])+", part)
        if words:
            shown = (re.sub(r"\ue010(\d+)\ue011", lambda m: expressions[int(m[1])], word) for word in words)
            yield Command(tuple(re.sub(r"[\"']", "", word) for word in shown), text)
