"""What readers look for in a checkout: what is not there, and what a change has taken away."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from scaffold.checkout.tree import Overlay
from scaffold.errors import ShapeError
from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.surfaces.parts import Part, expected, module_of
from scaffold.syntax.source import Place

BEGINNING = 4
"""Letters that a name mostly keeps when it is changed."""
_GIVEN = (
    r"(?m)^[ \t]*(?:(?:export|define|func|function|var|const|let|type)[ \t]+)*"
    r"(\.?[A-Za-z_$][\w.-]*)(?=[ \t]*[:=({\n])"
)
"""A name that a line of a file gives to something: a key, a target, a variable, a function."""


def parts(registry: Registry) -> tuple[Part, ...]:
    """What every reader of a checkout looks for, in the order of the surfaces."""
    return tuple(part for reader in registry.readers for part in expected(reader))


def missing(registry: Registry, found: Sequence[Part] | None = None) -> list[Part]:
    """Those that are empty though a checkout of this age has them; of all, or of those in `found`."""
    found = parts(registry) if found is None else found
    age = max((part.age for part in found), default="")
    return [
        part
        for part in found
        if not part.size and part.since <= age and (not part.beside or registry.tree.is_dir(part.beside))
    ]


def is_gone(registry: Registry, part: Part) -> bool:
    """Whether the file or folder of a part is not there."""
    return registry.tree.read(part.path) is None and not registry.tree.is_dir(part.path)


def where(registry: Registry, part: Part) -> tuple[Place, str, str]:
    """Where a part is looked for that is empty, the name that is missed, and what stands there instead.

    That is what the file gives a similar name to, if it is what is missed once it has the name; "" where
    nothing is, or the name is there.
    """
    from difflib import get_close_matches

    data = (registry.tree.read(part.path) or b"").decode(errors="replace")
    given = {match[1]: match.start(1) for match in reversed([*re.finditer(_GIVEN, data)])}
    name = next((name for name in part.names if name not in given), part.names[-1])
    known = {one for other in parts_of(registry, part) for one in other.names if other.size}
    others = [other for other in given if other not in known and other not in part.names]
    near = get_close_matches(name, others, n=5, cutoff=0.5) if name not in given else [name]
    near.sort(key=lambda one: one[:BEGINNING] != name[:BEGINNING])
    read = ((one, re.sub(rf"(?<![\w.-]){re.escape(one)}(?![\w-])", name, data)) for one in near)
    like = next((one for one, text in read if one == name or _reads(registry, part, text)), "")
    line = data.count("\n", 0, given[like]) + 1 if like else 1
    return Place(part.path, line), name, like if like != name else ""


def stood(before: Registry, after: Registry, part: Part) -> Place | None:
    """Where a part would be now that was there before: below the nearest line above it that has stayed.

    None where the file is gone, or nobody knows its place.
    """
    was, now = (
        (state.tree.read(part.path) or b"").decode(errors="replace").splitlines() for state in (before, after)
    )
    named = (match for match in re.finditer(_GIVEN, "\n".join(was)) if match[1] in part.names[-1:])
    found = next(named, None)
    line = found.string.count("\n", 0, found.start(1)) if found else part.line - 1
    kept = Counter(was), Counter(now)
    at = {text: number for number, text in enumerate(now)}
    above = (at[text] for text in reversed(was[: max(line, 0)]) if kept[0][text] == kept[1][text] == 1)
    return Place(part.path, min(next(above, -1) + 2, len(now))) if now and line >= 0 else None


def _reads(registry: Registry, part: Part, text: str) -> bool:
    """Whether the reader of a part finds something where its file has this text."""
    again = Registry(Overlay(registry.tree, {part.path: text.encode()}))
    readers = (reader for reader in again.readers if module_of(reader) == part.module)
    try:
        found = [one for reader in readers for one in expected(reader)]
    except ShapeError:
        return False
    return any(one.size and (one.path, one.what) == (part.path, part.what) for one in found)


def parts_of(registry: Registry, part: Part) -> list[Part]:
    """What the reader of a part looks for in the same file."""
    return [other for other in parts(registry) if (other.path, other.module) == (part.path, part.module)]


def lost(before: Repository, after: Repository) -> list[Part]:
    """Those that had something and are empty now, as they were before; none of what is no LocalAI."""
    if not (isinstance(before, Registry) and isinstance(after, Registry)):
        return []
    kept = {part.what for part in parts(after) if part.size}
    return [part for part in parts(before) if part.size and part.what not in kept]
