"""New and lost importers and pref-only lines, and Go code that stays without a backend."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import TYPE_CHECKING

from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.errors import unknown
from scaffold.surfaces.base import Addition, Removal, majority
from scaffold.surfaces.importers import drop_ins, generated
from scaffold.surfaces.importers.drop_ins import OFFER
from scaffold.surfaces.importers.reading import (
    FOLDER,
    GENERIC,
    GIVEN,
    NAME,
    PREF_ONLY_FILE,
    PREF_ONLY_TEST_FILE,
    REGISTRY_FILE,
    Importer,
    ImporterReader,
    PrefOnly,
)
from scaffold.syntax.golang import Element, GoSource, quote

if TYPE_CHECKING:
    from tree_sitter import Node


_NO_WORDS = {number: " " for number in range(128) if not (chr(number).isalnum() or chr(number) == "_")}
"""For `str.translate`: what stands between words is blank."""


class ImporterSurface(ImporterReader):
    """The pref-only slice and the importer registry."""

    def comment_on(self, line: PrefOnly) -> int | None:
        """Where the comment on a pref-only line begins; None where it has none."""
        source = self.pref_only_source
        assert source is not None
        start = line.element.node.start_byte
        top = source.comment_start(source.line_start(start), "//")
        own = re.search(rf"(?m)^[ \t]*// ?{re.escape(line.name)}\b", source.slice(top, start))
        return top + own.start() if own else None

    def drop_pref_only(self, changes: ChangeSet, line: PrefOnly) -> None:
        """Plan a pref-only line away, the comment on it, and the line of LocalAI's test that expects it."""
        source = self.pref_only_source
        assert source is not None
        start, end = line.element.node.start_byte, line.element.node.end_byte
        top = self.comment_on(line)
        changes.delete_lines(
            source.path, source.line_start(start) if top is None else top, source.line_end(end)
        )
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

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        if backend.imports == "none":
            return
        if backend.drop_ins:
            for host in backend.drop_ins:
                self.add_drop_in(addition, host)
            return
        if backend.imports == "auto" and self._can_import():
            self._add_importer(addition)
            return
        if backend.imports == "auto":
            what = f"write the importer of {backend.name}: this checkout's importers have another interface"
            addition.ask(REGISTRY_FILE, what)
        self.add_pref_only(addition)

    def takes_drop_ins(self, name: str) -> bool:
        """Whether the importer of a backend may offer others: then its forks go there, as LocalAI's do."""
        host = self.importer_of(name)
        return host is not None and drop_ins.takes_any(host[0], self._texts(r".*\.go"))

    def add_drop_in(self, addition: Addition, name: str) -> None:
        """Plan the backend into the offers of another one's importer. Raises UsageError for none such."""
        host = self.importer_of(name)
        if host is None:
            known = {importer.name: importer.name for importer in self.importers if importer.name}
            raise unknown("importer", name, known, "scaffold status")
        drop_ins.add(addition, host[0], self._texts(r".*\.go"))

    def add_pref_only(self, addition: Addition) -> None:
        """Plan the pref-only line of a backend, behind the last of its modality."""
        source = self.pref_only_source
        backend = addition.backend
        if source is None or not self.pref_only or not backend.use.import_key:
            return
        same = [p for p in self.pref_only if p.modality == backend.use.import_key]
        after = (same or self.pref_only)[-1].element.node
        fields = {
            "Name": quote(backend.known_as),
            "Modality": quote(backend.use.import_key),
            "AutoDetect": "false",
            "Description": quote(f"{backend.sentence} (preference-only)"),
        }
        text = "\t{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "},\n"
        addition.insert(PREF_ONLY_FILE, source.line_end(after.end_byte), text)
        self._add_expectation(addition)

    def _add_expectation(self, addition: Addition) -> None:
        """The line of LocalAI's own test that expects the pref-only line, where it lacks it and has such."""
        source = self.load(GoSource, PREF_ONLY_TEST_FILE)
        backend = addition.backend
        if source is None or _expectation(backend.known_as).search(source.data):
            return
        lines = [*re.finditer(rb'^(\t+)expectPrefOnly\("[^"]+", "([^"]+)"\)\r?\n', source.data, re.MULTILINE)]
        same = [line for line in lines if line[2].decode() == backend.use.import_key]
        if lines:
            after = (same or lines)[-1]
            call = f"expectPrefOnly({quote(backend.known_as)}, {quote(backend.use.import_key)})"
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
        given: dict[str, set[str]] = {}
        for importer in self.importers:
            if importer.path not in given:
                given[importer.path] = {m[2] for m in GIVEN.finditer(self._sources[importer.path])}
            nameless = not importer.name and given[importer.path] and given[importer.path] <= removal.aliases
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
            if importer.type_name in text and re.search(rf"\b{importer.type_name}\b", text):
                removal.ask(path, f"it uses {importer.type_name}, which is gone")
        words = {word for text in others.values() for word in text.translate(_NO_WORDS).split()}
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
        given = [m[m.lastindex or 0] for pattern in (GIVEN, OFFER) for m in pattern.finditer(text)]
        return next((name for name in (importer.name, *given) if name in removal.others), "")

    def _take_out(self, removal: Removal, path: str) -> None:
        """Take the backend out of Go code that stays: offers, branches, and it as what models get."""
        source = self.load(GoSource, path)
        assert source is not None
        if removal.aliases & {*drop_ins.offered(self._sources[path])}:
            drop_ins.remove(removal, path, self._texts(r".*\.go"))
        methods = drop_ins.methods(self._sources[path], removal.aliases)
        for start, end in _spans(source, OFFER, removal.aliases) if not methods else ():
            self._drop_offer(removal, source, source.line_start(start), source.line_end(end))
        importers = [importer for importer in self.importers if importer.path == path]
        successor = self._successor(removal, importers[0]) if len(importers) == 1 else ""
        others = [start for start, _ in _spans(source, GIVEN, removal.others)]
        branches = []
        for start, end in _spans(source, GIVEN, removal.aliases):
            branch = source.branch(start, end)
            if branch and not any(branch[0] <= other < branch[1] for other in others):
                branches.append(branch)
            elif successor:
                removal.changes.add(Edit(path, start, end, successor))
                removal.ask(path, f"its models get {successor} now, not {removal.name}: is that right?")
        removal.drop_code(source, [*methods, *branches, *source.unused_without(branches)])
        for start, end in _spans(source, NAME, removal.aliases) if successor else ():
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
        type_name = generated.type_name(backend)
        generic = next((e for name, e in self.registry if name in GENERIC), None)
        if generic is not None:
            offset = source.comment_start(generic.node.start_byte, "//")
        else:
            offset = source.line_end(self.registry[-1][1].node.end_byte)
        addition.insert(REGISTRY_FILE, offset, f"\t&{type_name}{{}},\n")
        for path, text in generated.files(backend, FOLDER, self._yaml_package()):
            addition.changes.create(path, text.encode())
            at = next((n for n, line in enumerate(text.splitlines(), 1) if ") Match(" in line), None)
            if at and not backend.match:
                what = "write Match: so far it takes only what is named like the backend (or give --match)"
                addition.ask(f"{path}:{at}", what)

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
