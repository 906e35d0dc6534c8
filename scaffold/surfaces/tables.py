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
    start: int = 0
    is_headless: bool = False
    """Whether the row with the names of its columns is gone: readers see no table."""


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
        """Every table whose first column is headed as one of backends, in file order.

        Beside such a table, one without a head is one too where its rows begin with links.
        """
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
                tables.append(_table(heading, block))
            block = []
            if text.startswith("#"):
                heading = text.lstrip("# ")
        known = [table for table in tables if _is_of_backends(table) and not table.is_headless]
        return [table for table in tables if _is_of_backends(table)] if known else []

    def place(self, at: Row | int) -> Place:
        """The line of a row, or of an offset."""
        source = required(self.source, self.path, "a table of backends")
        return source.place(at.start if isinstance(at, Row) else at)


def _table(heading: str, block: list[Row]) -> Table:
    """The table that some lines are; where its head is gone, with what is known of its columns."""
    start, end = block[0].start, block[-1].end
    ruled = [bool(row.cells) and all(re.fullmatch(r":?-+:?", cell) for cell in row.cells) for row in block]
    rows = block[1:] if ruled[0] else block
    if True not in ruled[1:] and all(row.url for row in rows):
        return Table(heading, ("Backend", *[""] * (len(block[0].cells) - 1)), tuple(rows), end, start, True)
    whole = Table(heading, block[0].cells, tuple(block[2:]), end, start)
    if True not in ruled and _is_of_backends(whole):  # only the dashes below its head are gone
        return whole._replace(rows=tuple(block[1:]), is_headless=True)
    return whole


def _is_of_backends(table: Table) -> bool:
    return bool(table.columns) and table.columns[0].lower().startswith("backend")


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
