"""The Go registries by which a model finds its backend.

`knownPrefOnlyBackends` lists the backends that a user picks by name in the import form;
`defaultImporters` lists, specific before generic, the importers that recognise a model.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces import importer_source
from scaffold.surfaces.base import Addition, Registration, Removal, Surface, majority
from scaffold.syntax.golang import Element, GoSource, quote
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from tree_sitter import Node

PREF_ONLY_FILE = "core/http/endpoints/localai/backend.go"
PREF_ONLY = "knownPrefOnlyBackends"
PREF_ONLY_TEST_FILE = "core/http/endpoints/localai/backend_test.go"
FOLDER = "core/gallery/importers"
REGISTRY_FILE = f"{FOLDER}/importers.go"
REGISTRY = "defaultImporters"
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
_NAME = re.compile(r'\*(\w+)\) Name\(\)\s+string\s*\{\s*return\s+"([^"]+)"')
_OFFERED = re.compile(r'\{Name:\s*"([^"]+)",\s*Modality:')
_BACKEND = re.compile(r'(?m)^\s*(Backend:|backend\s*:?=)\s*"([^"]+)"')
_DROP_IN = re.compile(r'(?m)^\s*\{\s*(Name:)\s*"([^"]+)",\s*Modality:')
"""A backend that an importer offers in place of its own (`AdditionalBackends`)."""
_OFFER = re.compile(r'(?m)^[ \t]*\{Name: "([^"\n]+)", Modality: [^\n]*\},?\n')
"""A backend that an importer offers besides its own."""


class ImporterSurface(Surface):
    """The pref-only slice and the importer registry."""

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

    @cached_property
    def _sources(self) -> dict[str, str]:
        """Path -> text of every file of the folder that is no test."""
        return self._texts(r".*(?<!_test)\.go")

    def _texts(self, names: str) -> dict[str, str]:
        paths = (f"{FOLDER}/{name}" for name in self.tree.list(FOLDER) if re.fullmatch(names, name))
        return {path: (self.tree.read(path) or b"").decode(errors="replace") for path in paths}

    @cached_property
    def importers(self) -> list[Importer]:
        """Every importer type, with the name that it gives itself."""
        found = []
        for path, text in self._sources.items():
            names = dict(_NAME.findall(text))
            for match in _TYPE.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(Importer(match[1], names.get(match[1], ""), path, line))
        return found

    @cached_property
    def emitted(self) -> dict[str, Place]:
        """Backend -> the first place where an importer gives it to a model."""
        found: dict[str, Place] = {}
        for path, text in self._sources.items():
            for pattern in (_NAME, _BACKEND, _DROP_IN):
                for match in pattern.finditer(text):
                    line = text.count("\n", 0, match.start()) + 1
                    found.setdefault(match[2], Place(path, line))
        return found

    @cached_property
    def mentioned(self) -> set[str]:
        """Every string of the importers that could be the name of a backend."""
        return {word for text in self._sources.values() for word in re.findall(r'"([a-z0-9][\w.-]*)"', text)}

    def importer_of(self, name: str) -> tuple[str, int] | None:
        """File and line where an importer says that it is `name`'s."""
        for importer in self.importers:
            if importer.name == name:
                text = self._sources[importer.path]
                match = next(m for m in _NAME.finditer(text) if m[2] == name)
                return importer.path, text.count("\n", 0, match.start()) + 1
        return None

    def pref_only_place(self, line: PrefOnly) -> Place:
        """Where a pref-only line stands."""
        assert self.pref_only_source is not None
        return self.pref_only_source.place(line.element.node)

    def drop_pref_only(self, changes: ChangeSet, line: PrefOnly) -> None:
        """Plan a pref-only line away, and the line of LocalAI's test that expects it."""
        _drop_line(changes, self.pref_only_source, line.element.node.start_byte)
        test = self.load(GoSource, PREF_ONLY_TEST_FILE)
        call = test.data.find(f"expectPrefOnly({quote(line.name)}".encode()) if test else -1
        if call >= 0:
            _drop_line(changes, test, call)

    def move(self, changes: ChangeSet, element: Element, before: Element) -> None:
        """Plan the line of an importer before another one's, with the comments that belong to it."""
        source = self.registry_source
        assert source is not None
        start = source.comment_start(element.node.start_byte, "//")
        end = source.line_end(element.node.end_byte)
        changes.add(Edit(source.path, start, end, ""))
        changes.insert(
            source.path, source.comment_start(before.node.start_byte, "//"), source.slice(start, end)
        )

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
            for pattern, what in ((_OFFERED, "offered by an importer"), (_BACKEND, "given to a model")):
                for match in pattern.finditer(text):
                    line = text.count("\n", 0, match.start(match.lastindex or 0)) + 1
                    found.setdefault(match[match.lastindex or 0], []).append((Place(path, line), what))
        return found

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        if backend.imports == "none" or not backend.use.import_key:
            return
        if backend.imports == "auto" and self._can_import():
            self._add_importer(addition)
            return
        if backend.imports == "auto":
            what = f"write the importer of {backend.name}: this checkout's importers have another interface"
            addition.ask(REGISTRY_FILE, what)
        self.add_pref_only(addition)

    def add_pref_only(self, addition: Addition) -> None:
        """Plan the pref-only line of a backend, behind the last of its modality."""
        source = self.pref_only_source
        if source is None or not self.pref_only:
            return
        backend = addition.backend
        same = [p for p in self.pref_only if p.modality == backend.use.import_key]
        after = (same or self.pref_only)[-1].element.node
        fields = {
            "Name": quote(backend.name),
            "Modality": quote(backend.use.import_key),
            "AutoDetect": "false",
            "Description": quote(f"{backend.summary} (preference-only)"),
        }
        text = "\t{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "},\n"
        addition.insert(PREF_ONLY_FILE, source.line_end(after.end_byte), text)
        self._add_expectation(addition)

    def _add_expectation(self, addition: Addition) -> None:
        """The line of LocalAI's own test that expects the pref-only line, where it has such lines."""
        source = self.load(GoSource, PREF_ONLY_TEST_FILE)
        if source is None:
            return
        backend = addition.backend
        lines = [*re.finditer(rb'^(\t+)expectPrefOnly\("[^"]+", "([^"]+)"\)\n', source.data, re.MULTILINE)]
        same = [line for line in lines if line[2].decode() == backend.use.import_key]
        if lines:
            after = (same or lines)[-1]
            call = f"expectPrefOnly({quote(backend.name)}, {quote(backend.use.import_key)})"
            addition.insert(PREF_ONLY_TEST_FILE, after.end(), f"{after[1].decode()}{call}\n")

    def remove(self, removal: Removal) -> None:
        for line in self.pref_only:
            if line.name in removal.aliases and self.pref_only_source is not None:
                node = line.element.node
                end = self.pref_only_source.line_end(node.end_byte)
                removal.drop(self.pref_only_source, node.start_byte, end, "//")
        test = self.load(GoSource, PREF_ONLY_TEST_FILE)
        for name in removal.aliases:
            for match in re.finditer(_expectation(name), test.data if test else b""):
                removal.changes.delete_lines(PREF_ONLY_TEST_FILE, match.start(), match.end())
        for importer in self.importers:
            given = {match[2] for match in _BACKEND.finditer(self._sources[importer.path])}
            nameless = not importer.name and given and given <= removal.aliases
            if importer.name in removal.aliases or nameless:
                self._remove_importer(removal, importer)
        for path, text in self._sources.items():
            touched = {*removal.changes.deleted, *removal.changes.edited_paths()}
            if path not in touched and any(f'"{name}"' in text for name in removal.aliases):
                self._take_out(removal, path)

    def _remove_importer(self, removal: Removal, importer: Importer) -> None:
        if self._successor(removal, importer):
            return
        source = self.registry_source
        for type_name, element in self.registry:
            if type_name == importer.type_name and source is not None:
                self._drop_registered(removal, source, type_name, element.node)
        test = f"{importer.path.removesuffix('.go')}_test.go"
        if self.tree.read(test) is not None:
            removal.changes.delete(test)
        own = self.load(GoSource, importer.path)
        assert own is not None
        gone = (own.path, test, REGISTRY_FILE)
        others = {path: text for path, text in self._texts(r".*\.go").items() if path not in gone}
        for path, text in others.items():
            if re.search(rf"\b{importer.type_name}\b", text):
                removal.ask(path, f"it uses {importer.type_name}, which is gone")
        words = {word for text in others.values() for word in re.findall(r"\w+", text)}
        spans = own.without(importer.type_name, words)
        if spans is None:
            removal.changes.delete(importer.path)
        else:
            removal.drop_code(own, spans)

    def _drop_registered(self, removal: Removal, source: GoSource, type_name: str, node: Node) -> None:
        """Plan the line of an importer away, with the comment that begins with its name."""
        start, end = source.line_start(node.start_byte), source.line_end(node.end_byte)
        top = source.comment_start(start, "//")
        firsts = re.finditer(rb"(?m)^[ \t]*//[ \t]*(\w{4,})", source.data[top:start])
        own = next((m.start() for m in firsts if type_name.startswith(m[1].decode())), None)
        if own is None:
            removal.drop(source, start, end, "//")
        else:
            removal.changes.delete_lines(source.path, top + own, end)

    def _successor(self, removal: Removal, importer: Importer) -> str:
        """The backend that an importer gives to its models from now on; "" where there is none."""
        text = self._sources[importer.path]
        given = [m[m.lastindex or 0] for pattern in (_BACKEND, _OFFER) for m in pattern.finditer(text)]
        return next((name for name in (importer.name, *given) if name in removal.others), "")

    def _take_out(self, removal: Removal, path: str) -> None:
        """Take the backend out of Go code that stays: offers, branches, and it as what models get."""
        source = self.load(GoSource, path)
        assert source is not None
        for start, end in _spans(source, _OFFER, removal.aliases):
            self._drop_offer(removal, source, source.line_start(start), source.line_end(end))
        importers = [importer for importer in self.importers if importer.path == path]
        successor = self._successor(removal, importers[0]) if len(importers) == 1 else ""
        others = [start for start, _ in _spans(source, _BACKEND, removal.others)]
        branches = []
        for start, end in _spans(source, _BACKEND, removal.aliases):
            branch = source.branch(start, end)
            if branch and not any(branch[0] <= other < branch[1] for other in others):
                branches.append(branch)
            elif successor:
                removal.changes.add(Edit(path, start, end, successor))
                removal.ask(path, f"its models get {successor} now, not {removal.name}: is that right?")
        removal.drop_code(source, [*branches, *source.unused_without(branches)])
        for start, end in _spans(source, _NAME, removal.aliases) if successor else ():
            removal.changes.add(Edit(path, start, end, successor))
            for line in self.pref_only:
                if line.name == successor:
                    self.drop_pref_only(removal.changes, line)

    def _drop_offer(self, removal: Removal, source: GoSource, start: int, end: int) -> None:
        """Plan a line of a slice away; with the only one, the line break between its braces."""
        before, after = source.data[:start].rstrip(), source.data[end:].lstrip()
        if before.endswith(b"{") and after.startswith(b"}"):
            start, end = len(before), len(source.data) - len(after)
        removal.changes.delete_lines(source.path, start, end)

    def _can_import(self) -> bool:
        """Whether this checkout's importers say their name and modality."""
        source = self.registry_source
        return source is not None and b"AutoDetects() bool" in source.data and bool(self.registry)

    def _add_importer(self, addition: Addition) -> None:
        source = self.registry_source
        assert source is not None
        backend = addition.backend
        type_name = importer_source.type_name(backend)
        generic = next((e for name, e in self.registry if name in GENERIC), None)
        if generic is not None:
            offset = source.comment_start(generic.node.start_byte, "//")
        else:
            offset = source.line_end(self.registry[-1][1].node.end_byte)
        addition.insert(REGISTRY_FILE, offset, f"\t&{type_name}{{}},\n")
        for path, text in importer_source.files(backend, FOLDER, self._yaml_package()):
            addition.changes.create(path, text.encode())

    def _yaml_package(self) -> str:
        """The YAML package that most of the checkout's importers marshal with."""
        used: list[str] = []
        for file in self.tree.list(FOLDER):
            text = (self.tree.read(f"{FOLDER}/{file}") or b"").decode(errors="replace")
            used += re.findall(r'"((?:gopkg\.in|go\.yaml\.in)/yaml[^"]*)"', text)
        return majority(used) or "gopkg.in/yaml.v3"


def _spans(source: GoSource, pattern: re.Pattern[str], names: Container[str]) -> list[tuple[int, int]]:
    """The bytes of the names that a pattern finds as its last group."""
    text = source.data.decode()
    found = (m for m in pattern.finditer(text) if m[m.lastindex or 0] in names)
    return [
        (len(text[: m.start(m.lastindex or 0)].encode()), len(text[: m.end(m.lastindex or 0)].encode()))
        for m in found
    ]


def _expectation(name: str) -> re.Pattern[bytes]:
    """The lines of LocalAI's own test that expect the pref-only line of a backend."""
    return re.compile(rb'(?m)^\t+expectPrefOnly\("' + re.escape(name.encode()) + rb'"[^\n]*\n')


def _drop_line(changes: ChangeSet, source: GoSource | None, offset: int) -> None:
    assert source is not None
    changes.delete_lines(source.path, source.line_start(offset), source.line_end(offset))
