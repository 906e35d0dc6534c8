"""The Makefile of a directory: its rules, what it includes, the neighbours that it builds from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from scaffold.directory.text import Text
from scaffold.syntax.make_lines import Kind


def targets(text: Text) -> frozenset[str]:
    """The words that a Makefile's rules are for."""
    heads = (line.head for line in text.lines if line.kind is Kind.rule)
    return frozenset(word for head in heads for word in head.decode(errors="replace").split())


_SPECIAL = re.compile(rb"\.[A-Z_]+")
_WORD = re.compile(rb"(?<![^\s|])[A-Za-z][\w-]*(?![^\s|])")


def prerequisites(text: Text) -> Iterator[tuple[str, str, int]]:
    """(target, word, offset) of what rules need that is a plain name, without those of special targets."""
    for line in text.lines:
        if line.kind is not Kind.rule or _SPECIAL.match(line.head) or b"%" in line.head or b"=" in line.rest:
            continue
        target = line.head.decode(errors="replace").strip().partition(" ")[0]
        at = line.start_byte + line.text.rfind(line.rest)
        for match in _WORD.finditer(line.rest.partition(b";")[0]):
            yield target, match[0].decode(), at + match.start()


_VARIABLE = re.compile(rb"\$[({]([\w.-]+)[)}]")
_DEFAULT = b"$.DEFAULT_GOAL"
_MAY_BE_DEFAULT = re.compile(rb"(?!\.[^/]*\Z)[^%]*\Z")


def default_recipes(text: Text) -> bytes | None:
    """What make runs where no goal is named: the recipes of the default goal and of all that it needs.

    With the values of the variables that they name; None where an included file may have the rule.
    """
    if has_includes(text):
        return None
    needs: dict[bytes, set[bytes]] = {}
    says: dict[bytes, list[bytes]] = {}
    heads: list[bytes] = []
    goals: list[bytes] = []
    for line in text.lines:
        if line.kind is Kind.rule:
            heads = [] if _SPECIAL.match(line.head) else line.head.split()
            goals += filter(_MAY_BE_DEFAULT.match, heads)
            words, _, said = line.rest.partition(b";")
        elif line.kind in (Kind.recipe, Kind.assignment):
            words, said = (b"", line.text) if line.kind is Kind.recipe else (line.rest, line.rest)
        else:
            continue
        for head in [b"$" + line.head] if line.kind is Kind.assignment else heads:
            needs.setdefault(head, set()).update(words.split())
            says.setdefault(head, []).append(said)
    found = dict.fromkeys([_DEFAULT] if _DEFAULT in needs else goals[:1])
    pending = [*found]
    for head in pending:
        run = b" ".join((head, *says.get(head, ())))
        asked = needs.get(head, set()).union(b"$" + name for name in _VARIABLE.findall(run))
        asked.update(run.split() if b"$(MAKE)" in run else ())
        more = sorted(word for word in asked if word not in found)
        found.update(dict.fromkeys(more))
        pending += more
    return b"".join(said for head in found for said in says.get(head, ()))


_REMOVES = re.compile(rb"[ \t@-]*(?:rm|\$\(RM\))[ \t]")


def asking(text: Text) -> Iterator[bytes]:
    """What rules need, what `.PHONY` and its like list, and what recipes remove."""
    for line in text.lines:
        if line.kind is Kind.rule:
            yield line.rest
        elif line.kind is Kind.recipe and _REMOVES.match(line.text):
            yield line.text


_INCLUDE = (b"include", b"-include", b"sinclude")
_MAY_INCLUDE = re.compile(rb"include[ \t]")


def has_includes(text: Text) -> bool:
    """Whether a Makefile includes another file."""
    return _MAY_INCLUDE.search(text.data) is not None and any(line.head in _INCLUDE for line in text.lines)


def includes(text: Text) -> Iterator[str]:
    """The files that a Makefile includes by a plain relative path, from the root of the repository."""
    for line in text.lines if _MAY_INCLUDE.search(text.data) else ():
        for word in line.rest.decode(errors="replace").split() if line.head in _INCLUDE else ():
            if "$" not in word and not word.startswith("/"):
                yield _normal(f"{PurePosixPath(text.path).parent}/{word}")


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return "/".join(parts)


def has_unknown(text: Text) -> bool:
    """Whether a Makefile includes what only make can name, or makes rules of what it computes."""
    if not _MAY_INCLUDE.search(text.data) and not _EVAL.search(text.data):
        return False
    return any(
        (b"$" in line.rest and line.head in _INCLUDE) or _EVAL.search(line.text) for line in text.lines
    )


_EVAL = re.compile(rb"\$[({]eval\b")

_BESIDE = re.compile(rb"\.\./([A-Za-z0-9][\w.-]*)")


def beside(text: Text) -> Iterator[str]:
    """The names of the folders next to its own that a Makefile names (`../llama-cpp`)."""
    for match in _BESIDE.finditer(text.code if b"../" in text.data else b""):
        yield match[1].decode(errors="replace")


_NEIGHBOUR = re.compile(rb"/\.\./([A-Za-z0-9][\w.-]*)\Z")


def neighbours(text: Text) -> Iterator[str]:
    """Of these folders, those that a variable holds."""
    for line in text.lines if b"/../" in text.data else ():
        found = _NEIGHBOUR.search(line.rest) if line.kind is Kind.assignment else None
        if found:
            yield found[1].decode(errors="replace")
