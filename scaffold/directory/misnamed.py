"""Files that a rule of a Makefile needs, and that are made under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scaffold.backend.near import is_near
from scaffold.directory import makefile
from scaffold.directory.directory import Directory
from scaffold.directory.text import Text
from scaffold.syntax.make_lines import Kind, Line
from scaffold.syntax.source import Place

_FILE = re.compile(rb"(?<![^\s|])[A-Za-z][\w./-]*(?![^\s|])")
_LIST = re.compile(rb"(?<![^\s|])\$[({]([A-Za-z_]\w*)[)}](?![^\s|])")
_CALL = re.compile(rb"\$[({][\w-]+[ \t]")
MAX_LOOKED = 50
"""Files without a rule that are looked at, and rules that may write one; LocalAI's Makefiles have a few."""
MAX_WORDS = 500
"""Words that are looked at."""


def misnamed(directory: Directory) -> Iterator[tuple[str, str, Place]]:
    """(target, what it needs, where) of every file that no rule makes and that was meant to be made.

    So it is where nothing else names the file and a letter makes it a target, and where the recipes that name
    it are those of rules that nothing asks for.
    """
    targets = frozenset[str]().union(*map(makefile.targets, directory.makefiles))
    looked: set[str] = set()
    for needing, name, place in islice(_needed(directory), MAX_WORDS):
        if name in targets or name in looked or len(looked) >= MAX_LOOKED or directory.has_make_rule(name):
            continue
        looked.add(name)
        code = [text.code for text in directory.makefiles]
        is_once = sum(_count(one, name) for one in code) == 1
        is_meant = is_once and any(is_near(name, target) for target in targets if len(target) > len("make"))
        if (is_meant or _is_left(directory, name)) and not _is_there(directory, name):
            yield needing, name, place


def _is_there(directory: Directory, name: str) -> bool:
    return directory.has(name) or directory.tree.is_dir(f"{directory.path}/{name}")


def _count(code: bytes, name: str) -> int:
    return len(re.findall(rb"(?<![\w./-])%s(?![\w./-])" % re.escape(name.encode()), code))


def _needed(directory: Directory) -> Iterator[tuple[str, str, Place]]:
    """What rules need that is the name of a file, also by a variable that holds a list."""
    for text in directory.makefiles:
        for line in text.lines:
            if line.kind is not Kind.rule or line.head[:1] == b"." or b"%" in line.head or b"=" in line.rest:
                continue
            target = line.head.decode(errors="replace").strip().partition(" ")[0]
            needs = line.rest.partition(b";")[0]
            for name, place in _words(text, line, needs):
                if "." in name or "/" in name:
                    yield target, name, place
            lists = {*_LIST.findall(needs)}
            for other in directory.makefiles if lists else ():
                for given in other.lines:
                    if given.kind is Kind.assignment and given.head in lists and not _CALL.search(given.rest):
                        yield from ((target, *found) for found in _words(other, given, given.rest))


def _words(text: Text, line: Line, words: bytes) -> Iterator[tuple[str, Place]]:
    at = line.start_byte + line.text.rfind(line.rest)
    for match in _FILE.finditer(words):
        yield match[0].decode(), text.place(at + match.start())


def _is_left(directory: Directory, name: str) -> bool:
    """Whether recipes name a file, and all of them stand in rules for files that nothing else names."""
    if "/" not in name and "." not in name:
        return False
    heads: set[str] = set()
    for text in directory.makefiles if any(name.encode() in one.data for one in directory.makefiles) else ():
        head = ""
        for line in text.lines:
            if line.kind is Kind.rule:
                head = line.head.decode(errors="replace").strip()
            elif line.kind is Kind.recipe and _count(line.text, name):
                heads.add(head)
    if not heads or len(heads) > MAX_LOOKED or any(re.search(r"[\s%$]", head) for head in heads):
        return False
    if not all(_of_file(head) == _of_file(name) for head in heads):
        return False
    texts = {text.path: text for text in (*directory.build_files, *directory.makefiles)}
    return all(sum(_count(text.code, head) for text in texts.values()) == 1 for head in heads)


def _of_file(name: str) -> str:
    """A name without its numbers, which alone may be wrong."""
    return re.sub(r"\d+", "", name)
