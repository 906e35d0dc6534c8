"""What LocalAI refuses when it loads the list of models, or what a model of it is based on.

The list is large: what is plain is known by a pattern, and only an item that is not is decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scaffold.backend.near import nearest
from scaffold.errors import ShapeError
from scaffold.surfaces.gallery.decoding import bare, decoded, unmet
from scaffold.surfaces.gallery.loading import CONFIGURATION, MODEL, Refusal
from scaffold.syntax.source import Source
from scaffold.syntax.yaml_events import require_yaml

SCALAR = (
    r"""(?:"(?:[^"\\\n]|\\.)*+"|'(?:[^'\n]|'')*+'|(?![-?:][ \n]|[]\[{}&*!|>"'%@`\#,\s])[^\n]*+)"""
    r"""[ ]*+(?:\#[^\n]*+)?\n"""
)
"""A text on one line, to the end of the line: a part of a verbose pattern."""
_KEY = rb"""(?:
  (?:name|url|description|license|icon|size|backend|last_checked):[ ]++
    (?:[|>][-+0-9]*+[ ]*+\n|%s)(?:[ ]{3,}[^\n]*+\n|[ ]*+\n)*+
 |(?:urls|tags):[ ]*+(?:\n(?:[ ]{2,}-[ ](?![^\n]*:[ \n])%s)++|\[[^]\[{}\n:&*!|>]*+\][ ]*+\n)
 |files:[ ]*+\n(?:[ ]{2,}-[ ](?:filename|sha256|uri):[ ]%s(?:[ ]{4,}(?:filename|sha256|uri):[ ]%s)*+)++
 |variants:[ ]*+(?:(?:\[\]|null)[ ]*+\n|\n(?:[ ]{2,}-[ ]model:[ ]%s)++)
 |(?:overrides|config_file):[ ]*+\n(?=(?:[ ]*\#[^\n]*\n)*[ ]+[\w"'](?:[^\n:\#]|:(?![ \n]))*+:[ \n])
    (?:[ ]{3,}(?!\{|[^\n]*(?:(?:[:-][ ]|[\[{,])[ ]*+[&*!{]|<<:|[?][ ]))[^\n]*+\n|[ ]*+\n)++
)""".replace(b"%s", SCALAR.encode())
_ORDINARY = re.compile(
    rb"""-[ ](?:(?:&[\w.-]++|(?:!!merge[ ])?<<:[ ]\*(?P<merged>[\w.-]++))[ ]*+\n[ ]{2})?
    %s(?:[ ]{2}%s|[ ]*+(?:\#[^\n]*+)?\n)*+""".replace(b"%s", _KEY),
    re.VERBOSE,
)
"""An item in which nothing needs to be judged, if the file is YAML and the anchor is known."""
_HEAD = re.compile(rb"(?:(?:---)?[ \t]*+(?:#[^\n]*+)?\r?\n)*+- ")
"""How a list begins: with its first item, below comments."""
_NAMED = rb"(?mi)^(?:- |  )name:\W*+%s(?!\w)"
"""An item whose name begins with some words."""
_ANCHOR = re.compile(rb"(?:\A-|:)[ ]++(?:![^\s]*+[ ]++)?&([^]\[{},\s]+)")


def list_refusals(path: str, data: bytes, items: Sequence[tuple[int, bytes]]) -> Iterator[Refusal]:
    """What LocalAI refuses of the list, in file order; `items` are all of it, each with its line."""
    try:
        require_yaml(path, data)
    except ShapeError as error:
        yield Refusal(error.line or 1, "syntax", error.problem, "write what YAML 1.1 allows there")
        return
    if not _HEAD.match(data):
        yield from decoded(Source(path, data), [MODEL])
        return
    known: set[str] = set()
    users: dict[str, list[int]] = {}
    found: list[Refusal] = []
    for line, item in items:
        plain = _ORDINARY.fullmatch(item)
        if plain is None or (plain["merged"] and plain["merged"].decode() not in known):
            for refusal in decoded(Source(path, item), [MODEL], known):
                if refusal.subject.startswith("*"):
                    users.setdefault(refusal.subject[1:], []).append(line + refusal.line - 1)
                else:
                    found.append(refusal._replace(line=line + refusal.line - 1))
        if b"&" in item:
            known.update(name.decode() for name in _ANCHOR.findall(item))
    yield from sorted([*found, *_unmet(users, items, known)] if users else found)


def _unmet(
    users: dict[str, list[int]], items: Sequence[tuple[int, bytes]], known: set[str]
) -> Iterator[Refusal]:
    """Anchors that nothing above their aliases has: told where an item of that name is, that lacks them."""
    anchored = {name.decode(): line for line, item in items if b"&" in item for name in _ANCHOR.findall(item)}
    own = [one for one in items if b"<<:" not in one[1]]
    for name, lines in users.items():
        like = re.compile(_NAMED % "[\\W_]*+".join(map(re.escape, bare(name))).encode())
        above = ((line, item) for line, item in reversed(own) if line < lines[0])
        found = next(((line, item, named) for line, item in above if (named := like.search(item))), None)
        if name in anchored or found is None:
            yield unmet(name, lines, below=anchored.get(name, 0), near=nearest(name, known - {name}))
        else:
            line, item, own_name = found
            start = item.rfind(b"\n-", 0, own_name.start()) + 1
            other = next((one.decode() for one in _ANCHOR.findall(item[start:])), "")
            yield unmet(name, lines, item=line + item.count(b"\n", 0, start), other=other)


def configuration_refusals(path: str, data: bytes) -> list[Refusal]:
    """What LocalAI refuses of a file that models are based on."""
    return decoded(Source(path, data), CONFIGURATION)
