"""`new-backend` of a backend that is there: which answers are not what it has, and what changes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from scaffold.backend.limits import repository
from scaffold.backend.variants import VARIANTS
from scaffold.registry import Registry
from scaffold.surfaces.gallery.items import Item


class Difference(NamedTuple):
    """One answer that is not what the backend has."""

    answer: str
    now: str
    asked: str
    how: str
    """The command that changes it, or the place where a person does."""

    def __str__(self) -> str:
        """The difference in one line."""
        return f"{self.answer}: it has {self.now or 'none'}, not {self.asked}: {self.how}"


def differences(registry: Registry, name: str, given: Mapping[str, Any]) -> list[Difference]:
    """The answers that were given and that an existing backend does not have, as far as its surfaces tell."""
    return [
        *_variants(registry, name, given),
        *_engine(registry, name, given),
        *_gallery(registry, name, given),
    ]


def _variants(registry: Registry, name: str, given: Mapping[str, Any]) -> Iterator[Difference]:
    asked = {variant.partition(":")[0] for variant in given.get("variants", ())}
    built = {*registry.variants(name)}
    for command, names in (("add-variant", asked - built), ("remove-variant", built - asked)):
        if asked and names:
            words = " ".join(variant for variant in VARIANTS if variant in names)
            now, wanted = (" ".join(v for v in VARIANTS if v in chosen) for chosen in (built, asked))
            yield Difference("variants", now, wanted, f"`scaffold {command} {name} {words}`")


def _engine(registry: Registry, name: str, given: Mapping[str, Any]) -> Iterator[Difference]:
    bump = next((bump for bump in registry.bump_deps.bumps if bump.backend == name), None)
    for answer in ("upstream", "branch", "pin"):
        asked = str(given.get(answer, ""))
        asked = repository(asked) if answer == "upstream" else asked
        if bump is None:
            now, where = "", registry.directory(name)
        elif answer == "pin":
            now, where = registry.pinned(bump) or "", f"{bump.file}, {bump.variable}"
        else:
            now = bump.repository if answer == "upstream" else bump.branch
            where = f"{bump.path}:{bump.line}"
        if asked and asked != now:
            yield Difference(answer, now, asked, f"change it in {where}")


def _gallery(registry: Registry, name: str, given: Mapping[str, Any]) -> Iterator[Difference]:
    meta = next(iter(registry.gallery.base_metas(name)), None)
    if meta is None:
        return
    for answer, key in (("license", "license"), ("icon", "icon"), ("url", "urls"), ("tags", "tags")):
        asked = given.get(answer, "")
        now = meta.item.fields.get(key, "") if isinstance(asked, str) else meta.item.lists.get(key, ())
        if asked and asked != now:
            yield Difference(answer, _words(now), _words(asked), _place(meta, key))
    called = given.get("gallery_name", "")
    if called and called != meta.name:
        yield Difference("gallery name", meta.name, called, _place(meta, "name"))


def _place(meta: Item, key: str) -> str:
    return f"change it in {meta.path}:{meta.at(key).line}"


def _words(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else " ".join(value)
