"""The compatibility table of the documentation: one row per backend, in the part of its modality."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from scaffold.surfaces.base import Addition, FileSurface, Registration
from scaffold.syntax.source import Source
from scaffold.variants import acceleration

if TYPE_CHECKING:
    from scaffold.backend import Backend

FALLBACK_SECTIONS = ("utilities", "specialized", "other")


@dataclass(frozen=True, slots=True)
class Table:
    """One Markdown table under its heading."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, int], ...]
    """First cell and end offset of each row."""
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
        block: list[tuple[list[str], int]] = []
        offset = 0
        for line in [*self.source.data.splitlines(keepends=True), b"\n"]:
            offset = min(offset + len(line), len(self.source.data))
            text = line.decode().strip()
            if text.startswith("|"):
                block.append((_cells(text), offset))
                continue
            if len(block) > 1:
                rows = tuple((cells[0] if cells else "", end) for cells, end in block[2:])
                tables.append(Table(heading, tuple(block[0][0]), rows, block[-1][1]))
            block = []
            if text.startswith("#"):
                heading = text.lstrip("# ")
        return [table for table in tables if table.columns and table.columns[0].lower().startswith("backend")]

    def registrations(self, name: str) -> Iterable[Registration]:
        for table in self.tables:
            for cell, end in table.rows:
                if re.match(rf"\[?{re.escape(name)}\b(?![.-])", cell) and self.source is not None:
                    yield Registration(
                        self.name, self.path, self.source.line(end - 1), f"row in {table.heading}"
                    )

    def add(self, addition: Addition) -> None:
        if not self.tables:
            return
        backend = addition.backend
        table = self._table(backend)
        cells = [self._cell(column, backend) for column in table.columns]
        addition.insert(self.path, table.end, f"| {' | '.join(cells)} |\n")

    def _table(self, backend: Backend) -> Table:
        for word in (*backend.use.section, *FALLBACK_SECTIONS):
            for table in self.tables:
                if word in table.heading.lower():
                    return table
        return self.tables[-1]

    def _cell(self, column: str, backend: Backend) -> str:
        column = column.lower()
        if column.startswith("backend"):
            return f"[{backend.name}]({backend.home})"
        if column.startswith("description"):
            return backend.summary.replace("|", "\\|")
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


def _cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]
