"""Markdown files with tables of backends: one row per backend, its first cell a link."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from scaffold.surfaces.base import FileSurface, required
from scaffold.syntax.source import Place, Source

if TYPE_CHECKING:
    from scaffold.backend.answers import Backend


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


class TableSurface(FileSurface):
    """A Markdown file with tables of backends."""

    @cached_property
    def source(self) -> Source | None:
        """The file; None where it is absent."""
        return self.load(Source, *self.paths)

    @property
    def tables(self) -> list[Table]:
        """Every table of backends, in file order."""
        return self.every_table

    @cached_property
    def every_table(self) -> list[Table]:
        """Every table whose first column is headed as one of backends, in file order."""
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
                block.append(Row(tuple(text[a:b].strip() for a, b in cells(text)), start, offset))
                continue
            if len(block) > 1 and "|" in text and text[0] not in "#>-*<`{":
                spans = cells(f"|{text}")
                if len(spans) == len(block[0].cells):  # its first bar may be missing
                    whole = tuple(f"|{text}"[a:b].strip() for a, b in spans)
                    block.append(Row(whole, start, offset))
                    continue
                block.append(Row((text.partition("|")[0].strip(),), start, offset))  # the rest of a torn row
                continue
            if len(block) > 1:
                tables.append(Table(heading, block[0].cells, tuple(block[2:]), block[-1].end))
            block = []
            if text.startswith("#"):
                heading = text.lstrip("# ")
        return [table for table in tables if table.columns and table.columns[0].lower().startswith("backend")]

    def place(self, row: Row) -> Place:
        """The line of a row."""
        return required(self.source, self.path, "a table of backends").place(row.start)


def label(backend: Backend) -> str:
    """What readers know a backend as: its title, or its upstream's repository, if that is called like it."""
    if backend.title:
        return backend.title
    repository = backend.upstream.rpartition("/")[2]
    alike = squeezed(repository).startswith(squeezed(backend.known_as))
    return repository if alike else backend.known_as


@cache
def squeezed(text: str) -> str:
    """The letters and digits of a name or an address, in lower case."""
    text = re.sub(r"^https?://(www\.)?|\.git$", "", text.lower())
    return re.sub(r"[^a-z0-9]", "", text)


def cells(row: str) -> list[tuple[int, int]]:
    """Where the cells of a row begin and end; its last bar may be missing."""
    bars = [match.start() for match in re.finditer(r"(?<!\\)\|", row)]
    end = len(row.rstrip())
    ends = bars[1:] if bars[-1] + 1 == end else [*bars[1:], end]
    return [(bar + 1, end) for bar, end in zip(bars, ends, strict=False)]
