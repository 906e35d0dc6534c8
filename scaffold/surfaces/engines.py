"""The README's table of the engines that the LocalAI project develops itself."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import cached_property

from scaffold.backend import markdown
from scaffold.surfaces.base import Addition, Registration, Removal
from scaffold.surfaces.parts import OPTIONAL, Part
from scaffold.surfaces.tables import Row, Table, TableSurface, label, squeezed


class EnginesSurface(TableSurface):
    """`README.md`."""

    name = "own engines"
    paths = ("README.md",)

    @cached_property
    def tables(self) -> list[Table]:
        """The tables of which most rows link to a repository on GitHub."""
        return [t for t in self.every_table if 2 * sum(map(bool, map(_owner, t.rows))) > len(t.rows)]

    @property
    def parts(self) -> Iterable[Part]:
        rows = [row for table in self.tables for row in table.rows]
        line = self.place(rows[0]).line if rows else 0
        yield Part(self.path, "word about LocalAI", int(self.source is not None))
        yield Part(self.path, "row of an own engine", len(rows), OPTIONAL, line=line)

    def row(self, called: Collection[str]) -> Row | None:
        """The row of a backend that has these names and addresses."""
        known = {squeezed(name) for name in called} - {""}
        rows = (row for table in self.tables for row in table.rows)
        return next((r for r in rows if known & {squeezed(r.name), squeezed(r.url)}), None)

    def registrations(self, name: str) -> Iterable[Registration]:  # noqa: ARG002
        """None: an engine may have its row before its backend is there."""
        return ()

    def references(self, name: str) -> Iterable[Registration]:
        row = self.row((name,))
        if row is not None:
            yield Registration(self.name, self.path, self.place(row).line, "row of an own engine")

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        owner = backend.upstream.partition("/")[0]
        for table in self.tables:
            owners = [_owner(row) for row in table.rows]
            if owner in owners and self.row((backend.home, f"github.com/{backend.upstream}")) is None:
                link = markdown.link(label(backend), f"https://github.com/{backend.upstream}")
                addition.insert(self.path, table.end, f"| {link} | {markdown.text(backend.sentence)} |\n")

    def remove(self, removal: Removal) -> None:
        for path, start, end in removal.rows:
            if path == self.path:
                removal.changes.delete_lines(path, start, end)


def _owner(row: Row) -> str:
    """The owner of the repository that a row links to."""
    found = re.match(r"https://github\.com/([^/]+)/", row.url)
    return found[1] if found else ""
