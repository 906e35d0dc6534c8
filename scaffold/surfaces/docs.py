"""The compatibility table of the documentation: one row per backend, in the part of its modality."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.backend import markdown
from scaffold.backend.variants import ACCELERATIONS, acceleration
from scaffold.checkout.changes import ChangeSet
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, FileSurface, Part, Registration, Removal, required
from scaffold.syntax.source import Place, Source

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend

FALLBACK_SECTIONS = ("utilities", "specialized", "other")


class Row(NamedTuple):
    """One row of a table."""

    cells: tuple[str, ...]
    start: int
    end: int

    @property
    def name(self) -> str:
        """The name of its first cell, without the link."""
        cell = self.cell(0)
        before, _, behind = cell.partition("[")
        label, closed, _ = behind.partition("]")
        return before + label if closed else cell

    @property
    def url(self) -> str:
        """The address that its first cell links to."""
        _, _, behind = self.cell(0).partition("](")
        address, closed, _ = behind.partition(")")
        return address if closed else ""

    def cell(self, position: int) -> str:
        """The text of a cell; "" where the row has none there."""
        return self.cells[position] if position < len(self.cells) else ""


class Table(NamedTuple):
    """One Markdown table under its heading."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    end: int
    """Offset just after the last row."""


class DocsSurface(FileSurface):
    """`docs/content/reference/compatibility-table.md`."""

    name = "compatibility table"
    paths = (
        "docs/content/reference/compatibility-table.md",
        "docs/content/docs/reference/compatibility-table.md",
    )

    @cached_property
    def source(self) -> Source | None:
        """The file; None where it is absent."""
        return self.load(Source, *self.paths)

    @cached_property
    def tables(self) -> list[Table]:
        """Every table of backends, in file order."""
        if self.source is None:
            return []
        tables: list[Table] = []
        heading = ""
        block: list[Row] = []
        offset = 0
        for line in [*self.source.data.splitlines(keepends=True), b"\n"]:
            start, offset = offset, min(offset + len(line), len(self.source.data))
            text = line.decode().strip()
            if text.startswith("|"):
                block.append(Row(tuple(text[a:b].strip() for a, b in _cells(text)), start, offset))
                continue
            if len(block) > 1:
                tables.append(Table(heading, block[0].cells, tuple(block[2:]), block[-1].end))
            block = []
            if text.startswith("#"):
                heading = text.lstrip("# ")
        return [table for table in tables if table.columns and table.columns[0].lower().startswith("backend")]

    @property
    def parts(self) -> Iterable[Part]:
        yield Part(self.path, "row of a table of backends", sum(len(table.rows) for table in self.tables))

    def registrations(self, name: str) -> Iterable[Registration]:
        for table in self.tables:
            for row in table.rows:
                if row.name == name:
                    line = self.place(row).line
                    yield Registration(self.name, self.path, line, f"row in {table.heading}")

    def place(self, row: Row) -> Place:
        """The line of a row."""
        return required(self.source, self.path, "the compatibility table").place(row.start)

    def rows_of(self, names: Mapping[str, Collection[str]]) -> dict[str, list[tuple[Table, Row]]]:
        """Backend -> its rows. `names` gives each backend its other names and its addresses.

        People write a backend's proper name. So a row is first the backend's that has the same
        letters and digits; of the rest, it is the one's that has the same address, or whose name
        it begins with.
        """
        rows = [(table, row) for table in self.tables for row in table.rows]
        found: dict[str, list[tuple[Table, Row]]] = {}
        spelled = {_squeezed(n): backend for backend, others in names.items() for n in (*others, backend)}
        claimed = [spelled.get(_squeezed(row.name)) for _, row in rows]
        left = {backend: others for backend, others in names.items() if backend not in {*claimed}}
        for position, (_, row) in enumerate(rows):
            if claimed[position] is None:
                claimed[position] = nearest = _nearest(row, left)
                left.pop(nearest or "", None)
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
        spans, position = _cells(text), table.columns.index(column)
        if position >= len(spans):
            raise source.shape_error(row.start, f"the row has no cell for {column}")
        first, last = spans[position]
        cell = text[first:last]
        start = row.start + len(text[: first + len(cell) - len(cell.lstrip())].encode())
        changes.add(Edit(self.path, start, start + len(cell.strip().encode()), value))

    def accelerations(self, table: Table, row: Row, column: str) -> set[str]:
        """The words of the acceleration cell that name a variant; parentheses are the writer's."""
        cell = _outside_parentheses(row.cell(table.columns.index(column)))
        known = {word.lower(): word for word in ACCELERATIONS} | {"intel": "Intel SYCL"}
        cell = re.sub(r"(?i)\bCUDA (\d+)/(\d+)", r"CUDA \1, CUDA \2", cell)
        parts = (part.strip().lower() for part in cell.split(","))
        return {known[part] for part in parts if part in known}

    def set_accelerations(
        self, changes: ChangeSet, table: Table, row: Row, column: str, new: set[str], gone: set[str]
    ) -> None:
        """Plan words into the acceleration cell and others out of it; what else it says stays."""
        cell = row.cell(table.columns.index(column)).replace("CUDA 12/13", "CUDA 12, CUDA 13")
        words = [part.strip() for part in cell.split(",")]
        kept = [word for word in words if word not in gone]
        for word in (w for w in ACCELERATIONS if w in new and w not in kept):
            later = set(ACCELERATIONS[ACCELERATIONS.index(word) + 1 :])
            place = next((i for i, other in enumerate(kept) if other in later), len(kept))
            kept.insert(place, word)
        if kept != words:
            value = ", ".join(kept).replace("CUDA 12, CUDA 13", "CUDA 12/13")
            self.set_cell(changes, table, row, column, value)

    def add(self, addition: Addition) -> None:
        if not self.tables:
            return
        backend = addition.backend
        table = self._table(backend)
        cells = [self._cell(column, backend) for column in table.columns]
        addition.insert(self.path, table.end, f"| {' | '.join(cells)} |\n")

    def knows(self, backend: Backend) -> bool:
        """Whether no cell of a backend's row is a guess."""
        said = ("backend", "description", "acceleration")
        columns = self._table(backend).columns
        certain = all(column.lower().startswith(said) for column in columns)
        return certain and backend.modality != "none" and bool(backend.description)

    def remove(self, removal: Removal) -> None:
        for start, end in removal.rows:
            removal.changes.delete_lines(self.path, start, end)

    def _table(self, backend: Backend) -> Table:
        for word in (*backend.use.section, *FALLBACK_SECTIONS):
            for table in self.tables:
                if word in table.heading.lower():
                    return table
        return self.tables[-1]

    def _cell(self, column: str, backend: Backend) -> str:
        column = column.lower()
        if column.startswith("backend"):
            proper = backend.upstream.rpartition("/")[2]
            label = proper if _squeezed(proper) == _squeezed(backend.name) else backend.name
            return markdown.link(label, backend.home)
        if column.startswith("description"):
            return markdown.text(backend.summary)
        if column.startswith("capability"):
            return backend.use.capability or "-"
        if column.startswith("embedding"):
            return "yes" if backend.modality == "embeddings" else "no"
        if "stream" in column:
            return "yes" if backend.modality == "llm" else "no"
        if column.startswith("acceleration"):
            return acceleration(set(backend.variants))
        if column.startswith("completion"):
            return "yes" if backend.modality == "llm" else "no"
        return backend.name if column.startswith("compatible models") else "-"


