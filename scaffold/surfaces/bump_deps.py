"""The dependency-bump workflow: which pins the bot keeps at the head of which branch."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from functools import cached_property

from scaffold.backend.near import nearest
from scaffold.surfaces.base import Addition, FileSurface, Registration, Removal, YamlRecord
from scaffold.surfaces.parts import Part, fields
from scaffold.syntax.yaml import YamlSource, quote
from scaffold.syntax.yaml_items import YamlItem, item_of

FIELDS = ("repository", "variable", "branch", "file")


@dataclass(slots=True, eq=False)
class Bump(YamlRecord):
    """One entry: the variable of a file that the bot keeps at the head of a branch."""

    repository: str
    variable: str
    branch: str
    file: str
    misspelt: dict[str, str] = dataclass_field(default_factory=dict)
    """Field -> the key, a letter away, that stands in its place."""

    @property
    def backend(self) -> str:
        """Name of the directory that holds the pin."""
        return self.file.split("/")[-2] if self.file.count("/") > 1 else ""


_KEYS = ("jobs", "strategy", "matrix", "include")
"""What the entries stand below, the job's own name left out."""


class BumpDepsSurface(FileSurface):
    """`.github/workflows/bump_deps.yaml`, job `bump-backends`."""

    name = "dependency bump"
    paths = (".github/workflows/bump_deps.yaml", ".github/workflows/bump_deps.yml")

    @cached_property
    def source(self) -> YamlSource | None:
        """The file; None where it is absent."""
        return self.load(YamlSource, *self.paths)

    @cached_property
    def bumps(self) -> list[Bump]:
        """Every entry, in file order."""
        source = self.source
        if source is None:
            return []
        document = source.document()
        jobs = source.get(document, _KEYS[0])
        found = []
        for job in source.pairs(jobs):
            for item in source.items(source.get(job.value, *_KEYS[1:])):
                entry = item_of(source, item)
                if len(entry.fields.keys() & set(FIELDS)) > len(FIELDS) / 2:
                    wrong = self._misspelt(entry)
                    repository, variable, branch, file = (
                        entry.fields.get(wrong.get(field, field), "") for field in FIELDS
                    )
                    found.append(Bump(entry, repository, variable, branch, file, wrong))
        return found

    def _misspelt(self, entry: YamlItem) -> dict[str, str]:
        """Field that an entry lacks -> the key that is meant for it, and that the job does not read."""
        unread = [
            key
            for key in entry.fields
            if key not in FIELDS and not re.search(rf"matrix\.{re.escape(key)}\b", self._text)
        ]
        lacking = (field for field in FIELDS if field not in entry.fields)
        return {field: key for field in lacking if (key := nearest(field, unread))}

    @cached_property
    def _text(self) -> str:
        return self.source.data.decode(errors="replace") if self.source else ""

    @property
    def parts(self) -> Iterable[Part]:
        line = self.bumps[0].line if self.bumps else 0
        yield Part(self.path, "bump entry", len(self.bumps), line=line, names=_KEYS)
        rows = (bump.item.fields for bump in self.bumps)
        yield from fields(self.path, "a bump entry", FIELDS, rows, {"file": "2025-07-18"})

    def calls(self, path: str, variable: str) -> bool:
        """Whether a script of its own is called for a variable of a file."""
        return self.source is not None and f"{path} {variable}".encode() in self.source.data

    def registrations(self, name: str) -> Iterable[Registration]:
        for bump in self.bumps:
            if bump.backend == name:
                what = f"pin {bump.variable} of {bump.repository}"
                yield Registration(self.name, self.path, bump.line, what, bump.last_line)

    def add(self, addition: Addition) -> None:
        backend = addition.backend
        if not backend.upstream or self.source is None:
            return
        values = (
            backend.upstream,
            backend.pin_variable,
            backend.branch,
            f"{backend.directory}/Makefile",
        )
        self.follow(addition, dict(zip(FIELDS, values, strict=True)))

    def remove(self, removal: Removal) -> None:
        for bump in self.bumps:
            if bump.backend == removal.name:
                removal.drop(bump.source, bump.start, bump.end)

    @property
    def comments(self) -> str:
        """The text of all comments."""
        return self.source.comments if self.source else ""

    def follow(self, addition: Addition, entry: dict[str, str]) -> None:
        """Plan an entry, behind the nearest relative's or the last of the language."""
        if self.source is None:
            return
        if not self.bumps:
            raise self.source.shape_error(None, "expected entries with repository, variable, branch and file")
        by_backend = {bump.backend: bump for bump in self.bumps}
        relative = addition.nearest(set(by_backend))
        lang = addition.backend.lang
        alike = [b for b in self.bumps if b.file.startswith(f"backend/{lang}/")] or self.bumps
        after = by_backend[relative] if relative else alike[-1]
        indent = self.source.slice(self.source.line_start(after.start), after.start)
        text = ""
        for field, value in entry.items():
            quoted = quote(value, '"')
            text += f"{indent}{'  ' if text else '- '}{field}: {quoted}\n"
        addition.insert(self.path, after.end, text)
        addition.expect(self.path, entry)
