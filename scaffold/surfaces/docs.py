"""The compatibility table of the documentation: one row per backend, in the part of its modality."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from scaffold.backend import markdown
from scaffold.backend.variants import ACCELERATIONS, acceleration
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.errors import unknown
from scaffold.surfaces.base import Addition, Registration, Removal, required
from scaffold.surfaces.parts import Part
from scaffold.surfaces.tables import Row, Table, TableSurface, cells, label, squeezed

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend
    from scaffold.backend.modalities import Modality

FALLBACK_SECTIONS = ("utilities", "specialized", "other")


class DocsSurface(TableSurface):
    """`docs/content/reference/compatibility-table.md`."""

    name = "compatibility table"
    paths = (
        "docs/content/reference/compatibility-table.md",
        "docs/content/docs/reference/compatibility-table.md",
    )

    @property
    def parts(self) -> Iterable[Part]:
        rows = [row for table in self.tables for row in table.rows]
        line = self.place(rows[0]).line if rows else 0
        yield Part(self.path, "row of a table of backends", len(rows), line=line)

    def registrations(self, name: str) -> Iterable[Registration]:
        for table in self.tables:
            for row in table.rows:
                if row.name == name:
                    line = self.place(row).line
                    yield Registration(self.name, self.path, line, f"row in {table.heading}")

    def rows_of(self, names: Mapping[str, Collection[str]]) -> dict[str, list[tuple[Table, Row]]]:
        """Backend -> its rows. `names` gives each backend its other names and its addresses.

        People write a backend's proper name. So a row is first the backend's that has the same
        letters and digits; of the rest, it is the one's that has the same address, or whose name
        it begins with.
        """
        rows = [(table, row) for table in self.tables for row in table.rows]
        found: dict[str, list[tuple[Table, Row]]] = {}
        spelled = {squeezed(n): backend for backend, others in names.items() for n in (*others, backend)}
        claimed = [spelled.get(squeezed(row.name)) for _, row in rows]
        left = {backend: others for backend, others in names.items() if backend not in {*claimed}}
        again: dict[tuple[str, str], str] = {}  # the rows of one backend in several tables are spelled alike
        for position, (_, row) in enumerate(rows):
            spelling = squeezed(row.name), squeezed(row.url)
            backend = claimed[position] or again.get(spelling) or _nearest(row, left)
            left.pop(backend or "", None)
            if backend:
                claimed[position] = again[spelling] = backend
        for backend, row_of in zip(claimed, rows, strict=True):
            if backend is not None:
                found.setdefault(backend, []).append(row_of)
        return found

    def set_cell(self, changes: ChangeSet, table: Table, row: Row, column: str, value: str) -> None:
        """Plan another text for the cell of a column; the blanks around it stay.

        Raises ShapeError where the row has no such cell.
        """
        source = required(self.source, self.path, "the compatibility table")
        text = source.slice(row.start, row.end)
        spans, position = cells(text), table.columns.index(column)
        if position >= len(spans):
            raise source.shape_error(row.start, f"the row has no cell for {column}")
        first, last = spans[position]
        cell = text[first:last]
        start = row.start + len(text[: first + len(cell) - len(cell.lstrip())].encode())
        changes.add(Edit(self.path, start, start + len(cell.strip().encode()), value))

    def accelerations(self, table: Table, row: Row, column: str) -> set[str]:
        """The words of the acceleration cell that name a variant; parentheses are the writer's."""
        cell = _outside_parentheses(row.cell(table.columns.index(column)))
        return {_KNOWN[word.lower()] for word in _words(cell) if word.lower() in _KNOWN}

    def is_list(self, table: Table, row: Row, column: str) -> bool:
        """Whether the acceleration cell is nothing but a list of words that name a variant."""
        return all(word.lower() in _KNOWN for word in _words(row.cell(table.columns.index(column))))

    def set_accelerations(
        self, changes: ChangeSet, table: Table, row: Row, column: str, new: set[str], gone: set[str]
    ) -> None:
        """Plan words into the acceleration cell and others out of it; what else it says stays."""
        words = _words(row.cell(table.columns.index(column)))
        kept = [word for word in words if _KNOWN.get(word.lower()) not in gone]
        there = {_KNOWN.get(word.lower()) for word in kept}
        for word in (w for w in ACCELERATIONS if w in new and w not in there):
            before = ACCELERATIONS[: ACCELERATIONS.index(word)]
            ranks = [before.index(known) if (known := _KNOWN.get(w.lower())) in before else -1 for w in kept]
            kept.insert(ranks.index(max(ranks)) + 1 if max(ranks, default=-1) >= 0 else 0, word)
        if kept != words:
            value = re.sub(r"(?<=\d), CUDA (?=\d)", "/", ", ".join(kept))
            self.set_cell(changes, table, row, column, value)

    def add(self, addition: Addition) -> None:
        if not self.tables:
            return
        backend = addition.backend
        uses = backend.uses[:1] if backend.section else reversed(backend.uses)
        for table, use in {self._table(use, backend.section): use for use in uses}.items():
            row = (self._cell(column, backend, use) for column in table.columns)
            addition.insert(self.path, table.end, f"| {' | '.join(row)} |\n")

    def knows(self, backend: Backend) -> bool:
        """Whether no cell of a backend's row is a guess."""
        said = ("backend", "description", "acceleration")
        columns = self._table(backend.use).columns
        certain = all(column.lower().startswith(said) for column in columns)
        return certain and backend.modality != "none" and bool(backend.summary)

    def remove(self, removal: Removal) -> None:
        for path, start, end in removal.rows:
            if path == self.path:
                removal.changes.delete_lines(path, start, end)

    def _table(self, use: Modality, section: str = "") -> Table:
        """The part of a modality, or the one that is named. Raises UsageError where none is called so."""
        for word in (section.lower(),) if section else (*use.section, *FALLBACK_SECTIONS):
            for table in self.tables:
                if word in table.heading.lower():
                    return table
        if section:
            known = {table.heading: table.heading for table in self.tables}
            raise unknown("section of the compatibility table", section, known, self.path)
        return self.tables[-1]

    def _cell(self, column: str, backend: Backend, use: Modality) -> str:
        column = column.lower()
        if column.startswith("backend"):
            return markdown.link(label(backend), backend.home)
        if column.startswith("description"):
            return markdown.text(_nameless(backend.sentence, {label(backend), backend.name}))
        if column.startswith("capability"):
            return use.capability or "-"
        if column.startswith("embedding"):
            return "yes" if "embeddings" in backend.usecases else "no"
        if "stream" in column:
            return "yes" if "PredictStream" in backend.methods else "no"
        if column.startswith("acceleration"):
            return acceleration(set(backend.variants))
        if column.startswith("completion"):
            return "yes" if "PredictStream" in backend.methods else "no"
        return backend.name if column.startswith("compatible models") else "-"


