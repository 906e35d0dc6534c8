"""`new-backend` of a backend that is there: which answers are not what it has, and what changes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scaffold.backend.answers import Backend
from scaffold.backend.variants import VARIANTS
from scaffold.registry import Registry
from scaffold.surfaces.importers.reading import PREF_ONLY_FILE


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


def differences(registry: Registry, backend: Backend, given: Iterable[str]) -> list[Difference]:
    """What a backend has that is there already, and what was answered otherwise, as far as its surfaces tell.

    `given` are the answers that somebody gave; the others are nobody's.
    """
    found = [part(registry, backend) for part in (_variants, _engine, _serving, _importing, _gallery)]
    keys = {*given}
    return [each for part in found for each in part if keys & {each.answer, *SPELLED.get(each.answer, ())}]


SPELLED = {
    "url": ("urls",), "modality": ("modalities",), "rpc": ("rpcs",), "default use": ("defaults",),
    "import": ("imports",), "gallery name": ("gallery_name",),
}  # fmt: skip
"""How an answer is called -> its other names."""


def _variants(registry: Registry, backend: Backend) -> Iterator[Difference]:
    name, asked, built = backend.name, {*backend.variants}, {*registry.variants(backend.name)}
    now, wanted = (" ".join(v for v in VARIANTS if v in chosen) for chosen in (built, asked))
    for command, names in (("add-variant", asked - built), ("remove-variant", built - asked)):
        if names:
            words = " ".join(variant for variant in VARIANTS if variant in names)
            yield Difference("variants", now, wanted, f"`scaffold {command} {name} {words}`")


def _engine(registry: Registry, backend: Backend) -> Iterator[Difference]:
    bump = next((bump for bump in registry.bump_deps.bumps if bump.backend == backend.name), None)
    if bump is None:
        for answer, asked in (("upstream", backend.upstream), ("pin", backend.pin)):
            yield Difference(answer, "", asked, f"add it in {registry.bump_deps.path}")
        return
    where = f"change it in {bump.path}:{bump.line}"
    pinned = registry.pinned(bump) or ""
    for answer, now, asked, how in (
        ("upstream", bump.repository, backend.upstream, where),
        ("branch", bump.branch, backend.branch, where),
        ("pin", pinned, backend.pin, f"change {bump.variable} in {bump.file}"),
    ):
        if asked != now:
            yield Difference(answer, now, asked, how)


def _serving(registry: Registry, backend: Backend) -> Iterator[Difference]:
    table = registry.capabilities
    called = next((alias for alias in sorted(registry.aliases_of(backend.name)) if table.entry(alias)), "")
    entry = table.entry(called)
    where = f"{table.path}:{table.place(entry).line}" if entry else table.path
    for answer, asked, field, constants in (
        ("modality", backend.usecases, "PossibleUsecases", table.usecases),
        ("rpc", backend.rpcs, "GRPCMethods", table.methods),
        ("default use", backend.defaults, "DefaultUsecases", table.usecases),
    ):
        known = {constant: word for word, constant in constants.items()}
        now = [known.get(constant, constant) for constant in table.constants(called, field)]
        if any(word in constants and word not in now for word in asked):
            yield Difference(answer, " ".join(now), " ".join(asked), f"change it in {where}")


def _importing(registry: Registry, backend: Backend) -> Iterator[Difference]:
    surface, name = registry.importers, backend.name
    told = [*surface.registrations(name), *surface.references(name)]
    places = {place.what: f"{place.path}:{place.line}" for place in reversed(told)}
    forms = {"importer": "auto", "pref-only line": "pref-only", "offered by an importer": "drop-in"}
    found = ((form, places[what]) for what, form in forms.items() if what in places)
    now, where = next(found, ("none", PREF_ONLY_FILE))
    if backend.imports.partition(":")[0] != now:
        yield Difference("import", now, backend.imports, f"change it in {where}")


def _gallery(registry: Registry, backend: Backend) -> Iterator[Difference]:
    meta = next(iter(registry.gallery.base_metas(backend.name)), None)
    if meta is None:
        return
    fields, lists = meta.item.fields, meta.item.lists
    for answer, key, now, asked in (
        ("license", "license", fields.get("license", ""), backend.license),
        ("icon", "icon", fields.get("icon", ""), backend.icon),
        ("url", "urls", " ".join(lists.get("urls", ())), " ".join(backend.urls)),
        ("tags", "tags", " ".join(meta.tags), " ".join(backend.tags)),
        ("gallery name", "name", meta.name, backend.known_as),
    ):
        if asked != now:
            yield Difference(answer, now, asked, f"change it in {meta.path}:{meta.at(key).line}")