def _nearest(row: Row, names: Mapping[str, Collection[str]]) -> str | None:
    """The backend whose address a row has, or whose name it begins with."""
    address = _squeezed(row.url)
    for backend, others in names.items():
        if address and address in {_squeezed(other) for other in others if "/" in other}:
            return backend
    name = _squeezed(row.name)
    near = [b for b in names if name.startswith(_squeezed(b)) or _squeezed(b).startswith(name)]
    return max(near, key=len, default=None) if name else None


@cache
def _squeezed(text: str) -> str:
    text = re.sub(r"^https?://(www\.)?|\.git$", "", text.lower())
    return re.sub(r"[^a-z0-9]", "", text)


def _cells(row: str) -> list[tuple[int, int]]:
    """Where the cells of a row begin and end; its last bar may be missing."""
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", row)]
    end = len(row.rstrip())
    ends = bars[1:] if bars[-1] + 1 == end else [*bars[1:], end]
    return [(bar + 1, end) for bar, end in zip(bars, ends, strict=False)]


def _outside_parentheses(text: str) -> str:
    kept, at = [], 0
    while (opened := text.find("(", at)) >= 0 and (closed := text.find(")", opened)) >= 0:
        kept.append(text[at:opened])
        at = closed + 1
    return "".join([*kept, text[at:]])
