"""Which backends a change renames, and which have lost their folder."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache

from scaffold.backend.near import is_near
from scaffold.checkout.ignores import kept_by_git
from scaffold.registry import Registry

SAME = 0.5
"""Part of what is in a folder or file that must be in another one for the one to be the other renamed."""


@lru_cache(maxsize=1)
def renamed(before: Registry, after: Registry) -> Mapping[str, str]:
    """Backend -> its new name, of those whose folder is gone while a new one has its files."""
    gone = [name for name in before.backends if after.is_gone(name)]
    added = [name for name in after.backends if name not in before.directories]
    found: dict[str, str] = {}
    for name in gone if added else ():
        alike = {other for other in added if after.backends[other] == before.backends[name]} - {
            *found.values()
        }
        shares = {other: _shared(_files(before, name, other), _files(after, other, name)) for other in alike}
        best = max(sorted(alike), key=lambda other: shares[other], default="")
        if best and shares[best] >= SAME:
            found[name] = best
    return found


@lru_cache(maxsize=2)
def moved(registry: Registry) -> Mapping[str, str]:
    """Backend that is built and has no folder -> the name that its folder has now; "" where that is gone.

    It has another one where that is the only folder of the language that nothing registers, and that calls
    itself by the old name or is a letter from it.
    """
    gone = [name for name in registry.matrix.by_backend if name and registry.is_gone(name)]
    strangers = [
        name
        for name in (registry.backends if gone else ())
        if not registry.matrix.entries_of(name) and not registry.registrations(name)
    ]
    found = {}
    for name in gone:
        lang = registry.home(name).split("/")[1:2]
        alike = [other for other in strangers if [registry.backends[other]] == lang]
        own = [other for other in alike if is_near(name, other) or _calls_itself(registry, other, name)]
        found[name] = own[0] if len(own) == 1 else ""
    return {name: new if [*found.values()].count(new) == 1 else "" for name, new in found.items()}


def _calls_itself(registry: Registry, name: str, other: str) -> bool:
    """Whether files of a backend have another name for it."""
    word = re.compile(rf"(?<![\w-]){re.escape(other)}(?![\w-])".encode())
    files = kept_by_git(registry.tree, registry.directory(name))
    return any(word.search(registry.tree.read(path) or b"") for path in files)


def _shared(files: Mapping[bytes, bytes], others: Mapping[bytes, bytes]) -> float:
    """Part of some files that are in another folder too."""
    return sum(others.get(path) == data for path, data in files.items()) / max(1, len(files))


def _files(registry: Registry, name: str, other: str) -> dict[bytes, bytes]:
    """The files of a backend's folder, by their path in it.

    Its name and another one, however they are spelled, are `{n}`: what its sources say may have stayed.
    """
    folder = registry.directory(name)
    spelled = (re.escape(n).replace(r"\-", between) for n in (name, other) for between in ("-", "_", ""))
    pattern = re.compile("|".join(spelled).encode(), re.IGNORECASE)
    return {
        pattern.sub(b"{n}", os.fsencode(path.removeprefix(folder))): pattern.sub(b"{n}", text)
        for path in kept_by_git(registry.tree, folder)
        for text in [registry.tree.read(path) or b""]
    }
