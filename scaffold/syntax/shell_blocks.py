"""Blocks of a shell script: what begins and does not end, by the words of the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from scaffold.syntax.source import Word

_SIGN = re.compile(
    r"\\\r?\n|(?P<skip>(?<![^\s;&|])#[^\n]*|\$'(?:[^'\\]|\\.)*'|'[^']*'|\\.|\$?\(\((?:[^()]|\([^()]*\)){0,500}\)\))"
    r"|(?P<here>(?<!<)<<(?!<)-?[ \t]*(?P<quote>[\"']?)\\?(?P<name>[A-Za-z_][\w.-]*)(?P=quote))"
    r"|(?P<end>\$?\(|[\n;&|)`])"
    r"|(?P<word>(?:[^\s;&|()<>\"'`\\$]++|\$(?!\())+)|[ \t]+|.",
    re.DOTALL,
)
_OTHER_WORDS = re.compile(r"(?:[^\n;&|()`\"'\\$<#\]]|(?<=\S)\])+")
"""What is passed over where no word of the shell can stand."""
_QUOTED = re.compile(r"(?:[^\"\\$]|\\.|\$(?!\()|\$\(\((?:[^()]|\([^()]*\)){0,500}\)\))*", re.DOTALL)
"""Text in double quotes up to a command in it or their end."""
_MAY = re.compile(r"\b(?:if|then|elif|else|fi|case|esac|for|select|while|until|do|done)\b|<<")
"""Without one of these there is nothing to end."""

_BEGINS = {"if": "then", "case": "esac", "for": "do", "select": "do", "while": "do", "until": "do"}
_GOES_ON = {"then": "fi", "elif": "then", "else": "fi", "do": "done"}
_ENDS = frozenset({"fi", "esac", "done"})
_OF_BLOCKS = frozenset({*_BEGINS, *_GOES_ON, *_ENDS})
_BEFORE = frozenset({"!", "{", "}", "]]", "time", "coproc", *_OF_BLOCKS})
"""Words behind which another word of the shell may stand."""
_NOT_BEFORE = frozenset({"case", "for", "select"})


class Flaw(NamedTuple):
    """Where a script cannot be read, and why."""

    offset: int
    problem: str


class _Block(NamedTuple):
    word: str
    offset: int
    awaits: str
    """The word that has to follow."""


@lru_cache(maxsize=1024)  # Dockerfiles repeat each other
def flaw(data: bytes) -> Flaw | None:
    """The first flaw of a script; None too where a quote does not seem to end."""
    text = data.decode("latin-1")  # a byte is a character
    blocks: list[_Block] = []
    for word in _Reader(text).words() if _MAY.search(text) else ():
        kind, at = word.text, word.start_byte
        if not kind:
            return None
        if kind not in _OF_BLOCKS:
            return Flaw(at, f"the heredoc {kind} does not end")
        if kind in _BEGINS:
            blocks.append(_Block(kind, at, _BEGINS[kind]))
            continue
        if not blocks:
            return Flaw(at, f"nothing begins that `{kind}` belongs to")
        top = blocks[-1]
        if kind not in (top.awaits, *(("elif", "else") if top.awaits == "fi" and top.word == "if" else ())):
            break
        blocks.pop()
        if kind not in _ENDS:
            blocks.append(_Block(top.word, top.offset, _GOES_ON[kind]))
    if blocks:
        top = blocks[-1]
        return _swallowed(text, top) or Flaw(top.offset, f"`{top.word}` has no `{top.awaits}`")
    return None


def _swallowed(text: str, block: _Block) -> Flaw | None:
    r"""The `\` that makes an awaited word a part of the command before it."""
    lines = rf"[^\s;&|(\\][ \t]*\\\r?\n[ \t]*({block.awaits})\b[ \t]*(?:[;&|)\n]|\Z)"
    found = re.compile(lines).search(text, block.offset)
    return (
        Flaw(found.start(1), f"`\\` before it makes `{block.awaits}` a word of the command")
        if found
        else None
    )


class _Reader:
    """Goes through a script sign by sign."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._begins = True
        """Whether a command may begin here."""
        self._names = False
        """Whether this is between `case` and its `in`."""
        self._chosen = False
        """Whether this is a pattern of `case`."""
        self._cases = 0
        self._around: list[str] = []
        """The brackets and double quotes that are open."""
        self._awaited: list[re.Match[str]] = []
        """The heredocs that begin behind this line."""

    def words(self) -> Iterator[Word]:
        """The words of blocks; the name of a heredoc that does not end, "" for a quote, and then no more."""
        while found := self._next():
            self._at, sign = found.end(), found[0]
            if found["word"] is not None:
                if self._is_of_blocks(sign):
                    yield Word(sign, found.start(), self._at)
            elif found["end"] is not None:
                self._end(sign)
                if sign == "\n" and self._skip_heredocs():
                    break
            elif found["here"] is not None:
                self._awaited.append(found)
            elif found["skip"] is not None:
                self._begins = self._begins and sign.startswith("#")
            elif sign == '"':
                self._around.append(sign)
            if sign == "'" or (self._around[-1:] == ['"'] and not self._skip_quoted()):
                yield Word("", found.start(), self._at)
                return
        if self._awaited:
            yield Word(self._awaited[0]["name"], self._awaited[0].start(), self._at)

    def _next(self) -> re.Match[str] | None:
        """The next sign that may matter."""
        if not (self._begins or self._names):
            other = _OTHER_WORDS.match(self._text, self._at)
            self._at = other.end() if other is not None else self._at
        return _SIGN.match(self._text, self._at)

    def _is_of_blocks(self, word: str) -> bool:
        """Whether a word is one of a block here."""
        is_one = self._begins and word in _BEFORE and (not self._chosen or word == "esac")
        if is_one:
            self._begins, self._chosen, self._names = word not in _NOT_BEFORE, False, word == "case"
            self._cases = max(self._cases + (word == "case") - (word == "esac"), 0)
        elif self._names and word == "in":
            self._begins, self._chosen, self._names = True, True, False
        else:
            self._begins = word == "]]" or (self._begins and re.match(r"\w+=", word) is not None)
        return is_one and word in _OF_BLOCKS

    def _end(self, sign: str) -> None:
        """What a sign between commands changes."""
        self._begins = True
        if sign == ")" and self._around and not self._chosen:
            self._around.pop()
        elif sign in ("(", "$(") and not self._chosen:
            self._around.append(sign)
        is_next = self._cases > 0 and self._text[self._at - 2 : self._at] in (";;", ";&")
        self._chosen = is_next or (self._chosen and sign != ")")

    def _skip_heredocs(self) -> bool:
        """Go to the end of the heredocs that begin here; whether one has none."""
        while self._awaited:
            name = re.escape(self._awaited[0]["name"])
            end = re.compile(rf"(?m)^\t*{name}\r?$").search(self._text, self._at)
            if end is None:
                return True
            self._awaited.pop(0)
            self._at = end.end()
        return False

    def _skip_quoted(self) -> bool:
        """Go to the end of a text in double quotes, or a command in it; whether there is one."""
        found = _QUOTED.match(self._text, self._at)
        self._at = found.end() if found is not None else self._at
        if self._text[self._at : self._at + 1] == '"':
            self._around.pop()
            self._at, self._begins = self._at + 1, False
        return self._at < len(self._text) or self._around[-1:] != ['"']