def _nearest(row: Row, names: Mapping[str, Collection[str]]) -> str | None:
    """The backend whose address a row has, or whose name it begins with."""
    address = squeezed(row.url)
    for backend, others in names.items():
        if address and address in {squeezed(other) for other in others if "/" in other}:
            return backend
    name = squeezed(row.name)
    near = [b for b in names if name.startswith(squeezed(b)) or squeezed(b).startswith(name)]
    return max(near, key=len, default=None) if name else None


_KNOWN = {word.lower(): word for word in ACCELERATIONS} | {"intel": "Intel SYCL"}
"""What an acceleration cell may call a variant, in small letters -> its word."""

_CUDA = re.compile(r"(?i)\bCUDA (\d+(?:/\d+)+)")
_NAMED = re.compile(r"(\S.{0,60}?)(?:\s*[—\u2013:]\s+|\s+-\s+|\s+is\s+(?:an?|the)\s+)(?=\S)")


def _words(cell: str) -> list[str]:
    """The words of an acceleration cell, in which each version of CUDA is one: `CUDA 12/13` is two."""
    each = _CUDA.sub(lambda match: ", ".join(f"CUDA {n}" for n in match[1].split("/")), cell)
    return [word.strip() for word in each.split(",")]


def _nameless(sentence: str, names: set[str]) -> str:
    """A sentence for a row that has the name already: without `Rookery is a` or `Rookery: ` before it."""
    found = _NAMED.match(sentence)
    if found is None or squeezed(found[1]) not in map(squeezed, names):
        return sentence
    return sentence[found.end()].upper() + sentence[found.end() + 1 :]


def _outside_parentheses(text: str) -> str:
    kept, at = [], 0
    while (opened := text.find("(", at)) >= 0 and (closed := text.find(")", opened)) >= 0:
        kept.append(text[at:opened])
        at = closed + 1
    return "".join([*kept, text[at:]])
