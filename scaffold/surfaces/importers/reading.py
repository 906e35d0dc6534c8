"""The Go registries by which a model finds its backend.

`knownPrefOnlyBackends` lists the backends that a user picks by name in the import form;
`defaultImporters` lists, specific before generic, the importers that recognise a model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from scaffold.surfaces.base import Registration, Surface
from scaffold.surfaces.importers import drop_ins
from scaffold.surfaces.parts import OPTIONAL, Part
from scaffold.syntax.golang import Element, GoSource
from scaffold.syntax.source import Place, numbered

PREF_ONLY_FILE = "core/http/endpoints/localai/backend.go"
PREF_ONLY = "knownPrefOnlyBackends"
PREF_ONLY_TEST_FILE = "core/http/endpoints/localai/backend_test.go"
FOLDER = "core/gallery/importers"
REGISTRY_FILE = f"{FOLDER}/importers.go"
REGISTRY = "defaultImporters"
SINCE = "2026-04-22"
"""The day since which importers have names, and the import form lists backends."""
GENERIC = (
    "LlamaCPPImporter",
    "MLXImporter",
    "VLLMImporter",
    "TransformersImporter",
    "DiffuserImporter",
)
"""Importers that claim any model of their format; a specific one must come before all of them."""


class PrefOnly(NamedTuple):
    """One line of the pref-only slice."""

    name: str
    modality: str
    element: Element


class Importer(NamedTuple):
    """One importer type; its name is "" in a checkout whose importers have none."""

    type_name: str
    name: str
    path: str
    line: int


_TYPE = re.compile(r"(?m)^type (\w+Importer) struct")
_DEFINED = re.compile(r"(?m)^(?:type[ \t]+|[ \t]+)(\w+)[ \t]+(?:struct|=)")
NAME = re.compile(r'\*(\w+)\) Name\(\)\s+string\s*\{\s*return\s+"([^"]+)"')
"""Importer type, and the name that it gives itself."""
_FIELD = re.compile(r'(?m)^[ \t]*Backend:\s*"')
_DETECTS = re.compile(r"\) AutoDetects\(\)")
_OFFERS = re.compile(r"\) AdditionalBackends\(\)")
_OFFERED = re.compile(r'\{Name:\s*"([^"]+)",\s*Modality:')
GIVEN = re.compile(r'(?m)^[ \t]*(Backend:|backend\s*:?=)\s*"([^"]+)"')
"""A backend that an importer gives to a model."""
_MODALITY = re.compile(r'\*(\w+)\) Modality\(\)\s+string\s*\{\s*return\s+"([^"]*)"')
_OFFERED_IN = re.compile(r'\{Name:\s*"([^"]+)",\s*Modality:\s*"([^"]*)"')
_DROP_IN = re.compile(r'(?m)^[ \t]*\{\s*(Name:)\s*"([^"]+)",\s*Modality:')
"""A backend that an importer offers in place of its own (`AdditionalBackends`)."""


class ImporterReader(Surface):
    """What the pref-only slice and the importer registry say."""

    name = "importers"

    @cached_property
    def pref_only_source(self) -> GoSource | None:
        """The file of the pref-only slice; None where it is absent."""
        return self.load(GoSource, PREF_ONLY_FILE)

    @cached_property
    def pref_only(self) -> list[PrefOnly]:
        """The pref-only lines in file order; empty in a checkout from before the slice existed."""
        source = self.pref_only_source
        if source is None:
            return []
        found = []
        for element in source.elements(source.literal(PREF_ONLY)):
            fields = source.fields(element.value)
            found.append(
                PrefOnly(
                    source.string(fields.get("Name")),
                    source.string(fields.get("Modality")),
                    element,
                )
            )
        return found

    @cached_property
    def registry_source(self) -> GoSource | None:
        """The file of the importer registry; None where it is absent."""
        return self.load(GoSource, REGISTRY_FILE)

    @cached_property
    def registry(self) -> list[tuple[str, Element]]:
        """Type name and element of every registered importer, in order."""
        source = self.registry_source
        if source is None:
            return []
        elements = source.elements(source.literal(REGISTRY))
        return [(re.sub(r"[&{}\s]", "", source.text(e.node)), e) for e in elements]

    @property
    def parts(self) -> Iterable[Part]:
        line = self.pref_only_place(self.pref_only[0]).line if self.pref_only else 0
        yield Part(
            PREF_ONLY_FILE, f"line in {PREF_ONLY}", len(self.pref_only), SINCE, line=line, names=(PREF_ONLY,)
        )
        for field, values in (
            ("Name", [line.name for line in self.pref_only]),
            ("Modality", [line.modality for line in self.pref_only]),
        ):
            yield Part(PREF_ONLY_FILE, f"{field} of a line in {PREF_ONLY}", sum(map(bool, values)), SINCE)
        test = self.load(GoSource, PREF_ONLY_TEST_FILE)
        tested = test.data.count(b"expectPrefOnly") if test else 0
        yield Part(PREF_ONLY_TEST_FILE, "test of a pref-only line", tested, OPTIONAL)
        source = self.registry_source
        line = source.line(self.registry[0][1].node.start_byte) if source and self.registry else 0
        size = len(self.registry)
        yield Part(REGISTRY_FILE, f"importer in {REGISTRY}", size, "2025-11-15", line=line, names=(REGISTRY,))
        yield Part(FOLDER, "type of an importer", len(self.importers), "2025-11-12")
        yield Part(FOLDER, "Name() of an importer", sum(bool(i.name) for i in self.importers), SINCE)
        for what, pattern, since in (
            ("`Backend:` of an importer", _FIELD, "2025-11-12"),
            ("backend in AdditionalBackends()", _DROP_IN, OPTIONAL),
            ("AutoDetects() of an importer", _DETECTS, SINCE),
            ("AdditionalBackends() of an importer", _OFFERS, OPTIONAL),
        ):
            size = sum(len(pattern.findall(text)) for text in self._sources.values())
            yield Part(FOLDER, what, size, since)

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Path -> text of every file of the folder that is no test."""
        return self._texts(r".*(?<!_test)\.go")

    def _texts(self, names: str) -> dict[str, str]:
        paths = (f"{FOLDER}/{name}" for name in self.tree.names(FOLDER) if re.fullmatch(names, name))
        found = {path: self.tree.read(path) or b"" for path in paths}
        return {path: data.decode(errors="replace") for path, data in found.items()}

    @cached_property
    def importers(self) -> list[Importer]:
        """Every importer type, with the name that it gives itself."""
        found = []
        for path, text in self._sources.items():
            names = dict(NAME.findall(text))
            for match, line in numbered(text, _TYPE.finditer(text)):
                found.append(Importer(match[1], names.get(match[1], ""), path, line))
        return found

    @cached_property
    def types(self) -> frozenset[str]:
        """The types that the files of the folder define."""
        return frozenset(name for text in self._sources.values() for name in _DEFINED.findall(text))

    @cached_property
    def emitted(self) -> dict[str, Place]:
        """Backend -> the first place where an importer gives it to a model."""
        found: dict[str, Place] = {}
        for path, text in self._sources.items():
            for pattern in (NAME, GIVEN, _DROP_IN):
                for match, line in numbered(text, pattern.finditer(text)):
                    found.setdefault(match[2], Place(path, line))
        return found

    @cached_property
    def groups(self) -> dict[str, str]:
        """Backend -> the group of the import form that lists it."""
        found = {line.name: line.modality for line in self.pref_only}
        for importer in self.importers:
            group = re.search(
                rf'\*{importer.type_name}\) Modality\(\)\s+string\s*{{\s*return\s+"([^"]*)"',
                self._sources[importer.path],
            )
            if group and importer.name:
                found[importer.name] = group[1]
        return found

    @cached_property
    def modalities(self) -> list[tuple[str, str, Place]]:
        """(backend, group, where) of whatever is offered in a group of the import form."""
        found = [(line.name, line.modality, self.pref_only_place(line)) for line in self.pref_only]
        names = {importer.type_name: importer.name for importer in self.importers}
        for path, text in self._sources.items():
            for pattern in (_MODALITY, _OFFERED_IN):
                for match, line in numbered(text, pattern.finditer(text)):
                    found.append((names.get(match[1]) or match[1], match[2], Place(path, line)))
        return found

    @cached_property
    def halves(self) -> dict[str, tuple[Place, bool]]:
        """Backend that an importer offers or takes, and not both -> the place, and whether it is offered."""
        own = {importer.name for importer in self.importers} | {line.name for line in self.pref_only}
        return {
            name: (Place(path, text.count("\n", 0, at) + 1), is_offered)
            for path, text in self._sources.items()
            for name, at, is_offered in drop_ins.halves(text)
            if name not in own
        }

    @cached_property
    def mentioned(self) -> set[str]:
        """Every string of the importers that could be the name of a backend."""
        return {word for text in self._sources.values() for word in re.findall(r'"([a-z0-9][\w.-]*)"', text)}

    def importer_of(self, name: str) -> tuple[str, int] | None:
        """File and line where an importer says that it is `name`'s."""
        for importer in self.importers:
            if importer.name == name:
                text = self._sources[importer.path]
                match = next(m for m in NAME.finditer(text) if m[2] == name)
                return importer.path, text.count("\n", 0, match.start()) + 1
        return None

    def pref_only_place(self, line: PrefOnly) -> Place:
        """Where a pref-only line stands."""
        assert self.pref_only_source is not None
        return self.pref_only_source.place(line.element.node)

    def registrations(self, name: str) -> Iterable[Registration]:
        for line in self.pref_only:
            if line.name == name:
                assert self.pref_only_source is not None
                at = self.pref_only_source.line(line.element.node.start_byte)
                yield Registration(self.name, PREF_ONLY_FILE, at, "pref-only line")
        test = self.load(GoSource, PREF_ONLY_TEST_FILE)
        expectation = re.search(rf'expectPrefOnly\("{re.escape(name)}"', test.data.decode()) if test else None
        if test and expectation:
            at = test.data.decode().count("\n", 0, expectation.start()) + 1
            yield Registration(self.name, PREF_ONLY_TEST_FILE, at, "test of the pref-only line")
        importer = self.importer_of(name)
        if importer:
            yield Registration(self.name, *importer, "importer")

    def references(self, name: str) -> Iterable[Registration]:
        types = {importer.type_name for importer in self.importers if importer.name == name}
        for type_name, element in self.registry:
            if type_name in types and self.registry_source is not None:
                place = self.registry_source.place(element.node)
                yield Registration(self.name, place.path, place.line, f"registered importer {type_name}")
        for place, what in self._used.get(name, ()):
            yield Registration(self.name, place.path, place.line, what)

    @cached_property
    def _used(self) -> dict[str, list[tuple[Place, str]]]:
        """Backend -> every place where an importer gives it to a model, or offers it as a choice."""
        found: dict[str, list[tuple[Place, str]]] = {}
        for path, text in self._sources.items():
            for pattern, what in ((_OFFERED, "offered by an importer"), (GIVEN, "given to a model")):
                for match, line in numbered(text, pattern.finditer(text), pattern.groups):
                    found.setdefault(match[pattern.groups], []).append((Place(path, line), what))
        return found
