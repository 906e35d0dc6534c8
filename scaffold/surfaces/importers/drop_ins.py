"""Drop-ins: backends that the importer of another one offers in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.checkout.edit import Edit
from scaffold.errors import UsageError
from scaffold.surfaces.base import Addition, Removal
from scaffold.syntax.golang import quote

OFFER = re.compile(r'(?m)^([ \t]*)\{Name: "([^"\n]+)", Modality: [^\n]*\},?\r?\n')
"""A backend that an importer offers besides its own."""

_LIST = re.compile(r'(?:case |ConsistOf\(|ContainElements\()("[^"\n]+"(?:, "[^"\n]+")*)[:)]')
"""A list of names: the branch that takes them, and what LocalAI's tests expect."""


def offered(text: str) -> list[str]:
    """The backends that an importer's source offers besides its own, in order."""
    return [match[2] for match in OFFER.finditer(text)]


def add(addition: Addition, host: str, sources: dict[str, str]) -> None:
    """Plan a backend into the offers of a file, and into the lists of those in it and in tests.

    `sources` are the importers and their tests. Raises UsageError where the file offers none so far.
    """
    backend, text = addition.backend, sources[host]
    offers = list(OFFER.finditer(text))
    if not offers:
        raise UsageError(f"--import {backend.imports}: {host} offers no other backend: use --import auto")
    last, names = offers[-1], offered(text)
    key, what = backend.use.import_key, quote(backend.sentence)
    line = f"{last[1]}{{Name: {quote(backend.known_as)}, Modality: {quote(key)}, Description: {what}}},\n"
    addition.insert(host, _bytes(text, last.end()), line)
    taken = False
    for path, _, end, words in _lists(sources, {*names}):
        if set(words) == {*names}:
            taken |= path == host
            addition.insert(path, _bytes(sources[path], end), f", {quote(backend.known_as)}")
    if not taken:
        what = f"take {backend.known_as} where the preference names it: no branch lists the others"
        addition.ask(host, what)


def remove(removal: Removal, host: str, sources: dict[str, str]) -> None:
    """Plan a backend out of the lists of those that a file offers."""
    names = {*offered(sources[host])}
    for path, start, end, words in _lists(sources, names):
        kept = [word for word in words if word not in removal.aliases]
        if kept and kept != words:
            text = sources[path]
            value = ", ".join(map(quote, kept))
            removal.changes.add(Edit(path, _bytes(text, start), _bytes(text, end), value))


def _lists(sources: dict[str, str], names: set[str]) -> Iterator[tuple[str, int, int, list[str]]]:
    """Path, start, end and words of each list that has none but these names."""
    for path, text in sources.items():
        for match in _LIST.finditer(text):
            words = re.findall(r'"([^"]+)"', match[1])
            if set(words) <= names:
                yield path, match.start(1), match.end(1), words


def _bytes(text: str, position: int) -> int:
    return len(text[:position].encode())
