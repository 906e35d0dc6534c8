"""`show` and `status`: where one backend is registered, and what LocalAI ships where."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from scaffold.backend.names import require_name
from scaffold.backend.variants import VARIANTS
from scaffold.checkout.tree import Tree
from scaffold.operations import check
from scaffold.operations.mentions import mentions
from scaffold.registry import Registry
from scaffold.rules.base import Finding, Severity
from scaffold.surfaces.base import Registration

OWN_FILES = "own files"
DEPENDABOT = "dependabot"

_SURFACE_OF = {
    "matrix": "build matrix",
    "gallery": "gallery",
    "makefile": "Makefile",
    "filter": "path filter",
    "darwin": "macOS build",
    "bump": "dependency bump",
    "importer": "importers",
    "capabilities": "capabilities",
    "testjobs": "extra tests",
    "docs": "compatibility table",
}
"""First word of a rule -> the surface that its findings are about."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything about one backend."""

    name: str
    lang: str
    directory: str
    variants: tuple[str, ...]
    metas: tuple[str, ...]
    """The names under which the gallery offers it."""
    surfaces: dict[str, tuple[Registration, ...]]
    """Surface -> its registrations, each surface that there is, in the order of a registration."""
    mentions: tuple[Registration, ...]
    findings: tuple[Finding, ...]
    """What `check` has to say about it."""
    rev: str | None


def show(tree: Tree, name: str, rev: str | None) -> Shown:
    """One backend, by its name or by the name of one of its gallery items. Raises UsageError for others."""
    require_name(name)
    registry = Registry(tree)
    backend = registry.backend_called(name)
    if backend is None:
        raise registry.unknown(name)
    surfaces: dict[str, tuple[Registration, ...]] = {OWN_FILES: tuple(_own(registry, backend))}
    places = registry.places(backend)
    for surface in registry.surfaces:
        surfaces[surface.name] = tuple(place for place in places if place.surface == surface.name)
    watched = (f for f in registry.dependabot.folders if f.directory == registry.directory(backend))
    surfaces[DEPENDABOT] = tuple(
        Registration(DEPENDABOT, f.path, f.line, f"watches {f.directory}", f.last_line) for f in watched
    )
    known = {(r.path, line) for found in surfaces.values() for r in found for line in r.lines}
    own = [f"{registry.directory(backend)}/", *(place.path for place in surfaces[OWN_FILES])]
    longer = [other for other in registry.names if backend in other and other != backend]
    return Shown(
        backend,
        registry.directories.get(backend, ""),
        registry.directory(backend),
        _in_order(registry.variants(backend)),
        tuple(meta.name for meta in registry.gallery.base_metas(backend)),
        surfaces,
        tuple(mentions(tree, backend, registry.called_alone(backend), longer, own, known)),
        check.run(tree, check.Scope((backend,))).findings if backend in registry.names else (),
        rev,
    )


def _own(registry: Registry, backend: str) -> Iterator[Registration]:
    directory = registry.directory(backend)
    if directory:
        yield Registration(OWN_FILES, registry.first_file(backend), 1, f"directory {directory}")
    for path in registry.own_files(backend):
        yield Registration(OWN_FILES, path, 1, "its Dockerfile" if "Dockerfile." in path else "its script")


def _in_order(variants: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(variant for variant in VARIANTS if variant in variants)


@dataclass(frozen=True, slots=True)
class Build:
    """What is built of one backend for one platform."""

    arches: tuple[str, ...]
    offered: bool
    """Whether the gallery offers every image of it."""


@dataclass(frozen=True, slots=True)
class Line:
    """One backend in the tables."""

    name: str
    lang: str
    counts: dict[str, int]
    """Surface -> number of registrations."""
    wrong: dict[str, int]
    """Surface -> number of errors and warnings of `check`."""
    builds: dict[str, Build]
    """Platform -> what is built."""

    @property
    def is_wrong(self) -> bool:
        """Whether a mark in the tables says so."""
        return bool(self.wrong) or not all(build.offered for build in self.builds.values())


@dataclass(frozen=True, slots=True)
class Status:
    """The coverage of a checkout."""

    surfaces: tuple[str, ...]
    platforms: tuple[str, ...]
    lines: tuple[Line, ...]
    """By language, then by name."""
    rev: str | None


def status(
    tree: Tree,
    rev: str | None,
    names: Collection[str] = (),
    lang: str | None = None,
    problems: bool = False,
) -> Status:
    """The backends of a checkout: all, or those of some names, of a language, with something wrong.

    Raises ShapeError where it cannot be read, UsageError for the name of no backend.
    """
    registry = Registry(tree)
    called = {name: registry.backend_called(name) for name in names}
    for name, backend in called.items():
        if backend is None:
            raise registry.unknown(name)
    wrong: dict[str, dict[str, int]] = {}
    for finding in check.run(tree, check.Scope()).findings:
        surface = _SURFACE_OF.get(finding.rule.partition("-")[0])
        if surface and finding.severity is not Severity.info:
            counts = wrong.setdefault(finding.backend, {})
            counts[surface] = counts.get(surface, 0) + 1
    surfaces = tuple(surface.name for surface in registry.surfaces)
    lines = [_line(registry, name, surfaces, wrong.get(name, {})) for name in registry.names]
    lines = [
        line
        for line in lines
        if (not names or line.name in called.values())
        and lang in (None, line.lang)
        and (not problems or line.is_wrong)
    ]
    lines.sort(key=lambda line: (line.lang, line.name))
    return Status(surfaces, tuple(VARIANTS), tuple(lines), rev)


def _line(registry: Registry, name: str, surfaces: tuple[str, ...], wrong: dict[str, int]) -> Line:
    places = {(place.surface, place.path, place.line) for place in registry.places(name)}
    counts = {surface: sum(place[0] == surface for place in places) for surface in surfaces}
    builds = {}
    for variant in registry.variants(name):
        entries = [e for e in registry.matrix.entries_of(name) if e.variant == variant]
        arches = {arch for e in entries for arch in e.arches or ("arm64",)}
        items = [registry.gallery.by_tag_suffix.get(e.tag_suffix, ()) for e in entries]
        offered = all(any(item.channel == "latest" for item in images) for images in items)
        builds[variant] = Build(tuple(sorted(arches)), offered)
    return Line(name, registry.directories.get(name, ""), counts, wrong, builds)
