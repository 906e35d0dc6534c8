"""What readers look for in a checkout: what is not there, and what a change has taken away."""

from __future__ import annotations

from collections.abc import Sequence

from scaffold.pipeline.repository import Repository
from scaffold.registry import Registry
from scaffold.surfaces.base import Part, expected


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


def lost(before: Repository, after: Repository) -> list[Part]:
    """Those that had something and are empty now, as they were before; none of what is no LocalAI."""
    if not (isinstance(before, Registry) and isinstance(after, Registry)):
        return []
    kept = {part.what for part in parts(after) if part.size}
    return [part for part in parts(before) if part.size and part.what not in kept]
