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
    r"|(?P<word>[^\s;&|()<>\"'`\\]+?(?=\$\(|[\s;&|()<>\"'`\\]|\Z))|.",
    re.DOTALL,
)
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
    for word in _words(text) if _MAY.search(text) else ():
        kind, at = word.text, word.start_byte
        if not kind:
            return None
        if kind not in _OF_BLOCKS:
            return Flaw(at, f"the heredoc {kind} does not end")
        if kind in _BEGINS:
            blocks.append(_Block(kind, at, _BEGINS[kind]))
            continue
        top = blocks.pop() if blocks else None
        if top is None:
            return Flaw(at, f"nothing begins that `{kind}` belongs to")
        if kind not in (top.awaits, *(("elif", "else") if top.awaits == "fi" and top.word == "if" else ())):
            return _swallowed(text, top) or Flaw(at, f"`{kind}` stands where `{top.awaits}` is awaited")
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
    return Flaw(found.start(1), f"`\\` before it makes `{block.awaits}` a word of the command") if found else None


def _words(text: str) -> Iterator[Word]:
    """The words of the shell where a command may begin, and a heredoc that does not end.

    What is in quotes, in a heredoc or a pattern of `case` is none of them.
    """
    begins, chosen, names, cases, at = True, False, False, 0, 0
    awaited, around = list[re.Match[str]](), list[str]()
    while found := _SIGN.match(text, at):
        at, sign = found.end(), found[0]
        if found["word"] is not None:
            if begins and sign in _BEFORE and (not chosen or sign == "esac"):
                if sign in _OF_BLOCKS:
                    yield Word(sign, found.start(), at)
                cases += (sign == "case") - (sign == "esac" and cases > 0)
                begins, chosen, names = sign not in _NOT_BEFORE, False, sign == "case"
            elif names and sign == "in":
                begins, chosen, names = True, True, False
            else:
                begins = sign == "]]" or (begins and re.match(r"\w+=", sign) is not None)
        elif found["end"] is not None:
            begins = True
            if sign == ")" and not chosen and around:
                around.pop()
                begins = around[-1:] != ['"']
            elif sign in ("(", "$(") and not chosen:
                around.append(sign)
            chosen = (chosen and sign != ")") or (cases > 0 and text[at - 2 : at] in (";;", ";&"))
            while sign == "\n" and awaited:
                here = awaited.pop(0)
                end = re.compile(rf"(?m)^\t*{re.escape(here['name'])}\r?$").search(text, at)
                if end is None:
                    yield Word(here["name"], here.start(), at)
                    return
                at = end.end()
        elif found["here"] is not None:
            awaited.append(found)
        elif found["skip"] is not None:
            begins = begins and sign.startswith("#")
        elif sign == '"':
            around.append(sign)
        elif sign == "'":
            yield Word("", found.start(), at)
            return
        if around[-1:] == ['"']:
            at = _QUOTED.match(text, at).end()  # type: ignore[union-attr]
            if text[at : at + 1] == '"':
                around.pop()
                at, begins = at + 1, False
            elif at == len(text):
                yield Word("", at, at)
                return
    if awaited:
        yield Word(awaited[0]["name"], awaited[0].start(), at)
