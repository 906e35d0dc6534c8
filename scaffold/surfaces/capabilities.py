"""`BackendCapabilities`: which RPCs and use cases LocalAI believes a backend to have."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from scaffold.backend.modalities import ACCEPTS
from scaffold.backend.near import nearest
from scaffold.checkout.changes import ChangeSet
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal, required
from scaffold.surfaces.parts import Part, fields
from scaffold.syntax.golang import Element, GoSource, quote
from scaffold.syntax.source import Place

if TYPE_CHECKING:
    from tree_sitter import Node

TABLE = "BackendCapabilities"
SINCE = "2026-05-06"
FIELDS = ("GRPCMethods", "PossibleUsecases", "DefaultUsecases")
"""What every entry says."""


class CapabilitiesSurface(FileSurface):
    """`core/config/backend_capabilities.go`."""

    name = "capabilities"
    paths = ("core/config/backend_capabilities.go",)

    @cached_property
    def source(self) -> GoSource | None:
        """The file; None where it is absent."""
        return self.load(GoSource, *self.paths)

    @cached_property
    def entries(self) -> list[Element]:
        """The table's entries in file order, keyed by backend name."""
        return self.source.elements(self.source.literal(TABLE)) if self.source else []

    @property
    def parts(self) -> Iterable[Part]:
        line = self.place(self.entries[0]).line if self.entries else 0
        yield Part(self.path, f"entry in {TABLE}", len(self.entries), SINCE, line=line, names=(TABLE,))
        for part in fields(self.path, f"an entry in {TABLE}", FIELDS, [*self._fields.values()]):
            yield part._replace(since=SINCE)
        yield Part(self.path, "constant Usecase...", len(self.usecases), SINCE)
        yield Part(self.path, "constant Method...", len(self.methods), SINCE)
        yield Part(self.path, "entry in UsecaseInfoMap", len(self.usecase_methods), SINCE)

    @cached_property
    def _by_name(self) -> dict[str, Element]:
        return {entry.key: entry for entry in self.entries}

    @cached_property
    def _fields(self) -> dict[str, dict[str, Node]]:
        """Backend -> the fields of its entry."""
        source = self.source
        return {name: source.fields(e.value) for name, e in self._by_name.items()} if source else {}

    def entry(self, name: str) -> Element | None:
        """The entry of a backend."""
        return self._by_name.get(name)

    def place(self, entry: Element) -> Place:
        """The line of an entry."""
        return required(self.source, self.path, TABLE).place(entry.node)

    def field_place(self, entry: Element, field: str) -> Place:
        """The line of a field of an entry, or of the entry where it has none."""
        node = self._fields.get(entry.key, {}).get(field, entry.node)
        return required(self.source, self.path, TABLE).place(node)

    def drop(self, changes: ChangeSet, entry: Element) -> None:
        """Plan an entry away."""
        source = required(self.source, self.path, TABLE)
        start, end = source.line_start(entry.node.start_byte), source.line_end(entry.node.end_byte)
        changes.delete_lines(self.path, start, end)

    @cached_property
    def usecases(self) -> dict[str, str]:
        """Use case -> the Go constant that names it, as the checkout declares them."""
        return self._constants("Usecase")

    @cached_property
    def methods(self) -> dict[str, str]:
        """RPC -> the Go constant that names it."""
        return self._constants("Method")

    def _constants(self, prefix: str) -> dict[str, str]:
        text = self.source.data.decode() if self.source else ""
        found = re.findall(rf'\n\t({prefix}\w+)\s+(?:\w+\s+)?=\s*"([^"]+)"', text)
        return {value: constant for constant, value in found}

    def constant_place(self, constant: str) -> Place:
        """Where a constant is declared."""
        source = required(self.source, self.path, constant)
        return source.place(max(source.data.find(f"\n\t{constant} ".encode()) + 1, 0))

    @cached_property
    def undeclared(self) -> list[tuple[str, str, Place]]:
        """(constant, what is meant, where) of those in lists of entries that no file of the package has."""
        declared = {*self.usecases.values(), *self.methods.values()}
        found: dict[str, tuple[str, str, Place]] = {}
        for fields_of in self._fields.values():
            for body in (fields_of[name].child_by_field_name("body") for name in FIELDS if name in fields_of):
                for word, node in self._words(body):
                    meant = nearest(word, declared) if word not in declared and word not in found else ""
                    if meant and not self._is_declared(word):
                        place = required(self.source, self.path, TABLE).place(node)
                        found[word] = word, meant, place
        return [*found.values()]

    def _words(self, body: Node | None) -> list[tuple[str, Node]]:
        """The plain names in a list."""
        source = self.source
        words = [(source.text(e.value), e.node) for e in source.elements(body)] if source else []
        return [(word, node) for word, node in words if word.isidentifier()]

    def _is_declared(self, word: str) -> bool:
        """Whether this file begins a line with a word, or another one of the package has it."""
        folder = self.path.rpartition("/")[0]
        paths = (f"{folder}/{name}" for name in self.tree.list(folder) if name.endswith(".go"))
        own = re.search(rf"(?m)^(?:const|var)?[ \t]*{word}[ \t]", (self.tree.read(self.path) or b"").decode())
        return own is not None or any(
            word.encode() in (self.tree.read(path) or b"") for path in paths if path != self.path
        )

    @cached_property
    def usecase_methods(self) -> dict[str, str]:
        """Use case -> the RPC that serves it, as the checkout's own table says."""
        source, found = self.source, {}
        if source is None:
            return {}
        usecases, methods = ({c: v for v, c in table.items()} for table in (self.usecases, self.methods))
        for entry in source.elements(source.literal("UsecaseInfoMap")):
            method = source.fields(entry.value).get("GRPCMethod")
            usecase = usecases.get(entry.key, entry.key)
            if method is not None and source.text(method) in methods:
                found[usecase] = methods[source.text(method)]
        return found

    def default_usecases(self, name: str) -> tuple[str, ...]:
        """The use cases that a backend's entry declares as its defaults, as Go constants."""
        return self.constants(name, "DefaultUsecases")

    def possible_usecases(self, name: str) -> tuple[str, ...]:
        """All that a backend's entry declares, as Go constants."""
        return self.constants(name, "PossibleUsecases")

    def constants(self, name: str, field: str) -> tuple[str, ...]:
        """The Go constants that a list of a backend's entry holds."""
        node = self._fields.get(name, {}).get(field)
        body = node.child_by_field_name("body") if node is not None else None
        return tuple(self.source.text(e.value) for e in self.source.elements(body)) if self.source else ()

    def description(self, name: str) -> str:
        """What a backend's entry says of it to people; "" where it says nothing, or has none."""
        node = self._fields.get(name, {}).get("Description")
        text = self.source.text(node) if self.source and node is not None else ""
        plain = len(text) > 1 and text[0] == text[-1] == '"' and "\\" not in text
        return text[1:-1].strip() if plain else ""

    def registrations(self, name: str) -> Iterable[Registration]:
        entry = self.entry(name)
        if entry is not None:
            yield self._registration(entry, "capability entry")

    def references(self, name: str) -> Iterable[Registration]:
        for table, entry in self._tables.get(name, ()):
            if table != TABLE:
                yield self._registration(entry, f"entry of {table}")

    def _registration(self, entry: Element, what: str) -> Registration:
        source = required(self.source, self.path, TABLE)
        return Registration(
            self.name, self.path, self.place(entry).line, what, source.line(entry.node.end_byte)
        )

    @cached_property
    def _tables(self) -> dict[str, list[tuple[str, Element]]]:
        """Key -> the entries that have it in the file's tables, each with the table's name."""
        found: dict[str, list[tuple[str, Element]]] = {}
        for table, body in self.source.literals() if self.source else ():
            for entry in self.source.elements(body) if self.source else ():
                found.setdefault(entry.key, []).append((table, entry))
        return found

    def add(self, addition: Addition) -> None:
        source = self.source
        backend = addition.backend
        if source is None or not self.entries:
            return
        if not backend.usecases:
            if backend.rpcs:
                what = (
                    f"say that {backend.known_as} answers {', '.join(backend.rpcs)}, and for which use case"
                )
                addition.ask(self.path, what)
            return
        usecases = [self.usecases[u] for u in backend.usecases if u in self.usecases]
        methods = [self.methods[m] for m in backend.methods if m in self.methods]
        lacking = [u for u in (*backend.usecases, *backend.defaults) if u not in self.usecases]
        lacking += [m for m in backend.methods if m not in self.methods]
        if lacking:
            what = f"declare what {backend.name} serves: there is no constant for {', '.join(lacking)}"
            addition.ask(self.path, what)
        if not usecases or not methods:
            return
        defaults = [self.usecases[u] for u in backend.defaults if u in self.usecases] or usecases[:1]
        fields = {
            "GRPCMethods": f"[]GRPCMethod{{{', '.join(methods)}}}",
            "PossibleUsecases": f"[]string{{{', '.join(usecases)}}}",
            "DefaultUsecases": f"[]string{{{', '.join(defaults)}}}",
            **dict(ACCEPTS[each] for each in ACCEPTS if each in backend.accepts and self._has(each)),
            "Description": quote(backend.sentence),
        }
        width = max(map(len, fields)) + 1
        lines = "".join(f"\t\t{f'{field}:':{width}} {value},\n" for field, value in fields.items())
        after = self._last_alike(usecases[0], addition)
        text = f"\t{quote(backend.known_as)}: {{\n{lines}\t}},\n"
        addition.insert(self.path, source.line_end(after.node.end_byte), text)

    def _has(self, accepts: str) -> bool:
        """Whether the checkout knows the field, and the function that fills it."""
        field, value = ACCEPTS[accepts]
        data = self.source.data if self.source else b""
        return f"\n\t{field} ".encode() in data and value.removesuffix("()").encode() in data

    def remove(self, removal: Removal) -> None:
        for entry in (e for name in removal.aliases for _, e in self._tables.get(name, ())):
            assert self.source is not None
            start, end = entry.node.start_byte, self.source.line_end(entry.node.end_byte)
            removal.drop(self.source, start, end, "//")

    def _last_alike(self, usecase: str, addition: Addition) -> Element:
        """The entry to stand behind: the nearest relative of the modality, else the last of it."""
        alike = {e.key: e for e in self.entries if usecase in self.default_usecases(e.key)}
        relative = addition.nearest(alike)
        return alike[relative] if relative else (list(alike.values()) or self.entries)[-1]
