"""Drop-ins: backends that the importer of another one offers in its place."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from scaffold.checkout.edit import Edit
from scaffold.errors import UsageError
from scaffold.surfaces.base import Addition, Removal
from scaffold.syntax.golang import quote

OFFER = re.compile(r'(?m)^([ \t]*)\{Name: "([^"\n]+)", Modality: [^\n]*\},?\r?\n')
"""A backend that an importer offers besides its own."""

_LIST = re.compile(r'(?:case |ConsistOf\(|ContainElements\()("[^"\n]+"(?:, "[^"\n]+")*)[:)]')
"""A list of names: the branch that takes them, and what LocalAI's tests expect."""


_DETECTS = re.compile(r"(?m)^func \((\w+ \*\w+)\) AutoDetects\(\)[^\n]*\}(\r?\n)")
"""The method of an importer behind which its offers stand."""

_METHOD = re.compile(r"(?ms)^func \(\w+ \*\w+\) AdditionalBackends\(\)[^\n]*\{\r?\n.*?^\}\r?\n")

_PROVIDER = "AdditionalBackendsProvider"
"""The interface of an importer that offers other backends; one is one without saying so, too."""


_BRANCH = re.compile(r'(?m)^[ \t]*case ("[^"\n]+"(?:, "[^"\n]+")*):')


def halves(text: str) -> Iterator[tuple[str, int, bool]]:
    """(name, offset, whether it is offered) of each backend that a file offers or takes, and not both.

    Taken is what a branch lists beside others that are offered. An offer that stands somewhere else too may
    be taken there.
    """
    offers = {match[2]: match.start() for match in OFFER.finditer(text)}
    taken: dict[str, int] = {}
    for match in _BRANCH.finditer(text) if offers else ():
        words = re.findall(r'"([^"]+)"', match[1])
        if not offers.keys().isdisjoint(words):
            taken |= dict.fromkeys(words, match.start(1))
    for name in offers if taken else ():
        if name not in taken and text.count(quote(name)) == 1:
            yield name, offers[name], True
    yield from ((name, at, False) for name, at in taken.items() if name not in offers)


def offered(text: str) -> list[str]:
    """The backends that an importer's source offers besides its own, in order."""
    return [match[2] for match in OFFER.finditer(text)]


def takes_any(host: str, sources: dict[str, str]) -> bool:
    """Whether a file may offer other backends: it does already, or the checkout knows how."""
    text = sources[host]
    known = _DETECTS.search(text) and any(_PROVIDER in other for other in sources.values())
    return bool(offered(text) or known)


def add(addition: Addition, host: str, sources: dict[str, str]) -> None:
    """Plan a backend into the offers of a file, and into the lists of those in it and in tests.

    `sources` are the importers and their tests. Raises UsageError where the checkout knows no offers.
    """
    backend, text = addition.backend, sources[host]
    offers, names = list(OFFER.finditer(text)), offered(text)
    key, what = backend.use.import_key, quote(backend.sentence)
    line = f"{{Name: {quote(backend.known_as)}, Modality: {quote(key)}, Description: {what}}},\n"
    detects = _DETECTS.search(text)
    if not takes_any(host, sources):
        raise UsageError(f"--import {backend.imports}: {host} offers no other backend: use --import auto")
    if offers:
        addition.insert(host, _bytes(text, offers[-1].end()), f"{offers[-1][1]}{line}")
    elif detects:
        addition.insert(host, _bytes(text, detects.end()), _method(detects[1], line))
    taken = False
    for path, _, end, words in _lists(sources, {*names}):
        if set(words) == {*names}:
            taken |= path == host
            addition.insert(path, _bytes(sources[path], end), f", {quote(backend.known_as)}")
    if not taken:
        what = f"take {backend.known_as} where the preference names it: no branch lists what it offers"
        addition.ask(host, what)


def _method(receiver: str, line: str) -> str:
    """The method of an importer that offers one backend."""
    return (
        "\n// AdditionalBackends lists what loads the models of this importer too, if a user asks for it.\n"
        f"func ({receiver}) AdditionalBackends() []KnownBackendEntry {{\n"
        f"\treturn []KnownBackendEntry{{\n\t\t{line}\t}}\n}}\n"
    )


def methods(text: str, gone: Container[str]) -> list[tuple[int, int]]:
    """The bytes of the methods whose every offer goes, in a file that promises none."""
    found = _METHOD.finditer(text) if _PROVIDER not in text else ()
    spans = [m.span() for m in found if (names := offered(m[0])) and all(name in gone for name in names)]
    return [(_bytes(text, start), _bytes(text, end)) for start, end in spans]


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
