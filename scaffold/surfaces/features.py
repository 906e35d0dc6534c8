"""The backend types of the documentation: a bullet per category, with examples in parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from scaffold.backend import markdown
from scaffold.checkout.edit import Edit
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal
from scaffold.surfaces.parts import OPTIONAL, Part
from scaffold.surfaces.tables import label, squeezed
from scaffold.syntax.source import Source

_BULLET = re.compile(r"(?m)^- \*\*([^*\n]+)\*\*:[^\n]*\(e\.g\.,? ([^\n]*)\)[ \t.]*\r?$")


class Bullet(NamedTuple):
    """One category."""

    category: str
    start: int
    """Offset of the first example."""
    examples: tuple[str, ...]

    def spans(self) -> Iterator[tuple[str, int, int]]:
        """The name of each example, and where it begins and ends."""
        at = self.start
        for example in self.examples:
            length = len(example.encode())
            yield example.removeprefix("[").partition("]")[0], at, at + length
            at += length + len(", ")

    @property
    def end(self) -> int:
        """Offset just after the last example."""
        return self.start + len(", ".join(self.examples).encode())


class FeaturesSurface(FileSurface):
    """`docs/content/features/backends.md`."""

    name = "backend types"
    paths = ("docs/content/features/backends.md", "docs/content/docs/features/backends.md")

    @cached_property
    def source(self) -> Source | None:
        """The file; None where it is absent."""
        return self.load(Source, *self.paths)

    @cached_property
    def bullets(self) -> list[Bullet]:
        """Every category with examples, in file order."""
        text = self.source.data.decode() if self.source else ""
        return [
            Bullet(m[1], len(text[: m.start(2)].encode()), tuple(m[2].split(", ")))
            for m in _BULLET.finditer(text)
        ]

    @property
    def parts(self) -> Iterable[Part]:
        line = self.source.line(self.bullets[0].start) if self.source and self.bullets else 0
        yield Part(self.path, "word about backends", int(self.source is not None))
        yield Part(self.path, "category of backends with examples", len(self.bullets), OPTIONAL, line=line)

    def registrations(self, name: str) -> Iterable[Registration]:  # noqa: ARG002
        """None: an example is prose, and no claim to a name."""
        return ()

    def references(self, name: str) -> Iterable[Registration]:
        for bullet in self.bullets:
            for example, start, _ in bullet.spans():
                if self.source and squeezed(example) == squeezed(name):
                    line = self.source.line(start)
                    yield Registration(self.name, self.path, line, f"example of {bullet.category}")

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        for category in dict.fromkeys(use.category for use in backend.uses if self.bullets):
            bullet = next((b for b in self.bullets if b.category.lower().startswith(category)), None)
            if bullet is None:
                addition.ask(
                    self.path, f"name {label(backend)} among the backend types: none is for {category}"
                )
            elif squeezed(label(backend)) not in {squeezed(example) for example, _, _ in bullet.spans()}:
                addition.insert(self.path, bullet.end, f", {markdown.text(label(backend))}")

    def remove(self, removal: Removal) -> None:
        own = {squeezed(alias) for alias in removal.aliases | removal.titles}
        named = (squeezed(called.rpartition("/")[2]) for called in removal.called)
        known = own | {name for name in named if any(name.startswith(alias) for alias in own)}
        for bullet in self.bullets:
            spans = list(bullet.spans())
            if len(spans) == 1:
                continue
            for position, (example, start, end) in enumerate(spans):
                if squeezed(example) in known:
                    first, last = (start, end + 2) if position == 0 else (start - 2, end)
                    removal.changes.add(Edit(self.path, first, last, ""))
